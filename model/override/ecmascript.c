#include "model/override/ecmascript.h"

#include "model/base/memory.h"
#include "model/override/ecmascript_class.h"
#include "model/override/generate.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_STATES = 100000, /* _GLIBCXX_REGEX_STATE_LIMIT */
    MAX_DEPTH = 200,     /* ours: brackets within brackets, for PCRE2's own limit and the stack */
    /* More repetitions than characters are either empty ones or never found. */
    MAX_REPEAT = ECMASCRIPT_MAX_SUBJECT + 1,
    NEVER = ECMASCRIPT_MAX_SUBJECT + 1, /* length of what no subject is long enough for */
    MAX_GROUPS = 60000,
};

/* What the parser knows of a piece it has read. */
struct piece {
    uint64_t states; /* of libstdc++'s automaton, as many as a {n} copies */
    uint32_t length; /* shortest match in bytes, at most NEVER */
};

struct repeat {
    uint64_t least, most;
    bool endless; /* no `most` */
    bool lazy;
};

struct parser {
    const char *text;
    const char *at;
    struct ecmascript *out;
    struct strbuf *pcre; /* out->pcre or out->first */
    bool first;          /* translating for the attempt from the first character */
    bool differs;        /* `first` is needed */
    uint64_t states;     /* inserted so far, copies included */
    uint32_t depth;
    uint32_t n_groups;      /* libstdc++'s count, the whole match is 0 */
    uint32_t n_pcre_groups; /* ours, with the marks of lookaheads */
    uint32_t lookahead;     /* PCRE2 group that marks the innermost lookahead's start; 0: outside */
    uint32_t in_lookahead;
    struct group {
        uint32_t pcre;
        bool open;
    } * groups;
    size_t groups_capacity;
    bool alternatives; /* a `|` at the top: nothing is required */
    struct strbuf run; /* literal text being collected at the top */
    bool only_literal; /* nothing but text and anchors so far */
    struct error *error;
};

static bool read_disjunction(struct parser *parser, struct piece *out);

static bool refuse(struct parser *parser, const char *why)
{
    return error_set(parser->error, ERROR_INPUT, "%s", why);
}

static bool count_states(struct parser *parser, uint64_t states)
{
    parser->states += states;
    return parser->states <= MAX_STATES ||
           refuse(parser, "it is too large: std::regex stops at 100000 states");
}

static bool single(struct parser *parser, struct piece *out, uint32_t length)
{
    *out = (struct piece){1, length};
    return count_states(parser, 1);
}

static uint32_t length_limited(uint64_t length)
{
    return length > NEVER ? (uint32_t)NEVER : (uint32_t)length;
}

/* --- text that every match holds ---------------------------------------------------------------- */

static void end_run(struct parser *parser)
{
    if (parser->run.length > parser->out->required.length) {
        strbuf_reset(&parser->out->required);
        strbuf_add(&parser->out->required, strbuf_text(&parser->run));
    }
    strbuf_reset(&parser->run);
}

static bool at_top(const struct parser *parser)
{
    return parser->depth == 1 && !parser->first;
}

static void note_character(struct parser *parser, int c)
{
    if (at_top(parser) && c != 0) {
        strbuf_add_char(&parser->run, (char)c);
        parser->only_literal = parser->only_literal && !parser->out->at_end;
    } else {
        parser->only_literal = false;
    }
}

static void note_other(struct parser *parser)
{
    parser->only_literal = false;
    if (at_top(parser)) {
        end_run(parser);
    }
}

static void note_anchor(struct parser *parser, int c)
{
    struct ecmascript *out = parser->out;
    if (!at_top(parser)) {
        parser->only_literal = false;
        return;
    }
    bool *flag = c == '^' ? &out->at_begin : &out->at_end;
    bool in_place = c == '$' || (parser->run.length == 0 && !out->at_end);
    parser->only_literal = parser->only_literal && in_place && !*flag;
    *flag = true;
    if (!in_place) {
        end_run(parser);
    }
}

/* --- groups ------------------------------------------------------------------------------------- */

