/* Where themes lie: $XDG_CONFIG_HOME/otplan/themes/NAME, else assets/themes/NAME. `default` is built in. */
#ifndef OTPLAN_SRC_THEMES_H
#define OTPLAN_SRC_THEMES_H

#include "model/base/error.h"
#include "ui/palette.h"

#include <stddef.h>

bool themes_load(const char *name, struct palette *out, struct error *error);
/* New names, sorted, `default` first; free each and the list. */
char **themes_list(size_t *n);

#endif
