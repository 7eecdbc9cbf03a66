#include "src/llama_program.h"

#include "model/base/memory.h"
#include "src/child.h"
#include "src/config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STEP_MS = 100, MOST_BYTES = 1 << 20 };

static char *find_below(const char *folder, const char *const *names)
{
    char *build = folder != NULL ? memory_format("%s/build", folder) : NULL;
    char *path = NULL;
    for (; path == NULL && *names != NULL; names++) {
        path = child_find(folder, *names);
        if (path == NULL && build != NULL) {
            path = child_find(build, *names);
        }
    }
    free(build);
    return path;
}

char *llama_program_find(const struct options *options, const char *const *names,
                         struct error *error)
{
    if (options->llama_bin != NULL) {
        char *path = find_below(options->llama_bin, names);
        if (path == NULL) {
            error_set(error, ERROR_SYSTEM, "no %s in %s: say where it is with --llama-bin DIR",
                      names[0], options->llama_bin);
        }
        return path;
    }
    struct config config = {0};
    struct strbuf notes = {0};
    bool read = config_read(options->config, &config, &notes, NULL);
    char *path =
        read && config.llama_cpp_path != NULL ? find_below(config.llama_cpp_path, names) : NULL;
    config_clear(&config);
    strbuf_clear(&notes);
    return path != NULL ? path : find_below(NULL, names);
}

static const char **make_argv(const char *program, const char *const *words)
{
    size_t n = 0;
    while (words[n] != NULL) {
        n++;
    }
    const char **argv = memory_array(n + 2, sizeof *argv);
    argv[0] = program;
    memcpy(argv + 1, words, n * sizeof *words);
    return argv;
}

static bool goes_on(const struct llama_request *request, time_t begin)
{
    return time(NULL) - begin <= (time_t)request->seconds &&
           (request->is_cancelled == NULL || !atomic_load(request->is_cancelled));
}

bool llama_program_ask(const struct llama_request *request, struct llama_answer *out,
                       struct error *error)
{
    *out = (struct llama_answer){0};
    struct child child;
    const char **argv = make_argv(request->program, request->words);
    bool started = child_start(&child, argv, NULL, error);
    free(argv);
    if (!started) {
        return false;
    }
    time_t begin = time(NULL);
    while (out->text.length < MOST_BYTES && goes_on(request, begin)) {
        const char *line = NULL;
        enum child_read got = child_read_line(&child, STEP_MS, &line);
        if (got == CHILD_LINE) {
            strbuf_format(&out->text, "%s\n", line);
        }
        out->in_time = got == CHILD_END || (got == CHILD_LINE && request->until != NULL &&
                                            strstr(line, request->until) != NULL);
        if (out->in_time) {
            break;
        }
    }
    out->status = child_kill(&child);
    return true;
}
