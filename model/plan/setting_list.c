#include "model/plan/setting_list.h"

#include "model/gguf/ggml_types.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum id {
    CONTEXT,
    CACHE_K,
    CACHE_V,
    FLASH_ATTENTION,
    BATCH,
    UBATCH,
    SEQUENCES,
    UNIFIED,
    KV_OFFLOAD,
    OP_OFFLOAD,
    SWA_FULL,
    LOAD_MODE,
    REPACK,
    SPLIT_MODE_ID,
    MAIN_GPU,
    TARGET,
    N_SETTINGS,
};

/* llama.cpp's cache types (common/arg.cpp kv_cache_types) */
#define CACHE_TYPES                                                                                \
    {                                                                                              \
        "f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "iq4_nl", "q5_0", "q5_1", NULL               \
    }
#define ON_OFF                                                                                     \
    {                                                                                              \
        "on", "off", NULL                                                                          \
    }

static const struct setting settings[N_SETTINGS] = {
    [CONTEXT] =
        {"ctx", "-c", "context size", "tokens of all sequences; 0: as trained", {NULL}, true},
    [CACHE_K] = {"ctk", "-ctk", "K cache type", "smaller types need -fa for V", CACHE_TYPES, false},
    [CACHE_V] = {"ctv", "-ctv", "V cache type", "quantised V needs flash attention", CACHE_TYPES,
                 false},
    [FLASH_ATTENTION] = {"fa", "-fa", "flash attention", "", {"auto", "on", "off", NULL}, false},
    [BATCH] = {"b", "-b", "logical batch", "tokens a llama_decode takes", {NULL}, true},
    [UBATCH] = {"ub",
                "-ub",
                "physical batch",
                "tokens computed at once: compute buffers grow with it",
                {NULL},
                true},
    [SEQUENCES] = {"np", "-np", "sequences", "parallel slots; -1: the program's own", {NULL}, true},
    [UNIFIED] = {"kvu",
                 "-kvu",
                 "unified cache",
                 "one cache that sequences share",
                 {"default", "on", "off", NULL},
                 false},
    [KV_OFFLOAD] = {"kvo", "-nkvo", "cache on devices", "off: every cache stays on CPU", ON_OFF,
                    false},
    [OP_OFFLOAD] = {"op-offload", "--no-op-offload", "op offload",
                    "big batches copy CPU weights to a card", ON_OFF, false},
    [SWA_FULL] =
        {"swa-full", "--swa-full", "full sliding-window cache", "", {"off", "on", NULL}, false},
    [LOAD_MODE] = {"lm",
                   "-lm",
                   "load mode",
                   "",
                   {"auto", "none", "mmap", "mlock", "mmap+mlock", "dio", NULL},
                   false},
    [REPACK] = {"repack", "-nr", "repack weights", "", ON_OFF, false},
    [SPLIT_MODE_ID] = {"sm",
                       "-sm",
                       "split mode",
                       "none: one device, named by -mg",
                       {"layer", "none", NULL},
                       false},
    [MAIN_GPU] =
        {"mg", "-mg", "main device", "with -sm none: index among the devices", {NULL}, true},
    [TARGET] = {"target",
                "--target",
                "program",
                "defaults differ between them",
                {"llama-server", "llama-cli", "llama-bench", "llama-fit-params", NULL},
                false},
};

size_t setting_count(void)
{
    return N_SETTINGS;
}

const struct setting *setting_at(size_t index)
{
    return &settings[index < N_SETTINGS ? index : 0];
}

const struct setting *setting_find(const char *name)
{
    for (size_t i = 0; i < N_SETTINGS; i++) {
        if (strcmp(settings[i].name, name) == 0 || strcmp(settings[i].flag, name) == 0) {
            return &settings[i];
        }
    }
    return NULL;
}

/* ---- values as text ------------------------------------------------------------------------- */

static const char *type_name(uint32_t type)
{
    const struct ggml_type_info *info = ggml_type_find(type);
    return info != NULL ? info->name : "?";
}

static const char *on_off(bool on)
{
    return on ? "on" : "off";
}

static const char *flash_name(enum flash_attn flash)
{
    static const char *const names[] = {"auto", "on", "off"};
    return names[flash];
}

static const char *load_name(enum load_mode mode)
{
    static const char *const names[] = {"auto", "none", "mmap", "mlock", "mmap+mlock", "dio"};
    return names[mode];
}

static const char *split_name(enum split_mode mode)
{
    static const char *const names[] = {"layer", "none", "row", "tensor"};
    return names[mode];
}

void setting_given(const struct setting *setting, const struct plan *plan, char out[SETTING_TEXT])
{
    const struct settings *s = &plan->settings;
    const char *text = NULL;
    long long number = 0;
    switch ((enum id)(setting - settings)) {
    case CONTEXT:
        number = s->n_ctx;
        break;
    case CACHE_K:
        text = type_name(s->type_k);
        break;
    case CACHE_V:
        text = type_name(s->type_v);
        break;
    case FLASH_ATTENTION:
        text = flash_name(s->flash_attn);
        break;
    case BATCH:
        number = s->n_batch;
        break;
    case UBATCH:
        number = s->n_ubatch;
        break;
    case SEQUENCES:
        number = s->n_parallel;
        break;
    case UNIFIED:
        text = s->kv_unified == UNSET ? "default" : on_off(s->kv_unified == ON);
        break;
    case KV_OFFLOAD:
        text = on_off(s->offload_kqv);
        break;
    case OP_OFFLOAD:
        text = on_off(s->op_offload);
        break;
    case SWA_FULL:
        text = on_off(s->swa_full);
        break;
    case LOAD_MODE:
        text = load_name(s->load_mode);
        break;
    case REPACK:
        text = on_off(s->repack);
        break;
    case SPLIT_MODE_ID:
        text = split_name(s->split_mode);
        break;
    case MAIN_GPU:
        number = s->main_gpu;
        break;
    case TARGET:
        text = target_name(s->target);
        break;
    case N_SETTINGS:
        break;
    }
    if (text != NULL) {
        snprintf(out, SETTING_TEXT, "%s", text);
    } else {
        snprintf(out, SETTING_TEXT, "%lld", number);
    }
}

void setting_value(const struct setting *setting, const struct plan *plan,
                   const struct evaluation *evaluation, char out[SETTING_TEXT])
{
    char given[SETTING_TEXT];
    char found[SETTING_TEXT];
    const struct resolved *r = &evaluation->resolved;
    setting_given(setting, plan, given);
    snprintf(found, sizeof found, "%s", given);
    switch ((enum id)(setting - settings)) {
    case CONTEXT:
        snprintf(found, sizeof found, "%u", r->n_ctx);
        break;
    case FLASH_ATTENTION:
        snprintf(found, sizeof found, "%s", on_off(r->flash_attn));
        break;
    case BATCH:
        snprintf(found, sizeof found, "%u", r->n_batch);
        break;
    case UBATCH:
        snprintf(found, sizeof found, "%u", r->n_ubatch);
        break;
    case SEQUENCES:
        snprintf(found, sizeof found, "%u", r->n_seq);
        break;
    case UNIFIED:
        snprintf(found, sizeof found, "%s", on_off(r->kv_unified));
        break;
    case LOAD_MODE:
        snprintf(found, sizeof found, "%s", load_name(r->load_mode));
        break;
    default:
        break;
    }
    if (strcmp(given, found) == 0) {
        snprintf(out, SETTING_TEXT, "%s", given);
    } else {
        snprintf(out, SETTING_TEXT, "%.20s (%.20s)", given, found);
    }
}

/* ---- setting -------------------------------------------------------------------------------- */

static bool read_number(const struct setting *setting, const char *value, int64_t *out,
                        struct error *error)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (end != value && (*end == 'k' || *end == 'K') && end[1] == '\0' && number < 1 << 20) {
        number *= 1024;
        end++;
    }
    bool is_count = setting->name[0] != 'n'; /* -np takes -1 */
    if (end == value || *end != '\0' || errno != 0 || number < (is_count ? 0 : -1) ||
        number > INT_MAX) {
        return error_set(error, ERROR_USAGE, "%s (%s): '%s' is not a number it takes",
                         setting->label, setting->flag, value);
    }
    *out = number;
    return true;
}

