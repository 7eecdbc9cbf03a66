/* What moved between two plans, told in groups: "layers 12-20 gate and up experts". */
#ifndef OTPLAN_MODEL_PLAN_COMPARE_MOVES_H
#define OTPLAN_MODEL_PLAN_COMPARE_MOVES_H

#include "model/plan/compare.h"

/* Fills `moves` of the comparison, the heaviest first. */
void compare_moves(const struct compare_side *before, const struct compare_side *after,
                   struct comparison *out);

#endif
