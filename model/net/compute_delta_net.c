/* Gated delta nets: the linear attention of Qwen3-Next and its kin (src/models/qwen3next.cpp,
 * delta-net-base.cpp). */
#include "model/net/compute_delta_net.h"

/* Both projections in one weight: cut up, made contiguous and joined again in another order. */
static int32_t mixed_in_one(struct network *network, uint32_t il, const struct delta_sizes *s,
                            int32_t x, int32_t *z)
{
    struct graph *graph = &network->graph;
    uint64_t each = s->v * s->v_heads / s->k_heads;
    int32_t all = network_linear(network, il, PART_SSM_IN, PART_COUNT, x);
    all = graph_reshape(graph, all, SHAPE(2 * s->k + 2 * each, s->k_heads, s->n, s->seqs));
    struct shape narrow = SHAPE(s->k, s->k_heads, s->n, s->seqs);
    struct shape wide = SHAPE(each, s->k_heads, s->n, s->seqs);
    int32_t q = graph_slice(graph, all, narrow), k = graph_slice(graph, all, narrow);
    int32_t v = graph_slice(graph, all, wide);
    *z = graph_cont(graph, graph_slice(graph, all, wide), wide);
    q = graph_cont(graph, q, SHAPE(s->k * s->k_heads, s->n, s->seqs));
    k = graph_cont(graph, k, SHAPE(s->k * s->k_heads, s->n, s->seqs));
    v = graph_cont(graph, v, SHAPE(s->v * s->v_heads, s->n, s->seqs));
    int32_t qk = graph_new(graph, GRAPH_PLAIN, SHAPE(2 * s->k * s->k_heads, s->n, s->seqs), q, k,
                           GRAPH_NONE, GRAPH_NONE);
    return graph_new(graph, GRAPH_PLAIN, SHAPE(s->channels, s->n, s->seqs), qk, v, GRAPH_NONE,
                     GRAPH_NONE);
}

static int32_t delta_input(struct network *network, uint32_t il, const struct delta_sizes *s,
                           int32_t x, int32_t *z)
{
    if (!network_has(network, il, PART_QKV))
        return mixed_in_one(network, il, s, x, z);
    int32_t mixed = network_linear(network, il, PART_QKV, PART_COUNT, x);
    *z = network_linear(network, il, PART_ATTN_GATE, PART_COUNT, x);
    return recurrent_by_sequence(network, mixed);
}

/* How much is written and forgotten, per head and token. */
static void beta_and_gate(struct network *network, uint32_t il, const struct delta_sizes *s,
                          int32_t x, int32_t *beta, int32_t *gate)
{
    struct graph *graph = &network->graph;
    struct shape heads = SHAPE(s->v_heads, s->n, s->seqs);
    int32_t b, a;
    if (network_has(network, il, PART_SSM_BETA_ALPHA)) {
        int32_t both = network_linear(network, il, PART_SSM_BETA_ALPHA, PART_COUNT, x);
        struct shape half = SHAPE(s->v_heads / s->k_heads, s->k_heads, s->n, s->seqs);
        b = graph_cont(graph, graph_slice(graph, both, half), half);
        a = graph_cont(graph, graph_slice(graph, both, half), heads);
    } else {
        b = network_linear(network, il, PART_SSM_BETA, PART_COUNT, x);
        b = graph_reshape(graph, b, SHAPE(1, s->v_heads, s->n, s->seqs));
        a = network_linear(network, il, PART_SSM_ALPHA, PART_COUNT, x);
        a = graph_reshape(graph, a, heads);
    }
    *beta = graph_inplace(graph, b, GRAPH_NONE);
    a = graph_inplace(graph, network_add_bias(network, il, PART_SSM_DT_B, a), GRAPH_NONE);
    *gate = graph_inplace(graph, a, network_weight(network, il, PART_SSM_A));
    struct shape column = SHAPE(1, s->v_heads, s->n, s->seqs);
    *beta = graph_reshape(graph, *beta, column);
    *gate = graph_reshape(graph, *gate, column);
}

