/* The gated delta rule, as one fused operation or, where llama.cpp gives that up, in chunks of 64 tokens
 * (src/models/delta-net-base.cpp).
 */
#ifndef OTPLAN_MODEL_NET_COMPUTE_DELTA_NET_H
#define OTPLAN_MODEL_NET_COMPUTE_DELTA_NET_H

#include "model/net/compute_recurrent.h"

struct delta_sizes {
    uint64_t k, v, k_heads, v_heads; /* head sizes and counts */
    uint64_t n, seqs;                /* tokens of each sequence, sequences */
    uint64_t channels;               /* of the convolution */
};

struct delta_inputs {
    int32_t q, k, v, gate, beta, state; /* q, k, v: [size, heads, tokens, sequences] */
};

/* As one fused operation; `il`: its layer. Returns the output [v, heads, tokens, sequences]; the new state is kept in
 * `state`. */
int32_t delta_net_fused(struct network *network, uint32_t il, const struct delta_sizes *sizes,
                        const struct delta_inputs *inputs, int32_t state);

/* In chunks. Returns the same. */
int32_t delta_net_chunks(struct graph *graph, const struct delta_sizes *sizes,
                         const struct delta_inputs *inputs, int32_t state);

#endif
