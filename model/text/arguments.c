#include "model/text/arguments.h"

#include "model/base/memory.h"
#include "model/text/argument_reading.h"
#include "model/text/argument_values.h"
#include "model/text/extra_arguments.h"
#include "model/text/flags.h"

#include <stdlib.h>
#include <string.h>

void argument_facts_clear(struct argument_facts *facts)
{
    free(facts->model);
    free(facts->model_url);
    free(facts->hf_repo);
    free(facts->hf_file);
    free(facts->mmproj);
    free(facts->draft_model);
    free(facts->rpc);
    gguf_overrides_clear(&facts->override_kv);
    word_list_clear(&facts->draft);
    *facts = (struct argument_facts){0};
}

bool reading_refuse(const struct reading *reading, const char *why, struct error *error)
{
    const char *value = reading->value != NULL ? reading->value : "";
    return error_set(error, ERROR_INPUT, "%s '%.200s': %s", reading->where, value, why);
}

static void keep_fact(char **fact, const char *value)
{
    free(*fact);
    *fact = memory_text(value);
}

/* ---- numbers and words ---------------------------------------------------------------------- */

bool reading_number(const struct reading *reading, int64_t least, int64_t *out, struct error *error)
{
    int number = 0;
    if (!argument_integer(reading->value, &number)) {
        return reading_refuse(reading, "not a number", error);
    }
    if (number < least) {
        return reading_refuse(reading, "too small", error);
    }
    *out = number;
    return true;
}

static bool read_context(struct reading *reading, struct error *error)
{
    reading->facts->ctx_given = true;
    return reading_number(reading, 0, &reading->plan->settings.n_ctx, error);
}

static bool read_batch(struct reading *reading, struct error *error)
{
    struct settings *settings = &reading->plan->settings;
    bool physical = reading->flag->id == FLAG_ID_UBATCH;
    return reading_number(reading, 0, physical ? &settings->n_ubatch : &settings->n_batch, error);
}

/* common/arg.cpp: 0 slots are refused, anything below is "auto" */
static bool read_parallel(struct reading *reading, struct error *error)
{
    int64_t slots = 0;
    if (!reading_number(reading, INT32_MIN, &slots, error)) {
        return false;
    }
    if (slots == 0) {
        return reading_refuse(reading,
                              "llama.cpp takes a number of slots, or -1 for its own choice", error);
    }
    reading->plan->settings.n_parallel = slots < 0 ? -1 : slots;
    return true;
}

static bool read_per_slot(struct reading *reading, struct error *error)
{
    return reading_number(reading, 0, &reading->plan->settings.kv_unified_per_slot, error);
}

static bool read_main_gpu(struct reading *reading, struct error *error)
{
    return reading_number(reading, INT32_MIN, &reading->plan->settings.main_gpu, error);
}

static bool read_gpu_layers(struct reading *reading, struct error *error)
{
    reading->facts->ngl_given = true;
    if (strcmp(reading->value, "auto") == 0 || strcmp(reading->value, "all") == 0) {
        reading->plan->n_gpu_layers = strcmp(reading->value, "all") == 0 ? -2 : -1;
        return true;
    }
    int64_t layers = 0;
    if (!reading_number(reading, INT32_MIN, &layers, error)) {
        return false;
    }
    reading->plan->n_gpu_layers = layers < -1 ? -2 : layers;
    return true;
}

static bool read_flash_attn(struct reading *reading, struct error *error)
{
    enum flash_attn *out = &reading->plan->settings.flash_attn;
    if (argument_is_auto(reading->value)) {
        *out = FLASH_ATTN_AUTO;
    } else if (argument_is_true(reading->value)) {
        *out = FLASH_ATTN_ON;
    } else if (argument_is_false(reading->value)) {
        *out = FLASH_ATTN_OFF;
    } else {
        return reading_refuse(reading, "llama.cpp takes on, off or auto", error);
    }
    return true;
}

static bool read_fit(struct reading *reading, struct error *error)
{
    reading->facts->fit_given = true;
    if (!argument_is_true(reading->value) && !argument_is_false(reading->value)) {
        return reading_refuse(reading, "llama.cpp takes on or off", error);
    }
    reading->plan->settings.fit = argument_is_true(reading->value);
    return true;
}

