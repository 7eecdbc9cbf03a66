#include "model/net/hparams.h"

#include "model/net/arch.h"

#include <stdio.h>
#include <string.h>

/* ---- reading keys --------------------------------------------------------------------------- */

struct reader {
    const struct gguf *gguf;
    const char *arch_name;
};

static const struct gguf_value *find(const struct reader *reader, const char *suffix)
{
    char key[160];
    snprintf(key, sizeof key, "%s.%s", reader->arch_name, suffix);
    return gguf_find(reader->gguf, key);
}

static uint32_t clamp(int64_t value)
{
    return value < 0 || value > INT32_MAX ? 0 : (uint32_t)value;
}

static uint32_t get(const struct reader *reader, const char *suffix, uint32_t fallback)
{
    const struct gguf_value *value = find(reader, suffix);
    return value == NULL ? fallback : clamp(gguf_element_i64(value, 0));
}

/* A scalar counts for every layer, an array layer by layer (get_key_or_arr). */
static void get_layers(const struct reader *reader, const char *suffix, const uint32_t *fallback,
                       uint32_t n, uint32_t *out)
{
    const struct gguf_value *value = find(reader, suffix);
    for (uint32_t il = 0; il < n; il++) {
        if (value == NULL) {
            out[il] = fallback == NULL ? 0 : fallback[il];
        } else {
            out[il] = clamp(gguf_element_i64(value, value->type == GGUF_ARRAY ? il : 0));
        }
    }
}

static bool is_array(const struct gguf_value *value)
{
    return value != NULL && value->type == GGUF_ARRAY && value->count > 0;
}

/* A product of two widths; 0 where it does not fit (a hostile file). */
static uint32_t row_width(uint32_t heads, uint32_t length)
{
    uint32_t width = 0;
    return __builtin_mul_overflow(heads, length, &width) ? 0 : width;
}

/* ---- layers --------------------------------------------------------------------------------- */

