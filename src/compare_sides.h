/* The two sides of a comparison, from the command line. */
#ifndef OTPLAN_SRC_COMPARE_SIDES_H
#define OTPLAN_SRC_COMPARE_SIDES_H

#include "src/compare_out.h"

/* With one file the flags are the "before"; the file is the "after", as it is. Zeroed sides; close both with
 * compare_side_close, also after a failure. */
bool compare_sides_open(const struct options *options, struct side *before, struct side *after,
                        struct error *error);
void compare_side_close(struct side *side);

#endif
