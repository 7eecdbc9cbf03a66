/* A model's tensor names as grids of layers and suffixes: `blk.12.ffn_up.weight` is in the column 12 and
 * the line `ffn_up.weight`. Found once per model, so that a frame writes rules without touching a name.
 *
 * Names with something in front of `blk.` (`enc.blk.0.…`) make a grid of their own; names without a
 * layer, and those of grids too wild to hold, stay single.
 */
#ifndef OTPLAN_MODEL_NET_NAME_LINES_H
#define OTPLAN_MODEL_NET_NAME_LINES_H

#include "model/net/model.h"

enum { MAX_NAME_GRIDS = 8, NAME_GRID_MAX_LAYER = 9999, NAME_GRID_MAX_CELLS = 4000000 };
#define NAME_SINGLE UINT32_MAX /* in `cell`: the row is in no grid */

struct name_layout {
    const char *prefix; /* borrowed, `prefix_length` bytes: what stands before `blk.` */
    size_t prefix_length;
    uint32_t *layers; /* ascending; n_layers */
    size_t n_layers;
    const char **suffixes; /* borrowed; n_suffixes, in file order */
    size_t n_suffixes;
    int32_t *rows; /* per cell, suffix by suffix: the model's row, -1 where absent */
};

struct name_lines {
    struct name_layout grids[MAX_NAME_GRIDS];
    size_t n_grids;
    uint8_t *grid;  /* per row: its grid, where it has a cell */
    uint32_t *cell; /* per row: suffix * n_layers + layer; NAME_SINGLE without, and for the twin */
    uint32_t *single; /* rows without a grid, the twin left out; n_single */
    size_t n_single;
    uint8_t *
        anchors; /* per entry of `single`: NAME_BEGINS, NAME_ENDS; NULL where they are too many to ask */
    size_t twin; /* the row that uses the tensor before it again; 0: none */
};

/* What a pattern that is this row's whole name needs to be found in no other name: `^`, `$`, both or none. Asks
 * every name of the model. */
enum { NAME_BEGINS = 1, NAME_ENDS = 2 };
uint8_t name_anchors_find(const struct model *model, uint32_t row);

struct name_lines *name_lines_new(const struct model *model); /* free with name_lines_free */
void name_lines_free(struct name_lines **lines);

#endif
