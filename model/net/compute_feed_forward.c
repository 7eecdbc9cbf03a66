/* Feed-forward networks: dense, routed experts, shared experts (src/llama-graph.cpp build_ffn,
 * build_moe_ffn). */
#include "model/net/compute_network.h"

struct ffn_parts {
    enum part gate, gate_b, up, up_b, down, down_b;
};
static const struct ffn_parts dense = {PART_GATE, PART_GATE_B, PART_UP,
                                       PART_UP_B, PART_DOWN,   PART_DOWN_B};
static const struct ffn_parts shared = {PART_GATE_SHEXP, PART_COUNT,      PART_UP_SHEXP,
                                        PART_COUNT,      PART_DOWN_SHEXP, PART_COUNT};

/* gate and up make one activation; an `up` twice as wide as `down` wants holds both. */
static int32_t activation(struct network *network, int32_t gate, int32_t up, uint64_t width)
{
    struct graph *graph = &network->graph;
    if (gate != GRAPH_NONE)
        return graph_plain(graph, gate, up);
    struct shape shape = graph_shape(graph, up);
    if (width == 0 || shape.ne[0] != 2 * width)
        return graph_inplace(graph, up, GRAPH_NONE);
    shape.ne[0] = width;
    return graph_cont(graph, up, shape);
}

static uint64_t input_width(const struct network *network, uint32_t il, enum part down)
{
    int32_t row = network_row(network, il, down);
    return row < 0 ? 0 : network->input->model->tensors[row].ne[0];
}

static int32_t ffn(struct network *network, uint32_t il, const struct ffn_parts *parts, int32_t x)
{
    int32_t up = network_linear(network, il, parts->up, parts->up_b, x);
    int32_t gate = GRAPH_NONE;
    if (network_has(network, il, parts->gate))
        gate = network_linear(network, il, parts->gate, parts->gate_b, x);
    int32_t cur = activation(network, gate, up, input_width(network, il, parts->down));
    return network_linear(network, il, parts->down, parts->down_b, cur);
}

/* -- experts -- */

enum { EXPERTS_MAX = 1024 }; /* LLAMA_MAX_EXPERTS */

static uint64_t experts_used(const struct network *network)
{
    uint32_t used = network->hparams->n_expert_used;
    return used < 1 ? 1 : used < EXPERTS_MAX ? used : EXPERTS_MAX;
}

static int32_t argsort(struct graph *graph, int32_t x, uint64_t k)
{
    int32_t sorted = graph_plain(graph, x, GRAPH_NONE);
    struct shape shape = graph_shape(graph, x);
    shape.ne[0] = k;
    return graph_view(graph, sorted, shape, false, graph->tensors[sorted].bytes);
}

/* Only the experts of the best groups stay in the choice (DeepSeek-V3). */
static int32_t mask_groups(struct network *network, int32_t probs)
{
    struct graph *graph = &network->graph;
    uint64_t n_expert = graph_shape(graph, probs).ne[0], n_groups = network->rows->n_groups;
    uint64_t each = n_expert / n_groups, used = network->rows->n_group_used;
    uint64_t n = graph_shape(graph, probs).ne[1];
    int32_t groups = graph_reshape(graph, probs, SHAPE(each, n_groups, n));
    int32_t best = argsort(graph, groups, 2);
    int32_t flat = graph_reshape(graph, groups, SHAPE(1, each, n_groups, n));
    int32_t scores = graph_get_rows(graph, flat, best, SHAPE(1, 2, n_groups, n));
    scores = graph_reshape(graph, scores, SHAPE(2, n_groups, n));
    scores = graph_cont(graph, scores, SHAPE(1, n_groups, n));
    scores = graph_reshape(graph, scores, SHAPE(n_groups, n));
    int32_t chosen = argsort(graph, scores, used);
    int32_t kept = graph_get_rows(graph, groups, chosen, SHAPE(each, used, n));
    int32_t filled = graph_inplace(graph, groups, GRAPH_NONE);
    int32_t masked = graph_write(graph, kept, chosen, filled);
    return graph_reshape(graph, masked, SHAPE(n_expert, n));
}

static int32_t expert_weights(struct network *network, int32_t probs, int32_t selected)
{
    struct graph *graph = &network->graph;
    uint32_t traits = network->rows->traits;
    uint64_t n_expert = graph_shape(graph, probs).ne[0], n = graph_shape(graph, probs).ne[1];
    uint64_t used = experts_used(network);
    struct shape flat = SHAPE(used, n), column = SHAPE(1, used, n);
    int32_t rows = graph_reshape(graph, probs, SHAPE(1, n_expert, n));
    int32_t weights = graph_get_rows(graph, rows, selected, column);
    if (traits & TRAIT_SOFTMAX_WEIGHT) {
        weights = graph_inplace(graph, graph_reshape(graph, weights, flat), GRAPH_NONE);
        weights = graph_reshape(graph, weights, column);
    } else if (network->rows->weights_norm) {
        weights = graph_reshape(graph, weights, flat);
        int32_t sum = graph_cont(graph, weights, SHAPE(1, n));
        sum = graph_inplace(graph, sum, GRAPH_NONE);
        weights = graph_reshape(graph, graph_inplace(graph, weights, sum), column);
    }
    return network->rows->weights_scale ? graph_inplace(graph, weights, GRAPH_NONE) : weights;
}

