/* Mamba and Mamba2 (src/models/mamba-base.cpp), and what all recurrent layers share
 * (src/llama-graph.cpp build_rs). */
#include "model/net/compute_recurrent.h"

/* Numbers of the states to read: those of the batch, and the rest (none when all are in use). */
static void state_inputs(struct network *network)
{
    if (network->states_main != GRAPH_NONE)
        return;
    struct graph *graph = &network->graph;
    uint64_t n = network->n_seqs;
    int32_t copy = graph_leaf(graph, SHAPE(n), 4, GRAPH_INPUT);
    graph->tensors[copy].term = COMPUTE_INPUTS;
    network->states_main = graph_view(graph, copy, SHAPE(n), true, 0);
    network->states_extra = graph_view(graph, copy, SHAPE(0), true, 0);
    graph->tensors[network->states_extra].bytes = 0;
}

int32_t recurrent_state_tensor(struct network *network, uint32_t il, uint64_t row)
{
    int32_t state = graph_leaf(&network->graph, SHAPE(row, network->n_seqs), 4, GRAPH_EXTERNAL);
    network->graph.tensors[state].backend = network_cache(network, il);
    return state;
}

/* The state cleared in front of, and the unused states copied behind, what reads the state. */
static int32_t clear_state(struct network *network, int32_t state)
{
    struct graph *graph = &network->graph;
    state_inputs(network);
    int32_t states = graph_view(graph, state, graph_shape(graph, state), true, 0);
    int32_t zero = graph_view(graph, states, SHAPE(0), true, 0);
    graph_expand(graph, graph_write(graph, zero, GRAPH_NONE, zero));
    return states;
}

static void copy_unused(struct network *network, int32_t state, int32_t states)
{
    struct graph *graph = &network->graph;
    uint64_t row = graph_shape(graph, state).ne[0];
    int32_t rest = graph_get_rows(graph, states, network->states_extra, SHAPE(row, 1));
    graph->tensors[rest].bytes = 0;
    int32_t target = graph_view(graph, state, SHAPE(row, 1), true, 0);
    graph_expand(graph, graph_write(graph, rest, GRAPH_NONE, target));
}

int32_t recurrent_read_state(struct network *network, int32_t state)
{
    struct graph *graph = &network->graph;
    int32_t states = clear_state(network, state);
    int32_t rows = graph_get_rows(graph, states, network->states_main, graph_shape(graph, state));
    graph_expand(graph, rows);
    copy_unused(network, state, states);
    return rows;
}

void recurrent_keep(struct graph *graph, int32_t from, int32_t state)
{
    int32_t value = graph_view(graph, from, graph_shape(graph, state), false, 0);
    int32_t target = graph_view(graph, state, graph_shape(graph, state), true, 0);
    graph_expand(graph, graph_write(graph, value, GRAPH_NONE, target));
}

/* The last inputs of the batch before and this batch's, channel by channel. */
int32_t recurrent_convolution_input(struct network *network, int32_t rows, int32_t state, int32_t x,
                                    uint64_t channels)
{
    struct graph *graph = &network->graph;
    uint64_t before = channels ? graph_shape(graph, state).ne[0] / channels : 0;
    uint64_t n = network->n_tokens / network->n_seqs;
    int32_t old = graph_reshape(graph, rows, SHAPE(before, channels, network->n_seqs));
    int32_t turned =
        graph_view(graph, x, SHAPE(n, channels, network->n_seqs), false, graph->tensors[x].bytes);
    int32_t joined = graph_new(graph, GRAPH_PLAIN, SHAPE(before + n, channels, network->n_seqs),
                               old, turned, GRAPH_NONE, GRAPH_NONE);
    recurrent_keep(graph, joined, state);
    return joined;
}

int32_t recurrent_convolve(struct network *network, uint32_t il, int32_t input, uint64_t channels)
{
    struct graph *graph = &network->graph;
    uint64_t n = network->n_tokens / network->n_seqs;
    int32_t kernel = network_weight(network, il, PART_SSM_CONV);
    int32_t x = graph_new(graph, GRAPH_PLAIN, SHAPE(channels, n, network->n_seqs), input, kernel,
                          GRAPH_NONE, GRAPH_NONE);
    x = network_add_bias(network, il, PART_SSM_CONV_B, x);
    return graph_inplace(graph, x, GRAPH_NONE);
}

