#include "model/override/cover_classes.h"

#include "model/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Lines are rows or columns; `step` leads from one cell of a line to the next, `stride` to the next line. */
struct lines {
    const struct cover_cell *cells;
    size_t n, length, stride, step;
};

static struct cover_cell line_cell(const struct lines *lines, size_t line, size_t i)
{
    return lines->cells[line * lines->stride + i * lines->step];
}

static bool cell_equal(struct cover_cell a, struct cover_cell b)
{
    return a.colour == b.colour && a.must == b.must;
}

static uint64_t line_hash(const struct lines *lines, size_t line)
{
    uint64_t hash = 0xcbf29ce484222325ull;
    for (size_t i = 0; i < lines->length; i++) {
        struct cover_cell cell = line_cell(lines, line, i);
        hash = (hash ^ (unsigned)(cell.colour * 2 + cell.must + 8)) * 0x100000001b3ull;
    }
    return hash;
}

static bool line_equal(const struct lines *lines, size_t a, size_t b)
{
    if (lines->step == 1) {
        return memcmp(lines->cells + a * lines->stride, lines->cells + b * lines->stride,
                      lines->length * sizeof *lines->cells) == 0;
    }
    for (size_t i = 0; i < lines->length; i++) {
        if (!cell_equal(line_cell(lines, a, i), line_cell(lines, b, i))) {
            return false;
        }
    }
    return true;
}

/* Stops where there are too many. Most lines equal the one before. */
static void equal_lines(const struct lines *lines, struct cover_lines *out)
{
    uint64_t *hashes = memory_array(lines->n, sizeof *hashes);
    out->class_of = memory_array(lines->n, sizeof *out->class_of);
    out->first = memory_array(lines->n, sizeof *out->first);
    for (size_t line = 0; line < lines->n && out->n <= COVER_MAX; line++) {
        if (line > 0 && line_equal(lines, line - 1, line)) {
            out->class_of[line] = out->class_of[line - 1];
            continue;
        }
        uint64_t hash = line_hash(lines, line);
        size_t c = 0;
        while (c < out->n && (hashes[c] != hash || !line_equal(lines, out->first[c], line))) {
            c++;
        }
        if (c == out->n) {
            hashes[out->n] = hash;
            out->first[out->n++] = line;
        }
        out->class_of[line] = c;
    }
    free(hashes);
}

/* What is right for a cell of `strong` is right for one of `weak`. */
static bool cell_follows(struct cover_cell weak, struct cover_cell strong)
{
    if (weak.colour == COVER_ANY) {
        return true;
    }
    if (weak.colour >= 0 && !weak.must && strong.colour == COVER_CLOSED) {
        return true;
    }
    return weak.colour == strong.colour && (!weak.must || strong.must);
}

static bool line_follows(const struct lines *lines, size_t weak, size_t strong)
{
    for (size_t i = 0; i < lines->length; i++) {
        if (!cell_follows(line_cell(lines, weak, i), line_cell(lines, strong, i))) {
            return false;
        }
    }
    return true;
}

/* leader[line]: a line whose rules also serve this one, itself where there is none. */
static bool find_leaders(const struct lines *lines, size_t *leader)
{
    bool found = false;
    for (size_t line = 0; line < lines->n; line++) {
        leader[line] = line;
    }
    for (size_t weak = 0; weak < lines->n; weak++) {
        for (size_t strong = 0; strong < lines->n && leader[weak] == weak; strong++) {
            if (strong != weak && leader[strong] == strong && line_follows(lines, weak, strong)) {
                leader[weak] = strong;
                found = true;
            }
        }
    }
    for (size_t line = 0; line < lines->n; line++) {
        while (leader[leader[line]] != leader[line]) {
            leader[line] = leader[leader[line]];
        }
    }
    return found;
}

/* Keeps the lines that lead; new_index[line] is the place of its leader. Returns how many remain. */
static size_t number_leaders(const size_t *leader, size_t n, size_t *new_index)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (leader[i] == i) {
            new_index[i] = kept++;
        }
    }
    for (size_t i = 0; i < n; i++) {
        new_index[i] = new_index[leader[i]];
    }
    return kept;
}

static struct lines lines_of(const struct cover_grid *grid, bool rows)
{
    return rows ? (struct lines){grid->cells, grid->n_rows, grid->n_columns, grid->n_columns, 1}
                : (struct lines){grid->cells, grid->n_columns, grid->n_rows, 1, grid->n_columns};
}

