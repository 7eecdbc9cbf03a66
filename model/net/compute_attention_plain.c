/* Attention with a K and a V cache: multi-head, grouped queries, windows, quantised caches
 * (src/llama-graph.cpp build_qkv, build_attn; src/llama-kv-cache.cpp cpy_v, build_input_k_rot). */
#include "model/net/compute_attention.h"
#include "model/net/compute_blocks.h"

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
    int32_t *input = &network->v_index[attention_kind(network, il)];
    int32_t index = attention_index(network, input, network->n_tokens * widest);
    int32_t target = graph_view(graph, cache, graph_shape(graph, cache), true, 0);
    int32_t column =
        graph_view(graph, value, graph_shape(graph, value), true, graph->tensors[value].bytes);
    graph_expand(graph, graph_write(graph, column, index, target));
}

static struct attention_cache update_cache(struct network *network, uint32_t il,
                                           struct attention_heads size, int32_t k, int32_t v)
{
    const struct resolved *resolved = network->input->resolved;
    int kind = attention_kind(network, il);
    uint64_t k_row = size.k * size.n_head_kv, v_row = size.v * size.n_head_kv;
    int32_t k_tensor = attention_cache(network, il, k_row),
            v_tensor = attention_cache(network, il, v_row);
    bool transposed = !resolved->cache_flash_attn;
    attention_store(network, k,
                    attention_index(network, &network->k_index[kind], network->n_tokens), k_tensor);
    if (transposed)
        store_transposed(network, il, v, v_tensor);
    else
        attention_store(network, v,
                        attention_index(network, &network->v_index[kind], network->n_tokens),
                        v_tensor);
    return (struct attention_cache){
        .k = attention_cache_view(network, il, k_tensor, resolved->type_k, size.k, size.n_head_kv,
                                  k_row),
        .v = attention_cache_view(network, il, v_tensor, resolved->type_v, size.v, size.n_head_kv,
                                  v_row),
        .mask = attention_mask(network, kind),
        .v_transposed = transposed,
        .scratch = attention_f16_copy(network, il, resolved->type_k, k_row) +
                   attention_f16_copy(network, il, resolved->type_v, v_row),
    };
}

static int32_t head_view(struct network *network, int32_t x, uint64_t head, uint64_t n_head,
                         bool contiguous)
{
    struct graph *graph = &network->graph;
    struct shape shape = SHAPE(head, n_head, network->n_tokens);
    return contiguous ? graph_reshape(graph, x, shape) : graph_slice(graph, x, shape);
}

/* Is it a norm over all heads together, with a weight for each element of the row? */
static bool norm_of_row(const struct network *network, uint32_t il, enum part part, uint64_t head)
{
    int32_t row = network_row(network, il, part);
    return row >= 0 && network->input->model->tensors[row].ne[0] != head;
}

static int32_t row_norm(struct network *network, uint32_t il, enum part part, uint64_t head,
                        int32_t x)
{
    bool here = norm_of_row(network, il, part, head) && !(network->rows->traits & TRAIT_LAYER_NORM);
    return here ? network_norm(network, il, part, PART_COUNT, x) : x;
}

/* Queries, keys and values as [head, heads, tokens]; with a gate, the query weight holds it too. */
static void project(struct network *network, uint32_t il, struct attention_heads size, int32_t x,
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
    q = row_norm(network, il, PART_Q_NORM, size.k, q);
    k = row_norm(network, il, PART_K_NORM, size.k, k);
    int32_t v = network_linear(network, il, PART_V, PART_V_B, x);
    if (gated) {
        q = graph_reshape(&network->graph, q, SHAPE(2 * size.k, size.n_head, network->n_tokens));
    }
    out[0] = head_view(network, q, size.k, size.n_head, !gated);
    out[1] = head_view(network, k, size.k, size.n_head_kv, true);
    out[2] = head_view(network, v, size.v, size.n_head_kv, true);
}

/* Of one head: its weight has an element for each of the head's. mpt reads a whole row after the split. */
static int32_t head_norm(struct network *network, uint32_t il, enum part part, int32_t x)
{
    struct graph *graph = &network->graph;
    struct shape shape = graph_shape(graph, x);
    if (!norm_of_row(network, il, part, shape.ne[0]))
        return network_norm(network, il, part, PART_COUNT, x);
    if (!(network->rows->traits & TRAIT_LAYER_NORM))
        return x; /* had it before the split */
    x = graph_reshape(graph, x, SHAPE(shape.ne[0] * shape.ne[1], shape.ne[2]));
    return graph_reshape(graph, network_norm(network, il, part, PART_COUNT, x), shape);
}

/* llama4: normed where they turn; where they do not, queries are scaled by their position. */
static int32_t norm_of_heads(struct network *network, uint32_t il, bool query, int32_t x)
{
    struct graph *graph = &network->graph;
    if (network->rows->rotates[il])
        return graph_inplace(graph, network_rope(network, il, x), GRAPH_NONE);
    if (!query)
        return x;
    if (network->attention_scale == GRAPH_NONE)
        network->attention_scale =
            graph_leaf(graph, SHAPE(1, 1, network->n_tokens), 4, GRAPH_INPUT);
    return graph_inplace(graph, x, network->attention_scale);
}

