/* Attention with and without flash attention, plain and MLA (src/llama-graph.cpp build_attn,
 * build_attn_mha; src/llama-kv-cache.cpp get_k, get_v, cpy_k, cpy_v; src/models/deepseek2.cpp). */
#include "model/net/compute_network.h"

struct head_sizes {
    uint64_t n_head, n_head_kv, k, v; /* k, v: elements per head in the cache */
};

static int kind_of(const struct network *network, uint32_t il)
{
    const struct hparams *hparams = network->hparams;
    return hparams->is_swa[il] && hparams->n_swa > 0 ? CACHE_SWA : CACHE_FULL;
}

static uint64_t row_bytes(uint32_t type, uint64_t elements)
{
    const struct ggml_type_info *info = ggml_type_find(type);
    uint64_t bytes = 0;
    if (info == NULL || !ggml_row_bytes(info, elements, &bytes))
        return 0;
    return bytes;
}

/* -- the graph's inputs -- */

static int32_t mask(struct network *network, int kind)
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

static int32_t index_input(struct network *network, int32_t *input, uint64_t n)
{
    if (*input == GRAPH_NONE) {
        *input = graph_leaf(&network->graph, SHAPE(n), 8, GRAPH_INPUT);
        network->graph.tensors[*input].term = COMPUTE_INPUTS;
    }
    return *input;
}

static uint64_t widest_v(const struct network *network)
{
    uint64_t widest = 0;
    for (uint32_t il = 0; il < network->hparams->n_layer; il++) {
        uint64_t row = hparams_v_row(network->hparams, il);
        widest = row > widest ? row : widest;
    }
    return widest;
}

/* A quantised cache holds rotated heads: Hadamard matrices are inputs (build_input_k_rot, _v_rot). */
static int32_t rotation(struct network *network, int32_t *input, uint64_t n)
{
    if (*input == GRAPH_NONE) {
        *input = graph_leaf(&network->graph, SHAPE(n, n), 4, GRAPH_INPUT);
        network->graph.tensors[*input].term = COMPUTE_INPUTS;
    }
    return *input;
}

static bool rotates(uint32_t type, uint32_t head)
{
    const struct ggml_type_info *info = ggml_type_find(type);
    return info != NULL && info->quantized && head > 0 && head % 64 == 0;
}

static uint64_t rotation_of_k(uint32_t head)
{
    uint64_t n = 64;
    while (head % (2 * n) == 0)
        n *= 2;
    return n;
}

static int32_t rotate(struct graph *graph, int32_t x, int32_t matrix)
{
    if (matrix == GRAPH_NONE)
        return x;
    struct shape shape = graph_shape(graph, x);
    uint64_t n = graph_shape(graph, matrix).ne[0];
    struct shape flat = SHAPE(n, graph_elements(shape) / n);
    bool contiguous = graph->tensors[x].flags & GRAPH_CONTIGUOUS;
    x = contiguous ? graph_reshape(graph, x, flat) : graph_cont(graph, x, flat);
    return graph_reshape(graph, graph_mul_mat(graph, matrix, x), shape);
}

/* -- the cache -- */

struct cache {
    int32_t k, v, mask; /* as attention reads them */
    bool v_transposed;
    uint64_t scratch; /* what CUDA's kernels expand to f16 */
};

static int32_t cache_tensor(struct network *network, uint32_t il, uint64_t row)
{
    int kind = kind_of(network, il);
    struct shape shape = SHAPE(row, network->cells[kind], network->n_streams);
    int32_t tensor = graph_leaf(&network->graph, shape, 1, GRAPH_EXTERNAL);
    network->graph.tensors[tensor].backend = network_cache(network, il);
    return tensor;
}

static int32_t store(struct network *network, int32_t value, int32_t index, int32_t cache)
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

/* Without flash attention V lies transposed: one index per element. */
static void store_transposed(struct network *network, uint32_t il, int32_t value, int32_t cache)
{
    struct graph *graph = &network->graph;
    struct shape shape = graph_shape(graph, value);
    uint64_t row = shape.ne[0] * shape.ne[1], widest = widest_v(network);
    bool contiguous = graph->tensors[value].flags & GRAPH_CONTIGUOUS;
    struct shape flat = SHAPE(row, shape.ne[2]);
    value = contiguous ? graph_reshape(graph, value, flat) : graph_cont(graph, value, flat);
    if (row < widest)
        value = graph_cont(graph, value, SHAPE(widest, shape.ne[2]));
    int32_t *input = &network->v_index[kind_of(network, il)];
    int32_t index = index_input(network, input, network->n_tokens * widest);
    int32_t target = graph_view(graph, cache, graph_shape(graph, cache), true, 0);
    int32_t column =
        graph_view(graph, value, graph_shape(graph, value), true, graph->tensors[value].bytes);
    graph_expand(graph, graph_write(graph, column, index, target));
}

