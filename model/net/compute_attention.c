/* The core of attention, with and without flash attention: inputs, cache, scores (src/llama-graph.cpp
 * build_attn_mha; src/llama-kv-cache.cpp get_k, get_v, cpy_k). */
#include "model/net/compute_attention.h"

int attention_kind(const struct network *network, uint32_t il)
{
    const struct hparams *hparams = network->hparams;
    return hparams->is_swa[il] && hparams->n_swa > 0 ? CACHE_SWA : CACHE_FULL;
}

uint64_t attention_row_bytes(uint32_t type, uint64_t elements)
{
    const struct ggml_type_info *info = ggml_type_find(type);
    uint64_t bytes = 0;
    if (info == NULL || !ggml_row_bytes(info, elements, &bytes))
        return 0;
    return bytes;
}

/* -- the graph's inputs -- */

int32_t attention_mask(struct network *network, int kind)
{
    if (network->mask[kind] == GRAPH_NONE) {
        bool flash = network->flash_attn;
        struct shape shape = SHAPE(network->cells[kind], network->n_tokens / network->n_streams, 1,
                                   network->n_streams);
        network->mask[kind] = graph_leaf(&network->graph, shape, flash ? 2 : 4, GRAPH_INPUT);
        network->graph.tensors[network->mask[kind]].term = COMPUTE_INPUTS;
    }
    return network->mask[kind];
}

int32_t attention_index(struct network *network, int32_t *input, uint64_t n)
{
    if (*input == GRAPH_NONE) {
        *input = graph_leaf(&network->graph, SHAPE(n), 8, GRAPH_INPUT);
        network->graph.tensors[*input].term = COMPUTE_INPUTS;
    }
    return *input;
}

/* -- the cache -- */

int32_t attention_cache(struct network *network, uint32_t il, uint64_t row)
{
    int kind = attention_kind(network, il);
    struct shape shape = SHAPE(row, network->cells[kind], network->n_streams);
    int32_t tensor = graph_leaf(&network->graph, shape, 1, GRAPH_EXTERNAL);
    network->graph.tensors[tensor].backend = network_cache(network, il);
    return tensor;
}

int32_t attention_store(struct network *network, int32_t value, int32_t index, int32_t cache)
{
    struct graph *graph = &network->graph;
    int32_t rows =
        graph_view(graph, value, graph_shape(graph, value), true, graph->tensors[value].bytes);
    if (network->n_streams > 1)
        cache = graph_view(graph, cache, graph_shape(graph, cache), true, 0);
    int32_t stored = graph_write(graph, rows, index, cache);
    graph_expand(graph, stored);
    return stored;
}

int32_t attention_cache_view(struct network *network, uint32_t il, int32_t tensor, uint32_t type,
                             uint64_t head, uint64_t n_head_kv, uint64_t row)
{
    uint64_t cells = network->cells[attention_kind(network, il)];
    struct shape shape = SHAPE(head, cells, n_head_kv, network->n_streams);
    uint64_t bytes = attention_row_bytes(type, row) * cells * network->n_streams;
    int32_t view = graph_view(&network->graph, tensor, shape, false, bytes);
    network->graph.tensors[view].row_padding = network_row_padding(ggml_type_find(type), head);
    return view;
}

uint64_t attention_f16_copy(const struct network *network, uint32_t il, uint32_t type, uint64_t row)
{
    uint64_t cells = network->cells[attention_kind(network, il)];
    bool as_is = type == GGML_F16 || type == GGML_F32; /* F32 was cast before */
    return as_is ? 0 : 2 * cells * network->n_streams * row;
}

/* -- attention itself -- */

int32_t attention_permuted(struct graph *graph, int32_t x, struct shape shape)
{
    return graph_view(graph, x, shape, false, graph->tensors[x].bytes);
}

/* Flash attention takes no F32: the whole cache is cast. */
static int32_t as_f16(struct graph *graph, int32_t x, uint32_t type)
{
    if (type != GGML_F32)
        return x;
    int32_t cast = graph_cont(graph, x, graph_shape(graph, x));
    graph->tensors[cast].element = 2;
    graph->tensors[cast].bytes = 2 * graph_elements(graph_shape(graph, x));
    return cast;
}

