/* The gated delta rule chunk by chunk, in llama.cpp's order (src/models/delta-net-base.cpp
 * build_delta_net_chunking). The names are those of that function. */
#include "model/net/compute_delta_net.h"

enum { CHUNK = 64, CHUNKS_MAX = 1024 };

struct chunks {
    struct graph *graph;
    uint64_t size, n, heads; /* head size, number of chunks, heads times sequences */
    int32_t v, k_cd, v_t, kq, q_g_exp, kg_t, g_last_exp;
};

static struct shape of(const struct chunks *c, uint64_t a, uint64_t b)
{
    return SHAPE(a, b, c->n, c->heads);
}

static int32_t turned(const struct chunks *c, int32_t x)
{
    struct shape shape = graph_shape(c->graph, x);
    uint64_t first = shape.ne[0];
    shape.ne[0] = shape.ne[1];
    shape.ne[1] = first;
    return graph_view(c->graph, x, shape, false, c->graph->tensors[x].bytes);
}

static int32_t turned_copy(const struct chunks *c, int32_t x)
{
    int32_t view = turned(c, x);
    return graph_cont(c->graph, view, graph_shape(c->graph, view));
}

static int32_t mul_mat(const struct chunks *c, int32_t a, int32_t b)
{
    return graph_mul_mat(c->graph, a, b);
}

static int32_t alone(const struct chunks *c, int32_t x) /* not in place: tri, cumsum, ... */
{
    return graph_plain(c->graph, x, GRAPH_NONE);
}

static int32_t unary(const struct chunks *c, int32_t x)
{
    return graph_inplace(c->graph, x, GRAPH_NONE);
}

/* [size, heads, tokens, sequences] -> [size, chunk, chunks, heads * sequences], padded */
static int32_t padded(const struct chunks *c, const struct delta_sizes *s, int32_t x)
{
    uint64_t size = graph_shape(c->graph, x).ne[0];
    struct shape shape = SHAPE(size, s->n, s->v_heads, s->seqs);
    x = graph_view(c->graph, x, shape, false, c->graph->tensors[x].bytes);
    shape.ne[1] = c->n * CHUNK;
    return graph_cont(c->graph, x, shape);
}

static int32_t chunked(const struct chunks *c, int32_t x)
{
    return graph_reshape(c->graph, x, of(c, graph_shape(c->graph, x).ne[0], CHUNK));
}

static int32_t decay_mask(const struct chunks *c, int32_t g_cs)
{
    int32_t column = graph_reshape(c->graph, g_cs, of(c, 1, CHUNK));
    int32_t repeated = graph_cont(c->graph, column, of(c, CHUNK, CHUNK));
    return unary(c, alone(c, graph_inplace(c->graph, repeated, g_cs)));
}

static int32_t solve(const struct chunks *c, int32_t kb)
{
    struct graph *graph = c->graph;
    int32_t attn = alone(c, kb);
    int32_t ones = unary(c, graph_view(graph, attn, SHAPE(CHUNK), true, 0));
    int32_t identity = graph_cont(graph, ones, SHAPE(CHUNK, CHUNK));
    int32_t lhs = graph_inplace(graph, attn, identity);
    attn = unary(c, attn);
    return graph_inplace(graph, graph_plain(graph, lhs, attn), identity);
}

static void prepare(struct chunks *c, const struct delta_sizes *s, const struct delta_inputs *in)
{
    struct graph *graph = c->graph;
    int32_t q = padded(c, s, unary(c, in->q)), k = padded(c, s, in->k), v = padded(c, s, in->v);
    int32_t g = padded(c, s, in->gate), b = padded(c, s, in->beta);
    int32_t v_b = chunked(c, graph_inplace(graph, v, b));
    int32_t k_b = chunked(c, graph_inplace(graph, k, b));
    q = chunked(c, q);
    k = chunked(c, k);
    int32_t g_cs = alone(c, turned_copy(c, chunked(c, g)));
    int32_t mask = decay_mask(c, g_cs);
    int32_t kb = graph_inplace(graph, mul_mat(c, k, k_b), mask);
    c->kq = alone(c, graph_inplace(graph, mul_mat(c, k, q), mask));
    int32_t attn = solve(c, kb);
    c->v = mul_mat(c, turned_copy(c, v_b), attn);
    int32_t g_exp = unary(c, g_cs);
    c->k_cd = mul_mat(c, graph_inplace(graph, turned_copy(c, k_b), g_exp), attn);
    c->q_g_exp = graph_inplace(graph, q, turned_copy(c, g_exp));
    int32_t g_last = graph_cont(graph, graph_slice(graph, g_cs, of(c, 1, 1)), of(c, 1, 1));
    c->g_last_exp = turned(c, unary(c, g_last));
    int32_t g_diff = unary(c, unary(c, graph_inplace(graph, g_cs, g_last)));
    c->kg_t = turned_copy(c, graph_inplace(graph, k, turned_copy(c, g_diff)));
    c->v_t = turned_copy(c, c->v);
}

/* One chunk of each head. */
static int32_t piece(const struct chunks *c, int32_t x)
{
    struct shape shape = graph_shape(c->graph, x);
    shape.ne[2] = 1;
    return graph_view(c->graph, x, shape, false, c->graph->tensors[x].bytes);
}

static int32_t step(struct chunks *c, int32_t state)
{
    struct graph *graph = c->graph;
    int32_t k_cd = piece(c, c->k_cd), v_t = piece(c, c->v_t), kq = piece(c, c->kq);
    int32_t q_g_exp = piece(c, c->q_g_exp), kg_t = piece(c, c->kg_t);
    int32_t v_new = graph_inplace(graph, v_t, mul_mat(c, k_cd, state));
    int32_t v_attn = mul_mat(c, v_new, kq);
    int32_t out = graph_inplace(graph, mul_mat(c, state, q_g_exp), v_attn);
    c->v = graph_set(graph, c->v, out);
    int32_t kgv = mul_mat(c, kg_t, v_new);
    state = graph_inplace(graph, state, piece(c, c->g_last_exp));
    return graph_inplace(graph, state, kgv);
}

int32_t delta_net_chunks(struct graph *graph, const struct delta_sizes *sizes,
                         const struct delta_inputs *inputs, int32_t state)
{
    struct chunks c = {.graph = graph,
                       .size = sizes->v,
                       .n = (sizes->n + CHUNK - 1) / CHUNK,
                       .heads = sizes->v_heads * sizes->seqs};
    prepare(&c, sizes, inputs);
    int32_t s = graph_reshape(graph, inputs->state, SHAPE(sizes->v, sizes->v, 1, c.heads));
    for (uint64_t chunk = 0; chunk < c.n && chunk < CHUNKS_MAX; chunk++) {
        s = step(&c, s);
    }
    struct shape shape = SHAPE(sizes->v, sizes->v_heads, sizes->n, sizes->seqs);
    int32_t output = graph_view(graph, c.v, shape, false, graph->tensors[c.v].bytes);
    recurrent_keep(graph, s, state);
    return output;
}
