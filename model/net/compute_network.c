#include "model/net/compute_network.h"

enum { TENSORS_PER_LAYER = 96 }; /* about */

int32_t network_row(const struct network *network, uint32_t il, enum part part)
{
    int32_t row = network->rows->layers[il][part];
    return row >= 0 && network->input->device[row] != DEVICE_NONE ? row : -1;
}

bool network_has(const struct network *network, uint32_t il, enum part part)
{
    return network_row(network, il, part) >= 0;
}

int16_t network_home(const struct network *network, uint32_t il)
{
    return network->backend_of[network->input->home[il]];
}

int16_t network_cache(const struct network *network, uint32_t il)
{
    return network->input->resolved->offload_kqv ? network_home(network, il)
                                                 : network->backend_of[DEVICE_HOST];
}

uint64_t network_row_padding(const struct ggml_type_info *type, uint64_t elements)
{
    uint64_t bytes = 0;
    if (type == NULL || !type->quantized || elements % 512 == 0)
        return 0;
    return ggml_row_bytes(type, 512 - elements % 512, &bytes) ? bytes : 0;
}

static int32_t weight_of_row(struct network *network, int32_t row)
{
    const struct model_tensor *tensor = &network->input->model->tensors[row];
    struct shape shape = {{tensor->ne[0], tensor->ne[1], tensor->ne[2], tensor->ne[3]}};
    int32_t weight = graph_leaf(&network->graph, shape, 4, GRAPH_EXTERNAL | GRAPH_WEIGHT);
    struct graph_tensor *leaf = &network->graph.tensors[weight];
    leaf->bytes = tensor->bytes;
    leaf->row_padding = network_row_padding(tensor->type, tensor->ne[0]);
    leaf->backend = network->backend_of[network->input->device[row]];
    return weight;
}

/* A weight on a device draws its operation there and is never copied: one tensor stands for all that
 * live on the same backend. */
static int32_t deciding_weight(struct network *network, int32_t row)
{
    int16_t backend = network->backend_of[network->input->device[row]];
    if (backend == network->backend_of[DEVICE_HOST]) {
        return weight_of_row(network, row);
    }
    int32_t *resident = &network->resident[backend];
    if (*resident == GRAPH_NONE) {
        *resident = weight_of_row(network, row);
    }
    return *resident;
}

static int32_t row_of(const struct network *network, uint32_t il, enum part part)
{
    return part < PART_LAYER_COUNT ? network_row(network, il, part) : -1;
}

int32_t network_weight(struct network *network, uint32_t il, enum part part)
{
    int32_t row = row_of(network, il, part);
    return row < 0 ? GRAPH_NONE : deciding_weight(network, row);
}

int32_t network_own_weight(struct network *network, uint32_t il, enum part part)
{
    int32_t row = row_of(network, il, part);
    return row < 0 ? GRAPH_NONE : weight_of_row(network, row);
}

static int32_t mul_mat_row(struct network *network, int32_t row, int32_t x)
{
    struct shape shape = graph_shape(&network->graph, x);
    shape.ne[0] = network->input->model->tensors[row].ne[1];
    return graph_new(&network->graph, GRAPH_MUL_MAT, shape, deciding_weight(network, row), x,
                     GRAPH_NONE, GRAPH_NONE);
}

static int32_t global_row(const struct network *network, enum part part)
{
    int32_t row = network->rows->global[part - PART_LAYER_COUNT];
    return row >= 0 && network->input->device[row] != DEVICE_NONE ? row : -1;
}

int32_t network_global(struct network *network, enum part part)
{
    int32_t row = global_row(network, part);
    return row < 0 ? GRAPH_NONE : weight_of_row(network, row);
}

int32_t network_add_bias(struct network *network, uint32_t il, enum part bias, int32_t x)
{
    int32_t weight = network_weight(network, il, bias);
    return weight == GRAPH_NONE ? x : graph_inplace(&network->graph, x, weight);
}

int32_t network_linear(struct network *network, uint32_t il, enum part weight, enum part bias,
                       int32_t x)
{
    int32_t row = row_of(network, il, weight);
    if (row < 0) {
        return x;
    }
    return network_add_bias(network, il, bias, mul_mat_row(network, row, x));
}