int32_t recurrent_by_sequence(struct network *network, int32_t x)
{
    uint64_t width = graph_shape(&network->graph, x).ne[0];
    struct shape shape = SHAPE(width, network->n_tokens / network->n_seqs, network->n_seqs);
    return graph_reshape(&network->graph, x, shape);
}

int32_t recurrent_by_token(struct network *network, int32_t x)
{
    uint64_t width = graph_shape(&network->graph, x).ne[0];
    return graph_reshape(&network->graph, x, SHAPE(width, network->n_tokens));
}

/* The scan itself, with its seven sources; the final states lie behind the outputs. */
static int32_t scan(struct network *network, uint32_t il, int32_t x, int32_t dt, int32_t b,
                    int32_t c)
{
    struct graph *graph = &network->graph;
    const struct hparams *hparams = network->hparams;
    uint64_t inner = hparams->ssm_inner_size, state_row = inner * hparams->ssm_state_size;
    int32_t state = recurrent_state_tensor(network, il, state_row);
    int32_t states = clear_state(network, state);
    int32_t shaped = graph_view(graph, states, graph_shape(graph, states), true, 0);
    struct shape shape = SHAPE(inner * network->n_tokens + state_row * network->n_seqs);
    int32_t a = network_weight(network, il, PART_SSM_A);
    int32_t y = graph_new(graph, GRAPH_PLAIN, shape, shaped, x, dt, a);
    graph_source(graph, y, 4, b);
    graph_source(graph, y, 5, c);
    graph_source(graph, y, 6, network->states_main);
    graph_expand(graph, y);
    copy_unused(network, state, states);
    recurrent_keep(graph, y, state);
    return y;
}

/* -- Mamba -- */

static int32_t mamba(struct network *network, uint32_t il, int32_t x)
{
    struct graph *graph = &network->graph;
    const struct hparams *hparams = network->hparams;
    uint64_t inner = hparams->ssm_inner_size, n = network->n_tokens / network->n_seqs;
    struct shape wide = SHAPE(inner, n, network->n_seqs);
    uint64_t before = hparams->ssm_conv_kernel ? hparams->ssm_conv_kernel - 1 : 0;
    int32_t state = recurrent_state_tensor(network, il, before * inner);
    int32_t rows = recurrent_read_state(network, state);
    int32_t xz =
        network_linear(network, il, PART_SSM_IN, PART_COUNT, recurrent_by_sequence(network, x));
    int32_t half = graph_slice(graph, xz, wide);
    int32_t z = graph_slice(graph, xz, wide);
    int32_t input = recurrent_convolution_input(network, rows, state, half, inner);
    x = recurrent_convolve(network, il, input, inner);
    int32_t x_db = network_linear(network, il, PART_SSM_X, PART_COUNT, x);
    struct shape small = SHAPE(hparams->ssm_state_size, 1, n, network->n_seqs);
    int32_t dt = graph_slice(graph, x_db, SHAPE(hparams->ssm_dt_rank, n, network->n_seqs));
    int32_t b = graph_slice(graph, x_db, small), c = graph_slice(graph, x_db, small);
    dt = network_norm(network, il, PART_SSM_DT_NORM, PART_COUNT, dt);
    b = network_norm(network, il, PART_SSM_B_NORM, PART_COUNT, b);
    c = network_norm(network, il, PART_SSM_C_NORM, PART_COUNT, c);
    dt = network_linear(network, il, PART_SSM_DT, PART_SSM_DT_B, dt);
    int32_t heads = graph_reshape(graph, x, SHAPE(1, inner, n, network->n_seqs));
    int32_t y_all = scan(network, il, heads, dt, b, c);
    int32_t y = graph_view(graph, y_all, wide, false, 0);
    int32_t skip = graph_inplace(graph, x, network_weight(network, il, PART_SSM_D));
    y = graph_inplace(graph, y, skip);
    y = graph_plain(graph, graph_cont(graph, z, wide), y);
    return recurrent_by_token(network, network_linear(network, il, PART_SSM_OUT, PART_COUNT, y));
}

