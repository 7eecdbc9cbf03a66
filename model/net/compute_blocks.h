/* Attention to chosen blocks of positions (minimax-m3): an indexer with a head for each group of queries scores all
 * positions, the best blocks of each group are kept, all other cells are hidden in a mask of its own.
 *
 * Source: src/models/minimax-m3.cpp of llama.cpp v0.5.0, the branch for whole batches.
 */
#ifndef OTPLAN_MODEL_NET_COMPUTE_BLOCKS_H
#define OTPLAN_MODEL_NET_COMPUTE_BLOCKS_H

#include "model/net/compute_attention.h"

/* Does layer `il` attend so? Not without flash attention, nor with a unified cache of several sequences. */
bool network_has_blocks(const struct network *network, uint32_t il);
/* Stores the indexer's keys of the batch: their cache, to be handed to network_block_attend. */
int32_t network_block_keys(struct network *network, uint32_t il, int32_t x);
/* `q`: turned queries, [head, heads, tokens]. The result is [head * heads, tokens]. */
int32_t network_block_attend(struct network *network, uint32_t il, struct attention_heads size,
                             int32_t q, const struct attention_cache *cache, int32_t keys,
                             int32_t x);

#endif
