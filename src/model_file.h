/* Opening a model: a file, any part of a split one, or the folder that holds it; or a name of
 * src/remote_model.h. Read-only, and no byte of the weights is touched.
 */
#ifndef OTPLAN_SRC_MODEL_FILE_H
#define OTPLAN_SRC_MODEL_FILE_H

#include "model/base/error.h"
#include "model/gguf/gguf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct model_file_map; /* one mapped part */

struct model_file {
    char *path;          /* owned: the file the user named, or the one found in their folder */
    char *first_path;    /* owned: the first part (or its address), the one to give to llama.cpp */
    struct gguf *gguf;   /* owned */
    uint64_t file_bytes; /* of all parts together */
    size_t n_parts;
    const char *notice;          /* or NULL: what the user should know of how it was read */
    struct model_file_map *maps; /* private */
};

/* New `*out`; close with model_file_close. Fails with ERROR_INPUT and one line: missing, unreadable, not
 * a regular file, an unfinished download, parts that are missing, a folder without or with several
 * models (they are listed), and all that gguf_parse refuses; for remote models also as said in
 * src/remote_model.h. */
bool model_file_open(const char *path, struct model_file **out, struct error *error);
void model_file_close(struct model_file **file);

/* FNV-1a, 64 bits, over the heads of all parts up to the ends of their tensor tables: the same for a
 * whole file and for its head alone. Reads the heads, so ask only when it is needed. */
uint64_t model_file_head_hash(const struct model_file *file);

/* Reads the metadata of one file. ERROR_INPUT as above. */
bool model_file_peek(const char *path, struct gguf_peek *out, struct error *error);

#endif
