/* What the kinds of attention share: the graph's inputs, the cache as it is written and read, and the
 * scores themselves.
 */
#ifndef OTPLAN_MODEL_NET_COMPUTE_ATTENTION_H
#define OTPLAN_MODEL_NET_COMPUTE_ATTENTION_H

#include "model/net/compute_network.h"

struct attention_heads {
    uint64_t n_head, n_head_kv, k, v; /* k, v: elements per head in the cache */
};

struct attention_cache {
    int32_t k, v, mask; /* as attention reads them */
    bool v_transposed;
    uint64_t scratch; /* what CUDA's kernels expand to f16 */
};

int attention_kind(const struct network *network, uint32_t il); /* CACHE_FULL or CACHE_SWA */
uint64_t attention_row_bytes(uint32_t type, uint64_t elements);

/* Inputs, made when a layer first asks. */
int32_t attention_mask(struct network *network, int kind);
int32_t attention_index(struct network *network, int32_t *input, uint64_t n);

/* Layer `il`'s K or V tensor with rows of `row` elements, and a view of it head by head. */
int32_t attention_cache(struct network *network, uint32_t il, uint64_t row);
int32_t attention_cache_view(struct network *network, uint32_t il, int32_t tensor, uint32_t type,
                             uint64_t head, uint64_t n_head_kv, uint64_t row);
int32_t attention_store(struct network *network, int32_t value, int32_t index, int32_t cache);
/* Bytes of the f16 copy that CUDA's flash attention makes of a cache of another type. */
uint64_t attention_f16_copy(const struct network *network, uint32_t il, uint32_t type,
                            uint64_t row);

/* The same bytes in another order of dimensions. */
int32_t attention_permuted(struct graph *graph, int32_t x, struct shape shape);
/* Attention of `q` over the cache: [v * heads, tokens]. */
int32_t attention_attend(struct network *network, uint32_t il, struct attention_heads heads,
                         int32_t q, const struct attention_cache *cache);

int32_t attention_plain(struct network *network, uint32_t il, int32_t x);
int32_t attention_mla(struct network *network, uint32_t il, int32_t x);

#endif
