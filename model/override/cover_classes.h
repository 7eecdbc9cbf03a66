/* Lines of a grid that any list of rules can treat alike: layers with the same wishes, tensors that
 * always go together. A grid of 61 layers and 18 tensors is often one of 3 by 2.
 */
#ifndef OTPLAN_MODEL_OVERRIDE_COVER_CLASSES_H
#define OTPLAN_MODEL_OVERRIDE_COVER_CLASSES_H

#include "model/override/rule_cover.h"

/* The full grid, line by line; turned: the lines are its columns. */
struct cover_table {
    const struct cover_cell *cells;
    size_t n_lines, length;
    bool turned;
};

/* Lines that are equal cell for cell: classes numbered by first appearance. */
struct cover_lines {
    size_t *class_of; /* owned: per line */
    size_t *first;    /* owned: per class, a line of it */
    size_t n;         /* classes */
};

struct cover_classes {
    struct cover_lines rows, columns; /* equal ones */
    size_t *row_class,
        *column_class;      /* per row and column of the full grid: those that can share rules */
    struct cover_grid grid; /* one row and column a class */
};

/* False where more classes than COVER_MAX remain. */
bool cover_classes_find(const struct cover_table *table, size_t n_colours,
                        struct cover_classes *out);
void cover_classes_clear(struct cover_classes *classes);

#endif
