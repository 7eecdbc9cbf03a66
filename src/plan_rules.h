/* --compact: a plan's rules written anew. */
#ifndef OTPLAN_SRC_PLAN_RULES_H
#define OTPLAN_SRC_PLAN_RULES_H

#include "model/plan/evaluation.h"

/* Drops the given rules and moves every tensor that they held by hand instead, so that the generator writes
 * them: `plan` and `evaluation` are replaced. Nothing changes place. */
void plan_rules_anew(const struct model *model, const struct rig *rig, struct plan *plan,
                     struct evaluation *evaluation);

#endif
