#include "model/plan/settings.h"

#include "model/net/arch.h"

#include <string.h>

/* ---- targets -------------------------------------------------------------------------------- */

static const char *const targets[] = {
    [TARGET_LLAMA_SERVER] = "llama-server",
    [TARGET_LLAMA_CLI] = "llama-cli",
    [TARGET_LLAMA_BENCH] = "llama-bench",
    [TARGET_LLAMA_FIT_PARAMS] = "llama-fit-params",
};

const char *target_name(enum target target)
{
    return targets[target];
}

bool target_by_name(const char *name, enum target *out)
{
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        if (strcmp(name, targets[i]) == 0) {
            *out = (enum target)i;
            return true;
        }
    }
    return false;
}

void settings_default(struct settings *settings)
{
    *settings = (struct settings){
        .n_batch = 2048,
        .n_ubatch = 512,
        .n_parallel = -1,
        .kv_unified = UNSET,
        .type_k = GGML_F16,
        .type_v = GGML_F16,
        .offload_kqv = true,
        .op_offload = true,
        .repack = true,
        .fit = true,
    };
    speculative_default(&settings->speculative);
}

/* ---- cells and batches (section 5.1) -------------------------------------------------------- */

enum { MAX_SEQUENCES = 256, SERVER_SLOTS = 4 };

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static void resolve_sequences(const struct settings *settings, struct resolved *out,
                              struct error *error)
{
    bool server = settings->target == TARGET_LLAMA_SERVER;
    bool given = settings->n_parallel > 0;
    int64_t n = given ? settings->n_parallel : server ? SERVER_SLOTS : 1;
    if (n > MAX_SEQUENCES) {
        error_set(error, ERROR_INPUT, "-np %lld: llama.cpp takes at most %d sequences",
                  (long long)n, MAX_SEQUENCES);
    }
    out->n_seq = (uint32_t)clamp(n, 1, MAX_SEQUENCES);
    /* the server's own choice of slots comes with a unified cache (server.cpp:156-160) */
    out->kv_unified = settings->kv_unified == UNSET ? server && !given : settings->kv_unified == ON;
}

static void resolve_context(const struct settings *settings, const struct model *model,
                            struct resolved *out, struct error *error)
{
    static const int64_t longest = INT32_MAX / 2;
    int64_t n = settings->n_ctx;
    if (n <= 0 && settings->kv_unified_per_slot > 0) {
        n = settings->kv_unified_per_slot * out->n_seq;
    }
    if (n <= 0) {
        n = model->hparams.n_ctx_train;
    }
    if (n > longest) {
        error_set(error, ERROR_INPUT, "-c %lld: a context of at most %lld tokens", (long long)n,
                  (long long)longest);
    }
    n = clamp(n, 1, longest);
    int64_t batch = clamp(settings->n_batch, 1, INT32_MAX / 2);
    if (model->hparams.causal && batch > n) {
        batch = n; /* the context before it is padded */
    }
    int64_t ubatch = settings->n_ubatch <= 0 ? batch : clamp(settings->n_ubatch, 1, batch);
    out->n_batch = (uint32_t)batch;
    out->n_ubatch = (uint32_t)ubatch;
    uint32_t padded = (uint32_t)((n + 255) / 256 * 256);
    if (out->kv_unified) {
        out->n_stream = 1;
        out->n_ctx_seq = out->n_ctx = padded;
    } else {
        out->n_stream = out->n_seq;
        out->n_ctx_seq = (padded / out->n_seq + 255) / 256 * 256;
        out->n_ctx = out->n_ctx_seq * out->n_seq; /* can be more than was asked for */
    }
}

/* llama-server and llama-cli reserve a row of logits a slot and drafted token, the others a whole ubatch
 * (section 6.2; server_output_limits of tools/server/server-context.cpp). */
static void resolve_outputs(const struct settings *settings, const struct model *model,
                            struct resolved *out)
{
    bool few = !settings->all_outputs &&
               (settings->target == TARGET_LLAMA_SERVER || settings->target == TARGET_LLAMA_CLI);
    uint64_t rows = (uint64_t)out->n_seq * (1 + speculative_n_max(&settings->speculative));
    out->n_outputs = few && rows < out->n_ubatch ? (uint32_t)rows : out->n_ubatch;
    out->n_rs_seq = speculative_n_rs_seq(&settings->speculative, &model->hparams);
    out->mtp_context = settings->mtp_context;
}