static int choice_of(const struct setting *setting, const char *value)
{
    for (int i = 0; i < SETTING_CHOICES && setting->choices[i] != NULL; i++) {
        if (strcmp(setting->choices[i], value) == 0) {
            return i;
        }
    }
    return -1;
}

static bool refuse_choice(const struct setting *setting, const char *value, struct error *error)
{
    char list[160] = "";
    for (int i = 0; i < SETTING_CHOICES && setting->choices[i] != NULL; i++) {
        size_t n = strlen(list);
        snprintf(list + n, sizeof list - n, "%s%s", i > 0 ? ", " : "", setting->choices[i]);
    }
    return error_set(error, ERROR_USAGE, "%s (%s): '%s' is none of %s", setting->label,
                     setting->flag, value, list);
}

static void set_choice(enum id id, struct settings *s, int choice, const char *value)
{
    bool on = strcmp(value, "on") == 0;
    switch (id) {
    case CACHE_K:
        s->type_k = ggml_type_by_name(value)->id;
        break;
    case CACHE_V:
        s->type_v = ggml_type_by_name(value)->id;
        break;
    case FLASH_ATTENTION:
        s->flash_attn = (enum flash_attn)choice;
        break;
    case UNIFIED:
        s->kv_unified = choice == 0 ? UNSET : on ? ON : OFF;
        break;
    case KV_OFFLOAD:
        s->offload_kqv = on;
        break;
    case OP_OFFLOAD:
        s->op_offload = on;
        break;
    case SWA_FULL:
        s->swa_full = on;
        break;
    case LOAD_MODE:
        s->load_mode = (enum load_mode)choice;
        break;
    case REPACK:
        s->repack = on;
        break;
    case SPLIT_MODE_ID:
        s->split_mode = (enum split_mode)choice;
        break;
    case TARGET:
        target_by_name(value, &s->target);
        break;
    default:
        break;
    }
}