/* Queries or keys with their norm and their positions. */
static int32_t turned(struct network *network, uint32_t il, enum part norm, int32_t x)
{
    uint32_t traits = network->rows->traits;
    if (traits & TRAIT_NORM_AFTER_ROPE)
        return head_norm(network, il, norm, network_rope(network, il, x));
    if (traits & TRAIT_NORM_OF_HEADS)
        return norm_of_heads(network, il, norm == PART_Q_NORM, x);
    return network_rope(network, il, head_norm(network, il, norm, x));
}

struct rotations {
    int32_t k, v; /* GRAPH_NONE where the cache type wants none */
};

static struct rotations rotations_of(struct network *network, uint32_t il, uint64_t k_head)
{
    const struct hparams *hparams = network->hparams;
    const struct resolved *resolved = network->input->resolved;
    int kind = attention_kind(network, il);
    struct rotations r = {GRAPH_NONE, GRAPH_NONE};
    if (rotates(resolved->type_k, hparams->key_length) && k_head > 0) {
        r.k = rotation(network, &network->k_rotation[kind], rotation_of_k((uint32_t)k_head));
    }
    if (rotates(resolved->type_v, hparams->value_length)) {
        r.v = rotation(network, &network->v_rotation[kind], 64);
    }
    return r;
}

/* Models with windows or chosen blocks put K before V into the graph, the others V before K. */
static void expand_in_order(struct network *network, bool blocks, int32_t q, int32_t k, int32_t v)
{
    bool windows = network->hparams->n_swa > 0 || blocks;
    graph_expand(&network->graph, q);
    graph_expand(&network->graph, windows ? k : v);
    graph_expand(&network->graph, windows ? v : k);
}

static int32_t gated(struct network *network, struct attention_heads heads, int32_t x, int32_t gate)
{
    struct graph *graph = &network->graph;
    if (gate == GRAPH_NONE) {
        return x;
    }
    gate = graph_cont(graph, gate, SHAPE(heads.k * heads.n_head, network->n_tokens));
    return graph_inplace(graph, x, graph_inplace(graph, gate, GRAPH_NONE));
}

/* A gate with a weight of its own, on the layer's input: one number for each element, or for each head. */
static int32_t gated_by_weight(struct network *network, uint32_t il, struct attention_heads heads,
                               int32_t input, int32_t x)
{
    struct graph *graph = &network->graph;
    if (!network_has(network, il, PART_ATTN_GATE))
        return x;
    struct shape flat = graph_shape(graph, x);
    int32_t gate = network_linear(network, il, PART_ATTN_GATE, PART_COUNT, input);
    gate = graph_inplace(graph, gate, GRAPH_NONE);
    if (graph_shape(graph, gate).ne[0] == flat.ne[0])
        return graph_inplace(graph, x, gate);
    gate = graph_reshape(graph, gate, SHAPE(1, heads.n_head, network->n_tokens));
    x = graph_reshape(graph, x, SHAPE(heads.v, heads.n_head, network->n_tokens));
    return graph_reshape(graph, graph_inplace(graph, x, gate), flat);
}

static struct attention_heads heads_of(const struct hparams *hparams, uint32_t il)
{
    bool swa = hparams->is_swa[il];
    return (struct attention_heads){hparams->n_head[il], hparams->n_head_kv[il],
                                    swa ? hparams->key_length_swa : hparams->key_length,
                                    swa ? hparams->value_length_swa : hparams->value_length};
}

int32_t attention_plain(struct network *network, uint32_t il, int32_t x)
{
    struct graph *graph = &network->graph;
    struct attention_heads heads = heads_of(network->hparams, il);
    int32_t qkv[3], gate = GRAPH_NONE;
    project(network, il, heads, x, qkv);
    if (network->rows->traits & TRAIT_Q_GATE) {
        int32_t both = graph->tensors[qkv[0]].source[0];
        gate = head_view(network, both, heads.k, heads.n_head, false);
    }
    qkv[0] = turned(network, il, PART_Q_NORM, qkv[0]);
    qkv[1] = turned(network, il, PART_K_NORM, qkv[1]);
    bool blocks = network_has_blocks(network, il);
    int32_t keys = blocks ? network_block_keys(network, il, x) : GRAPH_NONE;
    struct rotations turn = rotations_of(network, il, heads.k);
    int32_t q = rotate(graph, qkv[0], turn.k), k = rotate(graph, qkv[1], turn.k);
    int32_t v = rotate(graph, qkv[2], turn.v);
    expand_in_order(network, blocks, q, k, v);
    struct attention_cache cache = update_cache(network, il, heads, k, v);
    int32_t cur = blocks ? network_block_attend(network, il, heads, q, &cache, keys, x)
                         : attention_attend(network, il, heads, q, &cache);
    cur = rotate(graph, cur, turn.v);
    cur = gated(network, heads, cur, gate);
    cur = gated_by_weight(network, il, heads, x, cur);
    return network_linear(network, il, PART_OUT, PART_OUT_B, cur);
}