/* ---- flash attention and cache types (ctx.cpp:3757-3812, section 12.2) ----------------------- */

static bool is_quantized(uint32_t type_id)
{
    const struct ggml_type_info *type = ggml_type_find(type_id);
    return type != NULL && type->quantized;
}

static bool is_arch(const struct model *model, const char *name)
{
    return strcmp(model->arch_name, name) == 0;
}

static const char *type_name(uint32_t type_id)
{
    const struct ggml_type_info *type = ggml_type_find(type_id);
    return type == NULL ? "?" : type->name;
}

/* The first trunk layer whose head size the block of a cache type does not divide. */
static bool block_divides(const struct hparams *hparams, uint32_t type_id, bool key, uint32_t *head)
{
    const struct ggml_type_info *type = ggml_type_find(type_id);
    uint32_t trunk = hparams->n_layer - hparams->n_layer_nextn;
    for (uint32_t il = 0; il < trunk; il++) {
        if (key) {
            *head = hparams->is_swa[il] ? hparams->key_length_swa : hparams->key_length;
        } else {
            *head = hparams->is_swa[il] ? hparams->value_length_swa : hparams->value_length;
        }
        if (type != NULL && *head % type->block_elements != 0) {
            return false;
        }
    }
    return true;
}

static bool check_block(const struct model *model, uint32_t type_id, bool key, struct error *error)
{
    uint32_t head = 0;
    if (!is_quantized(type_id) || block_divides(&model->hparams, type_id, key, &head)) {
        return true;
    }
    return error_set(error, ERROR_INPUT,
                     "%s %s: %c cache type %s with block size %u does not divide n_embd_head_%c=%u",
                     key ? "-ctk" : "-ctv", type_name(type_id), key ? 'K' : 'V', type_name(type_id),
                     ggml_type_find(type_id)->block_elements, key ? 'k' : 'v', head);
}

static bool check_cache(const struct settings *settings, const struct model *model,
                        bool flash_attn_off, struct error *error)
{
    bool one_type = hparams_is_mla(&model->hparams) || is_arch(model, "deepseek4");
    if (one_type && settings->type_k != settings->type_v) {
        return error_set(
            error, ERROR_INPUT,
            "-ctk %s -ctv %s: this model's cache is K-only (MLA) and llama.cpp wants one "
            "type for both: give -ctk and -ctv the same",
            type_name(settings->type_k), type_name(settings->type_v));
    }
    if (is_quantized(settings->type_v) && flash_attn_off) {
        return error_set(error, ERROR_INPUT,
                         "-ctv %s: V cache quantization requires flash_attn: drop -fa off or use "
                         "-ctv f16",
                         type_name(settings->type_v));
    }
    return flash_attn_off || (check_block(model, settings->type_k, true, error) &&
                              check_block(model, settings->type_v, false, error));
}

bool settings_resolve(const struct settings *settings, const struct model *model,
                      struct resolved *out, struct error *error)
{
    *out = (struct resolved){0};
    struct error first = {0};
    resolve_sequences(settings, out, &first);
    resolve_context(settings, model, out, &first);
    resolve_outputs(settings, model, out);
    out->type_k = settings->type_k;
    out->type_v = settings->type_v;
    const struct arch *arch = model->hparams.arch;
    bool never = arch != NULL && (arch->flags & ARCH_NO_FLASH_ATTN) != 0;
    bool off = never || settings->flash_attn == FLASH_ATTN_OFF;
    out->flash_attn = out->cache_flash_attn = !off;
    /* a quantised V needs it: auto then means on */
    out->flash_attn_auto =
        !off && settings->flash_attn == FLASH_ATTN_AUTO && !is_quantized(settings->type_v);
    check_cache(settings, model, off, &first);
    out->offload_kqv = settings->offload_kqv;
    out->op_offload = settings->op_offload;
    out->swa_full = settings->swa_full;
    out->repack = settings->repack;
    out->no_host = settings->no_host;
    out->load_mode = settings->load_mode == LOAD_AUTO ? LOAD_MMAP : settings->load_mode;
    return first.kind == ERROR_NONE || error_set(error, first.kind, "%s", first.text);
}
