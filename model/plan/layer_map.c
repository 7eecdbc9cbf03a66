#include "model/plan/layer_map.h"

#include "model/base/memory.h"
#include "model/net/row_facts.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    enum tensor_group group;
    const char *label, *brief;
} kinds[] = {
    {GROUP_ATTN, "attention", "attn"},
    {GROUP_SSM, "ssm", "ssm"},
    {GROUP_FFN, "dense ffn", "ffn"},
    {GROUP_SHEXP, "shared exp", "shexp"},
    {GROUP_GATE_EXPS, "gate exps", "gate"},
    {GROUP_UP_EXPS, "up exps", "up"},
    {GROUP_DOWN_EXPS, "down exps", "down"},
    {GROUP_GATE_UP_EXPS, "gate+up exps", "gate+up"},
    {GROUP_ROUTER, "router", "router"},
    {GROUP_NORM, "norms", "norms"},
    {GROUP_MTP, "mtp", "mtp"},
    {GROUP_OTHER, "other", "other"},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static bool has_layer(const struct layer_map *map, const struct model_tensor *tensor)
{
    return tensor->layer >= 0 && (uint32_t)tensor->layer < map->n_layer;
}

/* Groups in their order; a dense feed-forward of the leading layers only goes below the experts. */
static void find_groups(struct layer_map *map)
{
    size_t count[GROUP_COUNT] = {0};
    bool has_experts = false;
    for (size_t row = 0; row < map->model->n_tensors; row++) {
        const struct model_tensor *tensor = &map->model->tensors[row];
        count[tensor->group] += has_layer(map, tensor) ? 1 : 0;
        has_experts = has_experts || tensor->mul_mat_id;
    }
    map->n_rows = 1;
    for (int minor = 0; minor < 2; minor++) {
        for (size_t i = 0; i < N_KINDS; i++) {
            enum tensor_group group = kinds[i].group;
            bool is_minor = group == GROUP_ROUTER || group == GROUP_NORM || group == GROUP_MTP ||
                            group == GROUP_OTHER || (group == GROUP_FFN && has_experts);
            if (count[group] > 0 && is_minor == (minor == 1)) {
                map->groups[map->n_rows++] = group;
            }
        }
        map->n_major = minor == 0 ? map->n_rows : map->n_major;
    }
}

size_t layer_map_row_of(const struct layer_map *map, enum tensor_group group)
{
    for (size_t row = 1; row < map->n_rows; row++) {
        if (map->groups[row] == group) {
            return row;
        }
    }
    return MAP_HOME;
}

static size_t cell_index(const struct layer_map *map, size_t row, uint32_t layer)
{
    return row * ((size_t)map->n_layer + 1) + layer;
}

static const struct model *sorting; /* qsort takes no context; set only around the calls below */

static int larger_first(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    uint64_t x = sorting->tensors[left].bytes;
    uint64_t y = sorting->tensors[right].bytes;
    return x != y ? (x < y ? 1 : -1) : (left > right) - (left < right);
}

static void sort_rows(const struct model *model, uint32_t *rows, size_t n)
{
    if (n > 1) {
        sorting = model;
        qsort(rows, n, sizeof *rows, larger_first);
    }
}

void layer_map_build(struct layer_map *map, const struct model *model)
{
    *map = (struct layer_map){.model = model, .n_layer = model->hparams.n_layer};
    find_groups(map);
    size_t n_cells = map->n_rows * ((size_t)map->n_layer + 1);
    map->first = memory_array(n_cells + 1, sizeof *map->first);
    map->rows = memory_array(model->n_tensors, sizeof *map->rows);
    map->n_loaded = memory_array(map->n_layer, sizeof *map->n_loaded);
    for (size_t row = 0; row < model->n_tensors; row++) {
        const struct model_tensor *tensor = &model->tensors[row];
        size_t at = layer_map_row_of(map, tensor->group);
        if (has_layer(map, tensor)) {
            map->n_loaded[tensor->layer] += tensor->role != ROLE_SKIPPED ? 1 : 0;
        }
        if (has_layer(map, tensor) && at != MAP_HOME) {
            map->first[cell_index(map, at, (uint32_t)tensor->layer) + 1]++;
        }
    }
    for (size_t cell = 0; cell < n_cells; cell++) {
        map->first[cell + 1] += map->first[cell];
    }
    uint32_t *fill = memory_copy(map->first, n_cells * sizeof *fill);
    for (size_t row = 0; row < model->n_tensors; row++) {
        const struct model_tensor *tensor = &model->tensors[row];
        size_t at = layer_map_row_of(map, tensor->group);
        if (has_layer(map, tensor) && at != MAP_HOME) {
            map->rows[fill[cell_index(map, at, (uint32_t)tensor->layer)]++] = (uint32_t)row;
        }
    }
    free(fill);
    for (size_t cell = 0; cell < n_cells; cell++) {
        sort_rows(model, map->rows + map->first[cell], map->first[cell + 1] - map->first[cell]);
    }
}

void layer_map_clear(struct layer_map *map)
{
    free(map->first);
    free(map->rows);
    free(map->n_loaded);
    *map = (struct layer_map){0};
}

const char *layer_map_label(const struct layer_map *map, size_t row, bool is_long)
{
    for (size_t i = 0; i < N_KINDS && row != MAP_HOME; i++) {
        if (kinds[i].group == map->groups[row]) {
            return is_long ? kinds[i].label : kinds[i].brief;
        }
    }
    return "home";
}

const uint32_t *layer_map_cell(const struct layer_map *map, size_t row, uint32_t layer, size_t *n)
{
    if (row == MAP_HOME || row >= map->n_rows || layer > map->n_layer) {
        *n = 0;
        return NULL;
    }
    size_t cell = cell_index(map, row, layer);
    *n = map->first[cell + 1] - map->first[cell];
    return map->rows + map->first[cell];
}

int layer_map_device(const struct layer_map *map, const struct evaluation *evaluation, size_t row,
                     uint32_t layer)
{
    if (row == MAP_HOME) {
        return layer <= map->n_layer ? evaluation->layers[layer].home : DEVICE_NONE;
    }
    size_t n = 0;
    const uint32_t *rows = layer_map_cell(map, row, layer, &n);
    int device = DEVICE_NONE;
    for (size_t i = 0; i < n; i++) {
        int other = evaluation->device[rows[i]];
        if (other == DEVICE_NONE) {
            continue;
        }
        if (device != DEVICE_NONE && device != other) {
            return MAP_MIXED;
        }
        device = other;
    }
    return device;
}

uint32_t *layer_map_layer_rows(const struct layer_map *map, uint32_t layer, size_t *n,
                               uint64_t *bytes)
{
    const struct model *model = map->model;
    uint32_t *rows = memory_array(model->n_tensors, sizeof *rows);
    *n = 0;
    *bytes = 0;
    int32_t wanted = layer < map->n_layer ? (int32_t)layer : -1;
    for (size_t row = 0; row < model->n_tensors; row++) {
        if (model->facts->rows[row].layer == wanted) {
            const struct model_tensor *tensor = &model->tensors[row];
            rows[(*n)++] = (uint32_t)row;
            *bytes += tensor->tied_to < 0 ? tensor->bytes : 0;
        }
    }
    sort_rows(model, rows, *n);
    return rows;
}

uint64_t layer_map_bytes(const struct layer_map *map, const uint32_t *rows, size_t n)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        const struct model_tensor *tensor = &map->model->tensors[rows[i]];
        bytes += tensor->tied_to < 0 ? tensor->bytes : 0;
    }
    return bytes;
}

