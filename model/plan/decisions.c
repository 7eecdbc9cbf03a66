#include "model/plan/decisions.h"

#include "model/base/memory.h"
#include "model/override/pattern.h"
#include "model/plan/base_placement.h"

#include <stdlib.h>
#include <string.h>

/* Where an entry of the given list sends its tensors; DEVICE_NONE where llama.cpp refuses it. */
static int16_t entry_device(const struct rig *rig, const struct evaluation *evaluation,
                            const struct override *entry)
{
    if (entry->refused != NULL) {
        return DEVICE_NONE;
    }
    int device = rig_find(rig, entry->buffer);
    if (device < 0) {
        return (int16_t)device;
    }
    for (size_t k = 0; k < evaluation->n_in_use; k++) {
        if (evaluation->in_use[k] == device) {
            return (int16_t)device;
        }
    }
    return DEVICE_NONE;
}

void decisions_clear(struct decisions *decisions)
{
    override_list_drop(&decisions->list);
    free(decisions->entry_device);
    free(decisions->entry);
    free(decisions->matches_any);
    base_placement_free(&decisions->base);
    *decisions = (struct decisions){0};
}

/* First valid entry that matches; refused ones are as if they were not there. */
static int32_t decide_row(const struct decisions *decisions, const char *name)
{
    int32_t first = -1;
    size_t from = 0;
    for (;;) {
        int32_t entry = override_list_match(decisions->list, name, from);
        if (entry < 0) {
            return first;
        }
        if (decisions->entry_device[entry] != DEVICE_NONE) {
            decisions->matches_any[entry] = true;
            return entry;
        }
        from = (size_t)entry + 1;
    }
}

static bool decisions_current(const struct decisions *decisions, const struct model *model,
                              const struct override_list *list, const int16_t *devices)
{
    return decisions->list == list && decisions->model == model &&
           memcmp(decisions->entry_device, devices, list->n_entries * sizeof *devices) == 0;
}

void decisions_update(struct decisions *decisions, const struct model *model, const struct rig *rig,
                      const struct plan *plan, const struct evaluation *evaluation)
{
    struct override_list *list = plan->given;
    int16_t *devices = memory_array(list->n_entries, sizeof *devices);
    for (size_t i = 0; i < list->n_entries; i++) {
        devices[i] = entry_device(rig, evaluation, &list->entries[i]);
    }
    if (decisions_current(decisions, model, list, devices)) {
        free(devices);
        return;
    }
    decisions_clear(decisions);
    decisions->list = override_list_hold(list);
    decisions->model = model;
    decisions->entry_device = devices;
    decisions->entry = memory_array(model->n_tensors, sizeof *decisions->entry);
    decisions->matches_any = memory_array(list->n_entries, sizeof *decisions->matches_any);
    for (size_t row = 0; row < model->n_tensors; row++) {
        const struct model_tensor *tensor = &model->tensors[row];
        if (tensor->tied_to >= 0) {
            decisions->entry[row] = decisions->entry[tensor->tied_to];
        } else {
            decisions->entry[row] = tensor->role == ROLE_SKIPPED || list->n_entries == 0
                                        ? -1
                                        : decide_row(decisions, tensor->name);
        }
    }
    /* an entry that decides nothing may still match: shadowed, not unmatched */
    for (size_t i = 0; i < list->n_entries; i++) {
        const struct override *entry = &list->entries[i];
        for (size_t row = 0;
             !decisions->matches_any[i] && devices[i] != DEVICE_NONE && row < model->n_tensors;
             row++) {
            decisions->matches_any[i] = model->tensors[row].role != ROLE_SKIPPED &&
                                        pattern_found(entry->compiled, model->tensors[row].name);
        }
    }
}
