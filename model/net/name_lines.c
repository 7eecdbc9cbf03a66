#include "model/net/name_lines.h"

#include "model/base/memory.h"

#include <stdlib.h>
#include <string.h>

struct name_parts {
    size_t prefix_length;
    uint32_t layer;
    const char *suffix; /* NULL: no layer */
};

static const char *find_block(const char *name)
{
    if (strncmp(name, "blk.", 4) == 0) {
        return name;
    }
    const char *found = strstr(name, ".blk.");
    return found == NULL ? NULL : found + 1;
}

/* What a pattern of a grid would take for another layer's: no model has such names, hostile files may. */
static bool suffix_is_wild(const char *suffix)
{
    return *suffix == '\0' || (*suffix >= '0' && *suffix <= '9') || strstr(suffix, "blk.") != NULL;
}

/* `PREFIXblk.N.SUFFIX`; N as llama.cpp writes it, without leading zeros. */
static struct name_parts split_name(const char *name)
{
    struct name_parts parts = {0};
    const char *block = find_block(name);
    if (block == NULL) {
        return parts;
    }
    const char *at = block + 4;
    const char *digits = at;
    while (*at >= '0' && *at <= '9' && parts.layer <= NAME_GRID_MAX_LAYER) {
        parts.layer = parts.layer * 10 + (uint32_t)(*at++ - '0');
    }
    bool leading_zero = *digits == '0' && at - digits > 1;
    if (at > digits && !leading_zero && *at == '.' && !suffix_is_wild(at + 1) &&
        parts.layer <= NAME_GRID_MAX_LAYER) {
        parts.prefix_length = (size_t)(block - name);
        parts.suffix = at + 1;
    }
    return parts;
}

/* What is collected before the cells can be laid out. */
struct builder {
    const struct model *model;
    struct name_parts *parts; /* per row */
    uint8_t *grid;            /* per row: index, or MAX_NAME_GRIDS for single ones; kept */
    uint32_t *suffix;         /* per row: index into its grid's suffixes */
    int32_t *layer_index[MAX_NAME_GRIDS];
    uint32_t *table; /* hash table of rows + 1 that first used a (grid, suffix) */
    size_t table_size;
};

static uint64_t hash_text(const char *text, uint64_t hash)
{
    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3ull;
    }
    return hash ^ (hash >> 29);
}

static size_t grid_of(struct name_lines *out, const char *name, const struct name_parts *parts)
{
    if (parts->suffix == NULL) {
        return MAX_NAME_GRIDS;
    }
    for (size_t i = 0; i < out->n_grids; i++) {
        if (out->grids[i].prefix_length == parts->prefix_length &&
            memcmp(out->grids[i].prefix, name, parts->prefix_length) == 0) {
            return i;
        }
    }
    if (out->n_grids == MAX_NAME_GRIDS) {
        return MAX_NAME_GRIDS;
    }
    out->grids[out->n_grids].prefix = name;
    out->grids[out->n_grids].prefix_length = parts->prefix_length;
    return out->n_grids++;
}

static void add_suffix(struct name_layout *grid, const char *suffix)
{
    if ((grid->n_suffixes & (grid->n_suffixes - 1)) == 0) {
        size_t room = grid->n_suffixes == 0 ? 1 : grid->n_suffixes * 2;
        grid->suffixes = memory_resize(grid->suffixes, room, sizeof *grid->suffixes);
    }
    grid->suffixes[grid->n_suffixes++] = suffix;
}

/* Index of the row's suffix in its grid, new ones added. */
static uint32_t suffix_index(struct builder *builder, struct name_layout *grid, uint32_t row)
{
    const char *suffix = builder->parts[row].suffix;
    size_t at = hash_text(suffix, 0xcbf29ce484222325ull + builder->grid[row]);
    for (at &= builder->table_size - 1; builder->table[at] != 0;
         at = (at + 1) & (builder->table_size - 1)) {
        uint32_t other = builder->table[at] - 1;
        if (builder->grid[other] == builder->grid[row] &&
            strcmp(builder->parts[other].suffix, suffix) == 0) {
            return builder->suffix[other];
        }
    }
    builder->table[at] = row + 1;
    add_suffix(grid, suffix);
    return (uint32_t)grid->n_suffixes - 1;
}

static void collect_rows(struct builder *builder, struct name_lines *out)
{
    for (uint32_t row = 0; row < builder->model->n_tensors; row++) {
        const char *name = builder->model->tensors[row].name;
        builder->parts[row] = split_name(name);
        builder->grid[row] = (uint8_t)grid_of(out, name, &builder->parts[row]);
        if (builder->grid[row] == MAX_NAME_GRIDS) {
            continue;
        }
        size_t grid = builder->grid[row];
        builder->suffix[row] = suffix_index(builder, &out->grids[grid], row);
        if (builder->layer_index[grid] == NULL) {
            builder->layer_index[grid] = memory_array(NAME_GRID_MAX_LAYER + 1, sizeof(int32_t));
        }
        builder->layer_index[grid][builder->parts[row].layer] = 1;
    }
}

