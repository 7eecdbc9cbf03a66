/* Context memory: the bytes of every layer's KV cache or recurrent state (llama-memory-model.md
 * sections 5 and 12.2). Each K, V, R, S, ... tensor is a separate allocation with its own padding,
 * which depends on the backend it lives on.
 */
#ifndef OTPLAN_MODEL_NET_CONTEXT_MEMORY_H
#define OTPLAN_MODEL_NET_CONTEXT_MEMORY_H

#include "model/plan/device.h"
#include "model/plan/settings.h"

/* Bytes of layer `il`'s cache and state on a device of `backend`; 0 where the layer has none. */
uint64_t context_layer_bytes(const struct model *model, const struct resolved *resolved,
                             uint32_t il, enum backend backend);
/* The largest single allocation of the layer's KV cache: its K or its V. */
uint64_t context_layer_largest(const struct model *model, const struct resolved *resolved,
                               uint32_t il, enum backend backend);
/* Of its bytes, those that decoding one token at `depth` tokens reads (speed model). */
uint64_t context_layer_read(const struct model *model, const struct resolved *resolved, uint32_t il,
                            uint64_t depth);
/* Does layer `il` hold any cache or state in the main context? */
bool context_layer_present(const struct model *model, uint32_t il);
/* And in the context that `resolved` is of (the second one of draft-mtp holds the nextn layers)? */
bool context_layer_held(const struct model *model, const struct resolved *resolved, uint32_t il);

/* Bytes a weight takes in a buffer of `backend`: alignment and row padding included (section 4.2). */
uint64_t weight_alloc_bytes(const struct ggml_type_info *type, const uint64_t ne[4], uint64_t bytes,
                            enum backend backend);

#endif
