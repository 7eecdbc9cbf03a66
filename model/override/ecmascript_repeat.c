#include "model/override/ecmascript_parser.h"

#include "model/override/generate.h"

#include <stdlib.h>
#include <string.h>

struct repeat {
    uint64_t least, most;
    bool endless; /* no `most` */
    bool lazy;
};

uint32_t parser_length(uint64_t length)
{
    return length > NEVER ? (uint32_t)NEVER : (uint32_t)length;
}

static int64_t read_count(struct parser *parser)
{
    uint64_t value = 0;
    while (*parser->at >= '0' && *parser->at <= '9') {
        value = value * 10 + (uint64_t)(*parser->at++ - '0');
    }
    return (int32_t)(uint32_t)value; /* libstdc++ keeps it in an int */
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool refuse_brace(struct parser *parser, const char *open)
{
    char *end = NULL;
    unsigned long low = is_digit(open[1]) ? strtoul(open + 1, &end, 10) : 1;
    unsigned long high =
        end != NULL && *end == '-' && is_digit(end[1]) ? strtoul(end + 1, &end, 10) : 0;
    if (high > low && high <= 999 && *end == '}') {
        uint32_t layers[1000];
        for (unsigned long i = low; i <= high; i++) {
            layers[i - low] = (uint32_t)i;
        }
        struct strbuf set = {0};
        generate_layer_set(layers, high - low + 1, &set);
        error_set(parser->error, ERROR_INPUT, "{%lu-%lu} is not a number range, write %s", low,
                  high, strbuf_text(&set));
        strbuf_clear(&set);
        return false;
    }
    if (strchr(open, '}') == NULL) {
        return parser_refuse(
            parser, "a brace is opened and never closed (-ot is cut at every comma, so {1,3} "
                    "cannot be written)");
    }
    return error_set(parser->error, ERROR_INPUT,
                     "%.*s is no repeat count: braces hold one number, {2}",
                     (int)(strchr(open, '}') - open + 1), open);
}

/* {n}, {n,} or {n,m}. States are counted before the order is checked, as libstdc++ does. */
static bool read_braces(struct parser *parser, struct piece *piece, struct repeat *repeat)
{
    const char *open = parser->at++;
    if (!is_digit(*parser->at)) {
        return refuse_brace(parser, open);
    }
    int64_t least = read_count(parser);
    int64_t more = 0;
    if (*parser->at == ',') {
        parser->at++;
        repeat->endless = !is_digit(*parser->at);
        more = repeat->endless ? 0 : read_count(parser) - least;
    }
    if (*parser->at != '}') {
        return refuse_brace(parser, open);
    }
    parser->at++;
    least = least < 0 ? 0 : least;
    uint64_t states = 1 + (uint64_t)least * piece->states;
    states += repeat->endless ? piece->states + 1
                              : 1 + (more > 0 ? (uint64_t)more : 0) * (piece->states + 1);
    if (!parser_count_states(parser, states)) {
        return false;
    }
    if (more < 0) {
        return parser_refuse(parser, "the braces hold a range that runs backwards");
    }
    piece->states = states;
    repeat->least = (uint64_t)least;
    repeat->most = (uint64_t)(least + more);
    return true;
}

static bool read_quantifier(struct parser *parser, struct piece *piece, struct repeat *repeat)
{
    char c = *parser->at;
    *repeat = (struct repeat){.least = c == '+', .most = 1, .endless = c != '?'};
    if (c == '{') {
        repeat->endless = false;
        if (!read_braces(parser, piece, repeat)) {
            return false;
        }
    } else {
        uint64_t states = c == '?' ? 2 : 1;
        parser->at++;
        piece->states += states;
        if (!parser_count_states(parser, states)) {
            return false;
        }
    }
    if (*parser->at == '?') {
        parser->at++;
        repeat->lazy = true;
    }
    return true;
}

static void write_repeat(struct parser *parser, const struct repeat *repeat)
{
    unsigned least = repeat->least > MAX_REPEAT ? MAX_REPEAT : (unsigned)repeat->least;
    unsigned most = repeat->most > MAX_REPEAT ? MAX_REPEAT : (unsigned)repeat->most;
    if (!repeat->endless && repeat->least == 1 && repeat->most == 1) {
        return;
    }
    if (repeat->endless && least <= 1) {
        strbuf_add_char(parser->pcre, least == 0 ? '*' : '+');
    } else if (repeat->endless) {
        strbuf_format(parser->pcre, "{%u,}", least);
    } else if (least == 0 && most == 1) {
        strbuf_add_char(parser->pcre, '?');
    } else {
        strbuf_format(parser->pcre, least == most ? "{%u}" : "{%u,%u}", least, most);
    }
    if (repeat->lazy) {
        strbuf_add_char(parser->pcre, '?');
    }
}

/* (X{a,b}){c,d} is X{ac,bd} where no count is left out in between. */
static bool compose(struct repeat *inner, const struct repeat *outer)
{
    bool identity = !outer->endless && outer->least == 1 && outer->most == 1;
    if (identity) {
        return true;
    }
    bool inner_identity = !inner->endless && inner->least == 1 && inner->most == 1;
    if (inner_identity) {
        *inner = *outer;
        return true;
    }
    bool inner_nothing = !inner->endless && inner->most == 0;
    if (inner->least > 1 || inner_nothing || (!outer->endless && outer->most == 0)) {
        return false;
    }
    inner->least *= outer->least;
    inner->endless = inner->endless || outer->endless;
    inner->most = inner->endless ? 0 : inner->most * outer->most;
    return true;
}

static void wrap(struct parser *parser, size_t from)
{
    struct strbuf tail = {0};
    strbuf_add(&tail, parser->pcre->text + from);
    parser->pcre->length = from;
    strbuf_add(parser->pcre, "(?:");
    strbuf_add(parser->pcre, strbuf_text(&tail));
    strbuf_add_char(parser->pcre, ')');
    strbuf_clear(&tail);
}

bool parser_read_repeats(struct parser *parser, size_t from, struct piece *piece)
{
    struct repeat all = {.least = 1, .most = 1};
    while (*parser->at != '\0' && strchr("*+?{", *parser->at) != NULL) {
        struct repeat next;
        if (!read_quantifier(parser, piece, &next)) {
            return false;
        }
        piece->length = parser_length(piece->length * next.least);
        if (!compose(&all, &next)) {
            write_repeat(parser, &all);
            wrap(parser, from);
            all = next;
        }
    }
    write_repeat(parser, &all);
    return true;
}
