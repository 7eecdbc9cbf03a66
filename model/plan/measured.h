/* Figures that llama.cpp itself gave for a plan, in place of those that follow from the rules. */
#ifndef OTPLAN_MODEL_PLAN_MEASURED_H
#define OTPLAN_MODEL_PLAN_MEASURED_H

#include "model/plan/evaluation.h"

/* MiB, rounded down as llama.cpp prints them. */
struct measured {
    bool known;
    uint64_t model_mib, context_mib, compute_mib;
};

/* Does a figure in bytes differ by more than 1 % (and a MiB) from one in MiB rounded down? */
bool measured_differs(uint64_t bytes, uint64_t mib);

/* Takes the figures of `measured` (rig->n_devices entries and the host's) over and finds anew what fits. A
 * compute buffer counts as its MiB + 1. Weights and context stay exact where rounding them down gives the answer,
 * else they count as MiB + 1 too. True where a figure differs from the prediction by more than 1 %. */
bool evaluation_take_measured(const struct rig *rig, const struct plan *plan,
                              const struct measured *measured, struct evaluation *evaluation);

#endif