static int32_t flash(struct network *network, uint32_t il, struct attention_heads size, int32_t q,
                     const struct attention_cache *cache, int32_t sinks)
{
    struct graph *graph = &network->graph;
    uint64_t n = network->n_tokens / network->n_streams, streams = network->n_streams;
    int32_t k = as_f16(graph, cache->k, network->input->resolved->type_k);
    int32_t v = as_f16(graph, cache->v, network->input->resolved->type_v);
    int32_t cur = graph_new(graph, GRAPH_FLASH_ATTN, SHAPE(size.v, size.n_head, n, streams), q, k,
                            v, cache->mask);
    network->fused[il] = cur;
    graph_source(graph, cur, 4, sinks);
    graph->tensors[cur].scratch = cache->scratch;
    uint64_t width = size.v;
    if (network_has(network, il, PART_V_LORA_B)) {
        cur = attention_permuted(graph, cur, SHAPE(size.v, n, size.n_head, streams));
        cur = network_linear(network, il, PART_V_LORA_B, PART_COUNT, cur);
        width = graph_shape(graph, cur).ne[0];
        struct shape shape = SHAPE(width, size.n_head, n, streams);
        cur = graph_cont(graph, attention_permuted(graph, cur, shape), shape);
    }
    return graph_reshape(graph, cur, SHAPE(width * size.n_head, network->n_tokens));
}

static int32_t scores(struct network *network, uint32_t il, struct attention_heads size, int32_t q,
                      const struct attention_cache *cache, int32_t sinks)
{
    struct graph *graph = &network->graph;
    int kind = attention_kind(network, il);
    struct shape shape = SHAPE(network->cells[kind], network->n_tokens / network->n_streams,
                               size.n_head, network->n_streams);
    int32_t kq = graph_new(graph, GRAPH_MUL_MAT, shape, cache->k, q, GRAPH_NONE, GRAPH_NONE);
    for (int i = 0; i < 3 && network->rows->traits & TRAIT_SOFTCAP; i++)
        kq = graph_inplace(graph, kq, GRAPH_NONE);
    return graph_new(graph, GRAPH_INPLACE, shape, kq, cache->mask, sinks, GRAPH_NONE);
}

static int32_t explicit_attention(struct network *network, uint32_t il, struct attention_heads size,
                                  int32_t q, const struct attention_cache *cache, int32_t sinks)
{
    struct graph *graph = &network->graph;
    const struct resolved *resolved = network->input->resolved;
    uint64_t cells = network->cells[attention_kind(network, il)];
    int32_t kq = scores(network, il, size, q, cache, sinks);
    int32_t v = cache->v;
    if (!cache->v_transposed) {
        v = graph_cont(graph, v, SHAPE(cells, size.v, size.n_head_kv, network->n_streams));
        graph->tensors[v].bytes = attention_row_bytes(
            resolved->type_v, cells * size.v * size.n_head_kv * network->n_streams);
    }
    struct shape shape = graph_shape(graph, kq);
    shape.ne[0] = size.v;
    int32_t cur = graph_new(graph, GRAPH_MUL_MAT, shape, v, kq, GRAPH_NONE, GRAPH_NONE);
    if (network_has(network, il, PART_V_LORA_B))
        cur = network_linear(network, il, PART_V_LORA_B, PART_COUNT, cur);
    uint64_t width = graph_shape(graph, cur).ne[0] * size.n_head;
    cur = attention_permuted(graph, cur, graph_shape(graph, cur));
    cur = graph_cont(graph, cur, SHAPE(width, network->n_tokens));
    if (network->placed && !resolved->offload_kqv)
        graph->tensors[cur].backend = network->backend_of[DEVICE_HOST];
    return cur;
}

int32_t attention_attend(struct network *network, uint32_t il, struct attention_heads size,
                         int32_t q, const struct attention_cache *cache)
{
    struct graph *graph = &network->graph;
    int32_t sinks = network_own_weight(network, il, PART_SINKS);
    uint64_t n = network->n_tokens / network->n_streams;
    q = attention_permuted(graph, q, SHAPE(size.k, n, size.n_head, network->n_streams));
    int32_t cur = network->flash_attn ? flash(network, il, size, q, cache, sinks)
                                      : explicit_attention(network, il, size, q, cache, sinks);
    graph_expand(graph, cur);
    return cur;
}

int32_t network_attention(struct network *network, uint32_t il, int32_t x)
{
    network_other_indexer(network, il, x);
    if (network_has(network, il, PART_KV_A_MQA) && hparams_is_mla(network->hparams))
        return attention_mla(network, il, x);
    if (network_has(network, il, PART_Q) || network_has(network, il, PART_QKV))
        return attention_plain(network, il, x);
    return x;
}