static void add_bytes(int device, uint64_t size, size_t n_devices, uint64_t *bytes)
{
    if (device == DEVICE_HOST) {
        bytes[n_devices] += size;
    } else if (device >= 0 && (size_t)device < n_devices) {
        bytes[device] += size;
    }
}

void layer_map_row_bytes(const struct layer_map *map, const struct evaluation *evaluation,
                         size_t row, size_t n_devices, uint64_t *bytes)
{
    memset(bytes, 0, (n_devices + 1) * sizeof *bytes);
    for (uint32_t il = 0; il <= map->n_layer; il++) {
        size_t n = 0;
        const uint32_t *cell = layer_map_cell(map, row, il, &n);
        if (row == MAP_HOME) {
            add_bytes(evaluation->layers[il].cache, evaluation->layers[il].context, n_devices,
                      bytes);
        }
        for (size_t i = 0; i < n; i++) {
            add_bytes(evaluation->device[cell[i]], layer_map_bytes(map, &cell[i], 1), n_devices,
                      bytes);
        }
    }
}

/* ---- words ---------------------------------------------------------------------------------- */

void layer_map_ranges(const bool *layers, uint32_t n, struct strbuf *out)
{
    bool any = false;
    for (uint32_t il = 0; il < n; il++) {
        if (!layers[il]) {
            continue;
        }
        uint32_t last = il;
        while (last + 1 < n && layers[last + 1]) {
            last++;
        }
        strbuf_format(out, any ? ", %u" : "%u", il);
        if (last > il) {
            strbuf_format(out, "-%u", last);
        }
        any = true;
        il = last;
    }
}

