/* The best that whole units can do on one card: what the bound, which splits tensors at will, does not know. */
#ifndef OTPLAN_TESTS_RIGS_WHOLE_H
#define OTPLAN_TESTS_RIGS_WHOLE_H

#include "model/plan/evaluation.h"

/* The most tokens per second of any placement with the buffers of this plan in which gate and up of a layer, down of a
 * layer, and the rest of a layer with its cache each lie whole on the card or on the CPU: every combination is tried.
 * 0 where more than one card is in use, or a bandwidth is unknown. */
double best_of_whole_units(const struct model *model, const struct rig *rig,
                           const struct plan *plan, const struct evaluation *evaluation);

#endif
