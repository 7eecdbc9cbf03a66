/* The files of a repository, as the hub lists them in JSON, and the one a quant means. */
#ifndef OTPLAN_SRC_REMOTE_REPO_FILES_H
#define OTPLAN_SRC_REMOTE_REPO_FILES_H

#include "model/base/error.h"

#include <stddef.h>

struct remote_repo_files {
    char **
        paths; /* owned: those that are models, first parts only, as they may stand in an address */
    size_t n;
};

/* Adds what one page of the list names. `url` is for messages. ERROR_INPUT where it is no list of files. */
bool remote_repo_files_add(struct remote_repo_files *files, const char *url, const char *json,
                           size_t size, struct error *error);
/* New `*path`. Source of the choice: find_best_model in llama.cpp's common/download.cpp: the first name in
 * which the quant is followed by '.' or '-', whatever the case. */
bool remote_repo_files_choose(const struct remote_repo_files *files, const char *name,
                              const char *quant, char **path, struct error *error);
void remote_repo_files_clear(struct remote_repo_files *files);

#endif
