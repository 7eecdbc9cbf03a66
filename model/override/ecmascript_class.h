/* Escapes and bracket expressions of std::regex's ECMAScript grammar, as libstdc++ reads them in the
 * classic locale: `[[:alpha:]]`, `[[.hyphen.]]`, `[[=a=]]`, `\x41`, `[]` (nothing), `[^]` (anything), and
 * its own ideas: `\cX` is plain X, an unknown escape is the character itself, `\u0141` keeps one byte.
 */
#ifndef OTPLAN_MODEL_OVERRIDE_ECMASCRIPT_CLASS_H
#define OTPLAN_MODEL_OVERRIDE_ECMASCRIPT_CLASS_H

#include "model/base/error.h"
#include "model/base/strbuf.h"

#include <stdbool.h>
#include <stdint.h>

/* A set of bytes. */
struct byte_set {
    uint8_t bits[32];
};

enum escape_kind {
    ESCAPE_CHARACTER, /* `value` is the byte */
    ESCAPE_CLASS,     /* `value` is one of d D s S w W */
    ESCAPE_BACKREF,   /* `value` is the group number */
    ESCAPE_BOUNDARY,  /* \b outside brackets */
    ESCAPE_NOT_BOUNDARY,
};

struct escape {
    enum escape_kind kind;
    int value;
};

/* Reads what follows a backslash and moves `*at` behind it. */
bool escape_read(const char **at, bool in_brackets, struct escape *out, struct error *error);

/* Reads a bracket expression; `*at` stands behind its `[` and is moved behind its `]`. */
bool byte_set_read(const char **at, struct byte_set *out, struct error *error);

/* The set of \d, \D, \s, \S, \w or \W. */
void byte_set_of_escape(int letter, struct byte_set *out);

/* Appends the set as a PCRE2 class. */
void byte_set_write(const struct byte_set *set, struct strbuf *out);

#endif
