/* Where every tensor is, by which rule, and what it weighs there: the base placement, with what was moved by
 * hand on top of it as generated rules.
 */
#ifndef OTPLAN_MODEL_PLAN_PLACEMENT_H
#define OTPLAN_MODEL_PLAN_PLACEMENT_H

#include "model/plan/evaluation.h"

/* Fills `device`, `override`, `rules`, `rule_use`, and `model` and `experts` of each device, from an
 * evaluation whose homes and devices are there; the decisions are up to date. */
void placement_find(const struct model *model, const struct rig *rig, const struct plan *plan,
                    struct decisions *decisions, struct evaluation *out);

#endif
