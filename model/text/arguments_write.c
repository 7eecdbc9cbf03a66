#include "model/text/arguments.h"

#include "model/base/memory.h"
#include "model/gguf/ggml_types.h"
#include "model/plan/homes.h"
#include "model/text/argument_values.h"
#include "model/text/flags.h"

#include <stdlib.h>
#include <string.h>

struct words {
    char **text;
    size_t n;
};

static void add(struct words *words, const char *word)
{
    words->text = memory_resize(words->text, words->n + 2, sizeof *words->text);
    words->text[words->n++] = memory_text(word);
    words->text[words->n] = NULL;
}

static void add_pair(struct words *words, const char *flag, const char *value)
{
    add(words, flag);
    add(words, value);
}

static void add_number(struct words *words, const char *flag, int64_t value)
{
    char *text = memory_format("%lld", (long long)value);
    add_pair(words, flag, text);
    free(text);
}

/* ---- where the layers go -------------------------------------------------------------------- */

/* What the user gave --rpc, each time: llama.cpp registers them all. */
static void find_given_servers(const struct plan *plan, struct strbuf *servers)
{
    const struct extra_arguments *extra = plan->extra;
    for (size_t i = 0; extra != NULL && i + 1 < extra->n; i++) {
        const struct flag *flag = flag_find(extra->text[i], NULL);
        if (flag != NULL && flag->id == FLAG_ID_RPC) {
            strbuf_add(servers, *strbuf_text(servers) != '\0' ? "," : "");
            strbuf_add(servers, extra->text[i + 1]);
        }
        i += flag != NULL ? (size_t)flag->n_values : 0;
    }
}

static bool list_holds(const char *list, const char *word, size_t length)
{
    for (const char *at = list; *at != '\0'; at += strcspn(at, ",")) {
        at += *at == ',' ? 1 : 0;
        if (strcspn(at, ",") == length && strncmp(at, word, length) == 0) {
            return true;
        }
    }
    return false;
}

/* --rpc stands before -dev and -ot: devices are registered while llama.cpp parses (common/arg.cpp:1116). Servers that
 * only the rig names (device file, --rig) are said as well: without them their names would be refused. */
static void add_rpc(struct words *words, const struct rig *rig, const struct plan *plan)
{
    struct strbuf servers = {0};
    find_given_servers(plan, &servers);
    for (size_t i = 0; i < rig->n_devices; i++) {
        size_t length = 0;
        const char *server = device_rpc_server(&rig->devices[i], &length);
        if (server != NULL && !list_holds(strbuf_text(&servers), server, length)) {
            strbuf_add(&servers, *strbuf_text(&servers) != '\0' ? "," : "");
            strbuf_add_n(&servers, server, length);
        }
    }
    if (*strbuf_text(&servers) != '\0') {
        add_pair(words, "--rpc", strbuf_text(&servers));
    }
    strbuf_clear(&servers);
}

/* What -c 0 and no -c stand for: all that the model was trained for, or the slots' sum. */
static int64_t context_size(const struct model *model, const struct plan *plan,
                            const struct evaluation *evaluation)
{
    const struct settings *settings = &plan->settings;
    if (settings->n_ctx > 0) {
        return settings->n_ctx;
    }
    if (settings->kv_unified_per_slot > 0) {
        return settings->kv_unified_per_slot * (int64_t)evaluation->resolved.n_seq;
    }
    return model->hparams.n_ctx_train;
}

/* Counts that sum to the offloaded layers come out of llama.cpp's float arithmetic exactly. */
static void add_tensor_split(struct words *words, const struct evaluation *evaluation,
                             uint32_t offloaded)
{
    if (evaluation->n_in_use < 2 || offloaded == 0) {
        return;
    }
    struct strbuf split = {0};
    for (size_t k = 0; k < evaluation->n_in_use; k++) {
        strbuf_format(&split, "%s%u", k > 0 ? "," : "", evaluation->runs[1 + k]);
    }
    add_pair(words, "-ts", strbuf_text(&split));
    strbuf_clear(&split);
}

static void add_homes(struct words *words, const struct model *model, const struct plan *plan,
                      const struct evaluation *evaluation)
{
    const struct settings *settings = &plan->settings;
    uint32_t offloaded = homes_offloaded(model, plan, evaluation->n_in_use);
    if (plan->devices != NULL) {
        add_pair(words, "-dev", plan->devices);
    }
    add_number(words, "-c", context_size(model, plan, evaluation));
    add_number(words, "-ngl", offloaded);
    add_tensor_split(words, evaluation, offloaded);
    if (settings->split_mode != SPLIT_LAYER) {
        add_pair(words, "-sm", argument_split_mode_name(settings->split_mode));
    }
    if (settings->split_mode == SPLIT_NONE || settings->main_gpu != 0) {
        add_number(words, "-mg", settings->main_gpu);
    }
}

/* ---- settings ------------------------------------------------------------------------------- */

static void add_cache(struct words *words, const struct settings *settings)
{
    if (settings->type_k != GGML_F16) {
        add_pair(words, "-ctk", argument_cache_type_name(settings->type_k));
    }
    if (settings->type_v != GGML_F16) {
        add_pair(words, "-ctv", argument_cache_type_name(settings->type_v));
    }
    if (settings->flash_attn != FLASH_ATTN_AUTO) {
        add_pair(words, "-fa", argument_flash_attn_name(settings->flash_attn));
    }
    if (settings->n_parallel >= 1) {
        add_number(words, "-np", settings->n_parallel);
    }
    if (settings->kv_unified != UNSET) {
        add(words, settings->kv_unified == ON ? "-kvu" : "-no-kvu");
    }
    if (settings->kv_unified_per_slot > 0) {
        add_number(words, "--kv-unified-per-slot", settings->kv_unified_per_slot);
    }
}