static bool open_group(struct parser *parser, uint32_t *index)
{
    if (parser->n_groups >= MAX_GROUPS) {
        return refuse(parser, "it has more groups than otplan follows");
    }
    if (parser->n_groups == parser->groups_capacity) {
        parser->groups_capacity = parser->groups_capacity * 2 + 16;
        parser->groups =
            memory_resize(parser->groups, parser->groups_capacity, sizeof *parser->groups);
    }
    *index = parser->n_groups++;
    parser->groups[*index] = (struct group){parser->n_pcre_groups++, true};
    return true;
}

static bool close_parenthesis(struct parser *parser)
{
    if (*parser->at != ')') {
        return refuse(parser, "a parenthesis is opened and never closed");
    }
    parser->at++;
    strbuf_add_char(parser->pcre, ')');
    return true;
}

static bool read_group(struct parser *parser, bool capturing, struct piece *out)
{
    uint32_t index = 0;
    if (!count_states(parser, capturing ? 2 : 1) || (capturing && !open_group(parser, &index))) {
        return false;
    }
    strbuf_add(parser->pcre, capturing ? "(" : "(?:");
    if (!read_disjunction(parser, out) || !close_parenthesis(parser)) {
        return false;
    }
    out->states += capturing ? 2 : 1;
    if (capturing) {
        parser->groups[index].open = false;
    }
    return true;
}

static bool read_lookahead(struct parser *parser, struct piece *out)
{
    uint32_t outer = parser->lookahead;
    strbuf_add(parser->pcre, *parser->at++ == '=' ? "(?=" : "(?!");
    if (parser->first) {
        strbuf_add(parser->pcre, "()");
        parser->lookahead = parser->n_pcre_groups++;
    }
    parser->in_lookahead++;
    if (!count_states(parser, 2) || !read_disjunction(parser, out) || !close_parenthesis(parser)) {
        return false;
    }
    parser->in_lookahead--;
    parser->lookahead = outer;
    *out = (struct piece){out->states + 2, 0};
    return true;
}

static bool refuse_question(struct parser *parser)
{
    const char *at = parser->at;
    if (at[0] == '<' && (at[1] == '!' || at[1] == '=')) {
        return error_set(parser->error, ERROR_INPUT,
                         "(?<%c is a lookbehind, which ECMAScript does not have", at[1]);
    }
    if (at[0] == '<' || at[0] == 'P') {
        return refuse(parser, "named groups are not in std::regex: write (...)");
    }
    return error_set(parser->error, ERROR_INPUT,
                     "(?%.1s is not in ECMAScript: only (?: (?= and (?! are, and no options "
                     "such as (?i)",
                     at);
}

/* --- atoms and assertions ----------------------------------------------------------------------- */

static void write_character(struct parser *parser, int c)
{
    if (c < 0x80 && c > 0x20 && strchr("\\^$.|?*+()[]{}#", c) == NULL) {
        strbuf_add_char(parser->pcre, (char)c);
    } else {
        strbuf_format(parser->pcre, "\\x%02x", (unsigned)c);
    }
}

static bool read_character(struct parser *parser, int c, struct piece *out)
{
    note_character(parser, c);
    write_character(parser, c);
    return single(parser, out, 1);
}

static bool read_set(struct parser *parser, const struct byte_set *set, struct piece *out)
{
    note_other(parser);
    byte_set_write(set, parser->pcre);
    return single(parser, out, 1);
}

/* An assertion whose meaning depends on where the text starts: see the header. */
static bool read_place(struct parser *parser, enum callout_kind kind, struct piece *out)
{
    static const char *const plain[] = {"\\A", "\\b", "\\B"};
    struct ecmascript *program = parser->out;
    if (parser->in_lookahead > 0) {
        parser->differs = true;
    }
    if (parser->lookahead == 0) {
        strbuf_add(parser->pcre, plain[kind]);
        return single(parser, out, 0);
    }
    if (program->n_callouts == ECMASCRIPT_MAX_CALLOUTS) {
        return refuse(parser, "it has more anchors in lookaheads than otplan follows");
    }
    program->callouts =
        memory_resize(program->callouts, program->n_callouts + 1, sizeof *program->callouts);
    program->callouts[program->n_callouts++] = (struct ecmascript_callout){kind, parser->lookahead};
    strbuf_format(parser->pcre, "(?C%u)", program->n_callouts);
    return single(parser, out, 0);
}

