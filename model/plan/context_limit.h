/* The largest context at which something still holds: that a plan fits, usually. */
#ifndef OTPLAN_MODEL_PLAN_CONTEXT_LIMIT_H
#define OTPLAN_MODEL_PLAN_CONTEXT_LIMIT_H

#include "model/plan/evaluation.h"

enum { CONTEXT_STEP = 256 }; /* llama.cpp rounds a context up to this */

/* The largest number of tokens up to `most` for which `holds` says yes, in whole steps or `most` itself; 0 where
 * one step is too much. Taken for granted: what holds for a context holds for a smaller one. */
uint32_t context_largest(uint32_t most, bool (*holds)(void *payload, uint32_t n_ctx),
                         void *payload);

/* What the model was trained for, or what the plan has where that is more. */
uint32_t context_most(const struct model *model, const struct evaluation *evaluation);

#endif
