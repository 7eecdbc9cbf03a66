/* The translator's parser and what its parts share; ecmascript.h is its face. */
#ifndef OTPLAN_MODEL_OVERRIDE_ECMASCRIPT_PARSER_H
#define OTPLAN_MODEL_OVERRIDE_ECMASCRIPT_PARSER_H

#include "model/override/ecmascript.h"

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

bool parser_refuse(struct parser *parser, const char *why);
bool parser_count_states(struct parser *parser, uint64_t states);
/* A length as a piece keeps it: at most NEVER. */
uint32_t parser_length(uint64_t length);

/* All of `*`, `+`, `?` and `{…}` behind the piece that was written from `from` on. */
bool parser_read_repeats(struct parser *parser, size_t from, struct piece *piece);

#endif