static int32_t mamba2(struct network *network, uint32_t il, int32_t x)
{
    struct graph *graph = &network->graph;
    const struct hparams *hparams = network->hparams;
    uint64_t inner = hparams->ssm_inner_size, n = network->n_tokens / network->n_seqs;
    uint64_t seqs = network->n_seqs, n_head = hparams->ssm_dt_rank ? hparams->ssm_dt_rank : 1;
    uint64_t before = hparams->ssm_conv_kernel ? hparams->ssm_conv_kernel - 1 : 0;
    uint64_t groups = hparams->ssm_group_count;
    uint64_t channels = inner + 2 * groups * hparams->ssm_state_size;
    struct shape heads = SHAPE(inner / n_head, n_head, n, seqs);
    struct shape group = SHAPE(hparams->ssm_state_size, groups, n, seqs);
    int32_t state = recurrent_state_tensor(network, il, before * channels);
    int32_t rows = recurrent_read_state(network, state);
    int32_t all =
        network_linear(network, il, PART_SSM_IN, PART_COUNT, recurrent_by_sequence(network, x));
    int32_t z = graph_slice(graph, all, heads);
    int32_t mixed = graph_slice(graph, all, SHAPE(channels, n, seqs));
    int32_t dt = graph_slice(graph, all, SHAPE(n_head, n, seqs));
    int32_t input = recurrent_convolution_input(network, rows, state, mixed, channels);
    mixed = recurrent_convolve(network, il, input, channels);
    x = graph_slice(graph, mixed, heads);
    int32_t b = graph_slice(graph, mixed, group), c = graph_slice(graph, mixed, group);
    dt =
        network_add_bias(network, il, PART_SSM_DT_B, graph_cont(graph, dt, SHAPE(n_head, n, seqs)));
    int32_t y = graph_view(graph, scan(network, il, x, dt, b, c), heads, true, 0);
    int32_t skip = graph_inplace(graph, x, network_weight(network, il, PART_SSM_D));
    y = graph_inplace(graph, y, skip);
    y = graph_plain(graph, graph_cont(graph, z, heads), y);
    if (network_has(network, il, PART_SSM_NORM)) {
        y = graph_reshape(graph, y, SHAPE(inner / (groups ? groups : 1), groups, n, seqs));
        y = network_norm(network, il, PART_SSM_NORM, PART_COUNT, y);
    }
    y = graph_reshape(graph, y, SHAPE(inner, n, seqs));
    return recurrent_by_token(network, network_linear(network, il, PART_SSM_OUT, PART_COUNT, y));
}

/* RWKV's mixing of tokens is not built operation by operation: five mixed inputs with what they are made of,
 * then as many projections, lie side by side (src/models/rwkv6-base.cpp). */
static int32_t time_mix(struct network *network, int32_t x)
{
    enum { ROWS = 16 };
    struct graph *graph = &network->graph;
    struct shape shape = SHAPE(network->n_embd, network->n_tokens, ROWS);
    int32_t bulk = graph_cont(graph, x, shape);
    graph_expand(graph, bulk);
    return graph_cont(graph, bulk, SHAPE(network->n_embd, network->n_tokens));
}

int32_t network_recurrent(struct network *network, uint32_t il, int32_t x)
{
    if (network->hparams->arch != NULL && network->hparams->arch->state == STATE_RWKV)
        return time_mix(network, x);
    if (network_has(network, il, PART_SSM_X))
        return mamba(network, il, x);
    if (network_has(network, il, PART_SHORT_CONV_IN))
        return recurrent_short_convolution(network, il, x);
    if (network_has(network, il, PART_KDA_CONV_Q))
        return recurrent_delta_attention(network, il, x);
    if (network_has(network, il, PART_SSM_BETA_ALPHA) || network_has(network, il, PART_SSM_ALPHA))
        return recurrent_delta_net(network, il, x);
    if (network_has(network, il, PART_SSM_IN))
        return mamba2(network, il, x);
    return x;
}