static int32_t normed_heads(struct graph *graph, const struct delta_sizes *s, int32_t mixed)
{
    struct shape shape = SHAPE(s->k, s->k_heads, s->n, s->seqs);
    int32_t x = graph_plain(graph, graph_slice(graph, mixed, shape), GRAPH_NONE);
    if (s->k_heads == s->v_heads)
        return x;
    uint64_t times = s->v_heads / s->k_heads, n = s->n * s->seqs;
    x = graph_reshape(graph, x, SHAPE(s->k, 1, s->k_heads, n));
    x = graph_cont(graph, x, SHAPE(s->k, times, s->k_heads, n));
    return graph_reshape(graph, x, SHAPE(s->k, s->v_heads, s->n, s->seqs));
}

int32_t delta_net_fused(struct network *network, uint32_t il, const struct delta_sizes *s,
                        const struct delta_inputs *in, int32_t state)
{
    struct graph *graph = &network->graph;
    struct shape shape = SHAPE(s->v * s->v_heads, s->n * s->seqs + s->v * s->seqs);
    int32_t result = graph_new(graph, GRAPH_PLAIN, shape, in->q, in->k, in->v, in->gate);
    graph_source(graph, result, 4, in->beta);
    graph_source(graph, result, 5, in->state);
    network->fused[il] = result;
    int32_t output = graph_view(graph, result, SHAPE(s->v, s->v_heads, s->n, s->seqs), true, 0);
    recurrent_keep(graph, result, state);
    return output;
}

int32_t recurrent_delta_net(struct network *network, uint32_t il, int32_t x)
{
    struct graph *graph = &network->graph;
    const struct hparams *hparams = network->hparams;
    struct delta_sizes s = {.k = hparams->ssm_state_size,
                            .k_heads = hparams->ssm_group_count ? hparams->ssm_group_count : 1,
                            .v_heads = hparams->ssm_dt_rank ? hparams->ssm_dt_rank : 1,
                            .n = network->n_tokens / network->n_seqs,
                            .seqs = network->n_seqs};
    s.v = hparams->ssm_inner_size / s.v_heads;
    s.channels = hparams->ssm_inner_size + 2 * s.k * s.k_heads;
    uint64_t before = hparams->ssm_conv_kernel ? hparams->ssm_conv_kernel - 1 : 0;
    int32_t z, beta, gate;
    int32_t mixed = delta_input(network, il, &s, x, &z);
    beta_and_gate(network, il, &s, x, &beta, &gate);
    int32_t conv_state = recurrent_state_tensor(network, il, before * s.channels);
    int32_t rows = recurrent_read_state(network, conv_state);
    int32_t input = recurrent_convolution_input(network, rows, conv_state, mixed, s.channels);
    int32_t state = recurrent_state_tensor(network, il, s.v * s.v * s.v_heads);
    int32_t old = graph_reshape(graph, recurrent_read_state(network, state),
                                SHAPE(s.v, s.v, s.v_heads, s.seqs));
    mixed = recurrent_convolve(network, il, input, s.channels);
    int32_t q = normed_heads(graph, &s, mixed), k = normed_heads(graph, &s, mixed);
    struct shape heads = SHAPE(s.v, s.v_heads, s.n, s.seqs);
    int32_t v = graph_slice(graph, mixed, heads);
    struct delta_inputs inputs = {q, k, v, gate, beta, old};
    int32_t output;
    if (network->fused_delta_net || s.n == 1) {
        output = delta_net_fused(network, il, &s, &inputs, state);
    } else {
        output = delta_net_chunks(&network->graph, &s, &inputs, state);
    }
    z = graph_reshape(graph, z, heads);
    int32_t normed = network_norm(network, il, PART_SSM_NORM, PART_COUNT, output);
    int32_t cur = graph_inplace(graph, normed, graph_inplace(graph, z, GRAPH_NONE));
    cur = graph_reshape(graph, cur, SHAPE(s.v * s.v_heads, s.n, s.seqs));
    return recurrent_by_token(network, network_linear(network, il, PART_SSM_OUT, PART_COUNT, cur));
}
