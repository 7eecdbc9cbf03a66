#include "src/watch_server.h"

#include "model/base/memory.h"
#include "model/base/plain_text.h"
#include "src/machine_tree.h"
#include "src/user_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_GENERATIONS = 16 };

/* The n-th field of /proc/PID/stat from 3 on: the second is a name in brackets that may hold anything. */
static bool stat_field(int64_t pid, unsigned field, uint64_t *out)
{
    char *line = machine_line("/proc/%lld/stat", (long long)pid);
    char *at = line != NULL ? strrchr(line, ')') : NULL;
    for (unsigned i = 2; at != NULL && i < field; i++) {
        at = strchr(at + 1, ' ');
    }
    char *end = NULL;
    *out = at != NULL ? strtoull(at + 1, &end, 10) : 0;
    bool read = at != NULL && end != at + 1;
    free(line);
    return read;
}

bool watch_process_runs(int64_t pid)
{
    char *line = machine_line("/proc/%lld/stat", (long long)pid);
    const char *at = line != NULL ? strrchr(line, ')') : NULL;
    bool runs = at != NULL && at[1] == ' ' && at[2] != 'Z' && at[2] != 'X';
    free(line);
    return runs;
}

/* New: the file name of argv[0]; NULL where it is not to be read. */
static char *name_of_arguments(int64_t pid)
{
    char *text = machine_text("/proc/%lld/cmdline", (long long)pid); /* up to the first NUL */
    const char *slash = text != NULL ? strrchr(text, '/') : NULL;
    char *name =
        text == NULL || text[0] == '\0' ? NULL : memory_text(slash != NULL ? slash + 1 : text);
    free(text);
    return name;
}

void watch_process_name(int64_t pid, char *out, size_t n)
{
    char *name = name_of_arguments(pid);
    char *kernel = machine_line("/proc/%lld/comm", (long long)pid); /* of a script: the script's */
    bool by_kernel =
        kernel != NULL && (name == NULL || name[0] == '\0' ||
                           (watch_is_server_name(kernel) && !watch_is_server_name(name)));
    const char *chosen = by_kernel ? kernel : name;
    snprintf(out, n, "%s", chosen != NULL ? chosen : "");
    plain_text(out);
    free(name);
    free(kernel);
}

bool watch_process_memory(int64_t pid, uint64_t *bytes)
{
    uint64_t anonymous = 0;
    uint64_t shared = 0;
    char *text = machine_text("/proc/%lld/status", (long long)pid);
    bool read = text != NULL && machine_field(text, "RssAnon:", &anonymous) &&
                machine_field(text, "RssShmem:", &shared) && anonymous < 1ULL << 50 &&
                shared < 1ULL << 50;
    free(text);
    *bytes = read ? (anonymous + shared) << 10 : 0;
    return read;
}

bool watch_is_within(int64_t pid, int64_t ancestor)
{
    for (int i = 0; i < MOST_GENERATIONS && pid > 1; i++) {
        uint64_t parent = 0;
        if (pid == ancestor) {
            return true;
        }
        pid = stat_field(pid, 4, &parent) && parent < 1ULL << 32 ? (int64_t)parent : 0;
    }
    return pid == ancestor;
}

bool watch_is_server_name(const char *name)
{
    static const char *const begins[] = {"llama-",    "llama_",   "ollama",
                                         "koboldcpp", "lemonade", "ik_llama"};
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        if (strncmp(name, begins[i], strlen(begins[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- the server that run started ------------------------------------------------------------ */

enum { START_TIME = 22 };

int64_t watch_server_remembered(void)
{
    char *path = user_path(USER_STATE, "server");
    FILE *file = path != NULL ? fopen(path, "re") : NULL;
    long long pid = 0;
    unsigned long long start = 0;
    uint64_t now = 0;
    bool read = file != NULL && fscanf(file, "%lld %llu", &pid, &start) == 2 && pid > 0;
    if (file != NULL) {
        fclose(file);
    }
    free(path);
    return read && stat_field(pid, START_TIME, &now) && now == start ? pid : 0;
}

void watch_server_remember(int64_t pid)
{
    uint64_t start = 0;
    char *path = user_path(USER_STATE, "server");
    bool can = path != NULL && stat_field(pid, START_TIME, &start) && user_make_folders(path);
    FILE *file = can ? fopen(path, "we") : NULL;
    if (file != NULL) {
        fprintf(file, "%lld %llu\n", (long long)pid, (unsigned long long)start);
        fclose(file);
    }
    free(path);
}

void watch_server_forget(void)
{
    char *path = user_path(USER_STATE, "server");
    if (path != NULL) {
        unlink(path);
    }
    free(path);
}
