#include "model/net/compute_layers.h"

#include "model/net/compute_memory.h"

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash ^= value;
    return (hash ^ hash >> 29) * UINT64_C(0x9e3779b97f4a7c15);
}

/* Layers with equal marks make equal pieces of the graph: shape, home, and every tensor that is not at
 * home with its place and size. */
static void mark_layers(const struct compute_input *input, const struct compute_rows *rows,
                        uint32_t n_layer, uint64_t *marks)
{
    const struct model *model = input->model;
    for (uint32_t il = 0; il < n_layer; il++)
        marks[il] = mix(rows->kind[il], (uint64_t)(input->home[il] + 2));
    for (size_t i = 0; i < model->n_tensors; i++) {
        int32_t il = model->tensors[i].layer;
        if (il < 0 || (uint32_t)il >= n_layer)
            continue;
        if (input->device[i] != input->home[il] || input->device[i] == DEVICE_HOST)
            marks[il] =
                mix(marks[il], (uint64_t)(input->device[i] + 2) << 56 ^ model->tensors[i].bytes);
    }
}

static bool repeats(const uint64_t *end, uint32_t period)
{
    for (uint32_t i = 0; i < period * (LAYERS_ROUNDS + LAYERS_DROPPED - 1); i++)
        if (end[-1 - (int64_t)i] != end[-1 - (int64_t)i - (int64_t)period])
            return false;
    return true;
}

uint32_t compute_layers_pick(const struct compute_input *input, const struct compute_rows *rows,
                             uint32_t *picked)
{
    const struct hparams *hparams = &input->model->hparams;
    uint32_t n_layer = hparams->n_layer - hparams->n_layer_nextn;
    uint64_t marks[MAX_LAYERS], seen[MAX_LAYERS];
    uint32_t n = 0;
    mark_layers(input, rows, n_layer, marks);
    for (uint32_t il = 0; il < n_layer; il++) {
        picked[n] = il;
        seen[n++] = marks[il];
        for (uint32_t period = 1; period <= LAYERS_MAX_PERIOD; period++) {
            if (n < period * (LAYERS_ROUNDS + LAYERS_DROPPED) || !repeats(seen + n, period))
                continue;
            n -= period * LAYERS_DROPPED;
            break;
        }
    }
    return n;
}