static void number_layers(struct name_layout *grid, int32_t *index)
{
    if (index == NULL) { /* a grid without a row */
        return;
    }
    grid->layers = memory_array(NAME_GRID_MAX_LAYER + 1, sizeof *grid->layers);
    for (uint32_t layer = 0; layer <= NAME_GRID_MAX_LAYER; layer++) {
        if (index[layer] != 0) {
            grid->layers[grid->n_layers] = layer;
            index[layer] = (int32_t)grid->n_layers++;
        }
    }
    grid->layers = memory_resize(grid->layers, grid->n_layers, sizeof *grid->layers);
}

static void layout_grid(struct name_layout *grid, int32_t *index)
{
    number_layers(grid, index);
    size_t n_cells = grid->n_suffixes * grid->n_layers;
    if (n_cells > NAME_GRID_MAX_CELLS) {
        return;
    }
    grid->rows = memory_array(n_cells, sizeof *grid->rows);
    memset(grid->rows, 0xff, n_cells * sizeof *grid->rows);
}

static void place_rows(const struct builder *builder, struct name_lines *out)
{
    const struct model *model = builder->model;
    out->cell = memory_array(model->n_tensors, sizeof *out->cell);
    out->single = memory_array(model->n_tensors, sizeof *out->single);
    for (uint32_t row = 0; row < model->n_tensors; row++) {
        size_t index = builder->grid[row];
        bool is_twin = model->tensors[row].tied_to >= 0;
        out->cell[row] = NAME_SINGLE;
        if (is_twin) {
            out->twin = row; /* the same name, the same rule */
            continue;
        }
        if (index == MAX_NAME_GRIDS || out->grids[index].rows == NULL) {
            out->single[out->n_single++] = row;
            continue;
        }
        struct name_layout *grid = &out->grids[index];
        size_t column = (size_t)builder->layer_index[index][builder->parts[row].layer];
        size_t cell = builder->suffix[row] * grid->n_layers + column;
        out->cell[row] = (uint32_t)cell;
        grid->rows[cell] = (int32_t)row;
    }
}

/* ---- anchors -------------------------------------------------------------------------------- */

enum { MAX_NAMES_ASKED = 1000000 }; /* for the anchors of all single names: some 10 ms */

uint8_t name_anchors_find(const struct model *model, uint32_t row)
{
    const char *name = model->tensors[row].name;
    size_t length = strlen(name);
    const uint8_t both = NAME_BEGINS | NAME_ENDS;
    uint8_t anchors = length == 0 ? both : 0; /* the empty name is in every other */
    for (size_t i = 0; i < model->n_tensors && anchors != both; i++) {
        const char *other = model->tensors[i].name;
        for (const char *at = strstr(other, name); at != NULL; at = strstr(at + 1, name)) {
            uint8_t ends = at[length] != '\0' ? NAME_ENDS : 0;
            anchors |= at > other ? NAME_BEGINS : ends;
        }
    }
    return anchors;
}

static void find_anchors(const struct model *model, struct name_lines *out)
{
    if (out->n_single * model->n_tensors > MAX_NAMES_ASKED) {
        return;
    }
    out->anchors = memory_array(out->n_single, sizeof *out->anchors);
    for (size_t i = 0; i < out->n_single; i++) {
        out->anchors[i] = name_anchors_find(model, out->single[i]);
    }
}

/* ---- the door ------------------------------------------------------------------------------- */

struct name_lines *name_lines_new(const struct model *model)
{
    struct builder builder = {.model = model, .table_size = 16};
    struct name_lines *out = memory_new(sizeof *out);
    while (builder.table_size < model->n_tensors * 2) {
        builder.table_size *= 2;
    }
    builder.parts = memory_array(model->n_tensors, sizeof *builder.parts);
    builder.grid = memory_array(model->n_tensors, sizeof *builder.grid);
    builder.suffix = memory_array(model->n_tensors, sizeof *builder.suffix);
    builder.table = memory_array(builder.table_size, sizeof *builder.table);
    collect_rows(&builder, out);
    for (size_t i = 0; i < out->n_grids; i++) {
        layout_grid(&out->grids[i], builder.layer_index[i]);
    }
    place_rows(&builder, out);
    find_anchors(model, out);
    for (size_t i = 0; i < out->n_grids; i++) {
        free(builder.layer_index[i]);
    }
    out->grid = builder.grid;
    free(builder.parts);
    free(builder.suffix);
    free(builder.table);
    return out;
}

void name_lines_free(struct name_lines **lines)
{
    if (*lines == NULL) {
        return;
    }
    for (size_t i = 0; i < (*lines)->n_grids; i++) {
        free((*lines)->grids[i].layers);
        free((*lines)->grids[i].suffixes);
        free((*lines)->grids[i].rows);
    }
    free((*lines)->grid);
    free((*lines)->cell);
    free((*lines)->single);
    free((*lines)->anchors);
    free(*lines);
    *lines = NULL;
}
