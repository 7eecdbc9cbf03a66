/* What llama.cpp's own --fit would do: the plan it ends with when nothing but -c is given.
 *
 * Whole layers front to back, at most one partial layer a card, a margin of memory a card, no notion of
 * bandwidth (common/fit.cpp of llama.cpp v0.5.0; section 8 of the memory model). Here its probes are
 * our own evaluations.
 */
#ifndef OTPLAN_MODEL_PLAN_OPTIMISE_FIT_H
#define OTPLAN_MODEL_PLAN_OPTIMISE_FIT_H

#include "model/plan/evaluation.h"

/* New `*out` (plan_clear it): `start`'s settings with the context, homes and overrides that --fit chooses.
 * Rows that are locked stay where `start` has them. ERROR_INPUT where --fit would give up: -ngl, -ts or -ot are given already, or no device. */
bool plan_fit(const struct model *model, const struct rig *rig, const struct plan *start,
              struct plan *out, struct error *error);

#endif
