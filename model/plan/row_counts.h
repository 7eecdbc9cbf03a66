/* How many rows of each kind (model/net/row_facts.h) an evaluation has in each place: one pass over the rows, and
 * what is summed over tensors then takes a step for each kind and place instead of each tensor.
 */
#ifndef OTPLAN_MODEL_PLAN_ROW_COUNTS_H
#define OTPLAN_MODEL_PLAN_ROW_COUNTS_H

#include "model/plan/evaluation.h"

struct row_counts {
    uint32_t *n; /* owned: per kind, n_places of them: not loaded, host, devices */
    size_t n_places;
};

void row_counts_take(const struct model *model, const struct rig *rig,
                     const struct evaluation *evaluation, struct row_counts *out);
void row_counts_clear(struct row_counts *counts);

/* Rows of a kind on a device, or DEVICE_HOST. */
uint32_t row_counts_at(const struct row_counts *counts, size_t kind, int device);

#endif
