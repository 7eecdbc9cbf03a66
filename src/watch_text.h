/* What `watch` prints for people where there is no terminal to draw on. */
#ifndef OTPLAN_SRC_WATCH_TEXT_H
#define OTPLAN_SRC_WATCH_TEXT_H

#include "model/watch/watch.h"

/* New: a table, ending in a newline. `replan`: a line to end with, or NULL. */
char *watch_text(const struct watch *watch, const char *replan);

#endif
