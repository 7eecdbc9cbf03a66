#include "model/net/compute_blocks.h"

/* llama-kv-cache-msa.cpp get_n_pos: an empty cache counts as 256 positions, and buffers are sized by it */
enum { POSITIONS = 256 };

struct blocks {
    uint64_t size, n_positions, n_blocks; /* positions padded to whole blocks */
    uint64_t n_chosen, n_groups, width;   /* a head of the indexer for each group */
    uint64_t n, streams, cells;           /* tokens of a stream; cells of it */
};

static struct blocks blocks_of(const struct network *network)
{
    const struct hparams *hparams = network->hparams;
    struct blocks b = {.size = hparams->indexer_block_size > 0 ? hparams->indexer_block_size : 1,
                       .n_groups = hparams->indexer_n_head,
                       .width = hparams->indexer_key_length,
                       .n = network->n_tokens / network->n_streams,
                       .streams = network->n_streams,
                       .cells = network->cells[CACHE_FULL]};
    b.n_blocks = (POSITIONS + b.size - 1) / b.size;
    b.n_positions = b.n_blocks * b.size;
    b.n_chosen = hparams->indexer_top_k < b.n_blocks ? hparams->indexer_top_k : b.n_blocks;
    return b;
}

bool network_has_blocks(const struct network *network, uint32_t il)
{
    const struct resolved *resolved = network->input->resolved;
    bool streams = resolved->n_seq <= 1 || !resolved->kv_unified;
    return network->hparams->memory == MEMORY_MSA && network->flash_attn && streams &&
           il >= network->hparams->n_layer_dense_lead && network_has(network, il, PART_BLOCK_Q);
}

/* ---- inputs --------------------------------------------------------------------------------- */

static int32_t input(struct network *network, int32_t *tensor, struct shape shape)
{
    if (*tensor == GRAPH_NONE) {
        *tensor = graph_leaf(&network->graph, shape, 4, GRAPH_INPUT);
        network->graph.tensors[*tensor].term = COMPUTE_INPUTS;
    }
    return *tensor;
}

static int32_t sized(struct graph *graph, int32_t tensor, unsigned element)
{
    graph->tensors[tensor].element = (uint8_t)element;
    graph->tensors[tensor].bytes = element * graph_elements(graph_shape(graph, tensor));
    return tensor;
}

/* The mask of attention in F32, made once. */
static int32_t wide_mask(struct network *network)
{
    if (network->block_mask == GRAPH_NONE) {
        struct graph *graph = &network->graph;
        int32_t mask = attention_mask(network, CACHE_FULL);
        network->block_mask = sized(graph, graph_cont(graph, mask, graph_shape(graph, mask)), 4);
    }
    return network->block_mask;
}

/* The part of a tensor that belongs to one stream. */
static int32_t part(struct graph *graph, int32_t tensor, struct shape shape, uint64_t streams)
{
    return graph_view(graph, tensor, shape, true, graph->tensors[tensor].bytes / streams);
}

/* ---- the indexer ---------------------------------------------------------------------------- */

int32_t network_block_keys(struct network *network, uint32_t il, int32_t x)
{
    struct graph *graph = &network->graph;
    struct blocks b = blocks_of(network);
    int32_t k = network_linear(network, il, PART_BLOCK_K, PART_COUNT, x);
    k = graph_reshape(graph, k, SHAPE(b.width, 1, network->n_tokens));
    k = network_norm(network, il, PART_INDEXER_K_NORM, PART_COUNT, k);
    k = network_rope(network, il, k);
    int32_t cache = attention_cache(network, il, b.width);
    int32_t index = attention_index(network, &network->indexer_index, network->n_tokens);
    attention_store(network, k, index, cache);
    uint64_t bytes = attention_row_bytes(network->input->resolved->type_k, b.width) * b.cells;
    return graph_view(graph, cache, SHAPE(b.width, b.cells, 1, b.streams), false,
                      bytes * b.streams);
}

/* Scores of all blocks: [blocks, groups, tokens]. */
static int32_t block_scores(struct network *network, const struct blocks *b, int32_t q,
                            int32_t keys)
{
    struct graph *graph = &network->graph;
    int32_t cells = input(network, &network->block_cells, SHAPE(b->n_positions, b->streams));
    int32_t seen = input(network, &network->block_seen, SHAPE(b->n_positions, network->n_tokens));
    q = part(graph, q, SHAPE(b->width, b->n_groups * b->n), b->streams);
    keys = part(graph, keys, SHAPE(b->width, b->cells), b->streams);
    cells = part(graph, cells, SHAPE(b->n_positions), b->streams);
    int32_t rows = graph_get_rows(graph, keys, cells, SHAPE(b->width, b->n_positions));
    struct shape shape = SHAPE(b->n_positions, b->n_groups * b->n);
    int32_t scores = graph_new(graph, GRAPH_MUL_MAT, shape, rows, q, GRAPH_NONE, GRAPH_NONE);
    scores = graph_reshape(graph, scores, SHAPE(b->n_positions, b->n_groups, b->n));
    scores =
        graph_inplace(graph, scores, part(graph, seen, SHAPE(b->n_positions, 1, b->n), b->streams));
    return graph_cont(graph, scores, SHAPE(b->n_blocks, b->n_groups, b->n));
}

