/* A model's tensor names as grids: `blk.12.ffn_up.weight` is the column 12 and the row `ffn_up.weight`.
 *
 * Names with something in front of `blk.` (`enc.blk.0.…`) make a grid of their own; names without a
 * layer, and those of grids too wild to hold, stay single.
 */
#ifndef OTPLAN_MODEL_OVERRIDE_NAME_GRID_H
#define OTPLAN_MODEL_OVERRIDE_NAME_GRID_H

#include "model/net/model.h"
#include "model/override/rule_cover.h"

enum { MAX_NAME_GRIDS = 8, NAME_GRID_MAX_LAYER = 9999, NAME_GRID_MAX_CELLS = 4000000 };

struct name_grid {
    const char *prefix; /* borrowed, `prefix_length` bytes: what stands before `blk.` */
    size_t prefix_length;
    uint32_t *layers; /* ascending; n_layers */
    size_t n_layers;
    const char **suffixes; /* borrowed; n_suffixes, in file order */
    size_t n_suffixes;
    struct cover_cell *cells; /* suffix by suffix, n_layers each; absent: COVER_ANY */
    int32_t *rows;            /* per cell: the model's row, -1 where absent */
};

struct name_grids {
    struct name_grid grids[MAX_NAME_GRIDS];
    size_t n_grids;
    uint32_t *single; /* rows without a grid */
    size_t n_single;
    int16_t colours[COVER_MAX_COLOURS]; /* device of each colour */
    size_t n_colours;
    bool too_many_colours; /* more devices than a grid takes: nothing is in it */
};

/* `wanted` and `stays` as in generate.h. */
void name_grids_build(const struct model *model, const int16_t *wanted, const int16_t *stays,
                      struct name_grids *out);
void name_grids_clear(struct name_grids *grids);

#endif
