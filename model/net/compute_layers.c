#include "model/net/compute_layers.h"

#include "model/net/compute_memory.h"
#include "model/net/row_facts.h"

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
    int32_t layer = -1; /* of the rows before, with its mark so far */
    uint64_t mark = 0;
    for (size_t i = 0; i < model->n_tensors; i++) {
        const struct row_fact *fact = &model->facts->rows[i];
        int32_t il = fact->layer;
        if (il < 0 || (uint32_t)il >= n_layer)
            continue;
        if (il != layer) {
            if (layer >= 0)
                marks[layer] = mark;
            layer = il;
            mark = marks[il];
        }
        if (input->device[i] != input->home[il] || input->device[i] == DEVICE_HOST)
            mark = mix(mark, (uint64_t)(input->device[i] + 2) << 56 ^
                                 model->facts->shape_bytes[fact->shape]);
    }
    if (layer >= 0)
        marks[layer] = mark;
}

/* Where the last `kept + dropped` rounds are equal, `dropped` of them go. */
static const struct {
    uint32_t kept, dropped;
} shortenings[] = {{2, 12}, {4, 6}};

static bool repeats(const uint64_t *end, uint32_t period, uint32_t rounds)
{
    for (int64_t i = 1; i <= (int64_t)period * (rounds - 1); i++) {
        if (end[-i] != end[-i - (int64_t)period]) {
            return false;
        }
    }
    return true;
}

/* The shortest pattern that the first `n` end in often enough; 0 without. */
static uint32_t find_period(const uint64_t *marks, uint32_t n, uint32_t rounds)
{
    for (uint32_t period = 1; period <= LAYERS_MAX_PERIOD && n >= period * rounds; period++) {
        if (repeats(marks + n, period, rounds)) {
            return period;
        }
    }
    return 0;
}

static uint32_t shorten(uint32_t *picked, uint64_t *marks, uint32_t count, uint32_t kept,
                        uint32_t dropped)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; i++) {
        picked[n] = picked[i];
        marks[n++] = marks[i];
        n -= dropped * find_period(marks, n, kept + dropped);
    }
    return n;
}

uint32_t compute_layers_pick(const struct compute_input *input, const struct compute_rows *rows,
                             uint32_t *picked)
{
    const struct hparams *hparams = &input->model->hparams;
    uint32_t n = hparams->n_layer - hparams->n_layer_nextn;
    uint64_t marks[MAX_LAYERS] = {0};
    mark_layers(input, rows, n, marks);
    for (uint32_t il = 0; il < n; il++) {
        picked[il] = il;
    }
    for (size_t i = 0; i < sizeof shortenings / sizeof shortenings[0]; i++) {
        n = shorten(picked, marks, n, shortenings[i].kept, shortenings[i].dropped);
    }
    return n;
}
