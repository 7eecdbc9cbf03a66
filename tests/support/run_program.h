/* Runs a real program as a user would, without a terminal: arguments, variables, standard input in; both
 * outputs and the exit status out. */
#ifndef OTPLAN_TESTS_RUN_PROGRAM_H
#define OTPLAN_TESTS_RUN_PROGRAM_H

#include <stddef.h>

struct program_result {
    int status;   /* exit status; 128 + signal where it was killed */
    char *output; /* owned, NUL-terminated */
    char *errors;
    size_t output_bytes;
};

/* `argv` NULL-terminated; argv[0] is looked for in PATH. `environment`: NAME=value strings put over an
 * environment without LLAMA_ARG_* and CUDA_* variables, or NULL. `input`: text for standard input or NULL. */
struct program_result program_run(const char *const *argv, const char *const *environment,
                                  const char *input);
/* otplan itself; the arguments stand behind its name. */
struct program_result otplan_run_with(const char *const *environment, const char *const *arguments);
#define otplan_run(...) otplan_run_with(NULL, (const char *const[]){__VA_ARGS__, NULL})
void program_result_clear(struct program_result *result);

const char *otplan_path(void);
const char *demo_model(void);   /* the bundled sample */
const char *demo_devices(void); /* its machine */

#endif