static int32_t mul_mat_id(struct network *network, uint32_t il, enum part part, enum part bias,
                          int32_t x, int32_t selected)
{
    struct graph *graph = &network->graph;
    int32_t weight = network_weight(network, il, part);
    if (weight == GRAPH_NONE)
        return x;
    struct shape chosen = graph_shape(graph, selected);
    uint64_t width = network->input->model->tensors[network_row(network, il, part)].ne[1];
    struct shape shape = SHAPE(width, chosen.ne[0], chosen.ne[1]);
    int32_t result = graph_new(graph, GRAPH_MUL_MAT_ID, shape, weight, x, selected, GRAPH_NONE);
    int32_t b = network_weight(network, il, bias);
    if (b == GRAPH_NONE)
        return result;
    return graph_new(graph, GRAPH_INPLACE, shape, result, b, selected, GRAPH_NONE);
}

static int32_t expert_activation(struct network *network, uint32_t il, int32_t x, int32_t selected)
{
    struct graph *graph = &network->graph;
    if (network_has(network, il, PART_GATE_UP_EXPS)) {
        int32_t both = mul_mat_id(network, il, PART_GATE_UP_EXPS, PART_GATE_UP_EXPS_B, x, selected);
        struct shape half = graph_shape(graph, both);
        half.ne[0] /= 2;
        int32_t gate = graph_view(graph, both, half, false, 0);
        return graph_plain(graph, gate, graph_view(graph, both, half, false, 0));
    }
    int32_t up = mul_mat_id(network, il, PART_UP_EXPS, PART_UP_EXPS_B, x, selected);
    if (!network_has(network, il, PART_GATE_EXPS))
        return graph_inplace(graph, up, GRAPH_NONE);
    int32_t gate = mul_mat_id(network, il, PART_GATE_EXPS, PART_GATE_EXPS_B, x, selected);
    bool clamped = network->hparams->swiglu_clamped[il / 32] >> il % 32 & 1;
    if (!clamped)
        return graph_plain(graph, gate, up);
    up = graph_inplace(graph, up, GRAPH_NONE);
    gate = graph_inplace(graph, graph_inplace(graph, gate, GRAPH_NONE), GRAPH_NONE);
    return graph_inplace(graph, gate, up);
}

/* Adds up the chosen experts' results, one view each. */
static int32_t sum_experts(struct network *network, int32_t experts)
{
    struct graph *graph = &network->graph;
    struct shape all = graph_shape(graph, experts);
    struct shape one = SHAPE(all.ne[0], all.ne[2]);
    uint64_t n = all.ne[1];
    uint64_t span = graph->tensors[experts].bytes - (n - 1) * all.ne[0] * 4;
    int32_t first = graph->n_tensors;
    for (uint64_t i = 0; i < n; i++)
        graph_expand(graph, graph_view(graph, experts, one, n == 1, span));
    int32_t sum = first;
    if (n == 1)
        return graph_cont(graph, first, one);
    for (uint64_t i = 1; i < n; i++) {
        sum = graph_inplace(graph, sum, first + (int32_t)i);
        graph_expand(graph, sum);
    }
    return sum;
}

static int32_t experts(struct network *network, uint32_t il, int32_t x)
{
    struct graph *graph = &network->graph;
    struct shape shape = graph_shape(graph, x);
    int32_t logits = network_linear(network, il, PART_ROUTER, PART_ROUTER_B, x);
    int32_t probs = network->rows->traits & TRAIT_SOFTMAX_WEIGHT
                        ? logits
                        : graph_inplace(graph, logits, GRAPH_NONE);
    int32_t selection = network->rows->traits & TRAIT_WEIGHT_FIRST
                            ? logits
                            : network_add_bias(network, il, PART_PROBS_B, probs);
    if (network->rows->n_groups > 1)
        selection = mask_groups(network, selection);
    int32_t selected = argsort(graph, selection, experts_used(network));
    int32_t weights = expert_weights(network, probs, selected);
    graph_expand(graph, weights);
    bool weight_first = network->rows->traits & TRAIT_WEIGHT_FIRST;
    int32_t rows = graph_reshape(graph, x, SHAPE(shape.ne[0], 1, shape.ne[1]));
    if (weight_first) { /* repeated for each chosen expert */
        rows = graph_cont(graph, rows, SHAPE(shape.ne[0], experts_used(network), shape.ne[1]));
        rows = graph_inplace(graph, rows, weights);
    }
    int32_t cur = expert_activation(network, il, rows, selected);
    cur = mul_mat_id(network, il, PART_DOWN_EXPS, PART_DOWN_EXPS_B, cur, selected);
    cur = weight_first ? cur : graph_inplace(graph, cur, weights);
    graph_expand(graph, cur);
    return sum_experts(network, cur);
}

static int32_t shared_experts(struct network *network, uint32_t il, int32_t x)
{
    struct graph *graph = &network->graph;
    int32_t cur = ffn(network, il, &shared, x);
    if (!network_has(network, il, PART_SHEXP_ROUTER))
        return cur;
    int32_t gate = network_linear(network, il, PART_SHEXP_ROUTER, PART_COUNT, x);
    return graph_inplace(graph, cur, graph_inplace(graph, gate, GRAPH_NONE));
}

int32_t network_feed_forward(struct network *network, uint32_t il, int32_t x)
{
    if (!network_has(network, il, PART_DOWN_EXPS))
        return ffn(network, il, &dense, x);
    int32_t cur = experts(network, il, x);
    if (!network_has(network, il, PART_DOWN_SHEXP))
        return cur;
    return graph_inplace(&network->graph, cur, shared_experts(network, il, x));
}
