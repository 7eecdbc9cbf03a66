/* Sparse attention: an indexer scores all cells with a few small heads, and attention sees the best of
 * them (src/models/deepseek32.cpp, glm-dsa.cpp; src/llama-graph.cpp build_attn with inp_attn_k_dsa). */
#include "model/net/compute_network.h"

bool network_has_indexer(const struct network *network, uint32_t il)
{
    const struct hparams *hparams = network->hparams;
    bool sparse = hparams->memory == MEMORY_DSA ||
                  (hparams->memory == MEMORY_DSA_ISWA && !hparams->is_swa[il]);
    return sparse && hparams->indexer_top_k > 0;
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t other_indexer_bytes(const struct network *network, uint32_t il)
{
    const struct hparams *hparams = network->hparams;
    uint64_t n = network->n_tokens, heads = hparams->indexer_n_head;
    uint64_t cells = network->cells[CACHE_FULL], row = 4 * network->n_embd * n;
    switch (hparams->memory) {
    case MEMORY_HYBRID_IDX:
        return 6 * row + graph_elements(SHAPE(10, cells / 4, n, heads)); /* 8 measures low */
    case MEMORY_DSV4:
        if (hparams->compress_ratio[il] != 4) {
            return 0;
        }
        return 2 * row * hparams->hyper_connections +
               most(graph_elements(SHAPE(8, n, heads, hparams->indexer_key_length)),
                    graph_elements(SHAPE(8, cells / 4, n, 1)));
    default:
        return 0;
    }
}

void network_other_indexer(struct network *network, uint32_t il, int32_t x)
{
    uint64_t bytes = other_indexer_bytes(network, il);
    if (bytes == 0) {
        return;
    }
    struct graph *graph = &network->graph;
    int32_t bulk = graph_plain(graph, x, GRAPH_NONE);
    graph->tensors[bulk].bytes = bytes;
    graph_expand(graph, graph_cont(graph, bulk, SHAPE(1, 1, 1, 1)));
}

static int32_t input(struct network *network, int32_t *tensor, struct shape shape, unsigned element)
{
    if (*tensor == GRAPH_NONE) {
        *tensor = graph_leaf(&network->graph, shape, element, GRAPH_INPUT);
        network->graph.tensors[*tensor].term = COMPUTE_INPUTS;
    }
    return *tensor;
}

static int32_t rotated(struct network *network, int32_t x)
{
    uint64_t width = network->hparams->indexer_key_length, n = 64;
    while (width % (2 * n) == 0) {
        n *= 2;
    }
    int32_t matrix = input(network, &network->indexer_rotation, SHAPE(n, n), 4);
    return graph_mul_mat(&network->graph, matrix, x);
}

/* Only a part of each head is rotated: cut, rotated, joined again. */
static int32_t partly_roped(struct network *network, uint32_t il, int32_t x, uint64_t heads)
{
    struct graph *graph = &network->graph;
    uint64_t width = network->hparams->indexer_key_length, rope = network->hparams->n_rot;
    rope = rope < width ? rope : width;
    x = graph_reshape(graph, x, SHAPE(width, heads, network->n_tokens));
    int32_t turned = graph_slice(graph, x, SHAPE(rope, heads, network->n_tokens));
    int32_t rest = graph_slice(graph, x, SHAPE(width - rope, heads, network->n_tokens));
    return graph_new(graph, GRAPH_PLAIN, SHAPE(width, heads, network->n_tokens),
                     network_rope(network, il, turned), rest, GRAPH_NONE, GRAPH_NONE);
}

static int32_t store_keys(struct network *network, uint32_t il, int32_t x)
{
    struct graph *graph = &network->graph;
    uint64_t width = network->hparams->indexer_key_length;
    int32_t k = network_linear(network, il, PART_INDEXER_K, PART_COUNT, x);
    k = graph_plain(graph, k, GRAPH_NONE); /* a layer norm, whatever the others are */
    k = graph_inplace(graph, k, network_weight(network, il, PART_INDEXER_K_NORM));
    k = network_add_bias(network, il, PART_INDEXER_K_NORM_B, k);
    k = rotated(network, partly_roped(network, il, k, 1));
    struct shape shape = SHAPE(width, network->cells[CACHE_FULL], network->n_streams);
    int32_t cache = graph_leaf(graph, shape, 2, GRAPH_EXTERNAL);
    graph->tensors[cache].backend = network_cache(network, il);
    int32_t index = input(network, &network->indexer_index, SHAPE(network->n_tokens), 8);
    int32_t rows = graph_view(graph, k, graph_shape(graph, k), true, graph->tensors[k].bytes);
    graph_expand(graph, graph_write(graph, rows, index, cache));
    return graph_view(graph, cache, shape, false, graph->tensors[cache].bytes);
}

static uint64_t chosen_cells(const struct network *network)
{
    uint64_t top_k = network->hparams->indexer_top_k, cells = network->cells[CACHE_FULL];
    return top_k < cells ? top_k : cells;
}

void network_index(struct network *network, uint32_t il, int32_t x, int32_t q)
{
    const struct hparams *hparams = network->hparams;
    struct graph *graph = &network->graph;
    if (!hparams->indexer_full[il] || q == GRAPH_NONE) {
        return; /* the choice of an earlier layer is used again */
    }
    uint64_t n = network->n_tokens / network->n_streams, streams = network->n_streams;
    int32_t query = network_linear(network, il, PART_INDEXER_Q, PART_COUNT, q);
    query = rotated(network, partly_roped(network, il, query, hparams->indexer_n_head));
    int32_t keys = store_keys(network, il, x);
    int32_t weights = network_linear(network, il, PART_INDEXER_PROJ, PART_COUNT, x);
    weights = graph_inplace(graph, graph_reshape(graph, weights, graph_shape(graph, weights)),
                            GRAPH_NONE);
    struct shape seen = SHAPE(network->cells[CACHE_FULL], n, 1, streams);
    int32_t mask = input(network, &network->indexer_mask, seen, 2);
    int32_t scores = graph_new(graph, GRAPH_PLAIN, seen, query, keys, weights, mask);
    int32_t best = graph_cont(graph, scores, SHAPE(chosen_cells(network), n, 1, streams));
    network->top_k = graph_cont(graph, best, graph_shape(graph, best));
}

static int32_t zeros(struct network *network)
{
    struct shape shape = SHAPE(1, chosen_cells(network), network->n_tokens);
    int32_t leaf = graph_leaf(&network->graph, shape, 4, 0);
    network->graph.tensors[leaf].term = COMPUTE_INPUTS;
    return leaf;
}

void network_keep_zeros(struct network *network, uint32_t il)
{
    int32_t leaf = zeros(network);
    network->graph.tensors[leaf].backend = network_home(network, il);
    graph_expand(&network->graph, leaf);
}

int32_t network_sparse_mask(struct network *network, int32_t mask)
{
    struct graph *graph = &network->graph;
    struct shape shape = graph_shape(graph, mask);
    int32_t hidden = graph_inplace(graph, mask, GRAPH_NONE);
    graph->tensors[hidden].element = graph->tensors[mask].element;
    graph->tensors[hidden].bytes = graph->tensors[mask].bytes;
    int32_t column = graph_reshape(graph, hidden, SHAPE(1, shape.ne[0], shape.ne[1], shape.ne[3]));
    int32_t filled = graph_inplace(graph, zeros(network), GRAPH_NONE);
    int32_t chosen = graph_reshape(graph, network->top_k, graph_shape(graph, network->top_k));
    int32_t shown = graph_write(graph, filled, chosen, column);
    shown = graph_reshape(graph, shown, shape);
    int32_t sum = graph_inplace(graph, shown, mask);
    graph->tensors[sum].element = graph->tensors[mask].element;
    graph->tensors[sum].bytes = graph->tensors[mask].bytes;
    return sum;
}
