#include "model/plan/warnings.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/net/arch.h"
#include "model/net/row_facts.h"
#include "model/plan/layer_map.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    const char *meaning;
} codes[WARN_COUNT] = {
    [WARN_OVER_BUDGET] = {"over-budget",
                          "a device needs more than its free memory less the margin"},
    [WARN_OVERRIDE_UNMATCHED] = {"override-unmatched", "a pattern is found in no tensor name"},
    [WARN_OVERRIDE_SHADOWED] = {"override-shadowed",
                                "earlier rules take every tensor a pattern matches"},
    [WARN_OVERRIDE_COMMA] = {"override-comma",
                             "a comma cut a pattern, or a blank after one became part of it"},
    [WARN_OVERRIDE_BAD_REGEX] = {"override-bad-regex", "std::regex refuses the pattern"},
    [WARN_UNKNOWN_BUFFER] = {"unknown-buffer", "a rule names a buffer type that this rig has not"},
    [WARN_REFUSED_SETTING] = {"refused-setting", "llama.cpp refuses a setting of this plan"},
    [WARN_KV_AWAY_FROM_WEIGHTS] = {"kv-away-from-weights",
                                   "a layer's attention weights left the device of its cache"},
    [WARN_GATE_UP_SPLIT] = {"gate-up-split",
                            "gate and up experts of one layer are on different devices"},
    [WARN_HOST_OVER_BUDGET] = {"host-over-budget", "the host needs more than its free memory"},
    [WARN_DEVICE_UNUSED] = {"device-unused", "a device of the plan holds nothing"},
    [WARN_DEVICE_ORDER] = {"device-order", "the order of unlike CUDA cards is only sure with "
                                           "CUDA_DEVICE_ORDER=PCI_BUS_ID"},
    [WARN_TOO_MANY_DEVICES] = {"too-many-devices",
                               "more than 15 devices in use: a stock llama.cpp aborts"},
    [WARN_ARCH_MISMATCH] = {"arch-mismatch", "the llama.cpp build lacks a card's architecture"},
    [WARN_FIT_DECIDES] = {"fit-decides",
                          "without -ngl, -ts and -ot llama.cpp's --fit places the model itself"},
    [WARN_FLAG_NOT_FOR_TARGET] = {"flag-not-for-target",
                                  "the program the plan is for does not take this flag"},
    [WARN_UNKNOWN_ARCHITECTURE] = {"unknown-architecture",
                                   "weights are exact, the cache is estimated from the metadata"},
    [WARN_TRUNCATED_MODEL] = {"truncated-model", "the file ends before its weights: only heads"},
    [WARN_ESTIMATE_ONLY] = {"estimate-only", "a figure of this plan is an estimate"},
    [WARN_IK_ONLY_TYPE] = {"ik-only-type", "a tensor type that only ik_llama.cpp reads"},
    [WARN_CONTEXT_ABOVE_TRAINING] = {"context-above-training",
                                     "the context of a sequence is longer than the model's"},
};

const char *warning_name(enum warning_code code)
{
    return codes[code].name;
}

const char *warning_describe(enum warning_code code)
{
    return codes[code].meaning;
}

