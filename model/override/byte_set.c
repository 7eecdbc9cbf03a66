#include "model/override/byte_set.h"

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

void byte_set_add(struct byte_set *set, int byte)
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
            byte_set_add(set, c);
        }
    }
}

void byte_set_invert(struct byte_set *set)
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

bool byte_set_add_class(struct byte_set *set, const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof class_names / sizeof class_names[0]; i++) {
        if (strlen(class_names[i].name) == length &&
            strncasecmp(class_names[i].name, name, length) == 0) {
            set_add_class(set, class_names[i].has, false);
            return true;
        }
    }
    return false;
}

int byte_of_name(const char *name, size_t length)
{
    if (length == 1 && is_alpha((unsigned char)name[0])) {
        return (unsigned char)name[0];
    }
    for (size_t i = 0; i < sizeof collating_names / sizeof collating_names[0]; i++) {
        const struct collating_name *known = &collating_names[i];
        if (strlen(known->name) == length && memcmp(known->name, name, length) == 0) {
            return known->code;
        }
    }
    return -1;
}

void byte_set_add_equivalents(struct byte_set *set, int code)
{
    byte_set_add(set, code);
    if (is_alpha(code)) {
        byte_set_add(set, code ^ 0x20);
    }
}
