/* A child process in a group of its own, its output read line by line through one pipe. No shell is ever
 * involved. */
#ifndef OTPLAN_SRC_CHILD_H
#define OTPLAN_SRC_CHILD_H

#include "model/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct child {
    pid_t pid;  /* also the group's; 0: none */
    int output; /* read end of its standard output and error */
    char *buffer;
    size_t length, capacity;
    char *line; /* owned: the line given out last */
};

/* Path of `program` in `folder`, or along PATH where folder is NULL: new; NULL where it is not there. */
char *child_find(const char *folder, const char *program);

/* Starts argv[0] (a path). `environment`: NULL-terminated, or NULL for this process's own. ERROR_SYSTEM. */
bool child_start(struct child *child, const char *const *argv, char *const *environment,
                 struct error *error);

enum child_read { CHILD_LINE, CHILD_QUIET, CHILD_END };

/* Waits up to `milliseconds` for a line; `*line` is borrowed until the next call, without its newline. */
enum child_read child_read_line(struct child *child, int milliseconds, const char **line);

/* Kills the whole group and reaps; the wait status. Safe when it has ended already. */
int child_kill(struct child *child);

#endif
