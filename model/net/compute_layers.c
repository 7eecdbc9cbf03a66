#include "model/net/compute_layers.h"

#include "model/net/compute_memory.h"

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash ^= value;
    return (hash ^ hash >> 29) * UINT64_C(0x9e3779b97f4a7c15);
}

/* Layers with equal marks make equal pieces of the graph: shape, home, and every part that is not at home
 * with its place and size. */
static uint64_t mark_layer(const struct compute_input *input, const struct compute_rows *rows,
                           uint32_t il)
{
    int16_t home = input->home[il];
    uint64_t mark = mix(rows->kind[il], (uint64_t)(home + 2));
    for (uint32_t part = 0; part < PART_LAYER_COUNT; part++) {
        int32_t row = rows->layers[il][part];
        if (row < 0)
            continue;
        int16_t device = input->device[row];
        if (device != home || device == DEVICE_HOST)
            mark = mix(mark, (uint64_t)(device + 2) << 56 ^ (uint64_t)part << 48 ^
                                 input->model->tensors[row].bytes);
    }
    return mark;
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
    for (uint32_t il = 0; il < n; il++) {
        marks[il] = mark_layer(input, rows, il);
        picked[il] = il;
    }
    for (size_t i = 0; i < sizeof shortenings / sizeof shortenings[0]; i++) {
        n = shorten(picked, marks, n, shortenings[i].kept, shortenings[i].dropped);
    }
    return n;
}