static bool tensor_present(const struct gguf *gguf, const char *name)
{
    for (uint64_t i = 0; i < gguf->n_tensors; i++) {
        if (strcmp(gguf->tensors[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* L and X; a few architectures count other layers than the file holds (sections 2.3, 12.1). */
static void read_layer_counts(const struct reader *reader, struct hparams *out)
{
    out->n_layer = get(reader, "block_count", 0);
    out->n_layer_nextn = get(reader, "nextn_predict_layers", 0);
    if (strcmp(reader->arch_name, "nanbeige") == 0) {
        uint32_t loops = get(reader, "num_loops", 1);
        out->n_layer_physical = out->n_layer;
        out->n_layer *= loops > 0 && loops <= MAX_LAYERS ? loops : 1;
    }
    if (strcmp(reader->arch_name, "graniteswitch") == 0 && out->n_layer > 0 &&
        out->n_layer_nextn < out->n_layer) {
        /* a router without weights comes after the file's blocks; its cache is kept */
        out->n_layer_physical = out->n_layer - out->n_layer_nextn;
        out->n_layer = out->n_layer_physical + 1;
        out->n_layer_nextn = 0;
    }
    if (strcmp(reader->arch_name, "deepseek4") == 0 && out->n_layer_nextn < out->n_layer) {
        char name[64];
        snprintf(name, sizeof name, "blk.%u.nextn.eh_proj.weight",
                 out->n_layer - out->n_layer_nextn);
        out->n_layer_nextn = tensor_present(reader->gguf, name) ? out->n_layer_nextn : 0;
    }
    if (out->n_layer_physical == 0) {
        out->n_layer_physical = out->n_layer;
    }
    if (out->n_layer_nextn >= out->n_layer_physical) {
        out->n_layer_nextn = 0;
    }
}

/* Layers beyond those in the file repeat the first ones (nanbeige's loops). */
static void repeat_layers(uint32_t *values, const struct hparams *hparams)
{
    for (uint32_t il = hparams->n_layer_physical; il < hparams->n_layer; il++) {
        values[il] = values[il % hparams->n_layer_physical];
    }
}

/* models/granite-switch.cpp: the router is a layer with one head and no feed-forward. */
static void set_router_layer(const struct reader *reader, struct hparams *out)
{
    if (strcmp(reader->arch_name, "graniteswitch") == 0) {
        out->n_head[out->n_layer - 1] = out->n_head_kv[out->n_layer - 1] = 1;
        out->n_ff[out->n_layer - 1] = 0;
    }
}

static void read_heads(const struct reader *reader, struct hparams *out)
{
    uint32_t n = out->n_layer_physical;
    get_layers(reader, "attention.head_count", NULL, n, out->n_head);
    get_layers(reader, "attention.head_count_kv", out->n_head, n, out->n_head_kv);
    get_layers(reader, "feed_forward_length", NULL, n, out->n_ff);
    repeat_layers(out->n_head, out);
    repeat_layers(out->n_head_kv, out);
    repeat_layers(out->n_ff, out);
    set_router_layer(reader, out);
    uint32_t head = out->n_head[0] > 0 ? out->n_embd / out->n_head[0] : 0;
    out->key_length = get(reader, "attention.key_length", head);
    out->value_length = get(reader, "attention.value_length", head);
    if (out->n_head[0] == 0 && strcmp(reader->arch_name, "plamo2") != 0) {
        out->key_length = out->value_length = 0; /* src/llama-model.cpp:1367-1390 */
    }
    out->key_length_swa = get(reader, "attention.key_length_swa", out->key_length);
    out->value_length_swa = get(reader, "attention.value_length_swa", out->value_length);
    out->key_length_mla = get(reader, "attention.key_length_mla", 0);
    out->value_length_mla = get(reader, "attention.value_length_mla", 0);
    out->kv_lora_rank = get(reader, "attention.kv_lora_rank", 0);
    out->n_rot = get(reader, "rope.dimension_count", out->key_length);
}

static void read_experts(const struct reader *reader, struct hparams *out)
{
    out->n_expert = get(reader, "expert_count", 0);
    out->n_expert_used = get(reader, "expert_used_count", 0);
    out->n_layer_dense_lead = get(reader, "leading_dense_block_count", 0);
    out->n_ff_exp = get(reader, "expert_feed_forward_length", out->n_ff[out->n_layer - 1]);
    uint32_t shared = get(reader, "expert_shared_count", 0);
    uint32_t total = 0;
    if (__builtin_mul_overflow(out->n_ff_exp, shared, &total)) {
        total = 0;
    }
    out->n_ff_shexp = get(reader, "expert_shared_feed_forward_length", total);
}

/* ---- windows -------------------------------------------------------------------------------- */

/* src/llama-hparams.cpp:8-22: the last (or the first) layer of each period is full. */
static void set_window_period(struct hparams *out, uint32_t period, bool dense_first)
{
    for (uint32_t il = 0; il < out->n_layer; il++) {
        uint32_t at = period > 0 ? il % period : 0;
        out->is_swa[il] = period == 0 || (dense_first ? at != 0 : at < period - 1);
    }
}

static void read_windows(const struct reader *reader, struct hparams *out)
{
    const struct arch *arch = out->arch;
    if (arch == NULL || arch->window == WINDOW_NEVER) {
        return;
    }
    if (arch->window == WINDOW_64_LAYERS && out->n_layer - out->n_layer_nextn != 64) {
        return;
    }
    bool only_given = arch->window == WINDOW_IF_GIVEN;
    out->n_swa = get(reader, "attention.sliding_window", only_given ? 0 : arch->default_window);
    if (only_given && out->n_swa > 0 && arch->default_window > 0) {
        out->n_swa = arch->default_window; /* smallthinker: whatever the key says */
    }
    if (arch->window == WINDOW_CHUNKED) {
        /* llama4 reads the key only to see a 0; its chunks are always 8192 long */
        out->n_swa = get(reader, "attention.chunk_size", out->n_swa) > 0 ? out->n_swa : 0;
        out->n_swa = out->n_swa > 0 ? arch->default_window : 0;
    }
    if (out->n_swa == 0) {
        return;
    }
    const struct gguf_value *pattern = find(reader, "attention.sliding_window_pattern");
    if (is_array(pattern)) {
        for (uint32_t il = 0; il < out->n_layer; il++) {
            out->is_swa[il] = gguf_element_i64(pattern, il % out->n_layer_physical) != 0;
        }
        return;
    }
    uint32_t period = pattern == NULL ? arch->period : clamp(gguf_element_i64(pattern, 0));
    set_window_period(out, period, (arch->flags & ARCH_DENSE_FIRST) != 0);
}

/* ---- recurrent state ------------------------------------------------------------------------ */

static void read_state_sizes(const struct reader *reader, struct hparams *out)
{
    out->ssm_conv_kernel = get(reader, "ssm.conv_kernel", 0);
    out->ssm_inner_size = get(reader, "ssm.inner_size", 0);
    out->ssm_state_size = get(reader, "ssm.state_size", 0);
    out->ssm_dt_rank = get(reader, "ssm.time_step_rank", 0);
    if (out->arch != NULL && out->arch->state == STATE_MAMBA_GROUPS) {
        out->ssm_group_count = get(reader, "ssm.group_count", 0);
    }
    out->wkv_head_size = get(reader, "wkv.head_size", 0);
    out->token_shift_count = get(reader, "token_shift_count", 2);
    out->shortconv_l_cache = get(reader, "shortconv.l_cache", 0);
    out->kda_head_dim = get(reader, "kda.head_dim", 0);
}

static bool layer_recurrent(const struct reader *reader, const struct hparams *hparams, uint32_t il)
{
    switch (hparams->arch->recurrent) {
    case RECURRENT_NEVER:
        return false;
    case RECURRENT_EVERYWHERE:
    case RECURRENT_BOTH:
        return true;
    case RECURRENT_NO_KV_HEADS:
        return hparams->n_head_kv[il] == 0;
    case RECURRENT_NO_FEED_FORWARD:
        return hparams->n_head_kv[il] == 0 && hparams->n_ff[il] == 0;
    case RECURRENT_BY_INTERVAL: {
        const struct gguf_value *given = find(reader, "attention.recurrent_layers");
        if (is_array(given)) {
            return gguf_element_i64(given, il) != 0;
        }
        uint32_t interval = get(reader, "full_attention_interval", hparams->arch->period);
        return interval == 0 || (il + 1) % interval != 0;
    }
    }
    return false;
}

static bool layer_attends(const struct hparams *hparams, uint32_t il)
{
    switch (hparams->arch->recurrent) {
    case RECURRENT_NEVER:
    case RECURRENT_BOTH:
        return true;
    case RECURRENT_NO_FEED_FORWARD:
        return hparams->n_head_kv[il] != 0 && hparams->n_ff[il] == 0;
    default:
        return !hparams->is_recurrent[il];
    }
}

/* Which layers hold what in the main context (sections 5.2, 5.4). */
static void read_layer_kinds(const struct reader *reader, struct hparams *out)
{
    uint32_t trunk = out->n_layer - out->n_layer_nextn;
    uint32_t shared_from = out->n_layer; /* later layers reuse an earlier one's cache */
    if (strcmp(reader->arch_name, "gemma3n") == 0) {
        shared_from = 20; /* src/models/gemma3n.cpp */
    } else if (strcmp(reader->arch_name, "gemma4") == 0) {
        uint32_t shared = get(reader, "attention.shared_kv_layers", 0);
        shared_from = shared < out->n_layer ? out->n_layer - shared : 0;
    }
    bool hybrid = out->memory == MEMORY_HYBRID || out->memory == MEMORY_HYBRID_IDX;
    for (uint32_t il = 0; il < out->n_layer; il++) {
        bool in_trunk = il < trunk;
        if (out->memory == MEMORY_NONE) {
            continue;
        }
        if (out->memory == MEMORY_RECURRENT || hybrid) {
            out->is_recurrent[il] = layer_recurrent(reader, out, il);
        }
        if (hybrid) {
            /* the hybrid default filter asks all layers, MTP ones too (bailingmoe3) */
            bool keeps_mtp = out->arch->recurrent == RECURRENT_NO_KV_HEADS;
            out->has_kv[il] = layer_attends(out, il) && (in_trunk || keeps_mtp);
        } else if (out->memory == MEMORY_DSV4) {
            out->has_kv[il] = true;
        } else if (out->memory != MEMORY_RECURRENT) {
            bool guessed = out->memory == MEMORY_UNKNOWN; /* may be a layer of another kind */
            out->has_kv[il] = in_trunk && il < shared_from && (!guessed || out->n_head_kv[il] > 0);
        }
        out->is_recurrent[il] = out->is_recurrent[il] && in_trunk;
    }
}

/* ---- indexers and compressed caches --------------------------------------------------------- */

/* Layers are full where no key tells. GLM-5.2, known by its context, has a list in llama.cpp's source
 * (models/glm-dsa.cpp): two full ones, then one of each four, for 78 layers. */
static bool indexer_default(const struct reader *reader, const struct hparams *hparams, uint32_t il)
{
    bool listed = strcmp(reader->arch_name, "glm-dsa") == 0 && hparams->n_ctx_train >= 1048576;
    return !listed || il < 2 || (il < 78 && (il - 2) % 4 == 0);
}

static void read_indexer(const struct reader *reader, struct hparams *out)
{
    out->indexer_n_head = get(reader, "attention.indexer.head_count", 0);
    out->indexer_key_length = get(reader, "attention.indexer.key_length", 0);
    out->indexer_top_k = get(reader, "attention.indexer.top_k", 0);
    out->indexer_block_size = get(reader, "attention.indexer.block_size", 0);
    get_layers(reader, "attention.compress_ratios", NULL, out->n_layer, out->compress_ratio);
    out->hyper_connections = get(reader, "hyper_connection.count", 0);
    bool all = strcmp(reader->arch_name, "deepseek32") == 0;
    const struct gguf_value *types = find(reader, "attention.indexer.types");
    for (uint32_t il = 0; il < out->n_layer; il++) {
        out->indexer_full[il] =
            all ||
            (types == NULL ? indexer_default(reader, out, il)
                           : gguf_element_i64(types, types->type == GGUF_ARRAY ? il : 0) != 0);
    }
    if (out->memory == MEMORY_DSA && out->indexer_top_k == 0) {
        out->memory = MEMORY_KV; /* hy_v4 without an indexer: plain MLA */
    }
}

static void read_clamps(const struct reader *reader, struct hparams *out)
{
    const struct gguf_value *clamp_exp = find(reader, "swiglu_clamp_exp");
    for (uint32_t il = 0; clamp_exp != NULL && il < out->n_layer; il++) {
        double value = gguf_element_f64(clamp_exp, clamp_exp->type == GGUF_ARRAY ? il : 0);
        if (value > 1e-6) {
            out->swiglu_clamped[il / 32] |= 1U << (il % 32);
        }
    }
}

/* qwen4exp keeps the inputs of its per-layer embedding convolution beside the recurrent state of the
 * layers in ple.layers: the taps are ngram_size tokens apart. */
static void read_per_layer_embedding(const struct reader *reader, struct hparams *out)
{
    if (out->memory != MEMORY_HYBRID_IDX) {
        return;
    }
    uint32_t kernel = get(reader, "ple.conv_kernel", 0);
    uint32_t apart = get(reader, "ple.ngram_size", 1);
    uint32_t channels =
        row_width(out->n_embd, out->hyper_connections > 0 ? out->hyper_connections : 1);
    out->ple_conv_state = kernel > 0 ? row_width(row_width(kernel - 1, apart), channels) : 0;
    const struct gguf_value *layers = find(reader, "ple.layers");
    for (uint64_t i = 0; is_array(layers) && i < layers->count; i++) {
        uint32_t il = clamp(gguf_element_i64(layers, i));
        if (il < out->n_layer) {
            out->has_ple[il] = true;
        }
    }
}

/* ---- the door ------------------------------------------------------------------------------- */

static uint32_t vocabulary(const struct reader *reader)
{
    uint32_t n = get(reader, "vocab_size", 0);
    const struct gguf_value *tokens = gguf_find(reader->gguf, "tokenizer.ggml.tokens");
    if (n == 0 && tokens != NULL && tokens->type == GGUF_ARRAY) {
        n = clamp((int64_t)tokens->count);
    }
    for (uint64_t i = 0; n == 0 && i < reader->gguf->n_tensors; i++) {
        if (strcmp(reader->gguf->tensors[i].name, "token_embd.weight") == 0) {
            n = clamp((int64_t)reader->gguf->tensors[i].ne[1]);
        }
    }
    return n;
}

static bool check_counts(const struct reader *reader, const struct hparams *hparams,
                         struct error *error)
{
    /* the product of blocks and loops may have wrapped: the blocks alone are asked first */
    uint32_t blocks = hparams->n_layer_physical;
    uint32_t layers = blocks > MAX_LAYERS ? blocks : hparams->n_layer;
    if (layers == 0 || layers > MAX_LAYERS) {
        return error_set(error, ERROR_INPUT, "%s.block_count is %u: llama.cpp takes 1 to %d layers",
                         reader->arch_name, layers, MAX_LAYERS);
    }
    if (hparams->n_expert > 1024 || hparams->n_expert_used > hparams->n_expert) {
        return error_set(error, ERROR_INPUT,
                         "%s: %u experts, %u used: llama.cpp takes at most 1024", reader->arch_name,
                         hparams->n_expert, hparams->n_expert_used);
    }
    return true;
}

bool hparams_read(const struct gguf *gguf, struct hparams *out, struct error *error)
{
    memset(out, 0, sizeof *out);
    struct reader reader = {gguf, gguf_string(gguf, "general.architecture", "")};
    out->arch = arch_find(reader.arch_name);
    out->memory = out->arch != NULL ? out->arch->memory : MEMORY_UNKNOWN;
    out->estimate_only = out->arch == NULL;
    read_layer_counts(&reader, out);
    out->n_expert = get(&reader, "expert_count", 0);
    out->n_expert_used = get(&reader, "expert_used_count", 0);
    if (!check_counts(&reader, out, error)) {
        return false;
    }
    out->n_embd = get(&reader, "embedding_length", 0);
    out->n_ctx_train = get(&reader, "context_length", 0);
    out->n_vocab = vocabulary(&reader);
    bool causal = out->arch == NULL || (out->arch->flags & ARCH_NOT_CAUSAL) == 0;
    out->causal = get(&reader, "attention.causal", causal ? 1 : 0) != 0;
    const struct gguf_value *scaling = find(&reader, "rope.scaling.type");
    out->long_rope = scaling != NULL && scaling->type == GGUF_STRING &&
                     strcmp(scaling->as.string, "longrope") == 0;
    read_heads(&reader, out);
    read_experts(&reader, out);
    read_windows(&reader, out);
    read_state_sizes(&reader, out);
    read_layer_kinds(&reader, out);
    read_indexer(&reader, out);
    read_clamps(&reader, out);
    read_per_layer_embedding(&reader, out);
    return true;
}

bool hparams_is_mla(const struct hparams *hparams)
{
    return hparams->key_length_mla > 0 && hparams->value_length_mla > 0;
}

uint32_t hparams_k_row(const struct hparams *hparams, uint32_t il)
{
    return row_width(hparams->n_head_kv[il],
                     hparams->is_swa[il] ? hparams->key_length_swa : hparams->key_length);
}

uint32_t hparams_v_row(const struct hparams *hparams, uint32_t il)
{
    return row_width(hparams->n_head_kv[il],
                     hparams->is_swa[il] ? hparams->value_length_swa : hparams->value_length);
}
