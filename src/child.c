#include "src/child.h"

#include "model/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static bool runnable(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

static char *runnable_in(const char *folder, size_t length, const char *program)
{
    char *path =
        length == 0 ? memory_text(program) : memory_format("%.*s/%s", (int)length, folder, program);
    if (runnable(path)) {
        return path;
    }
    free(path);
    return NULL;
}

char *child_find(const char *folder, const char *program)
{
    if (folder != NULL) {
        char *direct = runnable_in(folder, strlen(folder), program);
        char *inner = memory_format("%s/bin", folder);
        char *path = direct != NULL ? direct : runnable_in(inner, strlen(inner), program);
        free(inner);
        return path;
    }
    const char *list = getenv("PATH");
    while (list != NULL && *list != '\0') {
        size_t length = strcspn(list, ":");
        char *path = length > 0 ? runnable_in(list, length, program) : NULL;
        if (path != NULL) {
            return path;
        }
        list += length + (list[length] == ':' ? 1 : 0);
    }
    return NULL;
}

bool child_start(struct child *child, const char *const *argv, char *const *environment,
                 struct error *error)
{
    *child = (struct child){.output = -1};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return error_set(error, ERROR_SYSTEM, "%s: cannot start: %s", argv[0], strerror(errno));
    }
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    int failed = posix_spawn(&child->pid, argv[0], &actions, &attributes, (char *const *)argv,
                             environment == NULL ? environ : environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    child->output = ends[0];
    if (failed != 0) {
        child->pid = 0;
        close(ends[0]);
        child->output = -1;
        return error_set(error, ERROR_SYSTEM, "%s: cannot start: %s", argv[0], strerror(failed));
    }
    return true;
}

/* A whole line at the buffer's begin (or all of it at the end of the output), given out. */
static bool take_line(struct child *child, bool end, const char **line)
{
    char *newline = child->length == 0 ? NULL : memchr(child->buffer, '\n', child->length);
    size_t length = newline != NULL ? (size_t)(newline - child->buffer) : child->length;
    if (newline == NULL && (!end || length == 0)) {
        return false;
    }
    free(child->line);
    child->line = memory_text_n(child->buffer, length);
    size_t used = length + (newline != NULL ? 1 : 0);
    memmove(child->buffer, child->buffer + used, child->length - used);
    child->length -= used;
    *line = child->line;
    return true;
}

enum { LONGEST_LINE = 1 << 20 };

enum child_read child_read_line(struct child *child, int milliseconds, const char **line)
{
    for (;;) {
        if (take_line(child, child->output < 0 || child->length > LONGEST_LINE, line)) {
            return CHILD_LINE;
        }
        if (child->output < 0) {
            return CHILD_END;
        }
        struct pollfd poll_output = {.fd = child->output, .events = POLLIN};
        int ready = poll(&poll_output, 1, milliseconds);
        if (ready <= 0) {
            return CHILD_QUIET;
        }
        if (child->capacity - child->length < 4096) {
            child->capacity = child->capacity * 2 + 8192;
            child->buffer = memory_resize(child->buffer, child->capacity, 1);
        }
        ssize_t n =
            read(child->output, child->buffer + child->length, child->capacity - child->length);
        if (n > 0) {
            child->length += (size_t)n;
        } else if (n == 0 || errno != EINTR) {
            close(child->output);
            child->output = -1;
        }
    }
}

/* A program that closed its output is about to end by itself: that status tells more than ours. */
static bool ended_by_itself(struct child *child, int *status)
{
    static const struct timespec moment = {.tv_nsec = 5000000};
    for (int i = 0; i < 100 && child->output < 0; i++) {
        pid_t ended = waitpid(child->pid, status, WNOHANG);
        if (ended == child->pid) {
            return true;
        }
        nanosleep(&moment, NULL);
    }
    return false;
}

int child_kill(struct child *child)
{
    int status = 0;
    if (child->pid > 0 && ended_by_itself(child, &status)) {
        kill(-child->pid, SIGKILL); /* what it may have left behind */
    } else if (child->pid > 0) {
        kill(-child->pid, SIGKILL);
        while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
        }
    }
    if (child->output >= 0) {
        close(child->output);
    }
    free(child->buffer);
    free(child->line);
    *child = (struct child){.output = -1};
    return status;
}
