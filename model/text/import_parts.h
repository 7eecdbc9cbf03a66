/* The parts of the importer; import.h is its face. */
#ifndef OTPLAN_MODEL_TEXT_IMPORT_PARTS_H
#define OTPLAN_MODEL_TEXT_IMPORT_PARTS_H

#include "model/text/import.h"
#include "model/text/shell_words.h"

/* Appends a copy. */
void imported_argument(struct imported *out, const char *word);
void imported_kept(struct imported *out, const char *word);
void imported_environment(struct imported *out, const char *assignment);
void imported_note(struct imported *out, uint32_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Words behind the program's name, translated into llama.cpp's; `out->dialect` is set before.
 * `colons`: -ot pieces of the form `p:DEVICE` are repaired, as in parameter files. */
void import_words(const struct shell_word *words, size_t n, bool colons, struct imported *out);

/* ik_llama.cpp and KoboldCpp are told by their flags. */
enum import_dialect import_dialect_of(const char *program, const struct shell_word *words,
                                      size_t n);

/* Is the word a flag of llama.cpp or of one of the dialects? */
bool import_knows_flag(const char *word);
/* Is it `flag` or `flag=value` of those that say which tensor goes where, or of those that place at all? */
bool import_is_override(const char *word);
bool import_is_placing(const char *word);

/* `p:DEVICE` with no `=` as `p=DEVICE`; every other piece as it is. New. */
char *import_colon_value(const char *value, bool *changed);

/* --- shell ---------------------------------------------------------------------------------------- */

/* What a script puts into its variables: NAME=…, NAME=( … ), +=, `set NAME=…`. */
struct variables;
struct variables *variables_of(const struct shell_script *script);
void variables_free(struct variables **variables);

/* The words of a command from `from` on with arrays, variables that hold flags, and variables of override
 * values put in; all others stay as they stand. One command, new. */
void import_expand(struct variables *variables, const struct shell_command *command, size_t from,
                   struct shell_script *out);

/* A command line, a script or lines of flags; false where there is none. */
bool import_shell(const char *text, size_t size, enum shell_style style, struct imported *out);

/* A value that holds flags, outside of any command: `EXTRA_ARGS=… -ot …` of an environment file, a compose
 * file, a unit. */
bool import_assigned(const char *text, size_t size, struct imported *out);

/* Override values alone, one or more a line, and LLAMA_ARG_… assignments. */
bool import_values(const char *text, size_t size, struct imported *out);
/* `override-tensor = p=B` anywhere, as in a preset or a settings form. */
bool import_named(const char *text, size_t size, struct imported *out);
/* LLAMA_ARG_… assignments anywhere: `-e`, `ENV`, `Environment=`, `$env:`, YAML. */
bool import_assignments(const char *text, size_t size, struct imported *out);

/* --- other texts ---------------------------------------------------------------------------------- */

/* Lists of texts as JSON, Python and others write them: `["-ot", "exps=CPU"]`. */
bool import_lists(const char *text, size_t size, struct imported *out);

/* A `--models-preset` section. */
bool import_preset(const char *text, size_t size, const char *choice, struct imported *out,
                   struct error *error);

/* A systemd unit or a podman quadlet, as one line of shell text: new, NULL where it starts nothing. */
char *import_unit_command(const char *text, size_t size);

/* The command of an entry of a YAML file: llama-swap's `cmd:`, `command:` and `args:` of compose files and
 * pods. As shell text, new; NULL with `error` where there is none. */
char *import_yaml_command(const char *text, size_t size, const char *choice, struct imported *out,
                          struct error *error);
/* `- "-ot"` lines alone, as shell text; NULL where there are none. */
char *import_yaml_items(const char *text, size_t size);

#endif
