/* Fused operations, and when llama.cpp gives them up: before it sizes its buffers it builds a small
 * graph, and where a layer's fused operation comes to run elsewhere than on the layer's device, the
 * operation is switched off for the whole context (src/llama-context.cpp resolve_fused_ops). It
 * happens with layers on the CPU, with -nkvo, and with overrides that tear attention apart.
 */
#ifndef OTPLAN_MODEL_NET_COMPUTE_FUSED_H
#define OTPLAN_MODEL_NET_COMPUTE_FUSED_H

#include "model/net/compute_network.h"
#include "model/net/compute_schedule.h"

/* Can it happen at all? False in most plans, and then nothing needs to be built to know. */
bool fused_may_move(const struct compute_input *input);
/* Sets network->flash_attn (where -fa is auto) and network->fused_delta_net. */
void fused_resolve(struct network *network, const struct schedule *schedule);

#endif
