/* The model in a folder. */
#ifndef OTPLAN_SRC_MODEL_FOLDER_H
#define OTPLAN_SRC_MODEL_FOLDER_H

#include "model/base/error.h"

#include <stdbool.h>

/* New `*out`: the path of the one model in the folder (or, where it has none, in its subfolders), its
 * first part where it is split. Projectors and
 * adapters count only where nothing else is there. With none or with several: ERROR_INPUT and one line
 * that lists them. */
bool model_folder_find(const char *folder, char **out, struct error *error);

#endif
