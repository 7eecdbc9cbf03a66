/* Lines of a grid that any list of rules can treat alike: layers with the same wishes, tensors that
 * always go together. A grid of 61 layers and 18 tensors is often one of 3 by 2.
 */
#ifndef OTPLAN_MODEL_OVERRIDE_COVER_CLASSES_H
#define OTPLAN_MODEL_OVERRIDE_COVER_CLASSES_H

#include "model/override/rule_cover.h"

struct cover_classes {
    size_t *row_class, *column_class; /* per row and column of the full grid */
    struct cover_grid grid;           /* one row and column a class */
};

/* `cells` is row by row. False where more classes than COVER_MAX remain. */
bool cover_classes_find(const struct cover_cell *cells, size_t n_rows, size_t n_columns,
                        size_t n_colours, struct cover_classes *out);
void cover_classes_clear(struct cover_classes *classes);

#endif
