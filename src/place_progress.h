/* The optimiser at work for a command: a line on the terminal where it takes more than half a second, and Ctrl-C, which
 * ends it with the best plan so far (a second one ends the program). */
#ifndef OTPLAN_SRC_PLACE_PROGRESS_H
#define OTPLAN_SRC_PLACE_PROGRESS_H

#include "model/plan/optimise.h"

/* Sets options->go_on; end it once the optimiser is done. */
void place_progress_begin(struct optimise_options *options);
void place_progress_end(void);

#endif
