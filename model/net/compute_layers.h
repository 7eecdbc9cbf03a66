/* Which layers a graph needs to be sized. A pattern of layers that repeats reaches the same peak each
 * time round, so three rounds of it stand for all: a frame then costs the same for 20 and 200 layers.
 */
#ifndef OTPLAN_MODEL_NET_COMPUTE_LAYERS_H
#define OTPLAN_MODEL_NET_COMPUTE_LAYERS_H

#include "model/net/compute_rows.h"

struct compute_input;

enum { LAYERS_MAX_PERIOD = 12, LAYERS_ROUNDS = 4, LAYERS_DROPPED = 6 };

/* Fills `picked` (MAX_LAYERS entries) with layer numbers in order; returns how many. */
uint32_t compute_layers_pick(const struct compute_input *input, const struct compute_rows *rows,
                             uint32_t *picked);

#endif
