#include "model/override/cover_board.h"

#include "model/base/memory.h"

void board_init(struct board *board, const struct cover_grid *grid)
{
    *board = (struct board){.n_rows = grid->n_rows,
                            .n_colours = grid->n_colours,
                            .n_words = (grid->n_columns + 63) / 64,
                            .grid = grid};
    board->rows = memory_array(grid->n_rows, sizeof *board->rows);
    for (size_t column = 0; column < grid->n_columns; column++) {
        bit_set_add(&board->columns, column);
    }
    for (size_t i = 0; i < grid->n_rows * grid->n_columns; i++) {
        struct cover_cell cell = grid->cells[i];
        struct row_state *row = &board->rows[i / grid->n_columns];
        if (cell.colour == COVER_CLOSED) {
            bit_set_add(&row->closed, i % grid->n_columns);
        } else if (cell.colour >= 0) {
            bit_set_add(&row->open[cell.colour], i % grid->n_columns);
            if (cell.must) {
                bit_set_add(&row->must[cell.colour], i % grid->n_columns);
            }
        }
    }
}

void board_copy(struct board *to, const struct board *from)
{
    *to = *from;
    to->rows = memory_copy(from->rows, from->n_rows * sizeof *from->rows);
}

void board_play(struct board *board, const struct cover_rule *rule)
{
    for (size_t r = 0; r < board->n_rows; r++) {
        struct row_state *row = &board->rows[r];
        if (bit_set_has(&rule->rows, r)) {
            row->must[rule->colour] = bit_set_without(row->must[rule->colour], &rule->columns);
            row->open[rule->colour] = bit_set_without(row->open[rule->colour], &rule->columns);
        }
    }
}

/* Columns that a rule of `colour` may hold in this row. */
static struct bit_set allowed(const struct board *board, size_t r, size_t colour)
{
    const struct row_state *row = &board->rows[r];
    struct bit_set free_columns = bit_set_without(board->columns, &row->closed);
    for (size_t c = 0; c < board->n_colours; c++) {
        if (c != colour) {
            free_columns = bit_set_without(free_columns, &row->open[c]);
        }
    }
    return free_columns;
}

unsigned board_colour_left(const struct board *board, size_t colour)
{
    unsigned left = 0;
    for (size_t r = 0; r < board->n_rows; r++) {
        left += bit_set_count_both(&board->rows[r].must[colour], &board->columns, board->n_words);
    }
    return left;
}

size_t board_colours_left(const struct board *board)
{
    size_t n = 0;
    for (size_t c = 0; c < board->n_colours; c++) {
        for (size_t r = 0; r < board->n_rows; r++) {
            if (!bit_set_empty(&board->rows[r].must[c])) {
                n++;
                break;
            }
        }
    }
    return n;
}

/* --- rectangles --------------------------------------------------------------------------------- */

void palette_init(struct palette *palette, const struct board *board, size_t colour)
{
    palette->colour = colour;
    for (size_t r = 0; r < board->n_rows; r++) {
        palette->allowed[r] = allowed(board, r, colour);
    }
}

unsigned palette_shape_rule(const struct board *board, const struct palette *palette,
                            const struct bit_set *columns, struct cover_rule *rule)
{
    unsigned gain = 0;
    *rule = (struct cover_rule){.colour = palette->colour, .columns = board->columns};
    for (size_t r = 0; r < board->n_rows; r++) {
        if (!bit_set_inside(columns, &palette->allowed[r])) {
            continue;
        }
        bit_set_add(&rule->rows, r);
        rule->columns = bit_set_and(rule->columns, &palette->allowed[r]);
        gain += bit_set_count_both(&board->rows[r].must[palette->colour], columns, board->n_words);
    }
    return gain;
}

unsigned palette_gain(const struct board *board, const struct palette *palette,
                      const struct bit_set *columns)
{
    unsigned gain = 0;
    for (size_t r = 0; r < board->n_rows; r++) {
        if (bit_set_inside(columns, &palette->allowed[r])) {
            gain +=
                bit_set_count_both(&board->rows[r].must[palette->colour], columns, board->n_words);
        }
    }
    return gain;
}