/* Are these `n` rows all that the layers load? */
static bool is_whole(const struct layer_map *map, const bool *layers, size_t n)
{
    size_t all = 0;
    for (uint32_t il = 0; il < map->n_layer; il++) {
        all += layers[il] ? map->n_loaded[il] : 0;
    }
    return n >= all;
}

static void describe_groups(const struct layer_map *map, const bool *groups, struct strbuf *out)
{
    static const enum tensor_group experts[] = {GROUP_GATE_EXPS, GROUP_UP_EXPS, GROUP_DOWN_EXPS,
                                                GROUP_GATE_UP_EXPS};
    bool all_experts = true;
    size_t n_experts = 0;
    for (size_t i = 0; i < 4; i++) {
        bool exists = layer_map_row_of(map, experts[i]) != MAP_HOME;
        all_experts = all_experts && (!exists || groups[experts[i]]);
        n_experts += groups[experts[i]] ? 1 : 0;
    }
    bool any = false;
    for (size_t i = 0; i < N_KINDS; i++) {
        enum tensor_group group = kinds[i].group;
        bool is_expert = group >= GROUP_GATE_EXPS && group <= GROUP_GATE_UP_EXPS;
        if (groups[group] && !is_expert) {
            strbuf_format(out, "%s%s", any ? ", " : "", kinds[i].label);
            any = true;
        }
    }
    if (n_experts == 0) {
        return;
    }
    strbuf_add(out, any ? ", " : "");
    for (size_t i = 0; i < 4 && !all_experts; i++) {
        if (groups[experts[i]]) {
            n_experts--;
            strbuf_format(out, "%s%s",
                          layer_map_label(map, layer_map_row_of(map, experts[i]), false),
                          n_experts > 0 ? ", " : " ");
        }
    }
    strbuf_add(out, "experts");
}

void layer_map_describe(const struct layer_map *map, const uint32_t *rows, size_t n,
                        struct strbuf *out)
{
    if (n == 1) {
        strbuf_add(out, map->model->tensors[rows[0]].name);
        return;
    }
    bool *layers = memory_array((size_t)map->n_layer + 1, sizeof *layers);
    bool groups[GROUP_COUNT] = {false};
    size_t n_layers = 0;
    size_t n_without = 0;
    for (size_t i = 0; i < n; i++) {
        const struct model_tensor *tensor = &map->model->tensors[rows[i]];
        if (!has_layer(map, tensor)) {
            n_without++;
            continue;
        }
        groups[tensor->group] = true;
        n_layers += layers[tensor->layer] ? 0 : 1;
        layers[tensor->layer] = true;
    }
    if (n_layers > 0) {
        strbuf_add(out, n_layers == 1 ? "layer " : "layers ");
        layer_map_ranges(layers, map->n_layer, out);
        strbuf_add_char(out, ' ');
        if (is_whole(map, layers, n - n_without)) {
            strbuf_add(out, "whole");
        } else {
            describe_groups(map, groups, out);
        }
    }
    if (n_without > 0) {
        strbuf_format(out, "%s%zu tensor%s outside the layers", n_layers > 0 ? " and " : "",
                      n_without, n_without == 1 ? "" : "s");
    }
    free(layers);
}
