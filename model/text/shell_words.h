/* Splits text into commands and words as a POSIX shell does, without running anything: quotes, backslashes,
 * continued lines, comments, `;` `&&` `|` and newlines between commands. Variables and $(...) are left as
 * they stand.
 *
 * Lenient where a shell would stop, because what people keep is often not quite shell: a `(` inside a word
 * is taken literally up to its `)`, as in `-ot blk.(1|2).ffn=CPU`.
 */
#ifndef OTPLAN_MODEL_TEXT_SHELL_WORDS_H
#define OTPLAN_MODEL_TEXT_SHELL_WORDS_H

#include "model/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum shell_style {
    SHELL_POSIX,
    SHELL_RAW,   /* no shell will read it: backslashes stay, `$` is nothing special */
    SHELL_BATCH, /* Windows: backslashes stay, `^` and a backquote at a line's end continue it */
    SHELL_FIELDS, /* what a shell makes of a variable outside quotes: blanks cut, nothing else counts */
};

struct shell_word {
    char *text;            /* owned, unquoted */
    uint32_t line;         /* from 1 */
    bool quoted;           /* some of it stood in quotes */
    bool ate_backslash;    /* a backslash outside quotes is gone from it */
    bool has_variable;     /* $NAME, ${...}, $(...) or backquotes are left in it */
    bool open_parenthesis; /* a shell would stop at its unquoted parenthesis */
};

struct shell_command {
    struct shell_word *words; /* owned */
    size_t n;
};

struct shell_script {
    struct shell_command *commands; /* owned; none is empty */
    size_t n;
};

/* ERROR_INPUT with the line where a quote is never closed; `out` then holds what came before it, and the
 * rest as one word. Free with shell_script_clear in both cases. */
bool shell_split(const char *text, size_t size, enum shell_style style, struct shell_script *out,
                 struct error *error);
void shell_script_clear(struct shell_script *script);

/* Appends a word (its text becomes the script's) to the last command, or to a new one. */
void shell_script_add(struct shell_script *script, bool new_command, struct shell_word word);

#endif
