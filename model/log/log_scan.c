#include "model/log/log_scan.h"

#include <string.h>

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- captures ---- */

static size_t take_digits(struct log_text line, size_t at, uint64_t *value)
{
    *value = 0;
    for (; at < line.length && digit(line.text[at]); at++)
        if (__builtin_mul_overflow(*value, UINT64_C(10), value) ||
            __builtin_add_overflow(*value, (uint64_t)(line.text[at] - '0'), value))
            *value = UINT64_MAX;
    return at;
}

static size_t take_fraction(struct log_text line, size_t at, struct log_capture *capture)
{
    size_t start = at;
    uint64_t ignored;

    while (at < line.length && digit(line.text[at]) && at - start < 9)
        capture->fraction = capture->fraction * 10 + (uint64_t)(line.text[at++] - '0');
    capture->digits = (unsigned)(at - start);
    return take_digits(line, at, &ignored);
}

/* Past the number at `at`, or `at` itself where there is none. */
static size_t take_number(struct log_text line, size_t at, bool with_fraction,
                          struct log_capture *capture)
{
    size_t start = at;

    while (start < line.length && blank(line.text[start]))
        start++;
    if (start >= line.length || !digit(line.text[start]))
        return at;
    size_t end = take_digits(line, start, &capture->whole);
    if (with_fraction && end + 1 < line.length && line.text[end] == '.' &&
        digit(line.text[end + 1]))
        end = take_fraction(line, end + 1, capture);
    capture->text = (struct log_text){line.text + start, end - start};
    return end;
}

/* ---- patterns ---- */

static bool match_here(struct log_text line, size_t at, const char *pattern,
                       struct log_captures *captures);

static bool match_word(struct log_text line, size_t at, const char *rest,
                       struct log_captures *captures)
{
    struct log_capture *capture = &captures->at[captures->n];
    size_t end = at;

    while (end < line.length && !blank(line.text[end]))
        end++;
    if (end == at)
        return false;
    capture->text = (struct log_text){line.text + at, end - at};
    captures->n++;
    return match_here(line, end, rest, captures);
}

static bool match_text(struct log_text line, size_t at, const char *rest,
                       struct log_captures *captures)
{
    size_t n = captures->n;

    for (size_t end = *rest ? at : line.length; end <= line.length; end++) {
        captures->n = n;
        captures->at[n].text = (struct log_text){line.text + at, end - at};
        captures->n++;
        if (match_here(line, end, rest, captures))
            return true;
    }
    return false;
}

static bool match_number(struct log_text line, size_t at, const char *rest, bool with_fraction,
                         struct log_captures *captures)
{
    struct log_capture *capture = &captures->at[captures->n];
    size_t end = take_number(line, at, with_fraction, capture);

    if (end == at)
        return false;
    captures->n++;
    return match_here(line, end, rest, captures);
}

static bool match_capture(struct log_text line, size_t at, const char *directive,
                          struct log_captures *captures)
{
    if (captures->n >= MAX_CAPTURES)
        return false;
    captures->at[captures->n] = (struct log_capture){0};
    switch (directive[1]) {
    case 's':
        return match_word(line, at, directive + 2, captures);
    case 't':
        return match_text(line, at, directive + 2, captures);
    case 'u':
    case 'f':
        return match_number(line, at, directive + 2, directive[1] == 'f', captures);
    default:
        return false;
    }
}

static bool match_here(struct log_text line, size_t at, const char *pattern,
                       struct log_captures *captures)
{
    for (; *pattern && *pattern != '%'; pattern++) {
        if (at >= line.length)
            return false;
        if (*pattern != ' ') {
            if (line.text[at++] != *pattern)
                return false;
            continue;
        }
        if (!blank(line.text[at]))
            return false;
        while (at < line.length && blank(line.text[at]))
            at++;
    }
    return *pattern ? match_capture(line, at, pattern, captures) : true;
}

bool log_scan(struct log_text line, const char *pattern, struct log_captures *captures)
{
    bool first_only = *pattern == '^';

    pattern += first_only;
    for (size_t at = 0; at < line.length; at++) {
        /* also behind what others glue in front: msg="offloaded, 12:llm_load_tensors */
        bool starts_word = !blank(line.text[at]) && (at == 0 || blank(line.text[at - 1]) ||
                                                     strchr(":\"|", line.text[at - 1]) != NULL);
        if (!starts_word)
            continue;
        captures->n = 0;
        if (match_here(line, at, pattern, captures))
            return true;
        if (first_only)
            return false;
    }
    return false;
}

/* ---- pairs of bytes ---- */

static unsigned pair_place(const char *at)
{
    return ((unsigned char)at[0] * 61U + (unsigned char)at[1]) & 4095U;
}