static int32_t cache_view(struct network *network, uint32_t il, int32_t tensor, uint32_t type,
                          uint64_t head, uint64_t n_head_kv, uint64_t row)
{
    uint64_t cells = network->cells[kind_of(network, il)];
    struct shape shape = SHAPE(head, cells, n_head_kv, network->n_streams);
    uint64_t bytes = row_bytes(type, row) * cells * network->n_streams;
    int32_t view = graph_view(&network->graph, tensor, shape, false, bytes);
    network->graph.tensors[view].row_padding = network_row_padding(ggml_type_find(type), head);
    return view;
}

static uint64_t f16_copy(const struct network *network, uint32_t il, uint32_t type, uint64_t row)
{
    uint64_t cells = network->cells[kind_of(network, il)];
    bool as_is = type == GGML_F16 || type == GGML_F32; /* F32 was cast before */
    return as_is ? 0 : 2 * cells * network->n_streams * row;
}

static struct cache update_cache(struct network *network, uint32_t il, struct head_sizes size,
                                 int32_t k, int32_t v)
{
    const struct resolved *resolved = network->input->resolved;
    int kind = kind_of(network, il);
    uint64_t k_row = size.k * size.n_head_kv, v_row = size.v * size.n_head_kv;
    int32_t k_tensor = cache_tensor(network, il, k_row),
            v_tensor = cache_tensor(network, il, v_row);
    bool transposed = !resolved->cache_flash_attn;
    store(network, k, index_input(network, &network->k_index[kind], network->n_tokens), k_tensor);
    if (transposed)
        store_transposed(network, il, v, v_tensor);
    else
        store(network, v, index_input(network, &network->v_index[kind], network->n_tokens),
              v_tensor);
    return (struct cache){
        .k = cache_view(network, il, k_tensor, resolved->type_k, size.k, size.n_head_kv, k_row),
        .v = cache_view(network, il, v_tensor, resolved->type_v, size.v, size.n_head_kv, v_row),
        .mask = mask(network, kind),
        .v_transposed = transposed,
        .scratch = f16_copy(network, il, resolved->type_k, k_row) +
                   f16_copy(network, il, resolved->type_v, v_row),
    };
}

/* -- attention itself -- */

static int32_t permuted(struct graph *graph, int32_t x, struct shape shape)
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

static int32_t flash(struct network *network, uint32_t il, struct head_sizes size, int32_t q,
                     const struct cache *cache, int32_t sinks)
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
        cur = permuted(graph, cur, SHAPE(size.v, n, size.n_head, streams));
        cur = network_linear(network, il, PART_V_LORA_B, PART_COUNT, cur);
        width = graph_shape(graph, cur).ne[0];
        struct shape shape = SHAPE(width, size.n_head, n, streams);
        cur = graph_cont(graph, permuted(graph, cur, shape), shape);
    }
    return graph_reshape(graph, cur, SHAPE(width * size.n_head, network->n_tokens));
}

static int32_t scores(struct network *network, uint32_t il, struct head_sizes size, int32_t q,
                      const struct cache *cache, int32_t sinks)
{
    struct graph *graph = &network->graph;
    int kind = kind_of(network, il);
    struct shape shape = SHAPE(network->cells[kind], network->n_tokens / network->n_streams,
                               size.n_head, network->n_streams);
    int32_t kq = graph_new(graph, GRAPH_MUL_MAT, shape, cache->k, q, GRAPH_NONE, GRAPH_NONE);
    for (int i = 0; i < 3 && network->rows->traits & TRAIT_SOFTCAP; i++)
        kq = graph_inplace(graph, kq, GRAPH_NONE);
    return graph_new(graph, GRAPH_INPLACE, shape, kq, cache->mask, sinks, GRAPH_NONE);
}

static int32_t explicit_attention(struct network *network, uint32_t il, struct head_sizes size,
                                  int32_t q, const struct cache *cache, int32_t sinks)
{
    struct graph *graph = &network->graph;
    const struct resolved *resolved = network->input->resolved;
    uint64_t cells = network->cells[kind_of(network, il)];
    int32_t kq = scores(network, il, size, q, cache, sinks);
    int32_t v = cache->v;
    if (!cache->v_transposed) {
        v = graph_cont(graph, v, SHAPE(cells, size.v, size.n_head_kv, network->n_streams));
        graph->tensors[v].bytes =
            row_bytes(resolved->type_v, cells * size.v * size.n_head_kv * network->n_streams);
    }
    struct shape shape = graph_shape(graph, kq);
    shape.ne[0] = size.v;
    int32_t cur = graph_new(graph, GRAPH_MUL_MAT, shape, v, kq, GRAPH_NONE, GRAPH_NONE);
    if (network_has(network, il, PART_V_LORA_B))
        cur = network_linear(network, il, PART_V_LORA_B, PART_COUNT, cur);
    uint64_t width = graph_shape(graph, cur).ne[0] * size.n_head;
    cur = permuted(graph, cur, graph_shape(graph, cur));
    cur = graph_cont(graph, cur, SHAPE(width, network->n_tokens));
    if (network->placed && !resolved->offload_kqv)
        graph->tensors[cur].backend = network->backend_of[DEVICE_HOST];
    return cur;
}

