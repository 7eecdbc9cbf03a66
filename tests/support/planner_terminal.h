/* The planner on the demo, in a terminal: where things stand on its main screen, what it says, and what
 * the same program says of the same arguments without a screen.
 *
 * Places are found by their labels, never by fixed coordinates, so a test survives a new row.
 */
#ifndef OTPLAN_TESTS_PLANNER_TERMINAL_H
#define OTPLAN_TESTS_PLANNER_TERMINAL_H

#include "tests/support/pty.h"

#include <stdint.h>

struct json_object;

/* `otplan demo` with more arguments (NULL-terminated, or NULL), once its first frame is there. */
struct pty *planner_demo(int rows, int columns, const char *const environment[],
                         const char *const arguments[]);

struct spot {
    int row, column;
};

/* Cell of a layer in a row of the map: "home", "gate", "up", "down", ... (how the row's label begins). */
bool planner_map_spot(struct pty *terminal, const char *label, int layer, struct spot *spot);
/* First cell of a device's bar. */
bool planner_bar_spot(struct pty *terminal, const char *device, struct spot *spot);
/* Some glyphs of a map row from a layer on: "cccccc000". Borrowed until the next call. */
const char *planner_map_text(struct pty *terminal, const char *label, int layer, int n);

void planner_drag(struct pty *terminal, struct spot from, struct spot to);
/* Presses at `from` and moves to `to`, and holds. */
void planner_carry(struct pty *terminal, struct spot from, struct spot to);
/* Moves the map's cursor to a cell by keys alone. */
void planner_go(struct pty *terminal, const char *label, int layer);

/* The figures at the end of a device's bar, in MiB. */
struct bar_figures {
    uint64_t used, budget;
    double percent;
};
bool planner_bar_figures(struct pty *terminal, const char *device, struct bar_figures *out);
/* Waits until a device's bar says so many MiB are used. */
bool planner_wait_used(struct pty *terminal, const char *device, uint64_t mib);

/* Waits until it says something else than so many. */
bool planner_wait_used_change(struct pty *terminal, const char *device, uint64_t mib);
/* Is there a line with this word and this number of bytes, whatever blanks or commas group its digits? */
bool planner_says_bytes(struct pty *terminal, const char *word, uint64_t bytes);

/* The text last put on the clipboard (OSC 52), decoded; new, or NULL. */
char *planner_clipboard(const struct pty *terminal);

/* `otplan plan DEMO --devices DEMO-DEVICES --json` with these shell-quoted arguments. */
struct json_object *planner_plan_json(const char *shell_arguments);
/* What `command`, given to sh, prints; new. `status` may be NULL. */
char *shell_output(const char *command, int *status);

uint64_t mib_up(uint64_t bytes);
uint64_t mib_down(uint64_t bytes);

#endif
