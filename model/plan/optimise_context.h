/* Strategy `context`: the largest context, up to the model's own, whose fastest plan fits and is no more than a share
 * slower than the fastest plan of the context given (4096 tokens where none is).
 */
#ifndef OTPLAN_MODEL_PLAN_OPTIMISE_CONTEXT_H
#define OTPLAN_MODEL_PLAN_OPTIMISE_CONTEXT_H

#include "model/plan/optimise.h"

/* As plan_optimise, with options->loss. The result's -c is what was found. Some ten runs of the optimiser. ERROR_INPUT
 * where not even the context given fits, or no speed is known. */
bool plan_optimise_context(const struct model *model, const struct rig *rig,
                           const struct plan *start, const struct optimise_options *options,
                           struct plan *out, struct optimise_report *report, struct error *error);

#endif
