#include "model/override/cover_board.h"

#include "model/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_SHAPES = 96 }; /* column sets tried for one colour at one step */

struct search {
    uint64_t effort; /* left */
    struct cover_rule *path;
    size_t n_path;
};

/* --- greedy ------------------------------------------------------------------------------------- */

struct best {
    unsigned gain;
    uint64_t weight; /* the same in cells of the full grid */
    bool finishes;   /* nothing of its colour is left */
    struct cover_rule rule;
};

static bool is_better(enum cover_style style, const struct best *a, const struct best *b)
{
    if (b->gain == 0) {
        return true;
    }
    if (style == COVER_MANY_FIRST) {
        return a->gain > b->gain;
    }
    if (a->finishes != b->finishes) {
        return a->finishes;
    }
    return a->finishes ? a->weight < b->weight : a->gain > b->gain;
}

static void consider(const struct board *board, const struct palette *palette,
                     const struct bit_set *columns, struct best *best)
{
    struct cover_rule rule;
    unsigned gain = palette_shape_rule(board, palette, columns, &rule);
    if (gain > best->gain) {
        *best = (struct best){.gain = gain, .rule = rule};
    }
}

/* Rows are added to a first one as long as the rectangle decides more by losing columns. */
static struct bit_set grow(const struct board *board, const struct palette *palette,
                           struct bit_set columns)
{
    unsigned gain = palette_gain(board, palette, &columns);
    for (bool better = true; better;) {
        struct bit_set best = columns;
        better = false;
        for (size_t r = 0; r < board->n_rows; r++) {
            struct bit_set less = bit_set_and(columns, &palette->allowed[r]);
            if (bit_set_empty(&board->rows[r].must[palette->colour]) ||
                bit_set_equal(&less, &columns)) {
                continue;
            }
            unsigned with = palette_gain(board, palette, &less);
            if (with > gain) {
                gain = with;
                best = less;
                better = true;
            }
        }
        columns = best;
    }
    return columns;
}

/* Every row that needs `column`, at once. */
static struct bit_set columns_like(const struct board *board, const struct palette *palette,
                                   size_t column)
{
    struct bit_set columns = board->columns;
    for (size_t r = 0; r < board->n_rows; r++) {
        if (bit_set_has(&board->rows[r].must[palette->colour], column)) {
            columns = bit_set_and(columns, &palette->allowed[r]);
        }
    }
    return columns;
}

static void consider_colour(const struct board *board, size_t colour, struct best *best)
{
    struct palette palette;
    struct bit_set needed = {0};
    palette_init(&palette, board, colour);
    for (size_t r = 0; r < board->n_rows; r++) {
        const struct bit_set *must = &board->rows[r].must[colour];
        if (!bit_set_empty(must)) {
            struct bit_set columns = grow(board, &palette, palette.allowed[r]);
            consider(board, &palette, &columns, best);
        }
        for (size_t i = 0; i < BIT_SET_WORDS; i++) {
            needed.words[i] |= must->words[i];
        }
    }
    for (size_t column = 0; column < board->n_words * 64; column++) {
        if (bit_set_has(&needed, column)) {
            struct bit_set columns = columns_like(board, &palette, column);
            consider(board, &palette, &columns, best);
        }
    }
}

static uint64_t weight_of(const struct board *board, const struct cover_rule *rule)
{
    uint64_t weight = 0;
    for (size_t r = 0; r < board->n_rows; r++) {
        const struct bit_set *must = &board->rows[r].must[rule->colour];
        for (size_t c = 0; c < board->grid->n_columns && bit_set_has(&rule->rows, r); c++) {
            if (bit_set_has(must, c) && bit_set_has(&rule->columns, c)) {
                weight += (uint64_t)board->grid->row_weight[r] * board->grid->column_weight[c];
            }
        }
    }
    return weight;
}

static bool greedy_step(const struct board *board, enum cover_style style, struct cover_rule *rule)
{
    struct best best = {0};
    for (size_t c = 0; c < board->n_colours; c++) {
        unsigned left = board_colour_left(board, c);
        struct best here = {0};
        if (left > 0) {
            consider_colour(board, c, &here);
            here.finishes = here.gain == left;
            here.weight = weight_of(board, &here.rule);
        }
        if (here.gain > 0 && is_better(style, &here, &best)) {
            best = here;
        }
    }
    *rule = best.rule;
    return best.gain > 0;
}

static void rule_add(struct cover *cover, const struct cover_rule *rule)
{
    if ((cover->n & (cover->n - 1)) == 0) {
        cover->rules =
            memory_resize(cover->rules, cover->n == 0 ? 1 : cover->n * 2, sizeof *cover->rules);
    }
    cover->rules[cover->n++] = *rule;
}

static void cover_greedily(const struct board *start, enum cover_style style, struct cover *out)
{
    struct board board;
    struct cover_rule rule;
    board_copy(&board, start);
    while (greedy_step(&board, style, &rule)) {
        rule_add(out, &rule);
        board_play(&board, &rule);
    }
    free(board.rows);
}

/* --- exact search ------------------------------------------------------------------------------- */

struct shapes {
    struct bit_set columns[MAX_SHAPES];
    size_t n;
    bool all; /* false: there were more */
};

