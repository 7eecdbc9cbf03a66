#include "tests/support/run_program.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool kept(const char *variable)
{
    static const char *const dropped[] = {"LLAMA_", "CUDA_", "OTPLAN_", "HF_", "XDG_", "COLUMNS="};
    for (size_t i = 0; i < sizeof dropped / sizeof dropped[0]; i++) {
        if (strncmp(variable, dropped[i], strlen(dropped[i])) == 0) {
            return false;
        }
    }
    return true;
}

/* Later assignments win: the test's own come first, ours are left out where it has the same name. */
static char **make_environment(const char *const *own)
{
    size_t n = 0;
    size_t n_own = 0;
    while (environ[n] != NULL) {
        n++;
    }
    while (own != NULL && own[n_own] != NULL) {
        n_own++;
    }
    char **all = memory_array(n + n_own + 1, sizeof *all);
    size_t at = 0;
    for (size_t i = 0; i < n_own; i++) {
        all[at++] = memory_text(own[i]);
    }
    for (size_t i = 0; i < n; i++) {
        bool hidden = !kept(environ[i]);
        for (size_t k = 0; k < n_own; k++) {
            size_t length = strcspn(own[k], "=") + 1;
            hidden = hidden || strncmp(environ[i], own[k], length) == 0;
        }
        if (!hidden) {
            all[at++] = memory_text(environ[i]);
        }
    }
    return all;
}

static void free_environment(char **environment)
{
    for (char **variable = environment; *variable != NULL; variable++) {
        free(*variable);
    }
    free(environment);
}

/* Reads both pipes until both are closed. */
static void collect(int output, int errors, struct program_result *result)
{
    struct strbuf texts[2] = {{0}};
    struct pollfd ends[2] = {{.fd = output, .events = POLLIN}, {.fd = errors, .events = POLLIN}};
    while (ends[0].fd >= 0 || ends[1].fd >= 0) {
        if (poll(ends, 2, -1) < 0 && errno != EINTR) {
            break;
        }
        for (int i = 0; i < 2; i++) {
            char bytes[65536];
            if (ends[i].fd < 0 || ends[i].revents == 0) {
                continue;
            }
            ssize_t got = read(ends[i].fd, bytes, sizeof bytes);
            if (got <= 0) {
                ends[i].fd = -1;
            } else {
                strbuf_add_n(&texts[i], bytes, (size_t)got);
            }
        }
    }
    result->output_bytes = texts[0].length;
    result->output = strbuf_take(&texts[0]);
    result->errors = strbuf_take(&texts[1]);
}

static int input_file(const char *input)
{
    if (input == NULL) {
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    char name[] = "/tmp/otplan-input-XXXXXX";
    int file = mkstemp(name);
    unlink(name);
    size_t length = strlen(input);
    if (write(file, input, length) != (ssize_t)length) {
        abort();
    }
    lseek(file, 0, SEEK_SET);
    return file;
}

struct program_result program_run(const char *const *argv, const char *const *environment,
                                  const char *input)
{
    struct program_result result = {0};
    int output[2];
    int errors[2];
    if (pipe2(output, O_CLOEXEC) != 0 || pipe2(errors, O_CLOEXEC) != 0) {
        abort();
    }
    int in = input_file(input);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, errors[1], STDERR_FILENO);
    char **variables = make_environment(environment);
    pid_t child = 0;
    int failed = posix_spawnp(&child, argv[0], &actions, NULL, (char *const *)argv, variables);
    posix_spawn_file_actions_destroy(&actions);
    free_environment(variables);
    close(in);
    close(output[1]);
    close(errors[1]);
    collect(output[0], errors[0], &result);
    close(output[0]);
    close(errors[0]);
    int status = 0;
    if (failed == 0) {
        waitpid(child, &status, 0);
    }
    result.status = failed != 0         ? 127
                    : WIFEXITED(status) ? WEXITSTATUS(status)
                                        : 128 + WTERMSIG(status);
    return result;
}

void program_result_clear(struct program_result *result)
{
    free(result->output);
    free(result->errors);
    *result = (struct program_result){0};
}

const char *otplan_path(void)
{
    return OTPLAN_BUILD "/otplan";
}

const char *demo_model(void)
{
    return OTPLAN_BUILD "/assets/kimi-k2-demo.gguf";
}

const char *demo_devices(void)
{
    return OTPLAN_SOURCE "/assets/demo-devices.json";
}

struct program_result otplan_run_with(const char *const *environment, const char *const *arguments)
{
    size_t n = 0;
    while (arguments[n] != NULL) {
        n++;
    }
    const char **argv = memory_array(n + 2, sizeof *argv);
    argv[0] = otplan_path();
    for (size_t i = 0; i < n; i++) {
        argv[i + 1] = arguments[i];
    }
    struct program_result result = program_run(argv, environment, NULL);
    free(argv);
    return result;
}