static bool read_backref(struct parser *parser, int number, struct piece *out)
{
    note_other(parser);
    if (number <= 0 || (uint32_t)number >= parser->n_groups) {
        return error_set(parser->error, ERROR_INPUT, "\\%d refers to a group that is not there yet",
                         number);
    }
    if (parser->groups[number].open) {
        return error_set(parser->error, ERROR_INPUT, "\\%d refers to the group it stands in",
                         number);
    }
    strbuf_format(parser->pcre, "\\g{%u}", parser->groups[number].pcre);
    return single(parser, out, 0);
}

static bool read_escape(struct parser *parser, struct piece *out, bool *assertion)
{
    struct escape escape;
    if (!escape_read(&parser->at, false, &escape, parser->error)) {
        return false;
    }
    if (escape.kind == ESCAPE_CHARACTER) {
        return read_character(parser, escape.value, out);
    }
    if (escape.kind == ESCAPE_BACKREF) {
        return read_backref(parser, escape.value, out);
    }
    if (escape.kind == ESCAPE_CLASS) {
        struct byte_set set;
        byte_set_of_escape(escape.value, &set);
        return read_set(parser, &set, out);
    }
    *assertion = true;
    note_other(parser);
    return read_place(
        parser, escape.kind == ESCAPE_BOUNDARY ? CALLOUT_BOUNDARY : CALLOUT_NOT_BOUNDARY, out);
}

static bool read_parenthesis(struct parser *parser, struct piece *out, bool *assertion)
{
    note_other(parser);
    parser->at++;
    if (*parser->at != '?') {
        return read_group(parser, true, out);
    }
    parser->at++;
    if (*parser->at == ':') {
        parser->at++;
        return read_group(parser, false, out);
    }
    if (*parser->at != '=' && *parser->at != '!') {
        return refuse_question(parser);
    }
    *assertion = true;
    return read_lookahead(parser, out);
}

static bool read_bracket(struct parser *parser, struct piece *out)
{
    struct byte_set set;
    parser->at++;
    return byte_set_read(&parser->at, &set, parser->error) && read_set(parser, &set, out);
}

static bool read_any(struct parser *parser, struct piece *out)
{
    note_other(parser);
    parser->at++;
    strbuf_add(parser->pcre, "[^\\n\\r]");
    return single(parser, out, 1);
}

static bool read_anchor(struct parser *parser, struct piece *out)
{
    int c = *parser->at++;
    note_anchor(parser, c);
    if (c == '^') {
        return read_place(parser, CALLOUT_BEGIN, out);
    }
    strbuf_add(parser->pcre, "\\z");
    return single(parser, out, 0);
}

/* Nothing that can be repeated stands in front of a `*`, `+`, `?` or `{`. */
static bool refuse_repeat(struct parser *parser)
{
    char c = *parser->at;
    if (c == '{') {
        return refuse(parser, "{ has nothing before it to repeat");
    }
    return error_set(parser->error, ERROR_INPUT,
                     "%c has nothing before it to repeat: for any text write .*", c);
}

static bool read_atom(struct parser *parser, struct piece *out, bool *assertion)
{
    switch (*parser->at) {
    case '\\':
        parser->at++;
        return read_escape(parser, out, assertion);
    case '(':
        return read_parenthesis(parser, out, assertion);
    case '[':
        return read_bracket(parser, out);
    case '.':
        return read_any(parser, out);
    case '^':
    case '$':
        *assertion = true;
        return read_anchor(parser, out);
    case '*':
    case '+':
    case '?':
    case '{':
        return refuse_repeat(parser);
    default:
        return read_character(parser, (unsigned char)*parser->at++, out);
    }
}