static int32_t norm_only(struct network *network, int32_t x)
{
    if (network->rows->traits & TRAIT_LAYER_NORM)
        return graph_plain(&network->graph, x, GRAPH_NONE);
    return graph_inplace(&network->graph, x, GRAPH_NONE);
}

/* llama.cpp asks for the norm on the layer's device (src/llama-context.cpp graph_get_cb), but its dry
 * run, whose figures these are, resets the scheduler after that: there the norm stays with its
 * neighbours. */
int32_t network_norm(struct network *network, uint32_t il, enum part weight, enum part bias,
                     int32_t x)
{
    int32_t w = network_weight(network, il, weight);
    if (w == GRAPH_NONE)
        return x;
    int32_t norm = norm_only(network, x);
    if (network->placed && weight != PART_POST_FFN_NORM)
        network->graph.tensors[norm].backend = network_home(network, il);
    return network_add_bias(network, il, bias, graph_inplace(&network->graph, norm, w));
}

/* Each buffer type has its own, shared by the layers there. */
static int32_t rope_factors(struct network *network, int16_t backend)
{
    int32_t *factors = &network->rope_factors[backend];
    if (*factors == GRAPH_NONE) {
        *factors = network_global(network, PART_ROPE_FREQS);
        if (*factors != GRAPH_NONE)
            network->graph.tensors[*factors].backend = backend;
    }
    return *factors;
}

static int32_t position_input(struct network *network)
{
    if (network->positions == GRAPH_NONE)
        network->positions = graph_leaf(
            &network->graph, SHAPE(network->n_tokens * network->rows->positions), 4, GRAPH_INPUT);
    return network->positions;
}

int32_t network_rope(struct network *network, uint32_t il, int32_t x)
{
    if (!network->rows->rotates[il])
        return x;
    int32_t factors = rope_factors(network, network_home(network, il));
    return graph_new(&network->graph, GRAPH_ROPE, graph_shape(&network->graph, x), x,
                     position_input(network), factors, GRAPH_NONE);
}

/* -- the batch -- */

static uint64_t swa_cells(const struct compute_input *input)
{
    const struct resolved *resolved = input->resolved;
    uint64_t window = input->model->hparams.n_swa;
    uint64_t want = window * (resolved->kv_unified ? resolved->n_seq : 1) + resolved->n_ubatch;
    want = (want + 255) / 256 * 256;
    return resolved->swa_full || want > resolved->n_ctx_seq ? resolved->n_ctx_seq : want;
}

static void describe_batch(struct network *network)
{
    const struct resolved *resolved = network->input->resolved;
    uint64_t n = resolved->n_ubatch < resolved->n_ctx ? resolved->n_ubatch : resolved->n_ctx;
    uint64_t seqs = resolved->n_seq ? resolved->n_seq : 1;
    network->n_embd = network->hparams->n_embd;
    network->n_outputs = resolved->n_outputs < n ? resolved->n_outputs : n;
    network->n_tokens = (n + seqs - 1) / seqs * seqs;
    network->n_seqs = seqs;
    network->n_streams = resolved->n_stream ? resolved->n_stream : 1;
    bool cached = network->hparams->memory != MEMORY_NONE; /* else the batch attends to itself */
    network->cells[CACHE_FULL] = cached ? resolved->n_ctx_seq : network->n_tokens;
    network->cells[CACHE_SWA] = swa_cells(network->input);
}

static void reset_inputs(struct network *network)
{
    network->positions = network->attention_scale = network->output_ids = GRAPH_NONE;
    network->states_main = network->states_extra = GRAPH_NONE;
    for (int kind = 0; kind < CACHE_KINDS; kind++) {
        network->mask[kind] = network->k_index[kind] = network->v_index[kind] = GRAPH_NONE;
        network->k_rotation[kind] = network->v_rotation[kind] = GRAPH_NONE;
    }
    network->indexer_mask = network->indexer_index = GRAPH_NONE;
    network->indexer_rotation = network->top_k = GRAPH_NONE;
    network->block_bias = network->block_seen = network->block_cells = GRAPH_NONE;
    network->block_of_cell = network->block_mask = GRAPH_NONE;
    for (int b = 0; b < NETWORK_MAX_BACKENDS; b++) {
        network->rope_factors[b] = network->resident[b] = GRAPH_NONE;
    }
}

