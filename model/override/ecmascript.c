#include "model/override/ecmascript.h"

#include "model/base/memory.h"
#include "model/override/ecmascript_class.h"
#include "model/override/ecmascript_parser.h"

#include <stdlib.h>
#include <string.h>

static bool read_disjunction(struct parser *parser, struct piece *out);

bool parser_refuse(struct parser *parser, const char *why)
{
    return error_set(parser->error, ERROR_INPUT, "%s", why);
}

bool parser_count_states(struct parser *parser, uint64_t states)
{
    parser->states += states;
    return parser->states <= MAX_STATES ||
           parser_refuse(parser, "it is too large: std::regex stops at 100000 states");
}

static bool single(struct parser *parser, struct piece *out, uint32_t length)
{
    *out = (struct piece){1, length};
    return parser_count_states(parser, 1);
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
        return parser_refuse(parser, "it has more groups than otplan follows");
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
        return parser_refuse(parser, "a parenthesis is opened and never closed");
    }
    parser->at++;
    strbuf_add_char(parser->pcre, ')');
    return true;
}

static bool read_group(struct parser *parser, bool capturing, struct piece *out)
{
    uint32_t index = 0;
    if (!parser_count_states(parser, capturing ? 2 : 1) ||
        (capturing && !open_group(parser, &index))) {
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
    if (!parser_count_states(parser, 2) || !read_disjunction(parser, out) ||
        !close_parenthesis(parser)) {
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
        return parser_refuse(parser, "named groups are not in std::regex: write (...)");
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
        return parser_refuse(parser, "it has more anchors in lookaheads than otplan follows");
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
    int c = (unsigned char)*parser->at++;
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
        return parser_refuse(parser, "{ has nothing before it to repeat");
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

/* --- terms -------------------------------------------------------------------------------------- */

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
    if (!parser_read_repeats(parser, from, out)) {
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
    if (!parser_count_states(parser, 1)) {
        return false;
    }
    while (*parser->at != '\0' && *parser->at != '|' && *parser->at != ')') {
        struct piece term = {0};
        if (!read_term(parser, &term)) {
            return false;
        }
        out->states += term.states;
        out->length = parser_length((uint64_t)out->length + term.length);
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
        return parser_refuse(parser, "its parentheses are nested deeper than otplan follows");
    }
    if (!read_alternative(parser, out)) {
        return false;
    }
    while (*parser->at == '|') {
        struct piece next = {0};
        parser->at++;
        note_alternatives(parser);
        strbuf_add_char(parser->pcre, '|');
        if (!parser_count_states(parser, 2) || !read_alternative(parser, &next)) {
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
    struct piece whole = {0};
    uint32_t index;
    parser->at = parser->text;
    return open_group(parser, &index) && parser_count_states(parser, 3) &&
           read_disjunction(parser, &whole) &&
           (*parser->at == '\0' ||
            parser_refuse(parser, "a parenthesis is closed and was never opened"));
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
