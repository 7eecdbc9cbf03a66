#include "model/net/context_memory.h"

#include "model/net/arch.h"

/* ---- allocation sizes (section 4.2) --------------------------------------------------------- */

enum { HOST_ALIGNMENT = 32, CARD_ALIGNMENT = 128, ROW_PADDING = 512 };

static uint64_t pad(uint64_t bytes, uint64_t alignment)
{
    return (bytes + alignment - 1) / alignment * alignment;
}

static bool pads_rows(enum backend backend)
{
    return backend == BACKEND_CUDA || backend == BACKEND_SYCL;
}

uint64_t weight_alloc_bytes(const struct ggml_type_info *type, const uint64_t ne[4], uint64_t bytes,
                            enum backend backend)
{
    bool host = backend == BACKEND_CPU || backend == BACKEND_METAL;
    uint64_t row = 0;
    /* cuda.cu:908-925: MUL_MAT reads whole 512-element rows; once a tensor, not once a row */
    if (bytes > 0 && pads_rows(backend) && type->quantized && ne[0] % ROW_PADDING != 0) {
        ggml_row_bytes(type, ROW_PADDING - ne[0] % ROW_PADDING, &row);
    }
    return pad(bytes + row, host ? HOST_ALIGNMENT : CARD_ALIGNMENT);
}

/* ---- one cache tensor ----------------------------------------------------------------------- */

/* K, V and index keys: [row, cells, streams]. */
static uint64_t cache_bytes(uint32_t type_id, uint64_t row, uint64_t cells, uint64_t streams,
                            enum backend backend)
{
    const struct ggml_type_info *type = ggml_type_find(type_id);
    uint64_t bytes = 0;
    if (type == NULL || row == 0 || !ggml_row_bytes(type, row, &bytes) ||
        __builtin_mul_overflow(bytes, cells * streams, &bytes)) {
        return 0;
    }
    const uint64_t ne[4] = {row, cells, streams, 1};
    return weight_alloc_bytes(type, ne, bytes, backend);
}

/* Recurrent and compressor states are F32. */
static uint64_t state_bytes(uint64_t floats, enum backend backend)
{
    const uint64_t ne[4] = {floats, 1, 1, 1};
    return weight_alloc_bytes(ggml_type_find(GGML_F32), ne, floats * 4, backend);
}

static uint64_t pad_cells(uint64_t cells)
{
    return pad(cells, 256);
}

/* Cells of a sliding-window layer (llama-kv-cache-iswa.cpp:69-105). */
static uint64_t window_cells(const struct hparams *hparams, const struct resolved *resolved,
                             bool unified)
{
    uint64_t all = resolved->n_ctx_seq;
    if (resolved->swa_full) {
        return all;
    }
    uint64_t cells =
        (uint64_t)hparams->n_swa * (unified ? resolved->n_seq : 1) + resolved->n_ubatch;
    return pad_cells(cells < all ? cells : all);
}

/* Without flash attention V is stored transposed, every layer as wide as the widest: also one without
 * KV heads (deci), whose K is empty. */
static uint64_t value_row(const struct hparams *hparams, const struct resolved *resolved,
                          uint32_t il)
{
    if (resolved->cache_flash_attn) {
        return hparams_v_row(hparams, il);
    }
    uint64_t widest = 0;
    for (uint32_t other = 0; other < hparams->n_layer; other++) {
        uint64_t row = hparams_v_row(hparams, other);
        widest = row > widest ? row : widest;
    }
    return widest;
}

static uint64_t attention_bytes(const struct hparams *hparams, const struct resolved *resolved,
                                uint32_t il, enum backend backend)
{
    uint64_t cells = hparams->is_swa[il] ? window_cells(hparams, resolved, resolved->kv_unified)
                                         : resolved->n_ctx_seq;
    uint64_t bytes = cache_bytes(resolved->type_k, hparams_k_row(hparams, il), cells,
                                 resolved->n_stream, backend);
    if (!hparams_is_mla(hparams) && hparams->memory != MEMORY_DSV4) {
        bytes += cache_bytes(resolved->type_v, value_row(hparams, resolved, il), cells,
                             resolved->n_stream, backend);
    }
    return bytes;
}

/* ---- recurrent states (section 5.4) --------------------------------------------------------- */

