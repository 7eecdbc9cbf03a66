#include "model/plan/row_counts.h"

#include "model/base/memory.h"
#include "model/net/row_facts.h"

#include <stdlib.h>

static size_t place_of(const struct row_counts *counts, size_t kind, int device)
{
    return kind * counts->n_places + (size_t)(device - DEVICE_NONE);
}

void row_counts_take(const struct model *model, const struct rig *rig,
                     const struct evaluation *evaluation, struct row_counts *out)
{
    const struct row_fact *rows = model->facts->rows;
    out->n_places = rig->n_devices + (size_t)-DEVICE_NONE;
    out->n = memory_array(model->facts->n_kinds * out->n_places, sizeof *out->n);
    for (size_t row = 0; row < model->n_tensors; row++) {
        out->n[place_of(out, rows[row].kind, evaluation->device[row])]++;
    }
}

void row_counts_clear(struct row_counts *counts)
{
    free(counts->n);
    *counts = (struct row_counts){0};
}

uint32_t row_counts_at(const struct row_counts *counts, size_t kind, int device)
{
    return counts->n[place_of(counts, kind, device)];
}