static int32_t attend(struct network *network, uint32_t il, struct head_sizes size, int32_t q,
                      const struct cache *cache)
{
    struct graph *graph = &network->graph;
    int32_t sinks = network_own_weight(network, il, PART_SINKS);
    uint64_t n = network->n_tokens / network->n_streams;
    q = permuted(graph, q, SHAPE(size.k, n, size.n_head, network->n_streams));
    int32_t cur = network->flash_attn ? flash(network, il, size, q, cache, sinks)
                                      : explicit_attention(network, il, size, q, cache, sinks);
    graph_expand(graph, cur);
    return cur;
}

/* -- plain attention -- */

static int32_t head_view(struct network *network, int32_t x, uint64_t head, uint64_t n_head,
                         bool contiguous)
{
    struct graph *graph = &network->graph;
    struct shape shape = SHAPE(head, n_head, network->n_tokens);
    return contiguous ? graph_reshape(graph, x, shape) : graph_slice(graph, x, shape);
}

/* Queries, keys and values as [head, heads, tokens]; with a gate, the query weight holds it too. */
static void project(struct network *network, uint32_t il, struct head_sizes size, int32_t x,
                    int32_t out[3])
{
    bool fused = network_has(network, il, PART_QKV);
    bool gated = network->rows->traits & TRAIT_Q_GATE;
    if (fused) {
        int32_t qkv = network_linear(network, il, PART_QKV, PART_QKV_B, x);
        out[0] = head_view(network, qkv, size.k, size.n_head, false);
        out[1] = head_view(network, qkv, size.k, size.n_head_kv, false);
        out[2] = head_view(network, qkv, size.v, size.n_head_kv, false);
        return;
    }
    int32_t q = network_linear(network, il, PART_Q, PART_Q_B, x);
    int32_t k = network_linear(network, il, PART_K, PART_K_B, x);
    int32_t v = network_linear(network, il, PART_V, PART_V_B, x);
    if (gated) {
        q = graph_reshape(&network->graph, q, SHAPE(2 * size.k, size.n_head, network->n_tokens));
    }
    out[0] = head_view(network, q, size.k, size.n_head, !gated);
    out[1] = head_view(network, k, size.k, size.n_head_kv, true);
    out[2] = head_view(network, v, size.v, size.n_head_kv, true);
}

/* A norm over all heads together has one weight per element of the row and comes before the split. */
static int32_t head_norm(struct network *network, uint32_t il, enum part part, int32_t x)
{
    int32_t row = network_row(network, il, part);
    if (row < 0)
        return x;
    struct graph *graph = &network->graph;
    struct shape shape = graph_shape(graph, x);
    const struct model_tensor *tensor = &network->input->model->tensors[row];
    if (tensor->ne[0] == shape.ne[0])
        return network_norm(network, il, part, PART_COUNT, x);
    x = graph_reshape(graph, x, SHAPE(shape.ne[0] * shape.ne[1], shape.ne[2]));
    return graph_reshape(graph, network_norm(network, il, part, PART_COUNT, x), shape);
}

static int32_t plain_attention(struct network *network, uint32_t il, int32_t x)
{
    const struct hparams *hparams = network->hparams;
    const struct resolved *resolved = network->input->resolved;
    struct graph *graph = &network->graph;
    bool swa = hparams->is_swa[il];
    int kind = kind_of(network, il);
    struct head_sizes size = {hparams->n_head[il], hparams->n_head_kv[il],
                              swa ? hparams->key_length_swa : hparams->key_length,
                              swa ? hparams->value_length_swa : hparams->value_length};
    int32_t qkv[3];
    project(network, il, size, x, qkv);
    int32_t gate = GRAPH_NONE;
    if (network->rows->traits & TRAIT_Q_GATE)
        gate = head_view(network, graph->tensors[qkv[0]].source[0], size.k, size.n_head, false);
    qkv[0] = network_rope(network, il, head_norm(network, il, PART_Q_NORM, qkv[0]));
    qkv[1] = network_rope(network, il, head_norm(network, il, PART_K_NORM, qkv[1]));
    int32_t k_rotation = GRAPH_NONE, v_rotation = GRAPH_NONE;
    if (rotates(resolved->type_k, hparams->key_length))
        k_rotation = rotation(network, &network->k_rotation[kind],
                              rotation_of_k(size.k ? (uint32_t)size.k : 64));
    if (rotates(resolved->type_v, hparams->value_length))
        v_rotation = rotation(network, &network->v_rotation[kind], 64);
    int32_t q = rotate(graph, qkv[0], k_rotation), k = rotate(graph, qkv[1], k_rotation);
    int32_t v = rotate(graph, qkv[2], v_rotation);
    graph_expand(graph, q);
    graph_expand(graph, kind == CACHE_SWA || hparams->n_swa > 0 ? k : v);
    graph_expand(graph, kind == CACHE_SWA || hparams->n_swa > 0 ? v : k);
    struct cache cache = update_cache(network, il, size, k, v);
    int32_t cur = rotate(graph, attend(network, il, size, q, &cache), v_rotation);
    if (gate != GRAPH_NONE) {
        gate = graph_cont(graph, gate, SHAPE(size.k * size.n_head, network->n_tokens));
        cur = graph_inplace(graph, cur, graph_inplace(graph, gate, GRAPH_NONE));
    }
    return network_linear(network, il, PART_OUT, PART_OUT_B, cur);
}

