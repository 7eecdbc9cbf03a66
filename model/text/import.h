/* Reads anything people keep -ot lines in, as llama.cpp arguments and notes on what was different.
 *
 *   command line or shell script   quoting, continued lines, comments; variables stay as they are, arrays
 *                                  (`ARGS=(…)`, "${ARGS[@]}") are put in; Windows batch files
 *   parameter file                 one `-ot "p=B"` a line, `#` comments, also the `p:DEVICE` form
 *   values                         `p=B` or `p:DEVICE`, alone, in lines or between commas
 *   preset                         llama-server's --models-preset INI
 *   llama-swap                     the `cmd:` of an entry of its YAML
 *   environment file               LLAMA_ARG_X=value lines; flags in a variable (`EXTRA_ARGS=-ot …`)
 *   unit file                      systemd's ExecStart=, a quadlet's Exec=, Environment=
 *   compose file                   `command:` or `args:` as text or list, `environment:`; pods too
 *   list of arguments              ["-ot", "p=B"] of JSON, Python and their like
 *   --fit output                   one line of arguments
 *
 * Prompts, code fences, typographic quotes and HTML that came along with a copy are taken off first (paste.h).
 *
 * ik_llama.cpp's and KoboldCpp's own flags are recognised: what means the same is translated, what llama.cpp
 * has not is kept apart, and what means something else is said. .kcpps files are JSON and not read here.
 */
#ifndef OTPLAN_MODEL_TEXT_IMPORT_H
#define OTPLAN_MODEL_TEXT_IMPORT_H

#include "model/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum import_kind {
    IMPORT_COMMAND,
    IMPORT_PARAMETERS,
    IMPORT_VALUES,
    IMPORT_PRESET,
    IMPORT_LLAMA_SWAP,
    IMPORT_ENVIRONMENT,
    IMPORT_UNIT,
    IMPORT_COMPOSE,
    IMPORT_LIST,
    IMPORT_KINDS,
};
const char *import_kind_name(enum import_kind kind); /* "command line", "parameter file", ... */

enum import_dialect { DIALECT_LLAMA, DIALECT_IK, DIALECT_KOBOLD, DIALECT_BENCH };
const char *import_dialect_name(enum import_dialect dialect); /* "llama.cpp", "ik_llama.cpp", ... */

struct import_note {
    uint32_t line; /* from 1; 0: none in particular */
    char *text;    /* owned, one line */
};

/* New strings, free with imported_clear. */
struct imported {
    enum import_kind kind;
    enum import_dialect dialect;
    char *program;    /* as written, or NULL */
    char *entry;      /* preset section or llama-swap model that was read, or NULL */
    char **arguments; /* llama.cpp's, n_arguments; a NULL follows */
    size_t n_arguments;
    char **environment; /* "NAME=value" in front of the command, n_environment; a NULL follows */
    size_t n_environment;
    char **kept; /* words that only the dialect's program takes, n_kept; a NULL follows */
    size_t n_kept;
    struct import_note *notes;
    size_t n_notes;
};

/* `choice`: which preset section or llama-swap model, NULL the first (a note names the others).
 * ERROR_INPUT where nothing in the text places tensors or names a model. */
bool import_text(const char *text, size_t size, const char *choice, struct imported *out,
                 struct error *error);
void imported_clear(struct imported *imported);

#endif
