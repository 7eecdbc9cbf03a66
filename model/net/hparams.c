/* hedge */
#include "model/net/hparams.h"

#include <stdio.h>
#include <string.h>

static const char *arch_key(const struct gguf *g, const char *suffix, char *buffer, size_t n)
{
    snprintf(buffer, n, "%s.%s", gguf_string(g, "general.architecture", ""), suffix);
    return buffer;
}

static uint32_t get(const struct gguf *g, const char *suffix, uint32_t fallback)
{
    char key[256];
    return (uint32_t)gguf_u64(g, arch_key(g, suffix, key, sizeof key), fallback);
}

static void get_array(const struct gguf *g, const char *suffix, uint32_t fallback, uint32_t n,
                      uint32_t *out)
{
    char key[256];
    const struct gguf_value *v = gguf_find(g, arch_key(g, suffix, key, sizeof key));
    for (uint32_t i = 0; i < n; i++) {
        out[i] = v == NULL               ? fallback
                 : v->type == GGUF_ARRAY ? (uint32_t)gguf_element_i64(v, i)
                                         : (uint32_t)gguf_element_i64(v, 0);
    }
}

bool hparams_read(const struct gguf *g, struct hparams *h, struct error *error)
{
    memset(h, 0, sizeof *h);
    h->n_layer = get(g, "block_count", 0);
    if (h->n_layer == 0 || h->n_layer > MAX_LAYERS) {
        return error_set(error, ERROR_INPUT, "no usable block_count");
    }
    h->memory = MEMORY_KV;
    h->n_layer_nextn = get(g, "nextn_predict_layers", 0);
    h->n_embd = get(g, "embedding_length", 0);
    h->n_ctx_train = get(g, "context_length", 4096);
    h->n_expert = get(g, "expert_count", 0);
    h->n_expert_used = get(g, "expert_used_count", 0);
    h->n_ff_exp = get(g, "expert_feed_forward_length", 0);
    h->n_vocab = get(g, "vocab_size", 0);
    h->causal = true;
    get_array(g, "attention.head_count", 0, h->n_layer, h->n_head);
    get_array(g, "attention.head_count_kv", h->n_head[0], h->n_layer, h->n_head_kv);
    get_array(g, "feed_forward_length", 0, h->n_layer, h->n_ff);
    uint32_t head = h->n_head[0] > 0 ? h->n_embd / h->n_head[0] : 0;
    h->key_length = get(g, "attention.key_length", head);
    h->value_length = get(g, "attention.value_length", head);
    h->key_length_swa = h->key_length;
    h->value_length_swa = h->value_length;
    h->key_length_mla = get(g, "attention.key_length_mla", 0);
    h->value_length_mla = get(g, "attention.value_length_mla", 0);
    h->kv_lora_rank = get(g, "attention.kv_lora_rank", 0);
    for (uint32_t i = 0; i < h->n_layer; i++) {
        h->has_kv[i] = i < h->n_layer - h->n_layer_nextn;
    }
    return true;
}

bool hparams_is_mla(const struct hparams *h)
{
    return h->key_length_mla > 0 && h->value_length_mla > 0;
}

uint32_t hparams_k_row(const struct hparams *h, uint32_t il)
{
    return h->key_length * h->n_head_kv[il];
}

uint32_t hparams_v_row(const struct hparams *h, uint32_t il)
{
    return h->value_length * h->n_head_kv[il];
}
