/* Where `run` starts its program: `virtual_env_path` of the settings. A folder (a Python or a conda environment), its
 * activation script (bin/activate), or a command to put in front (conda run -n llama).
 *
 * Nothing is run to find out what activating would set: PATH, and VIRTUAL_ENV or CONDA_PREFIX.
 */
#ifndef OTPLAN_SRC_RUN_ENVIRONMENT_H
#define OTPLAN_SRC_RUN_ENVIRONMENT_H

#include "model/base/error.h"
#include "model/base/word_list.h"

struct run_environment {
    char *folder;            /* owned or NULL */
    bool is_conda;           /* it has conda-meta */
    struct word_list prefix; /* words in front, the first a path; none: nothing */
};

/* `text` NULL: none. ERROR_INPUT: no such folder, or more than one command; ERROR_SYSTEM: the command is not in
 * PATH. Free with run_environment_clear, also after a failure. */
bool run_environment_read(const char *text, struct run_environment *out, struct error *error);
void run_environment_clear(struct run_environment *environment);

/* New: the program in the folder; NULL where it is not there. */
char *run_environment_program(const struct run_environment *environment, const char *name);

/* "NAME=value" of what activating sets: the i-th, new; NULL at the end. */
char *run_environment_variable(const struct run_environment *environment, size_t i);

#endif
