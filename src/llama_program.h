/* The user's own llama.cpp: where its programs are, and what they print when asked something short. */
#ifndef OTPLAN_SRC_LLAMA_PROGRAM_H
#define OTPLAN_SRC_LLAMA_PROGRAM_H

#include "model/base/error.h"
#include "model/base/strbuf.h"
#include "src/options.h"

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

/* Starts program with `words` (NULL-terminated, argv[0] left out) and reads all that it prints, up to 1 MiB and
 * `seconds`; stops it at once after a line that holds `until` (or NULL). No process stays. ERROR_SYSTEM where it
 * does not start. Free the text. */
bool llama_program_ask(const char *program, const char *const *words, unsigned seconds,
                       const char *until, struct llama_answer *out, struct error *error);

#endif
