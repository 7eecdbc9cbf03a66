/* One override pattern, matched as std::regex (ECMAScript, libstdc++) does with regex_search.
 *
 * PCRE2 does the matching; the pattern is first read by our own ECMAScript parser, which refuses what
 * libstdc++ refuses ("[6-10]", a leading "*", "(?<!", ...) and rewrites what PCRE2 reads otherwise
 * ("\A", "\Z", POSIX classes, backreferences, "$", "."). This is the only place that knows PCRE2.
 */
#ifndef OTPLAN_MODEL_OVERRIDE_PATTERN_H
#define OTPLAN_MODEL_OVERRIDE_PATTERN_H

#include "model/base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct pattern;

/* New `*out`, free with pattern_free. ERROR_INPUT with the reason, in words a user of -ot knows, where
 * std::regex throws. */
bool pattern_compile(const char *text, struct pattern **out, struct error *error);
void pattern_free(struct pattern **pattern);

/* Is the pattern found in `subject` (at most ECMASCRIPT_MAX_SUBJECT bytes; longer ones hold nothing)? The
 * work is limited: a pattern that backtracks without end gives up, and from then on is found nowhere.
 * The answers are cached work inside `pattern`: one thread at a time. */
bool pattern_found(const struct pattern *pattern, const char *subject);
bool pattern_gave_up(const struct pattern *pattern); /* std::regex would hang: words for the user */

#endif