static bool read_cache_type(struct reading *reading, struct error *error)
{
    struct settings *settings = &reading->plan->settings;
    bool keys = reading->flag->id == FLAG_ID_CACHE_TYPE_K;
    *(keys ? &reading->facts->type_k_given : &reading->facts->type_v_given) = true;
    if (!argument_cache_type(reading->value, keys ? &settings->type_k : &settings->type_v)) {
        return reading_refuse(
            reading,
            "no cache type of llama.cpp (f32, f16, bf16, q8_0, q4_0, q4_1, iq4_nl, q5_0, "
            "q5_1)",
            error);
    }
    return true;
}

static bool read_load_mode(struct reading *reading, struct error *error)
{
    if (!argument_load_mode(reading->value, &reading->plan->settings.load_mode)) {
        return reading_refuse(reading, "llama.cpp takes auto, none, mmap, mlock, mmap+mlock or dio",
                              error);
    }
    return true;
}

static bool read_split_mode(struct reading *reading, struct error *error)
{
    if (!argument_split_mode(reading->value, &reading->plan->settings.split_mode)) {
        return reading_refuse(reading, "llama.cpp takes none, layer, row or tensor", error);
    }
    return true;
}

static bool read_tensor_split(struct reading *reading, struct error *error)
{
    struct error why = {0};
    reading->facts->ts_given = true;
    if (!argument_tensor_split(reading->value, reading->plan->tensor_split,
                               &reading->plan->n_tensor_split, &why)) {
        return reading_refuse(reading, why.text, error);
    }
    return true;
}

static bool read_fit_target(struct reading *reading, struct error *error)
{
    struct settings *settings = &reading->plan->settings;
    if (!argument_fit_target(reading->value, settings->fit_target_mib, &settings->n_fit_target)) {
        return reading_refuse(reading, "it takes up to 16 numbers of MiB between commas", error);
    }
    return true;
}

/* ---- switches ------------------------------------------------------------------------------- */

static bool read_switch(struct reading *reading, struct error *error)
{
    (void)error;
    struct settings *settings = &reading->plan->settings;
    bool on = !reading->off;
    switch (reading->flag->id) {
    case FLAG_ID_SWA_FULL:
        settings->swa_full = true;
        break;
    case FLAG_ID_KV_OFFLOAD:
        settings->offload_kqv = on;
        break;
    case FLAG_ID_REPACK:
        settings->repack = on;
        break;
    case FLAG_ID_NO_HOST:
        settings->no_host = true;
        break;
    case FLAG_ID_OP_OFFLOAD:
        settings->op_offload = on;
        break;
    case FLAG_ID_KV_UNIFIED:
        settings->kv_unified = on ? ON : OFF;
        break;
    default:
        break;
    }
    return true;
}

/* ---- words that are kept -------------------------------------------------------------------- */

static bool read_override(struct reading *reading, struct error *error)
{
    (void)error;
    reading->facts->ot_given = true;
    struct plan *plan = reading->plan;
    if (plan->given->references > 1) {
        struct override_list *shared = plan->given;
        plan->given = override_list_new();
        for (size_t i = 0; i < shared->n_arguments; i++) {
            const struct override_argument *argument = &shared->arguments[i];
            override_list_add(plan->given, argument->flag, argument->value,
                              argument->from_environment);
        }
        override_list_drop(&shared);
    }
    char *flag = flag_spelling(reading->flag, false);
    override_list_add(plan->given, flag, reading->value, reading->from_environment);
    free(flag);
    return true;
}

static bool read_device(struct reading *reading, struct error *error)
{
    (void)error;
    keep_fact(&reading->plan->devices, reading->value);
    return true;
}

static bool read_model(struct reading *reading, struct error *error)
{
    (void)error;
    struct argument_facts *facts = reading->facts;
    char **fact = reading->flag->id == FLAG_ID_MODEL       ? &facts->model
                  : reading->flag->id == FLAG_ID_MODEL_URL ? &facts->model_url
                  : reading->flag->id == FLAG_ID_HF_REPO   ? &facts->hf_repo
                                                           : &facts->hf_file;
    keep_fact(fact, reading->value);
    return true;
}

void reading_hand_through(const struct reading *reading)
{
    /* variables stay where they are: the environment still has them when the export runs */
    if (reading->words != NULL) {
        extra_arguments_add(&reading->plan->extra, reading->words,
                            1 + (size_t)reading->flag->n_values);
    }
}

static bool read_kept(struct reading *reading, struct error *error)
{
    (void)error;
    struct argument_facts *facts = reading->facts;
    switch (reading->flag->id) {
    case FLAG_ID_RPC:
        keep_fact(&facts->rpc, reading->value);
        break;
    case FLAG_ID_MMPROJ:
        keep_fact(&facts->mmproj, reading->value);
        break;
    case FLAG_ID_DRAFT_MODEL:
        keep_fact(&facts->draft_model, reading->value);
        break;
    case FLAG_ID_OFFLINE:
        facts->offline = true;
        break;
    default:
        break;
    }
    reading_hand_through(reading);
    return true;
}

