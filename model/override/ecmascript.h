/* std::regex's ECMAScript grammar as libstdc++ reads it, translated into a PCRE2 pattern.
 *
 * Refuses what libstdc++ throws on, its limit of 100 000 states included. What is accepted matches the same
 * subjects in PCRE2 (bytes, no options): `.` is not \n or \r, `a++` is a repeat of a repeat, `\A` is the
 * letter A. One case needs help at match time: libstdc++ runs a lookahead as a search of its own, so in an
 * attempt from the subject's first character, `^` and `\b` inside a lookahead see its start as the start of
 * the text. Such patterns have a second translation, `first`, for that attempt, with callouts that compare
 * positions.
 */
#ifndef OTPLAN_MODEL_OVERRIDE_ECMASCRIPT_H
#define OTPLAN_MODEL_OVERRIDE_ECMASCRIPT_H

#include "model/base/error.h"
#include "model/base/strbuf.h"

#include <stdbool.h>
#include <stdint.h>

enum { ECMASCRIPT_MAX_CALLOUTS = 255, ECMASCRIPT_MAX_SUBJECT = 1023 };

enum callout_kind { CALLOUT_BEGIN, CALLOUT_BOUNDARY, CALLOUT_NOT_BOUNDARY };
struct ecmascript_callout {
    enum callout_kind kind;
    uint32_t group; /* PCRE2 group whose start is the start of the lookahead */
};

struct ecmascript {
    struct strbuf pcre;
    struct strbuf first;                 /* empty: `pcre` serves every attempt */
    struct ecmascript_callout *callouts; /* owned: of `first`, by callout number - 1 */
    uint32_t n_callouts;

    /* Text that every match holds, "" where nothing is sure; with `is_literal` the pattern is no more than
     * this text, between ^ and $ where the flags say so. */
    struct strbuf required;
    bool is_literal, at_begin, at_end;
};

/* ERROR_INPUT, in words a user of -ot knows, where std::regex throws or the pattern is deeper than we
 * follow. Clear `out` in both cases. */
bool ecmascript_translate(const char *text, struct ecmascript *out, struct error *error);
void ecmascript_clear(struct ecmascript *program);

#endif