static void shape_add(struct shapes *shapes, const struct bit_set *columns)
{
    if (bit_set_empty(columns)) {
        return;
    }
    for (size_t i = 0; i < shapes->n; i++) {
        if (bit_set_equal(&shapes->columns[i], columns)) {
            return;
        }
    }
    if (shapes->n == MAX_SHAPES) {
        shapes->all = false;
        return;
    }
    shapes->columns[shapes->n++] = *columns;
}

/* The column sets of all largest rectangles of a colour: intersections of what rows allow. */
static void shapes_find(const struct board *board, const struct palette *palette,
                        struct shapes *shapes)
{
    shapes->n = 0;
    shapes->all = true;
    for (size_t r = 0; r < board->n_rows; r++) {
        size_t before = shapes->n;
        if (bit_set_empty(&board->rows[r].open[palette->colour])) {
            continue;
        }
        shape_add(shapes, &palette->allowed[r]);
        for (size_t i = 0; i < before; i++) {
            struct bit_set both = bit_set_and(shapes->columns[i], &palette->allowed[r]);
            shape_add(shapes, &both);
        }
    }
}

struct moves {
    struct cover_rule *rules;
    unsigned *gains;
    size_t n;
    bool all;
};

static unsigned decided_by(const struct board *board, const struct cover_rule *rule)
{
    unsigned cells = 0;
    for (size_t r = 0; r < board->n_rows; r++) {
        if (bit_set_has(&rule->rows, r)) {
            cells += bit_set_count_both(&board->rows[r].open[rule->colour], &rule->columns,
                                        board->n_words);
        }
    }
    return cells;
}

static void move_add(struct moves *moves, const struct cover_rule *rule, unsigned gain)
{
    size_t at = moves->n++;
    for (; at > 0 && moves->gains[at - 1] < gain; at--) {
        moves->gains[at] = moves->gains[at - 1];
        moves->rules[at] = moves->rules[at - 1];
    }
    moves->gains[at] = gain;
    moves->rules[at] = *rule;
}

static void moves_find(const struct board *board, struct moves *moves)
{
    struct palette palette;
    struct shapes shapes;
    moves->rules = memory_array(MAX_SHAPES * board->n_colours, sizeof *moves->rules);
    moves->gains = memory_array(MAX_SHAPES * board->n_colours, sizeof *moves->gains);
    moves->n = 0;
    moves->all = true;
    for (size_t c = 0; c < board->n_colours; c++) {
        palette_init(&palette, board, c);
        shapes_find(board, &palette, &shapes);
        moves->all = moves->all && shapes.all;
        for (size_t i = 0; i < shapes.n; i++) {
            struct cover_rule rule;
            palette_shape_rule(board, &palette, &shapes.columns[i], &rule);
            unsigned cells = decided_by(board, &rule);
            if (cells > 0) {
                move_add(moves, &rule, cells);
            }
        }
    }
}

enum outcome { FOUND, NOT_THERE, GAVE_UP };

static enum outcome search_deeper(struct search *search, const struct board *board, size_t depth);

static enum outcome search_move(struct search *search, const struct board *board,
                                const struct cover_rule *rule, size_t depth)
{
    struct board next;
    board_copy(&next, board);
    board_play(&next, rule);
    search->path[search->n_path++] = *rule;
    enum outcome outcome = search_deeper(search, &next, depth - 1);
    if (outcome != FOUND) {
        search->n_path--;
    }
    free(next.rows);
    return outcome;
}

static enum outcome search_deeper(struct search *search, const struct board *board, size_t depth)
{
    size_t left = board_colours_left(board);
    if (left == 0 || left > depth) {
        return left == 0 ? FOUND : NOT_THERE;
    }
    struct moves moves;
    moves_find(board, &moves);
    uint64_t cost = board->n_rows * (board->n_colours * board->n_colours + moves.n * 2);
    search->effort -= cost < search->effort ? cost : search->effort;
    enum outcome outcome = moves.all ? NOT_THERE : GAVE_UP;
    for (size_t i = 0; i < moves.n && outcome != FOUND; i++) {
        enum outcome deeper = search_move(search, board, &moves.rules[i], depth);
        outcome = deeper == NOT_THERE ? outcome : deeper;
        if (search->effort == 0 && outcome != FOUND) {
            outcome = GAVE_UP;
            break;
        }
    }
    free(moves.rules);
    free(moves.gains);
    return outcome;
}

/* Looks for a shorter list, from the shortest possible upwards. */
static void cover_improve(const struct board *board, uint64_t effort, struct cover *cover)
{
    struct search search = {.effort = effort};
    size_t depth = board_colours_left(board);
    bool proven = true;
    search.path = memory_array(cover->n + 1, sizeof *search.path);
    for (; depth < cover->n && search.effort > 0; depth++) {
        search.n_path = 0;
        enum outcome outcome = search_deeper(&search, board, depth);
        if (outcome == FOUND) {
            memcpy(cover->rules, search.path, search.n_path * sizeof *search.path);
            cover->n = search.n_path;
            break;
        }
        proven = proven && outcome == NOT_THERE;
    }
    cover->proven = proven && depth >= cover->n;
    free(search.path);
}

void cover_find(const struct cover_grid *grid, enum cover_style style, uint64_t effort,
                struct cover *out)
{
    struct board board;
    *out = (struct cover){0};
    board_init(&board, grid);
    cover_greedily(&board, style, out);
    cover_improve(&board, effort, out);
    free(board.rows);
}

void cover_clear(struct cover *cover)
{
    free(cover->rules);
    *cover = (struct cover){0};
}
