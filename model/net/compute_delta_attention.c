/* Kimi delta attention: a gated delta rule whose gate has a number for each element of a head, with a convolution
 * each for queries, keys and values (src/models/kimi-linear.cpp, delta-net-base.cpp). */
#include "model/net/compute_delta_net.h"

static struct delta_sizes sizes_of(const struct network *network)
{
    const struct hparams *hparams = network->hparams;
    struct delta_sizes s = {.k = hparams->kda_head_dim,
                            .v = hparams->kda_head_dim,
                            .k_heads = hparams->n_head[0],
                            .v_heads = hparams->n_head[0],
                            .n = network->n_tokens / network->n_seqs,
                            .seqs = network->n_seqs};
    s.channels = s.k * s.k_heads;
    return s;
}

/* One of the three: projected, behind the kept inputs, convolved; [size, heads, tokens, sequences]. */
static int32_t convolved(struct network *network, uint32_t il, const struct delta_sizes *s,
                         enum part weight, enum part kernel, int32_t x, int32_t rows, int32_t state)
{
    struct graph *graph = &network->graph;
    uint64_t kept = graph_shape(graph, state).ne[0] / (3 * s->channels);
    struct shape old = SHAPE(kept, s->channels, s->seqs);
    int32_t before = graph_slice(graph, rows, SHAPE(kept * s->channels, s->seqs));
    before = graph_view(graph, before, old, false, graph->tensors[before].bytes);
    int32_t now =
        recurrent_by_sequence(network, network_linear(network, il, weight, PART_COUNT, x));
    now = graph_view(graph, now, SHAPE(s->n, s->channels, s->seqs), false, 0);
    struct shape joined = SHAPE(kept + s->n, s->channels, s->seqs);
    int32_t input = graph_new(graph, GRAPH_PLAIN, joined, before, now, GRAPH_NONE, GRAPH_NONE);
    int32_t value = graph_view(graph, input, old, false, 0);
    int32_t target = graph_view(graph, state, old, false, 0);
    graph_expand(graph, graph_write(graph, value, GRAPH_NONE, target));
    int32_t weights = network_weight(network, il, kernel);
    int32_t y = graph_new(graph, GRAPH_PLAIN, SHAPE(s->channels, s->n, s->seqs), input, weights,
                          GRAPH_NONE, GRAPH_NONE);
    y = graph_inplace(graph, graph_reshape(graph, y, SHAPE(s->channels, s->n * s->seqs)),
                      GRAPH_NONE);
    return graph_reshape(graph, y, SHAPE(s->k, s->k_heads, s->n, s->seqs));
}

static int32_t gate_of(struct network *network, uint32_t il, const struct delta_sizes *s, int32_t x)
{
    struct graph *graph = &network->graph;
    int32_t g = network_linear(network, il, PART_KDA_F_A, PART_COUNT, x);
    g = network_linear(network, il, PART_KDA_F_B, PART_SSM_DT_B, g);
    g = graph_inplace(graph, g, GRAPH_NONE);
    g = graph_reshape(graph, g, SHAPE(s->k, s->k_heads, s->n * s->seqs));
    g = graph_inplace(graph, g, network_weight(network, il, PART_SSM_A));
    return graph_reshape(graph, g, SHAPE(s->k, s->k_heads, s->n, s->seqs));
}

static int32_t beta_of(struct network *network, uint32_t il, const struct delta_sizes *s, int32_t x)
{
    struct graph *graph = &network->graph;
    int32_t beta = network_linear(network, il, PART_SSM_BETA, PART_COUNT, x);
    beta = graph_reshape(graph, beta, SHAPE(1, s->k_heads, s->n, s->seqs));
    return graph_inplace(graph, beta, GRAPH_NONE);
}

int32_t recurrent_delta_attention(struct network *network, uint32_t il, int32_t x)
{
    struct graph *graph = &network->graph;
    struct delta_sizes s = sizes_of(network);
    uint64_t kernel = network->hparams->ssm_conv_kernel;
    graph_expand(graph, x);
    int32_t convs = recurrent_state_tensor(network, il, 3 * (kernel ? kernel - 1 : 3) * s.channels);
    int32_t rows = recurrent_read_state(network, convs);
    int32_t q = convolved(network, il, &s, PART_Q, PART_KDA_CONV_Q, x, rows, convs);
    int32_t k = convolved(network, il, &s, PART_K, PART_KDA_CONV_K, x, rows, convs);
    int32_t v = convolved(network, il, &s, PART_V, PART_KDA_CONV_V, x, rows, convs);
    int32_t gate = gate_of(network, il, &s, x), beta = beta_of(network, il, &s, x);
    int32_t state = recurrent_state_tensor(network, il, s.v * s.v * s.v_heads);
    int32_t old = graph_reshape(graph, recurrent_read_state(network, state),
                                SHAPE(s.v, s.v, s.v_heads, s.seqs));
    q = graph_plain(graph, q, GRAPH_NONE);
    k = graph_plain(graph, k, GRAPH_NONE);
    struct delta_inputs inputs = {q, k, v, gate, beta, old};
    int32_t out = network->fused_delta_net || s.n == 1
                      ? delta_net_fused(network, il, &s, &inputs, state)
                      : delta_net_chunks(graph, &s, &inputs, state);
    out = graph_cont(graph, out, SHAPE(s.v, s.v_heads, s.n * s.seqs));
    int32_t g = network_linear(network, il, PART_KDA_G_A, PART_COUNT, x);
    g = network_linear(network, il, PART_KDA_G_B, PART_COUNT, g);
    g = graph_reshape(graph, g, SHAPE(s.v, s.v_heads, s.n * s.seqs));
    out = network_norm(network, il, PART_SSM_NORM, PART_COUNT, out);
    out = graph_inplace(graph, out, graph_inplace(graph, g, GRAPH_NONE));
    out = graph_cont(graph, out, SHAPE(s.channels, s.n * s.seqs));
    return network_linear(network, il, PART_OUT, PART_COUNT, out);
}
