#include "model/override/explain_parts.h"

#include "model/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Rows of one layer that matter together. */
struct layer_rows {
    int64_t gate, up; /* row, -1 */
};

static struct layer_rows *rows_of_layers(const struct model *model, uint32_t n_layers)
{
    struct layer_rows *rows = memory_array(n_layers, sizeof *rows);
    for (uint32_t i = 0; i < n_layers; i++) {
        rows[i] = (struct layer_rows){-1, -1};
    }
    for (size_t row = 0; row < model->n_tensors; row++) {
        const struct model_tensor *tensor = &model->tensors[row];
        if (!explain_is_loaded(tensor) || tensor->layer < 0 ||
            (uint32_t)tensor->layer >= n_layers) {
            continue;
        }
        if (tensor->group == GROUP_GATE_EXPS) {
            rows[tensor->layer].gate = (int64_t)row;
        } else if (tensor->group == GROUP_UP_EXPS) {
            rows[tensor->layer].up = (int64_t)row;
        }
    }
    return rows;
}

static const char *several(const char *layers)
{
    return strpbrk(layers, "-,") != NULL ? "s" : "";
}

/* The entry that sends one of the two away from the other is the one that decides later in the list. */
static void explain_gate_up(struct explainer *explainer, size_t index, struct findings *out)
{
    const struct model *model = explainer->model;
    const struct evaluation *evaluation = explainer->evaluation;
    uint32_t n_layers = model->hparams.n_layer;
    struct layer_rows *rows = rows_of_layers(model, n_layers);
    bool any = false;
    memset(explainer->found, 0, model->n_tensors);
    for (uint32_t layer = 0; layer < n_layers; layer++) {
        int64_t gate = rows[layer].gate, up = rows[layer].up;
        if (gate < 0 || up < 0 || evaluation->device[gate] == evaluation->device[up]) {
            continue;
        }
        int32_t of_gate = explainer->decided[gate], of_up = explainer->decided[up];
        if ((of_gate > of_up ? of_gate : of_up) == (int32_t)index) {
            explainer->found[gate] = 1;
            any = true;
        }
    }
    if (any) {
        char *layers = explain_layers(model, explainer->found);
        explain_find(out, FINDING_GATE_UP_SPLIT, NULL,
                     "layer%s %s: gate and up experts are on different devices; keep the two "
                     "together and move down instead",
                     several(layers), layers);
        free(layers);
    }
    free(rows);
}

static bool is_behind(const struct explainer *explainer, size_t row)
{
    const struct model_tensor *tensor = &explainer->model->tensors[row];
    const struct evaluation *evaluation = explainer->evaluation;
    if (!explain_is_loaded(tensor) || tensor->group != GROUP_ATTN || tensor->layer < 0 ||
        (uint32_t)tensor->layer >= explainer->model->hparams.n_layer ||
        !evaluation->resolved.offload_kqv) {
        return false;
    }
    int16_t cache = evaluation->layers[tensor->layer].cache;
    return cache != DEVICE_NONE && cache != evaluation->device[row];
}

static void explain_cache(struct explainer *explainer, size_t index, struct findings *out)
{
    const struct model *model = explainer->model;
    bool any = false;
    for (size_t row = 0; row < model->n_tensors; row++) {
        explainer->found[row] =
            explainer->decided[row] == (int32_t)index && is_behind(explainer, row);
        any = any || explainer->found[row];
    }
    if (any) {
        char *layers = explain_layers(model, explainer->found);
        explain_find(out, FINDING_CACHE_BEHIND, NULL,
                     "layer%s %s: attention goes to %s, its cache stays where the layer is: -ot "
                     "never moves the cache, -ts does",
                     several(layers), layers, explainer->list->entries[index].buffer);
        free(layers);
    }
}

void explain_places(struct explainer *explainer, size_t index, struct findings *out)
{
    explain_gate_up(explainer, index, out);
    explain_cache(explainer, index, out);
}
