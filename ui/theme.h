/* A theme: a small text that says how each role of the screen looks. One line a role,
 *
 *     experts = #e69f00 bold
 *     # a comment
 *     title = default underline
 *
 * the colour `#rrggbb` or `default` (the terminal's own), then any of bold, dim, underline, reverse. Roles that it
 * leaves out look as in the default scheme. Terminals of 256, 16 or 8 colours show the nearest they have; without
 * colour only bold and the rest count.
 */
#ifndef OTPLAN_UI_THEME_H
#define OTPLAN_UI_THEME_H

#include "model/base/error.h"
#include "ui/palette.h"

#include <stddef.h>

/* ERROR_INPUT with `path` and the number of the line that is wrong. */
bool theme_read(const char *text, const char *path, struct palette *out, struct error *error);
/* "experts", "device0"; for every ink one. */
const char *theme_role(enum ink ink);

#endif
