#include "model/plan/evaluation.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/net/context_memory.h"
#include "model/net/row_facts.h"
#include "model/plan/decisions.h"
#include "model/plan/homes.h"
#include "model/plan/placement.h"
#include "model/plan/support.h"
#include "model/plan/warnings.h"

#include <stdlib.h>
#include <string.h>

/* ---- devices and homes ---------------------------------------------------------------------- */

static void place_layers(const struct model *model, const struct rig *rig, const struct plan *plan,
                         struct evaluation *out)
{
    uint32_t n_layer = model->hparams.n_layer;
    out->in_use = memory_array(rig->n_devices + 128, sizeof *out->in_use);
    out->n_in_use = homes_devices(rig, plan, out->in_use, &out->refused);
    int16_t *home = memory_array((size_t)n_layer + 1, sizeof *home);
    homes_assign(model, rig, plan, out->in_use, out->n_in_use, home);
    out->layers = memory_array((size_t)n_layer + 1, sizeof *out->layers);
    out->runs = memory_array(out->n_in_use + 1, sizeof *out->runs);
    for (uint32_t il = 0; il <= n_layer; il++) {
        struct layer_place *layer = &out->layers[il];
        layer->home = home[il];
        layer->cache = DEVICE_NONE;
        if (il < n_layer && context_layer_held(model, &out->resolved, il)) {
            layer->cache = (int16_t)(out->resolved.offload_kqv ? home[il] : DEVICE_HOST);
        }
        size_t run = 0;
        for (size_t k = 0; k < out->n_in_use && home[il] != DEVICE_HOST; k++) {
            run = out->in_use[k] == home[il] ? k + 1 : run;
        }
        out->runs[run]++;
    }
    free(home);
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static struct device_use *use_of(struct evaluation *evaluation, int16_t device)
{
    return device >= 0 ? &evaluation->devices[device] : &evaluation->host;
}

/* A cache tensor is one allocation (ggml-vulkan.cpp ggml_vk_create_buffer: device buffer size limit). */
static void check_allocation(const struct model *model, const struct device *device, uint32_t il,
                             struct evaluation *out)
{
    uint64_t bytes = context_layer_largest(model, &out->resolved, il, device->backend);
    if (bytes > support_largest(device)) {
        error_set(
            &out->refused, ERROR_INPUT,
            "the cache of layer %u needs %.1f GiB in one allocation and %s takes 4 GiB on most "
            "drivers: llama.cpp fails to allocate buffer for kv cache",
            il, (double)bytes / (1U << 30), device->name);
    }
}

static void weigh_context(const struct model *model, const struct rig *rig, struct evaluation *out)
{
    for (uint32_t il = 0; il < model->hparams.n_layer; il++) {
        struct layer_place *layer = &out->layers[il];
        if (layer->cache == DEVICE_NONE) {
            continue;
        }
        enum backend backend = layer->cache >= 0 ? rig->devices[layer->cache].backend : BACKEND_CPU;
        if (layer->cache >= 0) {
            check_allocation(model, &rig->devices[layer->cache], il, out);
        }
        layer->context = context_layer_bytes(model, &out->resolved, il, backend);
        use_of(out, layer->cache)->context += layer->context;
    }
}

static uint64_t sum_terms(const struct compute_terms *terms)
{
    uint64_t sum = 0;
    for (int term = 0; term < COMPUTE_TERM_COUNT; term++) {
        sum += terms->bytes[term];
    }
    return sum;
}

static void weigh_compute(const struct model *model, const struct rig *rig, const struct plan *plan,
                          struct evaluation *out)
{
    uint32_t n_layer = model->hparams.n_layer;
    int16_t *home = memory_array((size_t)n_layer + 1, sizeof *home);
    for (uint32_t il = 0; il <= n_layer; il++) {
        home[il] = out->layers[il].home;
    }
    struct compute_terms *terms = memory_array(rig->n_devices, sizeof *terms);
    struct compute_input input = {
        .model = model,
        .resolved = &out->resolved,
        .rig = rig,
        .home = home,
        .device = out->device,
        .in_use = out->in_use,
        .n_in_use = out->n_in_use,
        .any_override = out->rules.n + plan->given->n_entries > 0,
        .offload_all = homes_offloaded(model, plan, out->n_in_use) > n_layer,
        .split_mode = plan->settings.split_mode,
    };
    out->resolved.flash_attn = compute_flash_attn(&input);
    out->pipeline_parallel = compute_estimate(&input, terms, &out->host.terms);
    for (size_t i = 0; i < rig->n_devices; i++) {
        out->devices[i].terms = terms[i];
        out->devices[i].compute = sum_terms(&terms[i]);
    }
    out->host.compute = sum_terms(&out->host.terms);
    free(terms);
    free(home);
}

/* ---- budget --------------------------------------------------------------------------------- */

static uint64_t margin_bytes(const struct device *device, const struct settings *settings,
                             int order)
{
    uint64_t fixed = device->context + device->reserve;
    if (device->margin >= 0) {
        return fixed + (uint64_t)device->margin;
    }
    double mib = DEVICE_MARGIN_MIB;
    if (settings->n_fit_target > 0) {
        /* one value is for all; of several, a device without one keeps the default */
        uint32_t index = order > 0 && settings->n_fit_target > 1 ? (uint32_t)order : 0;
        mib = index < settings->n_fit_target ? settings->fit_target_mib[index] : mib;
    }
    return fixed + (uint64_t)(mib * 1024.0 * 1024.0);
}

static void budget_of(struct device_use *use, const struct device *device)
{
    use->used = use->model + use->context + use->compute + use->beside;
    use->budget = device->free > use->margin ? device->free - use->margin : 0;
    use->headroom = (int64_t)device->free - (int64_t)use->margin - (int64_t)use->used;
    use->fits = use->headroom >= 0;
}

void evaluation_find_budgets(const struct rig *rig, const struct plan *plan, struct evaluation *out)
{
    out->all_fit = true;
    for (size_t i = 0; i < rig->n_devices; i++) {
        struct device_use *use = &out->devices[i];
        use->margin = margin_bytes(&rig->devices[i], &plan->settings, use->order);
        budget_of(use, &rig->devices[i]);
        /* a card that the plan leaves alone cannot be over budget by it */
        use->fits = use->fits || use->used == 0;
        out->all_fit = out->all_fit && use->fits;
    }
    struct device_use *host = &out->host;
    int64_t margin = rig->host.margin;
    host->margin = rig->host.context + rig->host.reserve +
                   (margin >= 0 ? (uint64_t)margin : (uint64_t)HOST_MARGIN_MIB << 20);
    budget_of(host, &rig->host);
    /* mapped weights are read from disk when they do not fit: slow, but it runs */
    host->fits = host->fits || out->resolved.load_mode == LOAD_MMAP;
    out->all_fit = out->all_fit && host->fits;
}

const char *figure_source_name(enum figure_source source)
{
    static const char *const names[] = {"exact", "estimate", "probe"};
    return names[source];
}

/* What stands beside the model, and what each figure rests on. */
static void take_given(const struct model *model, const struct rig *rig, struct evaluation *out)
{
    enum figure_source context =
        model->hparams.memory == MEMORY_UNKNOWN ? FIGURE_ESTIMATE : FIGURE_EXACT;
    for (size_t i = 0; i <= rig->n_devices; i++) {
        struct device_use *use = i < rig->n_devices ? &out->devices[i] : &out->host;
        use->beside = i < rig->n_devices ? rig->devices[i].beside : rig->host.beside;
        use->context_source = context;
        use->compute_source = FIGURE_ESTIMATE;
    }
}

/* ---- the door ------------------------------------------------------------------------------- */

/* How far down the list the names get: where one matches, the rest is not asked. */
static void find_reached(const struct model *model, const struct plan *plan, struct evaluation *out)
{
    for (size_t row = 0; row < model->n_tensors && out->n_reached < plan->given->n_entries; row++) {
        int32_t entry = out->override[row];
        int32_t given = entry - (int32_t)out->rules.n;
        size_t reached = entry < 0 ? plan->given->n_entries : given < 0 ? 0 : (size_t)given + 1;
        if (model->tensors[row].role != ROLE_SKIPPED && reached > out->n_reached) {
            out->n_reached = reached;
        }
    }
}

/* Where the entry sends its tensors is looked up when the command line is read. */
static void refuse_buffer(const struct rig *rig, const struct override *entry, size_t index,
                          bool left_out, struct evaluation *out)
{
    struct strbuf names = {0};
    rig_list_names(rig, &names);
    if (rig_find(rig, entry->buffer) == DEVICE_NONE) {
        error_set(&out->refused, ERROR_INPUT,
                  "-ot rule %zu '%s=%s': unknown buffer type %s (this rig has %s)", index + 1,
                  entry->pattern, entry->buffer, entry->buffer, strbuf_text(&names));
    } else if (left_out) {
        error_set(&out->refused, ERROR_INPUT,
                  "-ot rule %zu '%s=%s': %s is left out of this plan by -dev or -sm none",
                  index + 1, entry->pattern, entry->buffer, entry->buffer);
    }
    strbuf_clear(&names);
}

static void refuse_entry(const struct override *entry, size_t index, struct evaluation *out)
{
    error_set(&out->refused, ERROR_INPUT, "-ot rule %zu '%s=%s': %s", index + 1, entry->pattern,
              entry->buffer, entry->refused);
}

/* In llama.cpp's order: all values first, patterns when tensors get to them. */
static void refuse_entries(const struct rig *rig, const struct plan *plan,
                           const struct decisions *decisions, struct evaluation *out)
{
    const struct override_list *list = plan->given;
    for (size_t i = 0; i < list->n_arguments; i++) {
        if (list->arguments[i].refused != NULL) {
            error_set(&out->refused, ERROR_INPUT, "%s '%s': %s", list->arguments[i].flag,
                      list->arguments[i].value, list->arguments[i].refused);
        }
    }
    for (size_t i = 0; i < list->n_entries; i++) {
        const struct override *entry = &list->entries[i];
        if (entry->refused != NULL && !entry->bad_pattern) {
            refuse_entry(entry, i, out);
        } else if (decisions->entry_device[i] == DEVICE_NONE) {
            refuse_buffer(rig, entry, i, !entry->bad_pattern, out);
        }
    }
    for (size_t i = 0; i < out->n_reached; i++) {
        if (list->entries[i].bad_pattern) {
            refuse_entry(&list->entries[i], i, out);
        }
    }
}

/* What cannot be said in so many rules cannot be exported: llama.cpp aborts on an assert. */
static void refuse_count(const struct plan *plan, struct evaluation *out)
{
    size_t n = out->rules.n + plan->given->n_entries;
    if (n > MAX_OVERRIDES) {
        error_set(&out->refused, ERROR_INPUT,
                  "-ot: this plan takes %zu rules and llama.cpp takes %d: move whole groups or "
                  "ranges of layers instead of single tensors",
                  n, MAX_OVERRIDES);
    }
}

/* Rows are split by SYCL and Hexagon alone (make_gpu_buft_list, llama-model.cpp). */
static void refuse_split_mode(const struct rig *rig, const struct plan *plan,
                              struct evaluation *out)
{
    if (plan->settings.split_mode != SPLIT_ROW && plan->settings.split_mode != SPLIT_TENSOR) {
        return;
    }
    bool row = plan->settings.split_mode == SPLIT_ROW;
    for (size_t k = 0; row && k < out->n_in_use; k++) {
        const struct device *device = &rig->devices[out->in_use[k]];
        if (device->backend != BACKEND_SYCL && device->backend != BACKEND_OTHER) {
            error_set(&out->refused, ERROR_INPUT,
                      "-sm row: llama.cpp refuses it: device %s does not support split buffers; "
                      "use -sm layer",
                      device->device_name);
            return;
        }
    }
    if (out->n_in_use > 0) {
        error_set(&out->refused, ERROR_INPUT,
                  "-sm %s is not modelled yet: use -sm layer or -sm none", row ? "row" : "tensor");
    }
}

void plan_evaluate(const struct model *model, const struct rig *rig, const struct plan *plan,
                   struct decisions *decisions, struct evaluation *out)
{
    *out = (struct evaluation){0};
    struct decisions own = {0};
    struct decisions *decided = decisions != NULL ? decisions : &own;
    settings_resolve(&plan->settings, model, &out->resolved, &out->refused);
    place_layers(model, rig, plan, out);
    refuse_split_mode(rig, plan, out);
    out->devices = memory_array(rig->n_devices, sizeof *out->devices);
    for (size_t i = 0; i < rig->n_devices; i++) {
        out->devices[i].order = -1;
    }
    for (size_t k = 0; k < out->n_in_use; k++) {
        out->devices[out->in_use[k]].order = (int)k;
    }
    decisions_update(decided, model, rig, plan, out);
    placement_find(model, rig, plan, decided, out);
    find_reached(model, plan, out);
    refuse_entries(rig, plan, decided, out);
    refuse_count(plan, out);
    weigh_context(model, rig, out);
    weigh_compute(model, rig, plan, out);
    take_given(model, rig, out);
    evaluation_find_budgets(rig, plan, out);
    warnings_collect(model, rig, plan, decided, out);
    decisions_clear(&own);
}

uint32_t *evaluation_rule_layers(const struct model *model, const struct plan *plan,
                                 const struct evaluation *evaluation)
{
    size_t n = evaluation->rules.n + plan->given->n_entries;
    uint32_t *counts = memory_array(n, sizeof *counts);
    int32_t *last = memory_array(n, sizeof *last); /* layer seen of each rule, + 1 */
    for (size_t row = 0; row < model->n_tensors; row++) {
        int32_t rule = evaluation->override[row];
        int32_t layer = model->facts->rows[row].layer;
        if (rule >= 0 && layer >= 0 && last[rule] != layer + 1) {
            last[rule] = layer + 1;
            counts[rule]++;
        }
    }
    free(last);
    return counts;
}

void evaluation_add_warning(struct evaluation *evaluation, enum warning_code code,
                            const char *message)
{
    evaluation->warnings = memory_resize(evaluation->warnings, evaluation->n_warnings + 1,
                                         sizeof *evaluation->warnings);
    evaluation->warnings[evaluation->n_warnings++] = (struct warning){code, memory_text(message)};
}

void evaluation_clear(struct evaluation *evaluation)
{
    free(evaluation->devices);
    free(evaluation->layers);
    free(evaluation->device);
    free(evaluation->override);
    free(evaluation->in_use);
    free(evaluation->runs);
    generated_rules_clear(&evaluation->rules);
    free(evaluation->rule_use);
    for (size_t i = 0; i < evaluation->n_warnings; i++) {
        free(evaluation->warnings[i].message);
    }
    free(evaluation->warnings);
    *evaluation = (struct evaluation){0};
}