static uint64_t conv_floats(const struct hparams *hparams)
{
    uint64_t taps = hparams->ssm_conv_kernel > 0 ? hparams->ssm_conv_kernel - 1 : 0;
    return taps *
           (hparams->ssm_inner_size + 2ULL * hparams->ssm_group_count * hparams->ssm_state_size);
}

static void state_floats(const struct hparams *hparams, uint32_t il, uint64_t *conv,
                         uint64_t *state)
{
    uint64_t head = hparams->n_head[0];
    uint64_t kda = hparams->kda_head_dim;
    uint64_t kernel = hparams->ssm_conv_kernel > 0 ? hparams->ssm_conv_kernel : 4;
    (void)il;
    *conv = *state = 0;
    switch (hparams->arch->state) {
    case STATE_NONE:
        break;
    case STATE_MAMBA:
    case STATE_MAMBA_GROUPS:
        *conv = conv_floats(hparams);
        *state = (uint64_t)hparams->ssm_state_size * hparams->ssm_inner_size;
        break;
    case STATE_RWKV:
        *conv = (uint64_t)hparams->token_shift_count * hparams->n_embd;
        *state = (uint64_t)hparams->n_embd * hparams->wkv_head_size;
        break;
    case STATE_SHORTCONV:
        *conv = hparams->shortconv_l_cache > 0
                    ? (uint64_t)hparams->n_embd * (hparams->shortconv_l_cache - 1)
                    : 0;
        break;
    case STATE_KDA:
        *conv = 3 * (kernel - 1) * head * kda;
        *state = kda * kda * head;
        break;
    case STATE_LINEAR:
        *state = (uint64_t)hparams->key_length * hparams->key_length * head;
        break;
    }
}

/* A state a sequence, and those that speculative decoding goes back to. */
static uint64_t state_rows(const struct resolved *resolved)
{
    return (resolved->n_seq > 0 ? resolved->n_seq : 1ULL) * (1 + resolved->n_rs_seq);
}

static uint64_t recurrent_bytes(const struct hparams *hparams, const struct resolved *resolved,
                                uint32_t il, enum backend backend)
{
    if (!hparams->is_recurrent[il]) {
        return 0;
    }
    uint64_t conv = 0;
    uint64_t state = 0;
    uint64_t rows = state_rows(resolved);
    state_floats(hparams, il, &conv, &state);
    return state_bytes(rows * conv, backend) + state_bytes(rows * state, backend) +
           state_bytes(hparams->has_ple[il] ? rows * hparams->ple_conv_state : 0, backend);
}

/* ---- indexers and compressed caches (section 5.5) ------------------------------------------- */

static uint64_t indexer_bytes(const struct hparams *hparams, const struct resolved *resolved,
                              uint32_t il, enum backend backend)
{
    uint32_t trunk = hparams->n_layer - hparams->n_layer_nextn;
    uint64_t cells = resolved->n_ctx_seq;
    /* the indexer's key length replaces the one of full layers only (section 12.2) */
    uint64_t row = hparams->is_swa[il] ? hparams->key_length_swa : hparams->indexer_key_length;
    uint64_t keys = cache_bytes(resolved->type_k, row, cells, resolved->n_stream, backend);
    switch (hparams->memory) {
    case MEMORY_DSA:
    case MEMORY_DSA_ISWA:
        return il < trunk && hparams->indexer_full[il] ? keys : 0;
    case MEMORY_HYBRID_IDX:
        return hparams->has_kv[il] ? keys : 0;
    case MEMORY_MSA:
        if (il >= trunk || il < hparams->n_layer_dense_lead) {
            return 0;
        }
        return keys + cache_bytes(resolved->type_v, hparams->value_length, cells,
                                  resolved->n_stream, backend);
    default:
        return 0;
    }
}

