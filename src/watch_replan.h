/* A plan for the memory there is now: the same one where it still fits, else the optimiser's. */
#ifndef OTPLAN_SRC_WATCH_REPLAN_H
#define OTPLAN_SRC_WATCH_REPLAN_H

#include "model/watch/watch.h"
#include "src/session.h"

/* New: the command to run (`llama-server -m ...`), or NULL where no plan fits; it is looked for for a second or
 * two at most. `same`: the plan as it is would fit. */
char *watch_replan(const struct watch *watch, const struct session *session, bool *same);

#endif
