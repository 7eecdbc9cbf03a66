#include "model/override/ecmascript_class.h"

#include "model/base/memory.h"
#include "model/override/generate.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_xdigit(int c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* --- escapes ---------------------------------------------------------------------------------- */

/* Decimal as libstdc++ keeps it: in an int, silently wrapped. */
static int read_number(const char **at)
{
    uint64_t value = 0;
    while (is_digit(**at)) {
        value = value * 10 + (uint64_t)(*(*at)++ - '0');
    }
    return (int)(uint32_t)value;
}

static bool read_hex(const char **at, int digits, int *out, struct error *error)
{
    unsigned value = 0;
    for (int i = 0; i < digits; i++, (*at)++) {
        if (!is_xdigit((unsigned char)**at)) {
            return error_set(error, ERROR_INPUT, "%s needs %d hexadecimal digits behind it",
                             digits == 2 ? "\\x" : "\\u", digits);
        }
        int c = **at | 0x20;
        value = value * 16 + (unsigned)(is_digit(c) ? c - '0' : c - 'a' + 10);
    }
    *out = (int)(value & 0xff);
    return true;
}

static int control_character(int letter)
{
    static const char letters[] = "0bfnrtv";
    static const char codes[] = "\0\b\f\n\r\t\v";
    const char *found = letter == '\0' ? NULL : strchr(letters, letter);
    return found == NULL ? -1 : codes[found - letters];
}

bool escape_read(const char **at, bool in_brackets, struct escape *out, struct error *error)
{
    int c = (unsigned char)**at;
    if (c == '\0') {
        return error_set(error, ERROR_INPUT, "it ends with a lone backslash");
    }
    if (is_digit(c) && c != '0') {
        *out = (struct escape){ESCAPE_BACKREF, read_number(at)};
        return true;
    }
    (*at)++;
    *out = (struct escape){ESCAPE_CHARACTER, c};
    if (c == 'B' || (c == 'b' && !in_brackets)) {
        out->kind = c == 'b' ? ESCAPE_BOUNDARY : ESCAPE_NOT_BOUNDARY;
    } else if (control_character(c) >= 0) {
        out->value = control_character(c);
    } else if (strchr("dDsSwW", c) != NULL) {
        out->kind = ESCAPE_CLASS;
    } else if (c == 'c') {
        if (**at == '\0') {
            return error_set(error, ERROR_INPUT, "\\c needs a character behind it");
        }
        out->value = (unsigned char)*(*at)++;
    } else if (c == 'x' || c == 'u') {
        return read_hex(at, c == 'x' ? 2 : 4, &out->value, error);
    }
    return true;
}

/* --- brackets --------------------------------------------------------------------------------- */

enum bracket_token {
    TOKEN_CHARACTER,
    TOKEN_DASH,
    TOKEN_COLLATING, /* [.x.]: a character that cannot end a range */
    TOKEN_CLASS,     /* already added to the set */
    TOKEN_END,
};

struct bracket {
    const char *begin; /* behind the `[` */
    const char *at;
    struct byte_set set;
    enum { LAST_NONE, LAST_CHARACTER, LAST_CLASS } last; /* what a dash would make a range from */
    int last_character;
    struct error *error;
};

static bool unclosed(struct bracket *bracket)
{
    return error_set(bracket->error, ERROR_INPUT, "the bracket of [%.20s is never closed",
                     bracket->begin);
}

static bool add_named_class(struct bracket *bracket, const char *name, size_t length)
{
    return byte_set_add_class(&bracket->set, name, length) ||
           error_set(bracket->error, ERROR_INPUT, "[:%.*s:] is no character class", (int)length,
                     name);
}

/* `[:name:]`, `[.name.]` or `[=name=]`; `at` stands on the `:`, `.` or `=`. */
static bool read_named(struct bracket *bracket, enum bracket_token *token, int *value)
{
    char kind = *bracket->at++;
    const char *name = bracket->at;
    const char *end = strchr(name, kind);
    if (end == NULL || end[1] != ']') {
        return error_set(bracket->error, ERROR_INPUT, "[%c in brackets has no %c] behind it", kind,
                         kind);
    }
    bracket->at = end + 2;
    *token = kind == '.' ? TOKEN_COLLATING : TOKEN_CLASS;
    if (kind == ':') {
        return add_named_class(bracket, name, (size_t)(end - name));
    }
    *value = byte_of_name(name, (size_t)(end - name));
    if (*value < 0) {
        return error_set(bracket->error, ERROR_INPUT, "[%c%.*s%c] names no character", kind,
                         (int)(end - name), name, kind);
    }
    if (kind == '=') {
        byte_set_add_equivalents(&bracket->set, *value);
    }
    return true;
}

