/* What leaves the program: standard output, whole or not at all, and files that are never half written. */
#ifndef OTPLAN_SRC_OUTPUT_H
#define OTPLAN_SRC_OUTPUT_H

#include "model/base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Writes all of `text`. ERROR_SYSTEM where the other end is closed or the disk is full. */
bool output_print(const char *text, size_t bytes, struct error *error);

/* Writes FILE by way of a temporary file beside it: synced, then renamed. An existing file is replaced
 * with `force` only (ERROR_SYSTEM else). `executable`: with the x bits of a script. */
bool output_write_file(const char *path, const char *text, size_t bytes, bool force,
                       bool executable, struct error *error);

/* Into FILE as output_write_file does; NULL and "-" are standard output. */
bool output_deliver(const char *path, const char *text, size_t bytes, bool force, bool executable,
                    struct error *error);

/* New: the whole of a file (at most `most` bytes), NUL-terminated. "-" is standard input. ERROR_INPUT. */
bool input_read_file(const char *path, size_t most, char **text, size_t *bytes,
                     struct error *error);

#endif
