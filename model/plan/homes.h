/* Homes: which device llama.cpp gives each layer, by -dev, -sm, -mg, -ngl and -ts.
 *
 * Source: src/llama.cpp:152-288 (device list), src/llama-model.cpp:1489-1537 (split), v0.5.0. The split is
 * computed in float, as there: that decides where a layer falls for arbitrary ratios.
 */
#ifndef OTPLAN_MODEL_PLAN_HOMES_H
#define OTPLAN_MODEL_PLAN_HOMES_H

#include "model/plan/plan.h"

/* The plan's devices in its order, as indices into the rig. `in_use` has room for n_devices + 128. Returns how
 * many. Fills `error` (ERROR_INPUT) where llama.cpp refuses the selection; the count is then what is
 * left of it. */
size_t homes_devices(const struct rig *rig, const struct plan *plan, int16_t *in_use,
                     struct error *error);

/* home[il] for il in 0..n_layer (the last is the output layer): a rig index or DEVICE_HOST. */
void homes_assign(const struct model *model, const struct rig *rig, const struct plan *plan,
                  const int16_t *in_use, size_t n_in_use, int16_t *home);

/* -ngl as a count, n_layer + 1 at most; what "offloaded N/M layers" counts. */
uint32_t homes_offloaded(const struct model *model, const struct plan *plan, size_t n_in_use);

#endif