void network_init(struct network *network, const struct compute_input *input,
                  const struct compute_rows *rows, const int16_t *backend_of)
{
    network->input = input;
    network->hparams = &input->model->hparams;
    network->rows = rows;
    network->backend_of = backend_of;
    network->graph = (struct graph){0};
    network->layers = NULL;
    network->n_layers = 0;
    network->flash_attn = input->resolved->flash_attn;
    network->fused_delta_net = true;
    network->placed = false;
    describe_batch(network);
}

void network_clear(struct network *network)
{
    graph_clear(&network->graph);
}

/* -- the whole -- */

/* Both ways in are in the graph: token numbers and, unused here, embeddings themselves. */
static int32_t embed(struct network *network)
{
    struct graph *graph = &network->graph;
    graph->term = COMPUTE_INPUTS;
    struct shape shape = SHAPE(network->n_embd, network->n_tokens);
    int32_t tokens = graph_leaf(graph, SHAPE(network->n_tokens), 4, GRAPH_INPUT);
    int32_t table = network_global(network, PART_TOKEN_EMBD);
    int32_t x = graph_get_rows(graph, table, tokens, shape);
    graph_expand(graph, x);
    graph_expand(graph, graph_leaf(graph, shape, 4, GRAPH_INPUT));
    if (network->rows->traits & TRAIT_SCALED_EMBD)
        x = graph_inplace(graph, x, GRAPH_NONE);
    int32_t positions = network_global(network, PART_POSITION_EMBD);
    if (positions != GRAPH_NONE)
        x = graph_inplace(graph, x,
                          graph_get_rows(graph, positions, position_input(network), shape));
    return x;
}

static int32_t only_outputs(struct network *network, int32_t x)
{
    struct graph *graph = &network->graph;
    if (network->output_ids == GRAPH_NONE)
        network->output_ids = graph_leaf(graph, SHAPE(network->n_outputs), 4, GRAPH_INPUT);
    struct shape shape = SHAPE(graph_shape(graph, x).ne[0], network->n_outputs);
    return graph_get_rows(graph, x, network->output_ids, shape);
}

static int32_t mix_tokens(struct network *network, uint32_t il, int32_t x)
{
    network->graph.term = COMPUTE_ATTENTION;
    if (!network->hparams->is_recurrent[il]) {
        return network_attention(network, il, x);
    }
    if (!network->hparams->has_kv[il]) {
        return network_recurrent(network, il, x);
    }
    int32_t attention = network_attention(network, il, x); /* falcon-h1: side by side */
    return graph_inplace(&network->graph, attention, network_recurrent(network, il, x));
}

static int32_t join(struct network *network, enum network_trait first, int32_t x, int32_t residual)
{
    bool swapped = network->rows->traits & first;
    return graph_inplace(&network->graph, swapped ? residual : x, swapped ? x : residual);
}

/* x + attention(norm(x)), then + feed_forward(norm(that)). */
static int32_t serial_layer(struct network *network, uint32_t il, int32_t x, bool last)
{
    struct graph *graph = &network->graph;
    int32_t residual = x;
    graph->term = COMPUTE_ATTENTION;
    int32_t cur = network_norm(network, il, PART_ATTN_NORM, PART_ATTN_NORM_B, x);
    if (network->rows->traits & (TRAIT_Q_GATE | TRAIT_NORM_EXPANDED))
        graph_expand(graph, cur);
    cur = mix_tokens(network, il, cur);
    if (last) {
        cur = only_outputs(network, cur);
        residual = only_outputs(network, residual);
    }
    bool own_norm = network_has(network, il, PART_FFN_NORM);
    bool before = own_norm || !network_has(network, il, PART_ATTN_NORM);
    if (before) /* else the post-attention norm is the feed-forward's */
        cur = network_norm(network, il, PART_POST_ATTN_NORM, PART_COUNT, cur);
    cur = join(network, TRAIT_RESIDUAL_FIRST, cur, residual);
    if (!network_has(network, il, PART_DOWN) && !network_has(network, il, PART_DOWN_EXPS))
        return cur;
    residual = cur;
    graph->term = COMPUTE_FEED_FORWARD;
    cur = network_norm(network, il, before ? PART_FFN_NORM : PART_POST_ATTN_NORM,
                       before ? PART_FFN_NORM_B : PART_COUNT, cur);
    cur = network_feed_forward(network, il, cur);
    cur = network_norm(network, il, PART_POST_FFN_NORM, PART_COUNT, cur);
    return join(network, TRAIT_RESIDUAL_FIRST_FFN, cur, residual);
}

