/* What recurrent layers share: states that are read, convolved with and written back
 * (src/llama-graph.cpp build_rs, src/models/delta-net-base.cpp build_conv_state).
 */
#ifndef OTPLAN_MODEL_NET_COMPUTE_RECURRENT_H
#define OTPLAN_MODEL_NET_COMPUTE_RECURRENT_H

#include "model/net/compute_network.h"

/* The state of layer `il`: `row` numbers for each sequence, in its own buffer. */
int32_t recurrent_state_tensor(struct network *network, uint32_t il, uint64_t row);
/* The rows of this batch's sequences, copied out of `state`. */
int32_t recurrent_read_state(struct network *network, int32_t state);
/* Copies the part of `from` that is the new state into `state`. */
void recurrent_keep(struct graph *graph, int32_t from, int32_t state);
/* The inputs kept from the batch before in front of this batch's, for the convolution over them. */
int32_t recurrent_convolution_input(struct network *network, int32_t rows, int32_t state, int32_t x,
                                    uint64_t channels);
int32_t recurrent_convolve(struct network *network, uint32_t il, int32_t input, uint64_t channels);
/* [width, tokens] <-> [width, tokens of a sequence, sequences] */
int32_t recurrent_by_sequence(struct network *network, int32_t x);
int32_t recurrent_by_token(struct network *network, int32_t x);

int32_t recurrent_delta_net(struct network *network, uint32_t il, int32_t x);
int32_t recurrent_delta_attention(struct network *network, uint32_t il, int32_t x);
int32_t recurrent_short_convolution(struct network *network, uint32_t il, int32_t x);

#endif