static void add_switches(struct words *words, const struct settings *settings)
{
    const struct {
        bool given;
        const char *flag;
    } switches[] = {
        {!settings->offload_kqv, "-nkvo"},
        {settings->swa_full, "--swa-full"},
        {!settings->repack, "-nr"},
        {settings->no_host, "--no-host"},
        {!settings->op_offload, "--no-op-offload"},
    };
    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
        if (switches[i].given) {
            add(words, switches[i].flag);
        }
    }
}

static void add_fit(struct words *words, const struct settings *settings)
{
    if (settings->n_fit_target > 0) {
        struct strbuf list = {0};
        for (uint32_t i = 0; i < settings->n_fit_target; i++) {
            strbuf_format(&list, "%s%.0f", i > 0 ? "," : "", settings->fit_target_mib[i]);
        }
        add_pair(words, "-fitt", strbuf_text(&list));
        strbuf_clear(&list);
    }
    add_pair(words, "-fit", "off");
}

static void add_settings(struct words *words, const struct settings *settings)
{
    if (settings->n_batch != 2048) {
        add_number(words, "-b", settings->n_batch);
    }
    if (settings->n_ubatch != 512) {
        add_number(words, "-ub", settings->n_ubatch);
    }
    add_cache(words, settings);
    if (settings->load_mode != LOAD_AUTO) {
        add_pair(words, "-lm", argument_load_mode_name(settings->load_mode));
    }
    add_switches(words, settings);
    add_fit(words, settings);
}

/* ---- overrides ------------------------------------------------------------------------------ */

static void add_rule(struct words *words, const char *pattern, const char *buffer)
{
    char *text = memory_format("%s=%s", pattern, buffer);
    add_pair(words, "-ot", text);
    free(text);
}

static bool entry_usable(const struct override *entry, const struct rig *rig,
                         const struct evaluation *evaluation)
{
    int device = rig_find(rig, entry->buffer);
    if (entry->refused != NULL || device == DEVICE_NONE) {
        return false;
    }
    for (size_t k = 0; device != DEVICE_HOST && k <= evaluation->n_in_use; k++) {
        if (k == evaluation->n_in_use) {
            return false;
        }
        if (evaluation->in_use[k] == device) {
            break;
        }
    }
    return true;
}

/* Verbatim, unless llama.cpp would refuse one of its pieces: then the others, one by one. */
static void add_given(struct words *words, const struct rig *rig, const struct plan *plan,
                      const struct evaluation *evaluation, const struct override_argument *argument)
{
    const struct override *entries =
        argument->count > 0 ? plan->given->entries + argument->first : NULL;
    bool usable = argument->refused == NULL;
    for (uint32_t i = 0; i < argument->count; i++) {
        usable = usable && entry_usable(&entries[i], rig, evaluation);
    }
    if (usable) {
        add(words, argument->flag);
        if (argument->value != NULL) {
            add(words, argument->value);
        }
        return;
    }
    for (uint32_t i = 0; i < argument->count; i++) {
        if (entry_usable(&entries[i], rig, evaluation)) {
            add_rule(words, entries[i].pattern, entries[i].buffer);
        }
    }
}

static void add_overrides(struct words *words, const struct rig *rig, const struct plan *plan,
                          const struct evaluation *evaluation)
{
    const struct generated_rules *rules = &evaluation->rules;
    for (size_t i = 0; i < rules->n; i++) {
        add_rule(words, rules->rules[i].pattern, rig_name(rig, rules->rules[i].device));
    }
    for (size_t i = 0; i < plan->given->n_arguments; i++) {
        add_given(words, rig, plan, evaluation, &plan->given->arguments[i]);
    }
}

/* The words that were handed through, but for --rpc, which stands in front. */
static void add_extra(struct words *words, const struct extra_arguments *extra)
{
    for (size_t i = 0; extra != NULL && i < extra->n; i++) {
        const struct flag *flag = flag_find(extra->text[i], NULL);
        size_t n = flag != NULL ? (size_t)flag->n_values : 0;
        bool rpc = flag != NULL && flag->id == FLAG_ID_RPC;
        for (size_t k = 0; k <= n && i + k < extra->n && !rpc; k++) {
            add(words, extra->text[i + k]);
        }
        i += n;
    }
}

char **arguments_write(const struct model *model, const struct rig *rig, const struct plan *plan,
                       const struct evaluation *evaluation, size_t *n)
{
    struct words words = {0};
    add_rpc(&words, rig, plan);
    add_homes(&words, model, plan, evaluation);
    add_settings(&words, &plan->settings);
    add_overrides(&words, rig, plan, evaluation);
    add_extra(&words, plan->extra);
    if (n != NULL) {
        *n = words.n;
    }
    return words.text;
}

void arguments_free(char ***arguments)
{
    for (char **word = *arguments; word != NULL && *word != NULL; word++) {
        free(*word);
    }
    free(*arguments);
    *arguments = NULL;
}