static bool read_override_kv(struct reading *reading, struct error *error)
{
    struct error why = {0};
    if (!gguf_overrides_add(&reading->facts->override_kv, reading->value, &why)) {
        return error_set(error, ERROR_INPUT, "%s: %s", reading->where, why.text);
    }
    reading_hand_through(reading);
    return true;
}

static bool read_outputs(struct reading *reading, struct error *error)
{
    (void)error;
    bool pools = reading->flag->id == FLAG_ID_EMBEDDING || strcmp(reading->value, "none") != 0;
    reading->plan->settings.all_outputs = pools || reading->plan->settings.all_outputs;
    reading_hand_through(reading);
    return true;
}

/* ---- the table of readers ------------------------------------------------------------------- */

static bool (*const readers[])(struct reading *, struct error *) = {
    [FLAG_ID_PASS] = read_kept,
    [FLAG_ID_CTX_SIZE] = read_context,
    [FLAG_ID_BATCH] = read_batch,
    [FLAG_ID_UBATCH] = read_batch,
    [FLAG_ID_SWA_FULL] = read_switch,
    [FLAG_ID_FLASH_ATTN] = read_flash_attn,
    [FLAG_ID_KV_OFFLOAD] = read_switch,
    [FLAG_ID_REPACK] = read_switch,
    [FLAG_ID_NO_HOST] = read_switch,
    [FLAG_ID_CACHE_TYPE_K] = read_cache_type,
    [FLAG_ID_CACHE_TYPE_V] = read_cache_type,
    [FLAG_ID_RPC] = read_kept,
    [FLAG_ID_LOAD_MODE] = read_load_mode,
    [FLAG_ID_DEVICE] = read_device,
    [FLAG_ID_OVERRIDE_TENSOR] = read_override,
    [FLAG_ID_CPU_MOE] = read_override,
    [FLAG_ID_N_CPU_MOE] = read_override,
    [FLAG_ID_N_CPU_FFN] = read_override,
    [FLAG_ID_GPU_LAYERS] = read_gpu_layers,
    [FLAG_ID_SPLIT_MODE] = read_split_mode,
    [FLAG_ID_TENSOR_SPLIT] = read_tensor_split,
    [FLAG_ID_MAIN_GPU] = read_main_gpu,
    [FLAG_ID_FIT] = read_fit,
    [FLAG_ID_FIT_TARGET] = read_fit_target,
    [FLAG_ID_OP_OFFLOAD] = read_switch,
    [FLAG_ID_MODEL] = read_model,
    [FLAG_ID_MODEL_URL] = read_model,
    [FLAG_ID_HF_REPO] = read_model,
    [FLAG_ID_HF_FILE] = read_model,
    [FLAG_ID_KV_UNIFIED] = read_switch,
    [FLAG_ID_KV_UNIFIED_PER_SLOT] = read_per_slot,
    [FLAG_ID_PARALLEL] = read_parallel,
    [FLAG_ID_MMPROJ] = read_kept,
    [FLAG_ID_OFFLINE] = read_kept,
    [FLAG_ID_DRAFT_MODEL] = read_kept,
    [FLAG_ID_SPEC_TYPE] = read_speculative_type,
    [FLAG_ID_SPEC_DEFAULT] = read_speculative_default,
    [FLAG_ID_DRAFT_N_MAX] = read_draft_length,
    [FLAG_ID_NGRAM_MOD] = read_draft_length,
    [FLAG_ID_NGRAM_SIMPLE] = read_draft_length,
    [FLAG_ID_NGRAM_MAP_K] = read_draft_length,
    [FLAG_ID_NGRAM_MAP_K4V] = read_draft_length,
    [FLAG_ID_DRAFT_TWIN] = read_draft_twin,
    [FLAG_ID_EMBEDDING] = read_outputs,
    [FLAG_ID_POOLING] = read_outputs,
    [FLAG_ID_OVERRIDE_KV] = read_override_kv,
};

static bool read_flag(struct reading *reading, struct error *error)
{
    if (reading->flag->use == FLAG_REMOVED) {
        return error_set(error, ERROR_INPUT,
                         "%s: llama.cpp no longer takes it (invalid argument); write %s",
                         reading->where, reading->flag->instead);
    }
    return readers[reading->flag->id](reading, error);
}

/* ---- environment ---------------------------------------------------------------------------- */

