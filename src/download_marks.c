#include "src/download_marks.h"

#include "model/base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* What downloaders append to a file until it is whole. */
static const char *const SUFFIXES[] = {
    ".aria2",              /* aria2: a control file beside the data */
    ".part",               /* Firefox, curl wrappers */
    ".partial",            /* wget wrappers, rsync --partial-dir users */
    ".crdownload",         /* Chromium */
    ".download",           /* Safari */
    ".incomplete",         /* Hugging Face's client */
    ".downloadInProgress", /* llama.cpp's own */
    ".!qB",                /* qBittorrent */
};

enum { N_SUFFIXES = sizeof SUFFIXES / sizeof SUFFIXES[0] };

bool download_name_unfinished(const char *path)
{
    size_t length = strlen(path);
    for (size_t i = 0; i < N_SUFFIXES; i++) {
        size_t suffix = strlen(SUFFIXES[i]);
        if (length > suffix && strcasecmp(path + length - suffix, SUFFIXES[i]) == 0) {
            return true;
        }
    }
    return false;
}

char *download_mark_of(const char *path)
{
    for (size_t i = 0; i < N_SUFFIXES; i++) {
        struct stat status;
        char *mark = memory_format("%s%s", path, SUFFIXES[i]);
        if (stat(mark, &status) == 0) {
            return mark;
        }
        free(mark);
    }
    return NULL;
}
