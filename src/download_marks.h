/* Unfinished downloads, known by their names and by what lies next to them. */
#ifndef OTPLAN_SRC_DOWNLOAD_MARKS_H
#define OTPLAN_SRC_DOWNLOAD_MARKS_H

#include <stdbool.h>

/* True where the name itself is that of an unfinished download ("model.gguf.part"). */
bool download_name_unfinished(const char *path);

/* New: the path of the sign that the download of `path` is not done (a control file such as
 * "model.gguf.aria2", a partial file such as "model.gguf.part"), or NULL. */
char *download_mark_of(const char *path);

#endif