/* F16 [blocks, groups, tokens]: 0 for the chosen blocks, the rest hidden. */
static int32_t shown_blocks(struct network *network, const struct blocks *b, int32_t scores)
{
    struct graph *graph = &network->graph;
    int32_t bias = input(network, &network->block_bias, SHAPE(b->n_blocks, network->n_tokens));
    bias = part(graph, bias, SHAPE(b->n_blocks, 1, b->n), b->streams);
    struct shape chosen = SHAPE(b->n_chosen, b->n_groups, b->n);
    int32_t best = graph_cont(graph, graph_inplace(graph, scores, bias), chosen);
    int32_t hidden = graph_inplace(graph, bias, GRAPH_NONE);
    hidden = sized(graph, graph_cont(graph, hidden, SHAPE(b->n_blocks, 1, b->n)), 2);
    hidden = sized(graph, graph_cont(graph, hidden, SHAPE(b->n_blocks, b->n_groups, b->n)), 2);
    int32_t zero = graph_inplace(graph, graph_cont(graph, best, chosen), GRAPH_NONE);
    struct shape rows = SHAPE(1, b->n_blocks, b->n_groups * b->n);
    int32_t target = graph_reshape(graph, hidden, rows);
    int32_t shown = graph_write(graph, graph_reshape(graph, zero, chosen),
                                graph_reshape(graph, best, chosen), target);
    return graph_reshape(graph, shown, SHAPE(b->n_blocks, b->n_groups, b->n));
}

/* The mask of each group, for cells: F16 [cells, tokens, 1, groups]. */
static int32_t group_mask(struct network *network, const struct blocks *b, int32_t shown)
{
    struct graph *graph = &network->graph;
    int32_t of_cell = input(network, &network->block_of_cell, SHAPE(b->cells, b->streams));
    of_cell = part(graph, of_cell, SHAPE(b->cells), b->streams);
    int32_t wide = part(graph, wide_mask(network), SHAPE(b->cells, b->n, 1), b->streams);
    uint64_t columns = b->n * b->n_groups;
    int32_t cur = graph_view(graph, shown, SHAPE(b->n_blocks, b->n, b->n_groups), false, 0);
    cur = sized(graph, graph_cont(graph, cur, SHAPE(b->n_blocks, b->n, b->n_groups)), 2);
    cur = graph_view(graph, cur, SHAPE(columns, b->n_blocks), false, 0);
    cur = sized(graph, graph_cont(graph, cur, SHAPE(columns, b->n_blocks)), 2);
    cur = graph_get_rows(graph, cur, of_cell, SHAPE(columns, b->cells));
    cur = graph_view(graph, cur, SHAPE(b->cells, columns), false, 0);
    cur = graph_cont(graph, cur, SHAPE(b->cells, columns));
    cur = graph_reshape(graph, cur, SHAPE(b->cells, b->n, b->n_groups));
    cur = graph_set(graph, cur, wide);
    return sized(graph, graph_cont(graph, cur, SHAPE(b->cells, b->n, 1, b->n_groups)), 2);
}

/* ---- attention ------------------------------------------------------------------------------ */

static int32_t attend_stream(struct network *network, const struct blocks *b,
                             struct attention_heads size, int32_t q,
                             const struct attention_cache *cache, int32_t mask)
{
    struct graph *graph = &network->graph;
    uint64_t in_group = size.n_head / size.n_head_kv;
    q = part(graph, q, SHAPE(size.k, size.n_head, b->n), b->streams);
    q = graph_view(graph, q, SHAPE(size.k, b->n, in_group, size.n_head_kv), false,
                   graph->tensors[q].bytes);
    struct shape all = SHAPE(0, b->cells, 1, size.n_head_kv);
    all.ne[0] = size.k;
    int32_t k =
        graph_view(graph, cache->k, all, false, graph->tensors[cache->k].bytes / b->streams);
    all.ne[0] = size.v;
    int32_t v =
        graph_view(graph, cache->v, all, false, graph->tensors[cache->v].bytes / b->streams);
    int32_t cur = graph_new(graph, GRAPH_FLASH_ATTN, SHAPE(size.v, in_group, b->n, size.n_head_kv),
                            q, k, v, mask);
    graph->tensors[cur].scratch = cache->scratch / b->streams;
    struct shape shape = SHAPE(size.v, in_group, size.n_head_kv, b->n);
    if (size.n_head_kv > 1 && b->n > 1) {
        cur = graph_cont(graph, graph_view(graph, cur, shape, false, 0), shape);
    }
    return graph_reshape(graph, cur, SHAPE(size.v * size.n_head, b->n));
}

int32_t network_block_attend(struct network *network, uint32_t il, struct attention_heads size,
                             int32_t q, const struct attention_cache *cache, int32_t keys,
                             int32_t x)
{
    struct graph *graph = &network->graph;
    struct blocks b = blocks_of(network);
    int32_t query = network_linear(network, il, PART_BLOCK_Q, PART_COUNT, x);
    query = graph_reshape(graph, query, SHAPE(b.width, b.n_groups, network->n_tokens));
    query = network_norm(network, il, PART_BLOCK_Q_NORM, PART_COUNT, query);
    query = network_rope(network, il, query);
    int32_t cur = GRAPH_NONE;
    for (uint64_t stream = 0; stream < b.streams; stream++) {
        int32_t scores = block_scores(network, &b, query, keys);
        int32_t mask = group_mask(network, &b, shown_blocks(network, &b, scores));
        int32_t out = attend_stream(network, &b, size, q, cache, mask);
        struct shape joined = SHAPE(size.v * size.n_head, b.n * (stream + 1));
        cur = stream == 0 ? out
                          : graph_new(graph, GRAPH_PLAIN, joined, cur, out, GRAPH_NONE, GRAPH_NONE);
    }
    return cur;
}
