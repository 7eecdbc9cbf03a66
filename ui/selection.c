#include "ui/selection.h"

#include "model/base/memory.h"

#include <stdlib.h>
#include <string.h>

void selection_init(struct selection *selection, const struct layer_map *map)
{
    *selection = (struct selection){.n_rows = map->model->n_tensors, .n_layer = map->n_layer};
    selection->rows = memory_array(selection->n_rows, 1);
    selection->homes = memory_array((size_t)map->n_layer + 1, 1);
}

void selection_free(struct selection *selection)
{
    free(selection->rows);
    free(selection->homes);
    *selection = (struct selection){0};
}

void selection_reset(struct selection *selection)
{
    memset(selection->rows, 0, selection->n_rows);
    memset(selection->homes, 0, (size_t)selection->n_layer + 1);
    selection->n_marked = selection->n_homes = 0;
    selection->whole_layers = selection->is_spent = false;
}

void selection_copy(struct selection *to, const struct selection *from)
{
    uint8_t *rows = to->rows;
    uint8_t *homes = to->homes;
    memcpy(rows, from->rows, from->n_rows);
    memcpy(homes, from->homes, (size_t)from->n_layer + 1);
    *to = *from;
    to->rows = rows;
    to->homes = homes;
}

bool selection_any(const struct selection *selection)
{
    return selection->n_marked + selection->n_homes > 0;
}

void selection_mark_row(struct selection *selection, uint32_t row, bool on)
{
    if (selection->n_homes > 0) {
        selection_reset(selection);
    }
    if (selection->rows[row] != (on ? 1 : 0)) {
        selection->rows[row] = on ? 1 : 0;
        selection->n_marked += on ? (size_t)1 : (size_t)-1;
    }
}

void selection_mark(struct selection *selection, const struct layer_map *map, size_t row,
                    uint32_t layer, bool on)
{
    if (layer > selection->n_layer) {
        return;
    }
    if (row == MAP_HOME) {
        if (selection->n_marked > 0) {
            selection_reset(selection);
        }
        if (selection->homes[layer] != (on ? 1 : 0)) {
            selection->homes[layer] = on ? 1 : 0;
            selection->n_homes += on ? (size_t)1 : (size_t)-1;
        }
        return;
    }
    size_t n = 0;
    const uint32_t *rows = layer_map_cell(map, row, layer, &n);
    for (size_t i = 0; i < n; i++) {
        selection_mark_row(selection, rows[i], on);
    }
}

void selection_mark_layer(struct selection *selection, const struct layer_map *map, uint32_t layer)
{
    size_t n = 0;
    uint64_t bytes = 0;
    uint32_t *rows = layer_map_layer_rows(map, layer, &n, &bytes);
    for (size_t i = 0; i < n; i++) {
        if (map->model->tensors[rows[i]].role != ROLE_INPUT) {
            selection_mark_row(selection, rows[i], true);
        }
    }
    free(rows);
    selection->whole_layers = true;
}

void selection_rectangle(struct selection *selection, const struct layer_map *map, size_t row_a,
                         uint32_t layer_a, size_t row_b, uint32_t layer_b)
{
    uint32_t first = layer_a < layer_b ? layer_a : layer_b;
    uint32_t last = layer_a < layer_b ? layer_b : layer_a;
    if (row_a == MAP_HOME) {
        row_b = MAP_HOME; /* homes are another kind of thing: the block stays in their row */
    } else {
        row_b = row_b == MAP_HOME ? 1 : row_b;
    }
    size_t top = row_a < row_b ? row_a : row_b;
    size_t bottom = row_a < row_b ? row_b : row_a;
    for (size_t row = top; row <= bottom; row++) {
        for (uint32_t layer = first; layer <= last; layer++) {
            selection_mark(selection, map, row, layer, true);
        }
    }
}

void selection_invert(struct selection *selection, const struct layer_map *map)
{
    if (selection->n_homes > 0) {
        for (uint32_t layer = 0; layer <= selection->n_layer; layer++) {
            selection_mark(selection, map, MAP_HOME, layer, selection->homes[layer] == 0);
        }
        return;
    }
    for (size_t row = 0; row < selection->n_rows; row++) {
        if (map->model->tensors[row].role != ROLE_SKIPPED) {
            selection_mark_row(selection, (uint32_t)row, selection->rows[row] == 0);
        }
    }
    selection->whole_layers = false;
}

enum selection_state selection_state(const struct selection *selection, const struct layer_map *map,
                                     size_t row, uint32_t layer)
{
    if (row == MAP_HOME) {
        return layer <= selection->n_layer && selection->homes[layer] != 0 ? SELECTED_ALL
                                                                           : SELECTED_NONE;
    }
    size_t n = 0;
    size_t marked = 0;
    const uint32_t *rows = layer_map_cell(map, row, layer, &n);
    for (size_t i = 0; i < n; i++) {
        marked += selection->rows[rows[i]];
    }
    return marked == 0 ? SELECTED_NONE : marked == n ? SELECTED_ALL : SELECTED_PART;
}

uint32_t *selection_rows(const struct selection *selection, const struct layer_map *map, size_t *n)
{
    const struct model *model = map->model;
    uint32_t *out = memory_array(selection->n_marked, sizeof *out);
    *n = 0;
    if (selection->n_marked == 0) {
        return out;
    }
    uint32_t *first = memory_array((size_t)map->n_layer + 2, sizeof *first);
    for (int pass = 0; pass < 2; pass++) { /* a counting sort: layers in order, the rest last */
        for (size_t row = 0; row < selection->n_rows; row++) {
            if (selection->rows[row] == 0) {
                continue;
            }
            int32_t layer = model->tensors[row].layer;
            uint32_t at =
                layer >= 0 && (uint32_t)layer < map->n_layer ? (uint32_t)layer : map->n_layer;
            if (pass == 0) {
                first[at + 1]++;
                (*n)++;
            } else {
                out[first[at]++] = (uint32_t)row;
            }
        }
        for (uint32_t at = 0; at <= map->n_layer && pass == 0; at++) {
            first[at + 1] += first[at];
        }
    }
    free(first);
    return out;
}

bool selection_span(const struct selection *selection, const struct layer_map *map, uint32_t *first,
                    uint32_t *last)
{
    bool any = false;
    for (uint32_t layer = 0; layer <= selection->n_layer; layer++) {
        if (selection->homes[layer] != 0) {
            *first = any ? *first : layer;
            *last = layer;
            any = true;
        }
    }
    for (size_t row = 0; row < selection->n_rows && selection->n_marked > 0; row++) {
        int32_t at = map->model->tensors[row].layer;
        if (selection->rows[row] == 0 || at < 0 || (uint32_t)at >= map->n_layer) {
            continue;
        }
        uint32_t layer = (uint32_t)at;
        *first = any && *first < layer ? *first : layer;
        *last = any && *last > layer ? *last : layer;
        any = true;
    }
    return any;
}
