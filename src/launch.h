/* A program started for the user: in a group of its own that takes the terminal over where there is one,
 * signals passed on, and gone when otplan is, however that ends, with all that it started itself (a prefix such
 * as `conda run` stands between): a guard, a process of otplan's own, ends the group and restores the terminal
 * when otplan is gone.
 */
#ifndef OTPLAN_SRC_LAUNCH_H
#define OTPLAN_SRC_LAUNCH_H

#include "src/child.h"

#include <stdbool.h>
#include <stdint.h>

struct launch {
    const char *const *argv;  /* NULL-terminated; argv[0] is a path */
    char *const *environment; /* NULL-terminated */
    bool keep_output;         /* standard output is the program's own: only its errors are read */
    void (*started)(int64_t pid);
    void (*line)(const char *line, void *payload);
    void *payload;
};

struct launch_end {
    int status; /* as wait() gives it */
    int signal; /* the last signal that was passed on; 0 none */
};

/* Runs it to its end, giving out each line. ERROR_SYSTEM where it cannot be started. */
bool launch_run(const struct launch *launch, struct launch_end *out, struct error *error);

#endif