/* deepseek4 keeps one stream a sequence, unified or not (llama-kv-cache-dsv4.cpp:1241-1330). */
static uint64_t dsv4_bytes(const struct hparams *hparams, const struct resolved *resolved,
                           uint32_t il, enum backend backend)
{
    uint64_t n = resolved->n_ctx_seq;
    uint64_t streams = resolved->n_seq > 0 ? resolved->n_seq : 1;
    uint64_t planes = state_rows(resolved);
    uint64_t row = hparams_k_row(hparams, il);
    uint64_t head = hparams->key_length;
    uint64_t index = hparams->indexer_key_length;
    uint64_t bytes = cache_bytes(resolved->type_k, row, window_cells(hparams, resolved, false),
                                 streams, backend);
    if (hparams->compress_ratio[il] == 4) {
        uint64_t cells = pad_cells((n + 3) / 4);
        bytes += cache_bytes(resolved->type_k, row, cells, streams, backend);
        bytes += cache_bytes(resolved->type_k, index, cells, streams, backend);
        bytes += 2 * state_bytes(planes * 2 * head * 8, backend);
        bytes += 2 * state_bytes(planes * 2 * index * 8, backend);
    } else if (hparams->compress_ratio[il] == 128) {
        bytes += cache_bytes(resolved->type_k, row, pad_cells((n + 127) / 128), streams, backend);
        bytes += 2 * state_bytes(planes * head * 128, backend);
    }
    return bytes;
}

/* ---- the door ------------------------------------------------------------------------------- */

bool context_layer_present(const struct model *model, uint32_t il)
{
    const struct hparams *hparams = &model->hparams;
    return hparams->has_kv[il] || hparams->is_recurrent[il];
}

bool context_layer_held(const struct model *model, const struct resolved *resolved, uint32_t il)
{
    const struct hparams *hparams = &model->hparams;
    return resolved->mtp_context ? il >= hparams->n_layer - hparams->n_layer_nextn
                                 : context_layer_present(model, il);
}

uint64_t context_layer_bytes(const struct model *model, const struct resolved *resolved,
                             uint32_t il, enum backend backend)
{
    const struct hparams *hparams = &model->hparams;
    if (!context_layer_held(model, resolved, il)) {
        return 0;
    }
    if (resolved->mtp_context) {
        /* dense attention whatever the trunk has (src/llama-model.cpp: ctx_type MTP) */
        return attention_bytes(hparams, resolved, il, backend);
    }
    if (hparams->memory == MEMORY_DSV4) {
        return dsv4_bytes(hparams, resolved, il, backend);
    }
    return (hparams->has_kv[il] ? attention_bytes(hparams, resolved, il, backend) : 0) +
           recurrent_bytes(hparams, resolved, il, backend) +
           indexer_bytes(hparams, resolved, il, backend);
}

uint64_t context_layer_largest(const struct model *model, const struct resolved *resolved,
                               uint32_t il, enum backend backend)
{
    const struct hparams *hparams = &model->hparams;
    if (!context_layer_held(model, resolved, il) || hparams->is_recurrent[il]) {
        return 0;
    }
    uint64_t cells = hparams->is_swa[il] ? window_cells(hparams, resolved, resolved->kv_unified)
                                         : resolved->n_ctx_seq;
    uint64_t streams = resolved->n_stream;
    uint64_t k = cache_bytes(resolved->type_k, hparams_k_row(hparams, il), cells, streams, backend);
    uint64_t v = hparams_is_mla(hparams)
                     ? 0
                     : cache_bytes(resolved->type_v, value_row(hparams, resolved, il), cells,
                                   streams, backend);
    return k > v ? k : v;
}

uint64_t context_layer_read(const struct model *model, const struct resolved *resolved, uint32_t il,
                            uint64_t depth)
{
    const struct hparams *hparams = &model->hparams;
    if (!context_layer_present(model, il)) {
        return 0;
    }
    /* one token reads its sequence's cells up to the depth, and the whole of its own state */
    struct resolved one = *resolved;
    one.n_seq = one.n_stream = 1;
    one.n_rs_seq = 0;
    uint64_t state =
        hparams->memory == MEMORY_DSV4 ? 0 : recurrent_bytes(hparams, &one, il, BACKEND_CPU);
    uint64_t cells = hparams->is_swa[il] && depth > hparams->n_swa && hparams->n_swa > 0
                         ? hparams->n_swa
                         : depth;
    uint64_t all = context_layer_bytes(model, &one, il, BACKEND_CPU) - state;
    uint64_t held = hparams->is_swa[il] ? window_cells(hparams, &one, true) : one.n_ctx_seq;
    cells = cells < held ? cells : held;
    return state + (held > 0 ? (uint64_t)((double)all * (double)cells / (double)held) : 0);
}