/* -- MLA -- */

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

static int32_t mla_attention(struct network *network, uint32_t il, int32_t x)
{
    const struct hparams *hparams = network->hparams;
    const struct resolved *resolved = network->input->resolved;
    struct graph *graph = &network->graph;
    uint64_t n = network->n_tokens, n_head = hparams->n_head[il], rank = hparams->kv_lora_rank;
    uint64_t rope = hparams->key_length > rank ? hparams->key_length - rank : 0;
    uint64_t nope = hparams->key_length_mla > rope ? hparams->key_length_mla - rope : 0;
    int32_t low_rank = mla_low_rank(network, il, x);
    if (network_has_indexer(network, il)) {
        network_index(network, il, x, low_rank);
    }
    int32_t q = mla_query(network, il, x, low_rank);
    q = graph_reshape(graph, q, SHAPE(nope + rope, n_head, n));
    int32_t q_nope = graph_slice(graph, q, SHAPE(nope, n_head, n));
    int32_t q_pe = graph_slice(graph, q, SHAPE(rope, n_head, n));
    int32_t both = network_linear(network, il, PART_KV_A_MQA, PART_COUNT, x);
    int32_t kv = graph_slice(graph, both, SHAPE(rank, n));
    int32_t k_pe = graph_slice(graph, both, SHAPE(rope, 1, n));
    q_pe = network_rope(network, il, q_pe);
    k_pe = network_rope(network, il, k_pe);
    kv = network_norm(network, il, PART_KV_A_NORM, PART_COUNT, kv);
    q_nope = permuted(graph, q_nope, SHAPE(nope, n, n_head));
    int32_t absorbed = network_linear(network, il, PART_K_LORA_B, PART_COUNT, q_nope);
    absorbed = permuted(graph, absorbed, SHAPE(rank, n_head, n));
    q = concat(graph, absorbed, q_pe);
    kv = graph_reshape(graph, kv, SHAPE(rank, 1, n));
    int32_t k = concat(graph, kv, k_pe);
    graph_expand(graph, q);
    graph_expand(graph, kv);
    graph_expand(graph, k);
    uint64_t cells = network->cells[CACHE_FULL], row = row_bytes(resolved->type_k, rank + rope);
    int32_t tensor = cache_tensor(network, il, rank + rope);
    store(network, k, index_input(network, &network->k_index[CACHE_FULL], n), tensor);
    struct head_sizes size = {n_head, 1, rank + rope, rank};
    struct cache cache = {
        .k = cache_view(network, il, tensor, resolved->type_k, rank + rope, 1, rank + rope),
        .scratch = f16_copy(network, il, resolved->type_k, rank + rope),
    };
    uint64_t bytes = row * (cells * network->n_streams - 1) + row_bytes(resolved->type_k, rank);
    cache.v = graph_view(graph, cache.k, SHAPE(rank, cells, 1, network->n_streams), false, bytes);
    graph->tensors[cache.v].row_padding =
        network_row_padding(ggml_type_find(resolved->type_k), rank);
    cache.mask = mask(network, CACHE_FULL);
    if (network_has_indexer(network, il) && network->top_k != GRAPH_NONE) {
        cache.mask = network_sparse_mask(network, cache.mask);
    }
    int32_t cur = attend(network, il, size, q, &cache);
    return network_linear(network, il, PART_OUT, PART_OUT_B, cur);
}

int32_t network_attention(struct network *network, uint32_t il, int32_t x)
{
    network_other_indexer(network, il, x);
    if (network_has(network, il, PART_KV_A_MQA) && hparams_is_mla(network->hparams))
        return mla_attention(network, il, x);
    if (network_has(network, il, PART_Q) || network_has(network, il, PART_QKV))
        return plain_attention(network, il, x);
    return x;
}
