#include "model/override/ecmascript_class.h"

#include "model/base/memory.h"
#include "model/override/generate.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* std::regex runs in the classic locale, whose classes are ASCII's whatever setlocale() says. */
static bool is_print(int c)
{
    return c >= 0x20 && c <= 0x7e;
}
static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}
static bool is_lower(int c)
{
    return c >= 'a' && c <= 'z';
}
static bool is_upper(int c)
{
    return c >= 'A' && c <= 'Z';
}
static bool is_alpha(int c)
{
    return is_lower(c) || is_upper(c);
}
static bool is_alnum(int c)
{
    return is_alpha(c) || is_digit(c);
}
static bool is_word(int c)
{
    return is_alnum(c) || c == '_';
}
static bool is_space(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}
static bool is_blank(int c)
{
    return c == ' ' || c == '\t';
}
static bool is_cntrl(int c)
{
    return c < 0x20 || c == 0x7f;
}
static bool is_graph(int c)
{
    return is_print(c) && c != ' ';
}
static bool is_punct(int c)
{
    return is_graph(c) && !is_alnum(c);
}
static bool is_xdigit(int c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static const struct class_name {
    const char *name;
    bool (*has)(int c);
} class_names[] = {
    {"d", is_digit},     {"w", is_word},      {"s", is_space},       {"alnum", is_alnum},
    {"alpha", is_alpha}, {"blank", is_blank}, {"cntrl", is_cntrl},   {"digit", is_digit},
    {"graph", is_graph}, {"lower", is_lower}, {"print", is_print},   {"punct", is_punct},
    {"space", is_space}, {"upper", is_upper}, {"xdigit", is_xdigit},
};

/* POSIX names of collating elements, index = code. Letters and what is missing here have no other name. */
static const struct collating_name {
    const char *name;
    unsigned char code;
} collating_names[] = {{"NUL", 0},
                       {"SOH", 1},
                       {"STX", 2},
                       {"ETX", 3},
                       {"EOT", 4},
                       {"ENQ", 5},
                       {"ACK", 6},
                       {"alert", 7},
                       {"backspace", 8},
                       {"tab", 9},
                       {"newline", 10},
                       {"vertical-tab", 11},
                       {"form-feed", 12},
                       {"carriage-return", 13},
                       {"SO", 14},
                       {"SI", 15},
                       {"DLE", 16},
                       {"DC1", 17},
                       {"DC2", 18},
                       {"DC3", 19},
                       {"DC4", 20},
                       {"NAK", 21},
                       {"SYN", 22},
                       {"ETB", 23},
                       {"CAN", 24},
                       {"EM", 25},
                       {"SUB", 26},
                       {"ESC", 27},
                       {"IS4", 28},
                       {"IS3", 29},
                       {"IS2", 30},
                       {"IS1", 31},
                       {"space", ' '},
                       {"exclamation-mark", '!'},
                       {"quotation-mark", '"'},
                       {"number-sign", '#'},
                       {"dollar-sign", '$'},
                       {"percent-sign", '%'},
                       {"ampersand", '&'},
                       {"apostrophe", '\''},
                       {"left-parenthesis", '('},
                       {"right-parenthesis", ')'},
                       {"asterisk", '*'},
                       {"plus-sign", '+'},
                       {"comma", ','},
                       {"hyphen", '-'},
                       {"period", '.'},
                       {"slash", '/'},
                       {"zero", '0'},
                       {"one", '1'},
                       {"two", '2'},
                       {"three", '3'},
                       {"four", '4'},
                       {"five", '5'},
                       {"six", '6'},
                       {"seven", '7'},
                       {"eight", '8'},
                       {"nine", '9'},
                       {"colon", ':'},
                       {"semicolon", ';'},
                       {"less-than-sign", '<'},
                       {"equals-sign", '='},
                       {"greater-than-sign", '>'},
                       {"question-mark", '?'},
                       {"commercial-at", '@'},
                       {"left-square-bracket", '['},
                       {"backslash", '\\'},
                       {"right-square-bracket", ']'},
                       {"circumflex", '^'},
                       {"underscore", '_'},
                       {"grave-accent", '`'},
                       {"left-curly-bracket", '{'},
                       {"vertical-line", '|'},
                       {"right-curly-bracket", '}'},
                       {"tilde", '~'},
                       {"DEL", 127}};

static void set_add(struct byte_set *set, int byte)
{
    set->bits[(unsigned char)byte >> 3] |= (uint8_t)(1u << (byte & 7));
}

static bool set_has(const struct byte_set *set, int byte)
{
    return (set->bits[byte >> 3] >> (byte & 7)) & 1;
}

static void set_add_class(struct byte_set *set, bool (*has)(int c), bool negated)
{
    for (int c = 0; c < 256; c++) {
        if (has(c) != negated) {
            set_add(set, c);
        }
    }
}

static void set_invert(struct byte_set *set)
{
    for (size_t i = 0; i < sizeof set->bits; i++) {
        set->bits[i] = (uint8_t)~set->bits[i];
    }
}

void byte_set_of_escape(int letter, struct byte_set *out)
{
    int lower = letter | 0x20;
    *out = (struct byte_set){0};
    set_add_class(out,
                  lower == 'd'   ? is_digit
                  : lower == 's' ? is_space
                                 : is_word,
                  is_upper(letter));
}

static void write_byte(int byte, struct strbuf *out)
{
    if (is_word(byte)) {
        strbuf_add_char(out, (char)byte);
    } else {
        strbuf_format(out, "\\x%02x", (unsigned)byte);
    }
}

void byte_set_write(const struct byte_set *set, struct strbuf *out)
{
    size_t start = out->length;
    strbuf_add_char(out, '[');
    for (int c = 0; c < 256; c++) {
        if (!set_has(set, c)) {
            continue;
        }
        int last = c;
        while (last < 255 && set_has(set, last + 1)) {
            last++;
        }
        write_byte(c, out);
        if (last > c) {
            strbuf_add_char(out, '-');
            write_byte(last, out);
        }
        c = last;
    }
    /* PCRE2 reads `[]` otherwise: the class of nothing. */
    strbuf_add(out, out->length == start + 1 ? "^\\x00-\\xff]" : "]");
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

static int collating_code(const char *name, size_t length)
{
    if (length == 1 && is_alpha((unsigned char)name[0])) {
        return name[0];
    }
    for (size_t i = 0; i < sizeof collating_names / sizeof collating_names[0]; i++) {
        const struct collating_name *known = &collating_names[i];
        if (strlen(known->name) == length && memcmp(known->name, name, length) == 0) {
            return known->code;
        }
    }
    return -1;
}

static bool add_named_class(struct bracket *bracket, const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof class_names / sizeof class_names[0]; i++) {
        if (strlen(class_names[i].name) == length &&
            strncasecmp(class_names[i].name, name, length) == 0) {
            set_add_class(&bracket->set, class_names[i].has, false);
            return true;
        }
    }
    return error_set(bracket->error, ERROR_INPUT, "[:%.*s:] is no character class", (int)length,
                     name);
}

/* [[=a=]]: all that is equal when case is ignored, in the classic locale. */
static void add_equivalents(struct byte_set *set, int code)
{
    set_add(set, code);
    if (is_alpha(code)) {
        set_add(set, code ^ 0x20);
    }
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
    *value = collating_code(name, (size_t)(end - name));
    if (*value < 0) {
        return error_set(bracket->error, ERROR_INPUT, "[%c%.*s%c] names no character", kind,
                         (int)(end - name), name, kind);
    }
    if (kind == '=') {
        add_equivalents(&bracket->set, *value);
    }
    return true;
}

static bool read_bracket_escape(struct bracket *bracket, enum bracket_token *token, int *value)
{
    const char *from = bracket->at;
    struct escape escape;
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
        set_add(&bracket->set, bracket->last_character);
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

/* A dash behind a character: it is a range, and the next token must be able to end it. */
static bool end_range(struct bracket *bracket, enum bracket_token token, int to)
{
    int from = bracket->last_character;
    if (token != TOKEN_CHARACTER && token != TOKEN_DASH) {
        return error_set(bracket->error, ERROR_INPUT,
                         "the range that starts with %c- has no single character at its end", from);
    }
    if ((signed char)from > (signed char)to) {
        return refuse_range(bracket, from, to);
    }
    for (int c = (signed char)from; c <= (signed char)to; c++) {
        set_add(&bracket->set, c);
    }
    bracket->last = LAST_NONE;
    return true;
}

static bool read_dash(struct bracket *bracket, bool *done)
{
    enum bracket_token token;
    int value;
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
        enum bracket_token token;
        int value;
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
        set_invert(out);
    }
    return true;
}
