#include "tests/support/tree.h"

#include "model/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *make_path(const char *root, const char *path)
{
    char *full = memory_format("%s/%s", root, path);
    for (char *at = full + strlen(root) + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        mkdir(full, 0777);
        *at = '/';
    }
    return full;
}

void tree_write(const char *root, const char *path, const char *text)
{
    char *full = make_path(root, path);
    FILE *file = fopen(full, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        abort();
    }
    free(full);
}

void tree_program(const char *root, const char *path, const char *body)
{
    char *text = memory_format("#!/bin/sh\n%s", body);
    tree_write(root, path, text);
    char *full = make_path(root, path);
    chmod(full, 0755);
    free(full);
    free(text);
}
