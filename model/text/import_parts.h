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

/* `p:DEVICE` with no `=` as `p=DEVICE`; every other piece as it is. New. */
char *import_colon_value(const char *value, bool *changed);

/* A `--models-preset` section. */
bool import_preset(const char *text, size_t size, const char *choice, struct imported *out,
                   struct error *error);

/* The command of a llama-swap entry as one line of shell text: new, NULL with `error` where there is none. */
char *import_swap_command(const char *text, size_t size, const char *choice, struct imported *out,
                          struct error *error);

#endif
