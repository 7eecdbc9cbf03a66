/* What -h prints. */
#ifndef OTPLAN_SRC_HELP_H
#define OTPLAN_SRC_HELP_H

#include "src/options.h"

/* The help of a command; of the program for COMMAND_PLANNER. At most 24 lines. */
const char *help_text(enum command command);

#endif