static void drop_followers(struct cover_grid *grid, bool rows, const size_t *leader)
{
    size_t kept = 0;
    for (size_t r = 0; r < grid->n_rows; r++) {
        for (size_t c = 0; c < grid->n_columns; c++) {
            if (leader[rows ? r : c] == (rows ? r : c)) {
                grid->cells[kept++] = grid->cells[r * grid->n_columns + c];
            }
        }
    }
}

/* One pass over rows or columns of the reduced grid. True if a line went. */
static bool merge_followers(struct cover_grid *grid, bool rows, size_t *class_of, size_t n)
{
    struct lines lines = lines_of(grid, rows);
    size_t *leader = memory_array(lines.n, sizeof *leader);
    size_t *new_index = memory_array(lines.n, sizeof *new_index);
    bool found = find_leaders(&lines, leader);
    if (found) {
        size_t kept = number_leaders(leader, lines.n, new_index);
        drop_followers(grid, rows, leader);
        *(rows ? &grid->n_rows : &grid->n_columns) = kept;
        for (size_t i = 0; i < n; i++) {
            class_of[i] = new_index[class_of[i]];
        }
    }
    free(leader);
    free(new_index);
    return found;
}

static void merge_all(struct cover_classes *out, size_t n_rows, size_t n_columns)
{
    bool again = true;
    while (again) {
        again = merge_followers(&out->grid, false, out->column_class, n_columns);
        again = merge_followers(&out->grid, true, out->row_class, n_rows) || again;
    }
}

static uint32_t *count_members(const size_t *class_of, size_t n, size_t n_classes)
{
    uint32_t *members = memory_array(n_classes, sizeof *members);
    for (size_t i = 0; i < n; i++) {
        members[class_of[i]]++;
    }
    return members;
}

/* The lines as they lie, then the others by one cell of each class. False where there are too many. */
static bool find_equal(const struct cover_table *table, struct cover_lines *lying,
                       struct cover_lines *others)
{
    struct lines along = {table->cells, table->n_lines, table->length, table->length, 1};
    equal_lines(&along, lying);
    if (lying->n > COVER_MAX) {
        return false;
    }
    struct cover_cell *few = memory_array(lying->n * table->length, sizeof *few);
    for (size_t c = 0; c < lying->n; c++) {
        for (size_t i = 0; i < table->length; i++) {
            few[i * lying->n + c] = line_cell(&along, lying->first[c], i);
        }
    }
    struct lines across = {few, table->length, lying->n, lying->n, 1};
    equal_lines(&across, others);
    free(few);
    return others->n <= COVER_MAX;
}

static void fill_grid(const struct cover_table *table, struct cover_classes *out)
{
    struct cover_grid *grid = &out->grid;
    size_t row_step = table->turned ? 1 : table->length;
    size_t column_step = table->turned ? table->length : 1;
    grid->cells = memory_array(grid->n_rows * grid->n_columns, sizeof *grid->cells);
    for (size_t i = 0; i < grid->n_rows * grid->n_columns; i++) {
        grid->cells[i] = table->cells[out->rows.first[i / grid->n_columns] * row_step +
                                      out->columns.first[i % grid->n_columns] * column_step];
    }
}

bool cover_classes_find(const struct cover_table *table, size_t n_colours,
                        struct cover_classes *out)
{
    size_t n_rows = table->turned ? table->length : table->n_lines;
    size_t n_columns = table->turned ? table->n_lines : table->length;
    *out = (struct cover_classes){0};
    if (!find_equal(table, table->turned ? &out->columns : &out->rows,
                    table->turned ? &out->rows : &out->columns)) {
        return false;
    }
    out->row_class = memory_copy(out->rows.class_of, n_rows * sizeof *out->row_class);
    out->column_class = memory_copy(out->columns.class_of, n_columns * sizeof *out->column_class);
    out->grid = (struct cover_grid){
        .n_rows = out->rows.n, .n_columns = out->columns.n, .n_colours = n_colours};
    fill_grid(table, out);
    merge_all(out, n_rows, n_columns);
    out->grid.row_weight = count_members(out->row_class, n_rows, out->grid.n_rows);
    out->grid.column_weight = count_members(out->column_class, n_columns, out->grid.n_columns);
    return true;
}

void cover_classes_clear(struct cover_classes *classes)
{
    free(classes->rows.class_of);
    free(classes->rows.first);
    free(classes->columns.class_of);
    free(classes->columns.first);
    free(classes->row_class);
    free(classes->column_class);
    free(classes->grid.cells);
    free(classes->grid.row_weight);
    free(classes->grid.column_weight);
    *classes = (struct cover_classes){0};
}
