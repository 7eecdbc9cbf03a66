/* The user's own llama.cpp: where its programs are, and what they print when asked something short. */
#ifndef OTPLAN_SRC_LLAMA_PROGRAM_H
#define OTPLAN_SRC_LLAMA_PROGRAM_H

#include "model/base/error.h"
#include "model/base/strbuf.h"
#include "src/options.h"

#include <stdatomic.h>
#include <stdbool.h>

/* New: path of the first of `names` (NULL-terminated) that is there: below --llama-bin, else below the
 * settings file's llama_cpp_path, else along PATH. NULL where none is; ERROR_SYSTEM where --llama-bin was given. */
char *llama_program_find(const struct options *options, const char *const *names,
                         struct error *error);

struct llama_answer {
    struct strbuf text; /* both outputs, line by line */
    int status;         /* as wait() gives it */
    bool in_time;       /* false: stopped at the time limit */
};

struct llama_request {
    const char *program;
    const char *const *words; /* NULL-terminated, argv[0] left out */
    unsigned seconds;
    const char *until; /* or NULL: it is stopped at once after a line that holds this */
    const atomic_bool *
        is_cancelled; /* or NULL: set by another thread, it is stopped within a tenth of a second */
};

/* Starts the program and reads all that it prints, up to 1 MiB. No process stays. ERROR_SYSTEM where it does not
 * start. Free the text. */
bool llama_program_ask(const struct llama_request *request, struct llama_answer *out,
                       struct error *error);

#endif
