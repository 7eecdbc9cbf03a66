/* Multi-head latent attention with a K-only cache (src/models/deepseek2.cpp; src/llama-graph.cpp
 * build_attn with inp_attn_k). */
#include "model/net/compute_attention.h"

struct mla_sizes {
    uint64_t n, n_head, rank, rope, nope;
};

struct mla_rows {
    int32_t q, k, v;
};

/* The query's low-rank form; GRAPH_NONE for the models that project it directly. */
static int32_t mla_low_rank(struct network *network, uint32_t il, int32_t x)
{
    if (!network_has(network, il, PART_Q_A)) {
        return GRAPH_NONE;
    }
    int32_t q = network_linear(network, il, PART_Q_A, PART_COUNT, x);
    return network_norm(network, il, PART_Q_A_NORM, PART_COUNT, q);
}

static int32_t mla_query(struct network *network, uint32_t il, int32_t x, int32_t low_rank)
{
    if (low_rank == GRAPH_NONE) {
        return network_linear(network, il, PART_Q, PART_COUNT, x);
    }
    return network_linear(network, il, PART_Q_LORA_B, PART_COUNT, low_rank);
}

static int32_t concat(struct graph *graph, int32_t a, int32_t b)
{
    struct shape shape = graph_shape(graph, a);
    shape.ne[0] += graph_shape(graph, b).ne[0];
    return graph_new(graph, GRAPH_PLAIN, shape, a, b, GRAPH_NONE, GRAPH_NONE);
}

static struct mla_sizes sizes_of(const struct network *network, uint32_t il)
{
    const struct hparams *hparams = network->hparams;
    uint64_t rank = hparams->kv_lora_rank, key = hparams->key_length;
    uint64_t rope = key > rank ? key - rank : 0, whole = hparams->key_length_mla;
    return (struct mla_sizes){network->n_tokens, hparams->n_head[il], rank, rope,
                              whole > rope ? whole - rope : 0};
}

/* Query and key as one latent head and its rotated part. */
static struct mla_rows project(struct network *network, uint32_t il, const struct mla_sizes *s,
                               int32_t x, int32_t q)
{
    struct graph *graph = &network->graph;
    q = graph_reshape(graph, q, SHAPE(s->nope + s->rope, s->n_head, s->n));
    int32_t q_nope = graph_slice(graph, q, SHAPE(s->nope, s->n_head, s->n));
    int32_t q_pe = graph_slice(graph, q, SHAPE(s->rope, s->n_head, s->n));
    int32_t both = network_linear(network, il, PART_KV_A_MQA, PART_COUNT, x);
    int32_t kv = graph_slice(graph, both, SHAPE(s->rank, s->n));
    int32_t k_pe = network_rope(network, il, graph_slice(graph, both, SHAPE(s->rope, 1, s->n)));
    kv = network_norm(network, il, PART_KV_A_NORM, PART_COUNT, kv);
    kv = graph_reshape(graph, kv, SHAPE(s->rank, 1, s->n));
    q_nope = attention_permuted(graph, q_nope, SHAPE(s->nope, s->n, s->n_head));
    int32_t absorbed = network_linear(network, il, PART_K_LORA_B, PART_COUNT, q_nope);
    absorbed = attention_permuted(graph, absorbed, SHAPE(s->rank, s->n_head, s->n));
    q = concat(graph, absorbed, network_rope(network, il, q_pe));
    return (struct mla_rows){q, concat(graph, kv, k_pe), kv};
}

/* V is the latent part of K's rows. */
static struct attention_cache update_cache(struct network *network, uint32_t il,
                                           const struct mla_sizes *s, int32_t k)
{
    struct graph *graph = &network->graph;
    uint32_t type = network->input->resolved->type_k;
    uint64_t cells = network->cells[CACHE_FULL], width = s->rank + s->rope;
    int32_t index = attention_index(network, &network->k_index[CACHE_FULL], s->n);
    int32_t tensor = attention_cache(network, il, width);
    attention_store(network, k, index, tensor);
    uint64_t bytes = attention_row_bytes(type, width) * (cells * network->n_streams - 1) +
                     attention_row_bytes(type, s->rank);
    struct attention_cache cache = {
        .k = attention_cache_view(network, il, tensor, type, width, 1, width),
        .mask = attention_mask(network, CACHE_FULL),
        .scratch = attention_f16_copy(network, il, type, width),
    };
    cache.v =
        graph_view(graph, cache.k, SHAPE(s->rank, cells, 1, network->n_streams), false, bytes);
    graph->tensors[cache.v].row_padding = network_row_padding(ggml_type_find(type), s->rank);
    return cache;
}

int32_t attention_mla(struct network *network, uint32_t il, int32_t x)
{
    struct mla_sizes s = sizes_of(network, il);
    int32_t low_rank = mla_low_rank(network, il, x);
    bool sparse = network_has_indexer(network, il);
    if (sparse) {
        network_index(network, il, x, low_rank);
    }
    struct mla_rows rows = project(network, il, &s, x, mla_query(network, il, x, low_rank));
    graph_expand(&network->graph, rows.q);
    graph_expand(&network->graph, rows.v);
    graph_expand(&network->graph, rows.k);
    struct attention_cache cache = update_cache(network, il, &s, rows.k);
    if (sparse && network->top_k != GRAPH_NONE) {
        cache.mask = network_sparse_mask(network, cache.mask);
    }
    struct attention_heads heads = {s.n_head, 1, s.rank + s.rope, s.rank};
    int32_t cur = attention_attend(network, il, heads, rows.q, &cache);
    return network_linear(network, il, PART_OUT, PART_OUT_B, cur);
}
