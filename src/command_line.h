/* A command line that the user already has, `llama-server -m …` behind wrappers: `env X=Y`, `sudo`,
 * `numactl`, `taskset`, `nice`, `docker run … IMAGE`, …
 */
#ifndef OTPLAN_SRC_COMMAND_LINE_H
#define OTPLAN_SRC_COMMAND_LINE_H

#include "model/base/error.h"
#include "model/plan/settings.h"

#include <stdbool.h>
#include <stddef.h>

struct command_line {
    enum target target;
    const char *program;          /* borrowed: the word that names llama.cpp's program */
    const char *const *arguments; /* borrowed: what follows it, n_arguments words */
    size_t n_arguments;
    const char **environment; /* owned array: the variables it runs with, NULL-terminated */
    bool in_container;        /* its paths may be the container's */
};

/* `inherited`: this process's variables. ERROR_USAGE where no program of llama.cpp is found. Free with
 * command_line_clear. */
bool command_line_read(const char *const *words, size_t n, const char *const *inherited,
                       struct command_line *out, struct error *error);
void command_line_clear(struct command_line *command);

#endif
