/* --import FILE|-: the placement from anything people keep -ot lines in, .kcpps files included.
 *
 * The text is read in model/text/import.h; here its arguments are made such as today's llama.cpp takes, with a
 * note for every one that was changed.
 */
#ifndef OTPLAN_SRC_IMPORT_FILE_H
#define OTPLAN_SRC_IMPORT_FILE_H

#include "model/base/error.h"
#include "model/base/strbuf.h"
#include "model/text/import.h"

#include <stdbool.h>

/* Fills `out` (imported_clear it); notes are appended to `notes`, one a line. ERROR_INPUT. "-" is standard
 * input. */
bool import_file(const char *path, struct imported *out, struct strbuf *notes, struct error *error);

/* The same of text that is here already; `name` stands in front of errors. */
bool import_buffer(const char *name, const char *text, size_t bytes, struct imported *out,
                   struct strbuf *notes, struct error *error);

/* A command line whose program speaks another dialect than llama.cpp's (llama-bench, ik_llama.cpp,
 * KoboldCpp); false, and nothing said, for all others. `program` is the first of the words. */
bool import_command(const char *program, const char *const *arguments, size_t n,
                    struct imported *out, struct strbuf *notes);

/* A .kcpps file's settings as llama.cpp arguments. */
struct json_object;
bool import_is_kobold(struct json_object *settings);
bool import_kobold(struct json_object *settings, struct imported *out);

#endif
