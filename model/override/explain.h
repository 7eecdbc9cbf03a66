/* What each entry of an -ot list does, and what is wrong with it, in words, with the repair.
 *
 * Counts are of loaded rows. `matches` is what the pattern is found in, `left` what earlier entries left
 * for it. Not for frames: patterns are tried again with the repair to see whether it would help.
 */
#ifndef OTPLAN_MODEL_OVERRIDE_EXPLAIN_H
#define OTPLAN_MODEL_OVERRIDE_EXPLAIN_H

#include "model/plan/evaluation.h"

enum finding_code { /* finding_name */
                    FINDING_REFUSED,
                    FINDING_COMMA,        /* a comma cut the pattern: {1,3}, a trailing one */
                    FINDING_SEPARATOR,    /* `:` for `=`, llama-bench's `;` */
                    FINDING_BLANK,        /* a blank is part of the pattern */
                    FINDING_NUMBER_RANGE, /* [6-10], [0-15], [11|12], (0-9), {50-60} */
                    FINDING_DOT,          /* an unescaped dot takes more than a dot */
                    FINDING_QUOTING, /* a shell or file ate or doubled a backslash, or left quotes */
                    FINDING_GLOB,    /* `ffn_*`: * repeats the character before it */
                    FINDING_UNMATCHED,
                    FINDING_SHADOWED,
                    FINDING_UNKNOWN_BUFFER,
                    FINDING_UNKNOWN_DEVICE,
                    FINDING_TOO_MANY,
                    FINDING_GATE_UP_SPLIT,
                    FINDING_CACHE_BEHIND,
                    FINDING_ENDLESS, /* backtracks without end */
                    FINDING_COUNT,
};
const char *finding_name(enum finding_code code); /* "override-blank" */

struct finding {
    enum finding_code code;
    char *message; /* owned, one line */
    char *repair;  /* owned or NULL: the rule as it should read, `pattern=BUFFER` */
};

struct findings {
    struct finding *items; /* owned */
    size_t n;
};

struct entry_explanation {
    uint32_t matches, left;
    uint64_t match_bytes, left_bytes;
    char *layers;        /* owned: layers it matches, "0-12, 20"; "" where none */
    char *left_layers;   /* owned: of those, the ones it decides something in */
    int32_t shadowed_by; /* the earlier entry that takes most of it, -1 */
    bool unread; /* its pattern is refused, but no tensor gets to it: llama.cpp never reads it */
    struct findings findings;
};

struct explanation {
    struct entry_explanation *entries; /* one per entry of the list */
    size_t n_entries;
    struct findings findings; /* of the whole list */
};

/* `evaluation`: of the plan that holds the list, or NULL; with it, what was moved by hand stands before the
 * list, and the findings about layers are there. */
void overrides_explain(const struct model *model, const struct rig *rig,
                       const struct override_list *list, const struct evaluation *evaluation,
                       struct explanation *out);
void explanation_clear(struct explanation *explanation);

/* One entry alone, for a screen: some milliseconds. */
void override_explain(const struct model *model, const struct rig *rig,
                      const struct override_list *list, const struct evaluation *evaluation,
                      size_t index, struct entry_explanation *out);
void entry_explanation_clear(struct entry_explanation *entry);

#endif
