/* Escapes and bracket expressions of std::regex's ECMAScript grammar, as libstdc++ reads them in the
 * classic locale: `[[:alpha:]]`, `[[.hyphen.]]`, `[[=a=]]`, `\x41`, `[]` (nothing), `[^]` (anything), and
 * its own ideas: `\cX` is plain X, an unknown escape is the character itself, `\u0141` keeps one byte.
 */
#ifndef OTPLAN_MODEL_OVERRIDE_ECMASCRIPT_CLASS_H
#define OTPLAN_MODEL_OVERRIDE_ECMASCRIPT_CLASS_H

#include "model/base/error.h"
#include "model/override/byte_set.h"

#include <stdbool.h>

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

#endif
