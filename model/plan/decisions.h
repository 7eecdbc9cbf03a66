/* Which given rule decides which tensor: the regular expressions run once per (model, list, devices), so
 * that a frame of a drag needs none. The struct is in evaluation.h. */
#ifndef OTPLAN_MODEL_PLAN_DECISIONS_H
#define OTPLAN_MODEL_PLAN_DECISIONS_H

#include "model/plan/evaluation.h"

/* Brings the decisions up to date with the plan's given rules; no work when they are. `evaluation` says
 * which devices are in use. Entries that llama.cpp refuses decide nothing. */
void decisions_update(struct decisions *decisions, const struct model *model, const struct rig *rig,
                      const struct plan *plan, const struct evaluation *evaluation);

#endif