static void warn(struct evaluation *evaluation, enum warning_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void warn(struct evaluation *evaluation, enum warning_code code, const char *format, ...)
{
    struct error text = {0};
    char message[sizeof text.text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    error_set(&text, ERROR_INPUT, "%s", message); /* strips control characters */
    evaluation->warnings = memory_resize(evaluation->warnings, evaluation->n_warnings + 1,
                                         sizeof *evaluation->warnings);
    evaluation->warnings[evaluation->n_warnings++] =
        (struct warning){.code = code, .message = memory_text(text.text)};
}

static double mib(uint64_t bytes)
{
    return (double)bytes / 1048576.0;
}

static void warn_budgets(const struct rig *rig, struct evaluation *out)
{
    for (size_t i = 0; i < rig->n_devices; i++) {
        const struct device_use *use = &out->devices[i];
        if (!use->fits) {
            uint64_t over = (uint64_t)-use->headroom;
            warn(out, WARN_OVER_BUDGET, "%s is over budget by %llu bytes (%.1f MiB)",
                 rig->devices[i].name, (unsigned long long)over, mib(over));
        }
    }
    if (out->host.headroom < 0) {
        uint64_t over = (uint64_t)-out->host.headroom;
        warn(out, WARN_HOST_OVER_BUDGET, "CPU is over budget by %llu bytes (%.1f MiB)%s",
             (unsigned long long)over, mib(over),
             out->host.fits ? ": the rest is read from disk for every token" : "");
    }
}

static void warn_devices(const struct rig *rig, const struct plan *plan, struct evaluation *out)
{
    for (size_t k = 0; k < out->n_in_use; k++) {
        const struct device_use *use = &out->devices[out->in_use[k]];
        if (use->model + use->context == 0) {
            warn(out, WARN_DEVICE_UNUSED, "%s holds no tensor and no cache",
                 rig->devices[out->in_use[k]].name);
        }
    }
    if (out->n_in_use > MAX_DEVICES_IN_USE) {
        warn(out, WARN_TOO_MANY_DEVICES, "%zu devices in use; a stock llama.cpp takes %d",
             out->n_in_use, MAX_DEVICES_IN_USE);
    }
    if (rig->order_uncertain) {
        warn(out, WARN_DEVICE_ORDER,
             "the cards differ and CUDA_DEVICE_ORDER is not PCI_BUS_ID: planned in PCI order; set "
             "CUDA_DEVICE_ORDER=PCI_BUS_ID");
    }
    if (plan->settings.fit && plan->n_gpu_layers == -1 && plan->n_tensor_split == 0 &&
        plan->given->n_entries == 0 && out->rules.n == 0 && rig->n_devices > 0) {
        warn(out, WARN_FIT_DECIDES,
             "with -fit on and no -ngl, -ts or -ot llama.cpp places the model itself; this plan is "
             "what -fit off does");
    }
}

static void warn_settings(const struct model *model, const struct plan *plan,
                          struct evaluation *out)
{
    if (out->refused.kind != ERROR_NONE) {
        warn(out, WARN_REFUSED_SETTING, "%s", out->refused.text);
    }
    if (plan->settings.kv_unified != UNSET && plan->settings.target != TARGET_LLAMA_SERVER) {
        warn(out, WARN_FLAG_NOT_FOR_TARGET, "%s does not take %s",
             target_name(plan->settings.target),
             plan->settings.kv_unified == ON ? "-kvu" : "-no-kvu");
    }
    uint32_t trained = model->hparams.n_ctx_train;
    if (trained > 0 && out->resolved.n_ctx_seq > trained) {
        warn(out, WARN_CONTEXT_ABOVE_TRAINING, "context %u is above the %u tokens of training",
             out->resolved.n_ctx_seq, trained);
    }
}

static void warn_model(const struct model *model, struct evaluation *out)
{
    if (model->hparams.memory == MEMORY_UNKNOWN) {
        warn(out, WARN_UNKNOWN_ARCHITECTURE,
             "architecture '%s' is not in the table: its cache is estimated", model->arch_name);
    }
    if (model->hparams.estimate_only) {
        warn(out, WARN_ESTIMATE_ONLY, "the cache of '%s' is an estimate", model->arch_name);
    }
    const struct arch *arch = model->hparams.arch;
    if (arch != NULL && (arch->flags & ARCH_APPROXIMATE) != 0) {
        warn(out, WARN_ESTIMATE_ONLY,
             "the compute buffers of '%s' are a rough estimate: ask llama.cpp with otplan probe",
             model->arch_name);
    }
    if (!model->complete) {
        warn(out, WARN_TRUNCATED_MODEL, "only the head is here; sizes follow from it");
    }
    if (model->facts->ik_only_row >= 0) {
        const struct model_tensor *tensor = &model->tensors[model->facts->ik_only_row];
        warn(out, WARN_IK_ONLY_TYPE, "type %s (%s): only ik_llama.cpp reads it", tensor->type->name,
             tensor->name);
    }
}

static void warn_layers(const struct model *model, struct evaluation *out)
{
    uint32_t n_layer = model->hparams.n_layer;
    bool *away = memory_array(n_layer, sizeof *away);
    bool *split = memory_array(n_layer, sizeof *split);
    int16_t *gate = memory_array(n_layer, sizeof *gate);
    int16_t *up = memory_array(n_layer, sizeof *up);
    for (uint32_t il = 0; il < n_layer; il++) {
        gate[il] = up[il] = DEVICE_NONE;
    }
    uint32_t n_away = 0;
    uint32_t n_split = 0;
    for (size_t i = 0; i < model->facts->n_compared; i++) {
        uint32_t row = model->facts->compared[i];
        const struct row_fact *tensor = &model->facts->rows[row];
        if (out->device[row] == DEVICE_NONE) {
            continue;
        }
        uint32_t il = (uint32_t)tensor->layer;
        if (tensor->group == GROUP_GATE_EXPS) {
            gate[il] = out->device[row];
        } else if (tensor->group == GROUP_UP_EXPS) {
            up[il] = out->device[row];
        } else if (tensor->group == GROUP_ATTN && out->resolved.offload_kqv &&
                   out->layers[il].cache != DEVICE_NONE &&
                   out->device[row] != out->layers[il].cache && !away[il]) {
            away[il] = true;
            n_away++;
        }
    }
    for (uint32_t il = 0; il < n_layer; il++) {
        split[il] = gate[il] != DEVICE_NONE && up[il] != DEVICE_NONE && gate[il] != up[il];
        n_split += split[il] ? 1 : 0;
    }
    struct strbuf text = {0};
    if (n_away > 0) {
        layer_map_ranges(away, n_layer, &text);
        warn(out, WARN_KV_AWAY_FROM_WEIGHTS,
             "layer%s %s: attention weights are not where the cache is (-ot never moves the cache)",
             n_away == 1 ? "" : "s", strbuf_text(&text));
    }
    strbuf_reset(&text);
    if (n_split > 0) {
        layer_map_ranges(split, n_layer, &text);
        warn(out, WARN_GATE_UP_SPLIT, "layer%s %s: gate and up experts are on different devices",
             n_split == 1 ? "" : "s", strbuf_text(&text));
    }
    strbuf_clear(&text);
    free(away);
    free(split);
    free(gate);
    free(up);
}

static void warn_overrides(const struct rig *rig, const struct plan *plan,
                           const struct decisions *decisions, struct evaluation *out)
{
    const struct override_list *list = plan->given;
    for (size_t i = 0; i < list->n_entries; i++) {
        const struct override *entry = &list->entries[i];
        const struct rule_use *use = &out->rule_use[out->rules.n + i];
        if (entry->bad_pattern && i >= out->n_reached) {
            warn(out, WARN_OVERRIDE_BAD_REGEX,
                 "rule %zu '%s': %s; llama.cpp does not get to it: earlier rules take every tensor",
                 i + 1, entry->pattern, entry->refused);
        } else if (entry->refused != NULL) {
            warn(out, WARN_OVERRIDE_BAD_REGEX, "rule %zu '%s': %s", i + 1, entry->pattern,
                 entry->refused);
        } else if (decisions->entry_device[i] == DEVICE_NONE) {
            warn(out, WARN_UNKNOWN_BUFFER, "rule %zu '%s=%s': %s", i + 1, entry->pattern,
                 entry->buffer,
                 rig_find(rig, entry->buffer) == DEVICE_NONE ? "no such device on this rig"
                                                             : "the plan leaves that device out");
        } else if (entry->pattern[0] == ' ') {
            warn(out, WARN_OVERRIDE_COMMA,
                 "rule %zu '%s': the blank after the comma is part of the pattern and matches "
                 "nothing; remove it",
                 i + 1, entry->pattern);
        } else if (use->matches == 0 && !decisions->matches_any[i]) {
            warn(out, WARN_OVERRIDE_UNMATCHED, "rule %zu '%s' matches no tensor", i + 1,
                 entry->pattern);
        } else if (use->matches == 0) {
            warn(out, WARN_OVERRIDE_SHADOWED,
                 "rule %zu '%s' decides nothing: earlier rules take all it matches", i + 1,
                 entry->pattern);
        }
    }
    for (size_t i = 0; i < list->n_arguments; i++) {
        if (list->arguments[i].refused != NULL) {
            warn(out, WARN_OVERRIDE_COMMA, "%s '%s': %s", list->arguments[i].flag,
                 list->arguments[i].value, list->arguments[i].refused);
        }
    }
}

void warnings_collect(const struct model *model, const struct rig *rig, const struct plan *plan,
                      const struct decisions *decisions, struct evaluation *evaluation)
{
    warn_budgets(rig, evaluation);
    warn_overrides(rig, plan, decisions, evaluation);
    warn_settings(model, plan, evaluation);
    warn_layers(model, evaluation);
    warn_devices(rig, plan, evaluation);
    warn_model(model, evaluation);
    if (rig->has_projector) {
        warn(evaluation, WARN_ESTIMATE_ONLY,
             "--mmproj: its weights are counted, its compute buffer is not");
    }
}

void warnings_budgets_again(const struct rig *rig, struct evaluation *evaluation)
{
    size_t kept = 0;
    for (size_t i = 0; i < evaluation->n_warnings; i++) {
        struct warning *warning = &evaluation->warnings[i];
        if (warning->code == WARN_OVER_BUDGET || warning->code == WARN_HOST_OVER_BUDGET) {
            free(warning->message);
        } else {
            evaluation->warnings[kept++] = *warning;
        }
    }
    evaluation->n_warnings = kept;
    warn_budgets(rig, evaluation);
}
