/* Every figure of the planner's main screen against `plan --json` of the arguments it exports. */
#ifndef OTPLAN_TESTS_PLANNER_CHECK_H
#define OTPLAN_TESTS_PLANNER_CHECK_H

#include "tests/support/planner_terminal.h"

#include <stddef.h>

/* The arguments as `y` copies them, once they are verified; new. */
char *planner_arguments(struct pty *terminal);

/* Compares bars, home row, expert rows and tensor list. True where all agree; else `difference` says
 * what does not, in words. */
bool planner_agrees(struct pty *terminal, struct json_object *plan, char *difference, size_t room);

/* The plan behind the arguments that the planner gives now, having checked the screen against it; new. */
struct json_object *planner_checked_plan(struct pty *terminal);

/* A device of `plan --json` by name ("CPU" is the host), and one of its sizes in bytes. */
struct json_object *plan_device(struct json_object *plan, const char *name);
int64_t plan_bytes(struct json_object *plan, const char *device, const char *key);

#endif
