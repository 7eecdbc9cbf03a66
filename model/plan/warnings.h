/* Warnings: what a person should know of a plan before loading it. The codes are fixed by the interface;
 * each has one line of documentation in warning_describe. */
#ifndef OTPLAN_MODEL_PLAN_WARNINGS_H
#define OTPLAN_MODEL_PLAN_WARNINGS_H

#include "model/plan/evaluation.h"

/* Appends the warnings of an evaluation whose places and bytes are there already. */
void warnings_collect(const struct model *model, const struct rig *rig, const struct plan *plan,
                      const struct decisions *decisions, struct evaluation *evaluation);

/* The warnings about budgets once more, after figures were replaced. */
void warnings_budgets_again(const struct rig *rig, struct evaluation *evaluation);

#endif
