/* The fewest rules for a grid: rows are tensor groups, columns are layers, a colour is a device.
 *
 * A rule is a set of columns times a set of rows and gives one colour; the first rule that holds a cell
 * decides it. So a rule may hold cells that an earlier one has decided, and the last one may be a
 * catch-all. Playing it the other way round: each step takes a rectangle whose undecided cells are all
 * of one colour; deciding more cells never hurts later steps, so only largest rectangles matter.
 */
#ifndef OTPLAN_MODEL_OVERRIDE_RULE_COVER_H
#define OTPLAN_MODEL_OVERRIDE_RULE_COVER_H

#include "model/override/bit_set.h"

enum { COVER_MAX = BIT_SET_MAX, COVER_MAX_COLOURS = 20 };
enum { COVER_ANY = -1, COVER_CLOSED = -2 }; /* cells: no matter; no rule may decide it */

struct cover_cell {
    int8_t colour; /* index, COVER_ANY or COVER_CLOSED */
    bool must;     /* false: a rule of its colour may decide it, none has to */
};

struct cover_grid {
    size_t n_rows, n_columns; /* at most COVER_MAX each */
    size_t n_colours;         /* at most COVER_MAX_COLOURS */
    struct cover_cell *cells; /* row by row */
    /* How many lines of the full grid each stands for. */
    uint32_t *row_weight, *column_weight;
};

struct cover_rule {
    size_t colour;
    struct bit_set rows, columns; /* as large as they may be */
};

struct cover {
    struct cover_rule *rules; /* owned; in order, the first decides */
    size_t n;
    bool proven; /* there is no shorter list */
};

/* What to decide first where the number of rules is the same: many cells, or what is finished with few
 * cells, so that the most stands last, as a catch-all. */
enum cover_style { COVER_MANY_FIRST, COVER_FEW_FIRST, COVER_STYLES };

/* `effort`: how many steps may be spent on proving or improving the greedy answer. Deterministic. */
void cover_find(const struct cover_grid *grid, enum cover_style style, uint64_t effort,
                struct cover *out);
void cover_clear(struct cover *cover);

#endif