static const char *variable(const char *const *environment, const char *prefix, const char *name)
{
    size_t n = strlen(prefix);
    size_t m = strlen(name);
    for (; *environment != NULL; environment++) {
        const char *at = *environment;
        if (strncmp(at, prefix, n) == 0 && strncmp(at + n, name, m) == 0 && at[n + m] == '=') {
            return at + n + m + 1;
        }
    }
    return NULL;
}

/* A switch's variable: LLAMA_ARG_NO_X whatever it holds, else LLAMA_ARG_X true or false; a flag without a
 * negative spelling only asks whether it is true. */
static bool switch_from_environment(struct reading *reading, bool negated, struct error *error)
{
    bool has_off = reading->flag->off_names[0] != '\0';
    bool yes = argument_is_true(reading->value);
    if (has_off && !negated && !yes && !argument_is_false(reading->value)) {
        return reading_refuse(reading, "llama.cpp takes true or false", error);
    }
    reading->off = negated || !yes;
    const char *value = reading->value;
    reading->value = NULL;
    bool skip = reading->off && !has_off;
    bool read = skip || read_flag(reading, error);
    reading->value = value;
    return read;
}

static bool read_variable(struct plan *plan, struct argument_facts *facts, const struct flag *flag,
                          const char *const *environment, struct error *error)
{
    if (flag->environment == NULL || flag->use == FLAG_PASS) {
        return true;
    }
    const char *no = flag->off_names[0] != '\0'
                         ? variable(environment, "LLAMA_ARG_NO_", flag->environment)
                         : NULL;
    const char *value = no != NULL ? no : variable(environment, "LLAMA_ARG_", flag->environment);
    if (value == NULL) {
        return true;
    }
    char *where = memory_format("LLAMA_ARG_%s%s", no != NULL ? "NO_" : "", flag->environment);
    struct reading reading = {.plan = plan,
                              .facts = facts,
                              .flag = flag,
                              .value = value,
                              .where = where,
                              .from_environment = true};
    bool read = flag->n_values == 0 ? switch_from_environment(&reading, no != NULL, error)
                                    : read_flag(&reading, error);
    free(where);
    return read;
}

static bool read_environment(struct plan *plan, struct argument_facts *facts,
                             const char *const *environment, struct error *error)
{
    size_t n_flags = 0;
    const struct flag *flags = flag_table(&n_flags);
    for (size_t i = 0; environment != NULL && i < n_flags; i++) {
        if (!read_variable(plan, facts, &flags[i], environment, error)) {
            return false;
        }
    }
    return true;
}

/* ---- the command line ----------------------------------------------------------------------- */

static bool unknown_flag(const char *word, struct error *error)
{
    char *near = flag_suggest(word);
    const char *equals = strchr(word, '=');
    if (near != NULL && equals != NULL && strncmp(word, near, (size_t)(equals - word)) == 0) {
        error_set(error, ERROR_USAGE, "%s: llama.cpp takes the value as a word of its own: %s %s",
                  word, near, equals + 1);
    } else if (word[0] != '-') {
        error_set(error, ERROR_USAGE, "%s: not a flag (llama.cpp: invalid argument)", word);
    } else {
        error_set(error, ERROR_USAGE, "%s: unknown flag%s%s%s", word,
                  near != NULL ? " (did you mean " : "", near != NULL ? near : "",
                  near != NULL ? "?)" : "");
    }
    free(near);
    return false;
}

bool arguments_read(struct plan *plan, struct argument_facts *facts, const char *const *arguments,
                    size_t n, const char *const *environment, struct error *error)
{
    struct argument_facts unwanted = {0};
    struct argument_facts *known = facts != NULL ? facts : &unwanted;
    bool read = read_environment(plan, known, environment, error);
    for (size_t i = 0; read && i < n;) {
        struct reading reading = {.plan = plan, .facts = known, .words = &arguments[i]};
        reading.where = arguments[i];
        reading.flag = flag_find(arguments[i], &reading.off);
        if (reading.flag == NULL) {
            read = unknown_flag(arguments[i], error);
            break;
        }
        size_t n_values = (size_t)reading.flag->n_values;
        if (n - i - 1 < n_values) {
            read = error_set(error, ERROR_USAGE, "%s: expected %s", arguments[i],
                             n_values > 1 ? "two values" : "a value");
            break;
        }
        reading.value = n_values > 0 ? arguments[i + 1] : NULL;
        read = read_flag(&reading, error);
        i += 1 + n_values;
    }
    argument_facts_clear(&unwanted);
    return read;
}
