#include "src/output.h"

#include "model/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_all(int file, const char *text, size_t bytes)
{
    while (bytes > 0) {
        ssize_t written = write(file, text, bytes);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return false;
        }
        text += written;
        bytes -= (size_t)written;
    }
    return true;
}

bool output_print(const char *text, size_t bytes, struct error *error)
{
    if (!write_all(STDOUT_FILENO, text, bytes)) {
        return error_set(error, ERROR_SYSTEM, "standard output: cannot write: %s", strerror(errno));
    }
    return true;
}

/* Opens FILE.XXXXXX beside FILE; its name is left in `name`. */
static int open_temporary(const char *path, bool executable, char **name)
{
    *name = memory_format("%s.XXXXXX", path);
    int file = mkostemp(*name, O_CLOEXEC);
    mode_t mask = umask(0);
    umask(mask);
    if (file >= 0 && fchmod(file, (executable ? 0777 : 0666) & ~mask) != 0) {
        close(file);
        unlink(*name);
        return -1;
    }
    return file;
}

/* Puts the finished file in its place; without `force` only where nothing is there, in one step. */
static bool put_in_place(const char *from, const char *to, bool force)
{
    if (force) {
        return rename(from, to) == 0;
    }
    bool linked = link(from, to) == 0;
    int why = errno;
    if (!linked && why != EEXIST && access(to, F_OK) != 0) {
        return rename(from, to) == 0; /* a file system without hard links */
    }
    if (linked) {
        unlink(from);
    }
    errno = linked ? 0 : EEXIST;
    return linked;
}

bool output_write_file(const char *path, const char *text, size_t bytes, bool force,
                       bool executable, struct error *error)
{
    struct stat found;
    bool special = stat(path, &found) == 0 && !S_ISREG(found.st_mode);
    if (special) {
        int file = open(path, O_WRONLY | O_CLOEXEC);
        bool written = file >= 0 && write_all(file, text, bytes);
        int why = errno;
        if (file >= 0) {
            close(file);
        }
        return written ||
               error_set(error, ERROR_SYSTEM, "%s: cannot write: %s", path, strerror(why));
    }
    if (!force && access(path, F_OK) == 0) {
        return error_set(error, ERROR_SYSTEM, "%s: exists already (--force replaces it)", path);
    }
    char *temporary = NULL;
    int file = open_temporary(path, executable, &temporary);
    bool written = file >= 0 && write_all(file, text, bytes) && fsync(file) == 0;
    int why = errno;
    if (file >= 0 && close(file) != 0 && written) {
        why = errno;
        written = false;
    }
    if (written && !put_in_place(temporary, path, force)) {
        why = errno;
        written = false;
    }
    if (!written && file >= 0) {
        unlink(temporary);
    }
    free(temporary);
    return written || error_set(error, ERROR_SYSTEM, "%s: cannot write: %s", path, strerror(why));
}

bool output_deliver(const char *path, const char *text, size_t bytes, bool force, bool executable,
                    struct error *error)
{
    return path == NULL || strcmp(path, "-") == 0
               ? output_print(text, bytes, error)
               : output_write_file(path, text, bytes, force, executable, error);
}

bool input_read_file(const char *path, size_t most, char **text, size_t *bytes, struct error *error)
{
    bool standard = strcmp(path, "-") == 0;
    int file = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return error_set(error, ERROR_INPUT, "%s: %s", path, strerror(errno));
    }
    char *all = NULL;
    size_t length = 0;
    ssize_t got = 0;
    do {
        all = memory_resize(all, length + 65536 + 1, 1);
        got = read(file, all + length, 65536);
        length += got > 0 ? (size_t)got : 0;
    } while ((got > 0 || (got < 0 && errno == EINTR)) && length <= most);
    int why = errno;
    if (!standard) {
        close(file);
    }
    if (got < 0 || length > most) {
        free(all);
        return error_set(error, ERROR_INPUT, "%s: %s", standard ? "standard input" : path,
                         got < 0 ? strerror(why) : "too long for what it should be");
    }
    all[length] = '\0';
    *text = all;
    *bytes = length;
    return true;
}
