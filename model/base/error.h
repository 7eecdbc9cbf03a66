/* Errors are values: what went wrong, where, and what to do, in one line of text.
 *
 * A function that can fail returns bool and takes a `struct error *` as its last argument (NULL is
 * allowed: the caller does not want the words). The first error wins; later ones are ignored, so an
 * outer function may add nothing and still report the inner cause.
 */
#ifndef OTPLAN_MODEL_BASE_ERROR_H
#define OTPLAN_MODEL_BASE_ERROR_H

#include <stdbool.h>

/* The kinds are otplan's exit statuses, so `main` can return them as they are. */
enum error_kind {
    ERROR_NONE = 0,
    ERROR_USAGE = 1,  /* wrong usage of otplan itself */
    ERROR_INPUT = 2,  /* the input cannot be used: unreadable, not GGUF, refused by llama.cpp */
    ERROR_UNFIT = 3,  /* --check found a plan that does not fit */
    ERROR_SYSTEM = 4, /* otplan could not do its part: no terminal, cannot write, no memory */
    ERROR_INTERRUPTED = 130, /* Ctrl-C */
};

struct error {
    enum error_kind kind;
    char text[1024]; /* UTF-8, one line, no trailing newline, without the `otplan: ` in front */
};

/* Fills `error` unless it holds one already. Always returns false: `return error_set(...)`.
 * What acts on a terminal (controls, direction marks, bytes that are no UTF-8) becomes `?`: names come from
 * hostile files. */
bool error_set(struct error *error, enum error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
