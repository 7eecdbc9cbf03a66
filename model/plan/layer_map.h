/* The layer map: the model's tensors as a grid. Rows are `home` and the tensor groups that this model
 * has, columns the layers and one last column for the output layer. Built once per model.
 */
#ifndef OTPLAN_MODEL_PLAN_LAYER_MAP_H
#define OTPLAN_MODEL_PLAN_LAYER_MAP_H

#include "model/base/strbuf.h"
#include "model/plan/evaluation.h"

enum { MAP_HOME = 0, MAP_MIXED = -3 }; /* row of the homes; "on several devices" */

struct layer_map {
    const struct model *model; /* borrowed */
    uint32_t n_layer;          /* columns 0..n_layer; the last is the output layer */
    size_t n_rows;             /* the home row included */
    size_t n_major;            /* of them, the ones to show where rows are short */
    enum tensor_group groups[GROUP_COUNT + 1]; /* per row; meaningless for the home row */
    uint32_t *first; /* owned: per cell, index of its first entry in `rows`; one more at the end */
    uint32_t *rows;  /* owned: model rows, cell by cell; largest first within a cell */
    uint32_t *n_loaded; /* owned: per layer, how many rows are loaded */
};

void layer_map_build(struct layer_map *map, const struct model *model);
void layer_map_clear(struct layer_map *map);
const char *layer_map_label(const struct layer_map *map, size_t row, bool is_long);

/* The model rows of a cell; borrowed. The home row has none. */
const uint32_t *layer_map_cell(const struct layer_map *map, size_t row, uint32_t layer, size_t *n);
/* The device of a cell: an index, DEVICE_HOST, MAP_MIXED, or DEVICE_NONE where nothing is loaded. */
int layer_map_device(const struct layer_map *map, const struct evaluation *evaluation, size_t row,
                     uint32_t layer);
/* Map row of a group's tensors; 0 (the home row) where the group has no row. */
size_t layer_map_row_of(const struct layer_map *map, enum tensor_group group);

/* The rows of a layer (n_layer: all without one), largest first. New array; the caller frees. */
uint32_t *layer_map_layer_rows(const struct layer_map *map, uint32_t layer, size_t *n,
                               uint64_t *bytes);

/* ggml bytes of rows, without padding; a tied twin counts nothing. */
uint64_t layer_map_bytes(const struct layer_map *map, const uint32_t *rows, size_t n);

/* Bytes of a map row on each device, the host last (n_devices + 1 entries); of the home row, the caches. The rest
 * (not loaded) counts nowhere. */
void layer_map_row_bytes(const struct layer_map *map, const struct evaluation *evaluation,
                         size_t row, size_t n_devices, uint64_t *bytes);

/* A selection in words: "layers 12-20 gate, up exps", "output.weight". Appends to `out`. */
void layer_map_describe(const struct layer_map *map, const uint32_t *rows, size_t n,
                        struct strbuf *out);
/* "12-20, 23": the set layers among `n`. Appends. */
void layer_map_ranges(const bool *layers, uint32_t n, struct strbuf *out);

#endif