void log_pairs_of(struct log_text line, struct log_pairs *pairs)
{
    memset(pairs, 0, sizeof *pairs);
    for (size_t i = 1; i < line.length; i++) {
        unsigned place = pair_place(line.text + i - 1);
        pairs->bits[place / 64] |= UINT64_C(1) << place % 64;
    }
}

bool log_pairs_may_have(const struct log_pairs *pairs, const char *word)
{
    for (; word[0] && word[1]; word++) {
        unsigned place = pair_place(word);
        if (!(pairs->bits[place / 64] & UINT64_C(1) << place % 64))
            return false;
    }
    return true;
}

/* ---- slices ---- */

bool log_text_has(struct log_text line, const char *word)
{
    return memmem(line.text, line.length, word, strlen(word)) != NULL;
}

bool log_text_is(struct log_text text, const char *word)
{
    return text.length == strlen(word) && memcmp(text.text, word, text.length) == 0;
}

bool log_text_ends(struct log_text text, const char *tail)
{
    size_t n = strlen(tail);

    return text.length >= n && memcmp(text.text + text.length - n, tail, n) == 0;
}

struct log_text log_text_trim(struct log_text text)
{
    while (text.length && blank(text.text[0])) {
        text.text++;
        text.length--;
    }
    while (text.length && blank(text.text[text.length - 1]))
        text.length--;
    return text;
}

/* ---- figures ---- */

static uint64_t power_of_ten(unsigned digits)
{
    uint64_t power = 1;

    while (digits--)
        power *= 10;
    return power;
}

uint64_t log_figure_bytes(const struct log_capture *figure, unsigned shift, uint64_t *slack)
{
    uint64_t unit = UINT64_C(1) << shift, scale = power_of_ten(figure->digits), bytes;
    /* nine digits and a unit of 2^30 at most: below 2^60 */
    uint64_t part = (figure->fraction * unit + scale / 2) / scale;

    *slack = unit / scale / 2 + 1;
    if (__builtin_mul_overflow(figure->whole, unit, &bytes) ||
        __builtin_add_overflow(bytes, part, &bytes))
        return UINT64_MAX;
    return bytes;
}

double log_figure(const struct log_capture *figure)
{
    return (double)figure->whole + (double)figure->fraction / (double)power_of_ten(figure->digits);
}

/* ---- lines ---- */

/* Past the escape sequence that begins at `at`: CSI up to its final byte, OSC up to BEL or ESC \. */
static size_t skip_escape(struct log_text text, size_t at)
{
    bool osc = at + 1 < text.length && text.text[at + 1] == ']';
    bool csi = at + 1 < text.length && text.text[at + 1] == '[';

    at += 2;
    if (!osc && !csi)
        return at;
    for (; at < text.length; at++) {
        unsigned char c = (unsigned char)text.text[at];
        if (csi && c >= 0x40 && c <= 0x7e)
            return at + 1;
        if (osc && (c == '\a' || c == '\\'))
            return at + 1;
    }
    return at;
}

/* Bytes of the UTF-8 character at `at`; 0 where it is none, or a control character (C1). */
static size_t utf8_length(struct log_text text, size_t at)
{
    const unsigned char *c = (const unsigned char *)text.text + at;
    size_t n = c[0] < 0x80 ? 1 : c[0] < 0xc2 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;

    if (n == 0 || c[0] > 0xf4 || at + n > text.length)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xf0 && c[1] < 0x90);
    bool outside = (c[0] == 0xed && c[1] > 0x9f) || (c[0] == 0xf4 && c[1] > 0x8f);
    bool control = c[0] == 0xc2 && n == 2 && c[1] < 0xa0;
    return overlong || outside || control ? 0 : n;
}

static size_t copy_clean(struct log_text text, char *out)
{
    size_t n = 0;

    for (size_t at = 0; at < text.length && n + 4 <= MAX_LOG_LINE;) {
        unsigned char c = (unsigned char)text.text[at];
        size_t width = utf8_length(text, at);
        if (c == 0x1b) {
            at = skip_escape(text, at);
            continue;
        }
        if (!width)
            out[n++] = '?';
        else if (c == '\t' || (c >= 0x20 && c != 0x7f)) {
            memcpy(out + n, text.text + at, width);
            n += width;
        }
        at += width ? width : 1;
    }
    return n;
}

bool log_next_line(struct log_text *rest, char *buffer, struct log_text *line)
{
    if (!rest->length)
        return false;
    const char *end = memchr(rest->text, '\n', rest->length);
    size_t length = end ? (size_t)(end - rest->text) : rest->length;
    struct log_text raw = {rest->text, length};

    line->text = buffer;
    line->length = copy_clean(raw, buffer);
    rest->text += length + (end ? 1 : 0);
    rest->length -= length + (end ? 1 : 0);
    return true;
}
