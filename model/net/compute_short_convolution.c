/* The gated short convolution of LFM2 (src/models/lfm2.cpp build_shortconv_block). */
#include "model/net/compute_recurrent.h"

int32_t recurrent_short_convolution(struct network *network, uint32_t il, int32_t x)
{
    struct graph *graph = &network->graph;
    const struct hparams *hparams = network->hparams;
    uint64_t width = network->n_embd, n = network->n_tokens / network->n_seqs;
    uint64_t before = hparams->shortconv_l_cache > 0 ? hparams->shortconv_l_cache - 1 : 0;
    struct shape third = SHAPE(width, n, network->n_seqs);
    int32_t all = network_linear(network, il, PART_SHORT_CONV_IN, PART_COUNT,
                                 recurrent_by_sequence(network, x));
    int32_t b = graph_slice(graph, all, third), c = graph_slice(graph, all, third);
    int32_t bx = graph_inplace(graph, b, graph_slice(graph, all, third));
    int32_t state = recurrent_state_tensor(network, il, before * width);
    int32_t rows = recurrent_read_state(network, state);
    int32_t input = recurrent_convolution_input(network, rows, state, bx, width);
    int32_t kernel = network_weight(network, il, PART_SHORT_CONV);
    int32_t out = graph_new(graph, GRAPH_PLAIN, third, input, kernel, GRAPH_NONE, GRAPH_NONE);
    int32_t y = graph_inplace(graph, c, out);
    return recurrent_by_token(network,
                              network_linear(network, il, PART_SHORT_CONV_OUT, PART_COUNT, y));
}
