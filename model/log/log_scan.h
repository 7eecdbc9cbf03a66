/* Small patterns over one line of a log, in place of regular expressions.
 *
 * In a pattern, a blank stands for one or more blanks, every other character for itself, and
 *
 *   %s   a word: everything up to the next blank
 *   %t   any text, as short as the rest of the pattern allows; at the end of a pattern, the rest
 *   %u   a number without a sign, blanks before it skipped: "35"
 *   %f   the same with a fraction: "1467.40"
 *
 *   ^    in front: only from the line's first word
 *
 * Else a pattern may begin at any word of the line, so whatever a supervisor, a container or llama.cpp itself
 * writes in front does no harm. Nothing is copied: captures point into the line.
 */
#ifndef OTPLAN_MODEL_LOG_LOG_SCAN_H
#define OTPLAN_MODEL_LOG_LOG_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_text { /* a slice of a line */
    const char *text;
    size_t length;
};

enum { MAX_CAPTURES = 8, MAX_LOG_LINE = 4096 /* bytes of a line that are looked at */ };

struct log_capture {
    struct log_text text; /* as written */
    uint64_t whole;       /* %u and %f: digits before the point, UINT64_MAX where they overflow */
    uint64_t fraction;    /* %f: digits after the point, nine at most ... */
    unsigned digits;      /* ... and how many they are */
};

struct log_captures {
    struct log_capture at[MAX_CAPTURES];
    size_t n;
};

bool log_scan(struct log_text line, const char *pattern, struct log_captures *captures);

/* Which pairs of neighbouring bytes a line has, as a set that may say yes too often. Most lines of a log
 * matter to nobody; this tells so without looking for every word in every line. */
struct log_pairs {
    uint64_t bits[64];
};
void log_pairs_of(struct log_text line, struct log_pairs *pairs);
bool log_pairs_may_have(const struct log_pairs *pairs, const char *word);

/* Does `word` occur in the line? */
bool log_text_has(struct log_text line, const char *word);
bool log_text_is(struct log_text text, const char *word);
bool log_text_ends(struct log_text text, const char *tail);
struct log_text log_text_trim(struct log_text text); /* blanks off both ends */

/* The bytes of a figure in units of 2^`shift` bytes, 20 for MiB, rounded; saturates. `slack`: half of the
 * last printed digit, so |real - bytes| <= slack. */
uint64_t log_figure_bytes(const struct log_capture *figure, unsigned shift, uint64_t *slack);
double log_figure(const struct log_capture *figure);

/* Next line of `rest`, which is cut behind it: without its end (LF, CR LF), escape sequences and other
 * control characters, `?` for what is not UTF-8, at most MAX_LOG_LINE bytes in `buffer`. False at the end. */
bool log_next_line(struct log_text *rest, char *buffer, struct log_text *line);

#endif