/* --- repeats ------------------------------------------------------------------------------------ */

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
        return refuse(parser,
                      "a brace is opened and never closed (-ot is cut at every comma, so {1,3} "
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
    if (!count_states(parser, states)) {
        return false;
    }
    if (more < 0) {
        return refuse(parser, "the braces hold a range that runs backwards");
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
        if (!count_states(parser, states)) {
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

/* What is longer than every subject is never found; its groups stay, empty, for the numbering. */
static void write_never(struct parser *parser, size_t from, uint32_t groups_before)
{
    parser->pcre->length = from;
    strbuf_add(parser->pcre, "(?:(?!)");
    for (uint32_t i = groups_before; i < parser->n_pcre_groups; i++) {
        strbuf_add(parser->pcre, "()");
    }
    strbuf_add_char(parser->pcre, ')');
}

static bool read_repeats(struct parser *parser, size_t from, struct piece *piece)
{
    struct repeat all = {.least = 1, .most = 1};
    while (*parser->at != '\0' && strchr("*+?{", *parser->at) != NULL) {
        struct repeat next;
        if (!read_quantifier(parser, piece, &next)) {
            return false;
        }
        piece->length = length_limited(piece->length * next.least);
        if (!compose(&all, &next)) {
            write_repeat(parser, &all);
            wrap(parser, from);
            all = next;
        }
    }
    write_repeat(parser, &all);
    return true;
}

static bool read_term(struct parser *parser, struct piece *out)
{
    size_t from = parser->pcre->length;
    size_t run = parser->run.length;
    uint32_t groups = parser->n_pcre_groups;
    bool assertion = false;
    if (!read_atom(parser, out, &assertion)) {
        return false;
    }
    if (*parser->at == '\0' || strchr("*+?{", *parser->at) == NULL) {
        return true;
    }
    if (assertion) {
        return refuse_repeat(parser);
    }
    if (at_top(parser) && parser->run.length > run) { /* the repeated character is not sure */
        parser->run.length = run;
        parser->run.text[run] = '\0';
    }
    note_other(parser);
    if (!read_repeats(parser, from, out)) {
        return false;
    }
    if (out->length >= NEVER) {
        write_never(parser, from, groups);
    }
    return true;
}

/* --- sequences ---------------------------------------------------------------------------------- */

static bool read_alternative(struct parser *parser, struct piece *out)
{
    *out = (struct piece){1, 0};
    if (!count_states(parser, 1)) {
        return false;
    }
    while (*parser->at != '\0' && *parser->at != '|' && *parser->at != ')') {
        struct piece term;
        if (!read_term(parser, &term)) {
            return false;
        }
        out->states += term.states;
        out->length = length_limited((uint64_t)out->length + term.length);
    }
    return true;
}

static void note_alternatives(struct parser *parser)
{
    parser->only_literal = false;
    if (at_top(parser)) {
        end_run(parser);
        parser->alternatives = true;
    }
}

static bool read_disjunction(struct parser *parser, struct piece *out)
{
    if (++parser->depth > MAX_DEPTH) {
        return refuse(parser, "its parentheses are nested deeper than otplan follows");
    }
    if (!read_alternative(parser, out)) {
        return false;
    }
    while (*parser->at == '|') {
        struct piece next;
        parser->at++;
        note_alternatives(parser);
        strbuf_add_char(parser->pcre, '|');
        if (!count_states(parser, 2) || !read_alternative(parser, &next)) {
            return false;
        }
        out->states += next.states + 2;
        out->length = next.length < out->length ? next.length : out->length;
    }
    parser->depth--;
    return true;
}

static bool read_all(struct parser *parser)
{
    struct piece whole;
    uint32_t index;
    parser->at = parser->text;
    return open_group(parser, &index) && count_states(parser, 3) &&
           read_disjunction(parser, &whole) &&
           (*parser->at == '\0' || refuse(parser, "a parenthesis is closed and was never opened"));
}

static bool translate(const char *text, struct ecmascript *out, bool first, bool *differs,
                      struct error *error)
{
    struct parser parser = {.text = text,
                            .out = out,
                            .pcre = first ? &out->first : &out->pcre,
                            .first = first,
                            .only_literal = !first,
                            .error = error};
    bool ok = read_all(&parser);
    if (ok && !first) {
        end_run(&parser);
        out->is_literal = parser.only_literal;
        if (parser.alternatives) {
            strbuf_reset(&out->required);
        }
    }
    *differs = parser.differs;
    free(parser.groups);
    strbuf_clear(&parser.run);
    return ok;
}

bool ecmascript_translate(const char *text, struct ecmascript *out, struct error *error)
{
    bool differs = false;
    *out = (struct ecmascript){0};
    return translate(text, out, false, &differs, error) &&
           (!differs || translate(text, out, true, &differs, error));
}

void ecmascript_clear(struct ecmascript *program)
{
    strbuf_clear(&program->pcre);
    strbuf_clear(&program->first);
    strbuf_clear(&program->required);
    free(program->callouts);
    *program = (struct ecmascript){0};
}
