/* Which layers a graph needs to be sized. The allocator's state at the end of equal layers soon comes
 * back to where it was some layers before (after 1, 2, 3, 4 or 6 of them, as blocks take turns), so of a
 * pattern that repeats often, a dozen rounds can be left out: a frame then costs the same for 20 and
 * for 200 layers.
 */
#ifndef OTPLAN_MODEL_NET_COMPUTE_LAYERS_H
#define OTPLAN_MODEL_NET_COMPUTE_LAYERS_H

#include "model/net/compute_rows.h"

struct compute_input;

enum { LAYERS_MAX_PERIOD = 12 };

/* Fills `picked` (MAX_LAYERS entries) with layer numbers in order; returns how many. */
uint32_t compute_layers_pick(const struct compute_input *input, const struct compute_rows *rows,
                             uint32_t *picked);

#endif
