/* A model's tensor names as grids (model/net/name_lines.h), with what the rules have to do with each. */
#ifndef OTPLAN_MODEL_OVERRIDE_NAME_GRID_H
#define OTPLAN_MODEL_OVERRIDE_NAME_GRID_H

#include "model/net/name_lines.h"
#include "model/override/rule_cover.h"

struct name_grid {
    struct name_layout names; /* borrowed from the model's */
    struct cover_cell
        *cells;    /* suffix by suffix, n_layers each; absent: COVER_ANY; NULL: too wild */
    bool has_wish; /* a cell must be decided */
};

struct name_grids {
    struct name_grid grids[MAX_NAME_GRIDS];
    size_t n_grids;
    const uint32_t *single; /* rows without a grid, twins left out */
    size_t n_single;
    const uint8_t *anchors;             /* the model's, per single row; NULL: to be asked */
    uint32_t *all_single;               /* owned: `single` where there are too many colours */
    int16_t colours[COVER_MAX_COLOURS]; /* device of each colour */
    size_t n_colours;
    bool too_many_colours; /* more devices than a grid takes: nothing is in it */
};

/* `wanted` and `stays` as in generate.h. */
void name_grids_build(const struct model *model, const int16_t *wanted, const int16_t *stays,
                      struct name_grids *out);
void name_grids_clear(struct name_grids *grids);

#endif
