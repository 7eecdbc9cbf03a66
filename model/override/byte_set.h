/* Sets of bytes, and the names that std::regex knows bytes by: classes such as `alpha`, collating elements such
 * as `hyphen`, in the classic locale.
 */
#ifndef OTPLAN_MODEL_OVERRIDE_BYTE_SET_H
#define OTPLAN_MODEL_OVERRIDE_BYTE_SET_H

#include "model/base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct byte_set {
    uint8_t bits[32];
};

void byte_set_add(struct byte_set *set, int byte);
void byte_set_invert(struct byte_set *set);
/* The class of that name, in any case; false where there is none. */
bool byte_set_add_class(struct byte_set *set, const char *name, size_t length);
/* All that is equal to the byte when case is ignored: [[=a=]]. */
void byte_set_add_equivalents(struct byte_set *set, int code);
/* The set of \d, \D, \s, \S, \w or \W. */
void byte_set_of_escape(int letter, struct byte_set *out);

/* Appends the set as a PCRE2 class. */
void byte_set_write(const struct byte_set *set, struct strbuf *out);

/* The byte of a collating element's name, -1 where there is none. */
int byte_of_name(const char *name, size_t length);

#endif
