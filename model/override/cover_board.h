/* The board that a list of rules is found on: undecided cells by colour, and the largest rectangles on it. */
#ifndef OTPLAN_MODEL_OVERRIDE_COVER_BOARD_H
#define OTPLAN_MODEL_OVERRIDE_COVER_BOARD_H

#include "model/override/rule_cover.h"

/* Undecided cells of one row, by colour. */
struct row_state {
    struct bit_set must[COVER_MAX_COLOURS];
    struct bit_set open[COVER_MAX_COLOURS]; /* must, and those that may be decided */
    struct bit_set closed;
};

struct board {
    size_t n_rows, n_colours, n_words;
    struct bit_set columns; /* all of them */
    struct row_state *rows;
    const struct cover_grid *grid;
};

/* All columns each row allows, for one colour. */
struct palette {
    struct bit_set allowed[COVER_MAX];
    size_t colour;
};

void board_init(struct board *board, const struct cover_grid *grid); /* free(board->rows) */
void board_copy(struct board *to, const struct board *from);
void board_play(struct board *board, const struct cover_rule *rule);
/* Cells of the colour that must be decided; colours that have such cells. */
unsigned board_colour_left(const struct board *board, size_t colour);
size_t board_colours_left(const struct board *board);

void palette_init(struct palette *palette, const struct board *board, size_t colour);
/* The largest rectangle with these columns, and how many cells that must be decided it decides. */
unsigned palette_shape_rule(const struct board *board, const struct palette *palette,
                            const struct bit_set *columns, struct cover_rule *rule);
unsigned palette_gain(const struct board *board, const struct palette *palette,
                      const struct bit_set *columns);

#endif