static bool read_bracket_escape(struct bracket *bracket, enum bracket_token *token, int *value)
{
    const char *from = bracket->at;
    struct escape escape = {ESCAPE_CHARACTER, 0};
    if (!escape_read(&bracket->at, true, &escape, bracket->error)) {
        return false;
    }
    *token = escape.kind == ESCAPE_CLASS ? TOKEN_CLASS : TOKEN_CHARACTER;
    *value = escape.value;
    if (escape.kind == ESCAPE_CLASS) {
        struct byte_set class;
        byte_set_of_escape(escape.value, &class);
        for (size_t i = 0; i < sizeof class.bits; i++) {
            bracket->set.bits[i] |= class.bits[i];
        }
    } else if (escape.kind != ESCAPE_CHARACTER) {
        return error_set(bracket->error, ERROR_INPUT, "\\%.*s cannot stand in brackets",
                         (int)(bracket->at - from), from);
    }
    return true;
}

static bool read_token(struct bracket *bracket, enum bracket_token *token, int *value)
{
    int c = (unsigned char)*bracket->at;
    if (c == '\0') {
        return unclosed(bracket);
    }
    bracket->at++;
    *value = c;
    *token = c == '-' ? TOKEN_DASH : c == ']' ? TOKEN_END : TOKEN_CHARACTER;
    if (c == '\\') {
        return read_bracket_escape(bracket, token, value);
    }
    if (c != '[') {
        return true;
    }
    if (*bracket->at == '\0') {
        return unclosed(bracket);
    }
    return strchr(":.=", *bracket->at) == NULL || read_named(bracket, token, value);
}

static void keep_last(struct bracket *bracket, int next)
{
    if (bracket->last == LAST_CHARACTER) {
        byte_set_add(&bracket->set, bracket->last_character);
    }
    bracket->last = LAST_CHARACTER;
    bracket->last_character = next;
}

/* The usual reason for a backwards range: a range of numbers, `[6-10]`. */
static bool refuse_range(struct bracket *bracket, int from, int to)
{
    char *end = NULL;
    unsigned long low = strtoul(bracket->begin, &end, 10);
    unsigned long high = *end == '-' && is_digit(end[1]) ? strtoul(end + 1, &end, 10) : 0;
    if (!is_digit(*bracket->begin) || *end != ']' || low >= high || high > 999) {
        return error_set(bracket->error, ERROR_INPUT, "range %c-%c in [%.20s is backwards", from,
                         to, bracket->begin);
    }
    uint32_t *layers = memory_array(high - low + 1, sizeof *layers);
    for (unsigned long i = low; i <= high; i++) {
        layers[i - low] = (uint32_t)i;
    }
    struct strbuf set = {0};
    generate_layer_set(layers, high - low + 1, &set);
    error_set(bracket->error, ERROR_INPUT,
              "range %c-%c is backwards: [%lu-%lu] is not a number range, write %s", from, to, low,
              high, strbuf_text(&set));
    strbuf_clear(&set);
    free(layers);
    return false;
}

/* Characters are compared as libstdc++ has them, with a sign. */
static int as_char(int byte)
{
    return byte < 0x80 ? byte : byte - 0x100;
}

/* A dash behind a character: it is a range, and the next token must be able to end it. */
static bool end_range(struct bracket *bracket, enum bracket_token token, int to)
{
    int from = bracket->last_character;
    if (token != TOKEN_CHARACTER && token != TOKEN_DASH) {
        return error_set(bracket->error, ERROR_INPUT,
                         "the range that starts with %c- has no single character at its end", from);
    }
    if (as_char(from) > as_char(to)) {
        return refuse_range(bracket, from, to);
    }
    for (int c = as_char(from); c <= as_char(to); c++) {
        byte_set_add(&bracket->set, c);
    }
    bracket->last = LAST_NONE;
    return true;
}

static bool read_dash(struct bracket *bracket, bool *done)
{
    enum bracket_token token = TOKEN_END;
    int value = 0;
    if (*bracket->at == ']') {
        bracket->at++;
        keep_last(bracket, '-');
        *done = true;
        return true;
    }
    if (bracket->last == LAST_CLASS) {
        return error_set(bracket->error, ERROR_INPUT,
                         "a range in brackets cannot start with a class");
    }
    if (bracket->last == LAST_NONE) {
        keep_last(bracket, '-');
        return true;
    }
    return read_token(bracket, &token, &value) && end_range(bracket, token, value);
}

static bool read_terms(struct bracket *bracket)
{
    bool done = false;
    while (!done) {
        enum bracket_token token = TOKEN_END;
        int value = 0;
        if (!read_token(bracket, &token, &value)) {
            return false;
        }
        if (token == TOKEN_END) {
            break;
        }
        if (token == TOKEN_DASH) {
            if (!read_dash(bracket, &done)) {
                return false;
            }
        } else if (token == TOKEN_CLASS) {
            keep_last(bracket, 0);
            bracket->last = LAST_CLASS;
        } else {
            keep_last(bracket, value);
        }
    }
    keep_last(bracket, 0);
    return true;
}

bool byte_set_read(const char **at, struct byte_set *out, struct error *error)
{
    bool negated = **at == '^';
    struct bracket bracket = {.begin = *at + negated, .at = *at + negated, .error = error};
    if (*bracket.at == '-') { /* the first dash is a plain one, also in front of a `]` */
        bracket.at++;
        keep_last(&bracket, '-');
    }
    if (!read_terms(&bracket)) {
        return false;
    }
    *at = bracket.at;
    *out = bracket.set;
    if (negated) {
        byte_set_invert(out);
    }
    return true;
}