/* ---- locks ---------------------------------------------------------------------------------- */

_Static_assert(N_SETTINGS <= 32, "a bit for each in plan.locked_settings");

static uint32_t bit_of(const struct setting *setting)
{
    return UINT32_C(1) << (setting - settings);
}

void setting_lock(const struct setting *setting, struct plan *plan, bool locked)
{
    plan->locked_settings =
        locked ? plan->locked_settings | bit_of(setting) : plan->locked_settings & ~bit_of(setting);
}

bool setting_is_locked(const struct setting *setting, const struct plan *plan)
{
    return (plan->locked_settings & bit_of(setting)) != 0;
}

bool setting_set(const struct setting *setting, struct plan *plan, const char *value,
                 struct error *error)
{
    struct settings *s = &plan->settings;
    if (setting_is_locked(setting, plan)) {
        return error_set(error, ERROR_USAGE, "%s (%s) is locked: unlock %s", setting->label,
                         setting->flag, setting->name);
    }
    if (!setting->is_number) {
        int choice = choice_of(setting, value);
        if (choice < 0) {
            return refuse_choice(setting, value, error);
        }
        set_choice((enum id)(setting - settings), s, choice, value);
        return true;
    }
    int64_t number = 0;
    if (!read_number(setting, value, &number, error)) {
        return false;
    }
    switch ((enum id)(setting - settings)) {
    case CONTEXT:
        s->n_ctx = number;
        break;
    case BATCH:
        s->n_batch = number;
        break;
    case UBATCH:
        s->n_ubatch = number;
        break;
    case SEQUENCES:
        s->n_parallel = number;
        break;
    case MAIN_GPU:
        s->main_gpu = number;
        break;
    default:
        break;
    }
    return true;
}