/* feed_forward(norm(x)) + x + attention(norm(x)), in that order or another */
static int32_t parallel_layer(struct network *network, uint32_t il, int32_t x, bool last)
{
    struct graph *graph = &network->graph;
    graph->term = COMPUTE_ATTENTION;
    int32_t normed = network_norm(network, il, PART_ATTN_NORM, PART_ATTN_NORM_B, x);
    bool own_norm = network_has(network, il, PART_ATTN_NORM_2); /* falcon 40B */
    int32_t attention =
        mix_tokens(network, il,
                   own_norm ? network_norm(network, il, PART_ATTN_NORM_2, PART_COUNT, x) : normed);
    if (last) {
        attention = only_outputs(network, attention);
        x = only_outputs(network, x);
        normed = only_outputs(network, normed);
    }
    graph->term = COMPUTE_FEED_FORWARD;
    int32_t cur = network_feed_forward(network, il, normed);
    if (!(network->rows->traits & TRAIT_BRANCHES_FIRST))
        return graph_inplace(graph, graph_inplace(graph, cur, x), attention);
    return graph_inplace(graph, join(network, TRAIT_RESIDUAL_FIRST_FFN, cur, attention), x);
}

static void output(struct network *network, int32_t x)
{
    struct graph *graph = &network->graph;
    uint32_t traits = network->rows->traits;
    graph->term = COMPUTE_LOGITS;
    if (traits & TRAIT_OUTPUTS_LATE && !(traits & TRAIT_OUTPUTS_LAST)) {
        graph_flag(graph, x, GRAPH_OUTPUT);
        x = only_outputs(network, x);
    }
    int32_t weight = network_global(network, PART_OUTPUT_NORM);
    if (weight != GRAPH_NONE)
        x = graph_inplace(graph, norm_only(network, x), weight);
    int32_t bias = network_global(network, PART_OUTPUT_NORM_B);
    if (bias != GRAPH_NONE)
        x = graph_inplace(graph, x, bias);
    graph_flag(graph, x, GRAPH_OUTPUT);
    if (traits & TRAIT_OUTPUTS_LAST) {
        x = only_outputs(network, x);
        graph_flag(graph, x, GRAPH_OUTPUT);
    }
    int32_t head = global_row(network, PART_OUTPUT);
    if (head >= 0)
        x = mul_mat_row(network, head, x);
    bias = network_global(network, PART_OUTPUT_B);
    if (bias != GRAPH_NONE)
        x = graph_inplace(graph, x, bias);
    if (traits & TRAIT_SCALED_LOGITS)
        x = graph_inplace(graph, x, GRAPH_NONE);
    graph_flag(graph, x, GRAPH_OUTPUT);
    graph_expand(graph, x);
}

static void keep_zeros(struct network *network)
{
    uint32_t n_layer = network->hparams->n_layer - network->hparams->n_layer_nextn;
    for (uint32_t il = 0, next = 0; il < n_layer; il++) {
        if (next < network->n_layers && network->layers[next] == il) {
            next++;
        } else if (network_has_indexer(network, il)) {
            network_keep_zeros(network, il);
        }
    }
}

void network_build(struct network *network)
{
    uint32_t traits = network->rows->traits;
    graph_init(&network->graph, 256 + TENSORS_PER_LAYER * network->n_layers);
    reset_inputs(network);
    int32_t x = embed(network);
    for (uint32_t i = 0; i < network->n_layers; i++) {
        bool last = i + 1 == network->n_layers && !(traits & TRAIT_OUTPUTS_LATE);
        uint32_t il = network->layers[i];
        network->fused[il] = GRAPH_NONE;
        x = traits & TRAIT_PARALLEL ? parallel_layer(network, il, x, last)
                                    : serial_layer(network, il, x, last);
    }
    keep_zeros(network);
    output(network, x);
}
