/* Replays the files of a folder through a fuzz target: seeds and past findings, in every test run and
 * with any compiler. Usage: replay_NAME FOLDER */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int replay(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    /* exactly as long as the file: a read past its end is one past the allocation */
    uint8_t *bytes = malloc(size > 0 ? (size_t)size : 1);
    size_t n = bytes == NULL ? 0 : fread(bytes, 1, size > 0 ? (size_t)size : 0, file);
    fclose(file);
    if (bytes != NULL) {
        LLVMFuzzerTestOneInput(bytes, n);
    }
    free(bytes);
    return 0;
}

int main(int argc, char **argv)
{
    int n = 0;
    int failed = 0;
    DIR *directory = argc == 2 ? opendir(argv[1]) : NULL;
    if (directory == NULL) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 1;
    }
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        if (entry->d_name[0] != '.') {
            failed += replay(argv[1], entry->d_name);
            n++;
        }
    }
    closedir(directory);
    printf("%d files replayed\n", n);
    return failed > 0 || n == 0;
}
