/* The search for homes and places, and the polish after it. Private to the optimiser. */
#ifndef OTPLAN_MODEL_PLAN_OPTIMISE_SEARCH_H
#define OTPLAN_MODEL_PLAN_OPTIMISE_SEARCH_H

#include "model/plan/optimise.h"
#include "model/plan/optimise_fill.h"

struct search {
    const struct model *model;
    const struct rig *rig;
    const struct optimise_options *options;
    const struct load *load;
    const int16_t *in_use;
    uint64_t *capacity;       /* per device in use: budget less compute */
    unsigned may;             /* FILL_ flags */
    const uint32_t *now_runs; /* homes of the plan to start from */
    const uint32_t *runs;     /* homes to keep, or NULL: search them */
};

enum { MOST_RULES = 16 };

/* A plan that was evaluated whole. */
struct candidate {
    struct plan plan;
    struct layout layout;
    bool there, fits;
    bool spills;     /* mapped weights are read from disk for every token */
    uint64_t excess; /* bytes beyond the budgets */
    double seconds;
    size_t n_rules;
    uint64_t compute; /* bytes of all compute buffers */
    bool
        prefers_room; /* of two that are as fast the one with smaller buffers, which the next move may use */
};

bool optimise_goes_on(const struct search *search); /* false: it was cancelled */

/* By: fits, no more than MOST_RULES, nothing from disk, seconds for a token, rules. */
bool candidate_better(const struct candidate *a, const struct candidate *b);

/* New `*out`: the plan that a layout is, with what `start` keeps. `now` is the evaluation of `start`. */
void optimise_write(const struct search *search, const struct layout *layout,
                    const struct plan *start, const struct evaluation *now, struct plan *out);

/* Evaluates `plan` (taken) and keeps it where it beats the best so far. `compute` (per device in use, last the host)
 * becomes what it needs; true where that is what it was. */
bool optimise_consider(const struct search *search, struct plan *plan, const struct layout *layout,
                       struct candidate *best, uint64_t *compute, struct optimise_report *report);

/* Searches (or keeps search->runs), asking again for the compute buffers until the layout holds within what they
 * leave; the best goes to `best`. */
void optimise_settle(struct search *search, const struct plan *start, const struct evaluation *now,
                     struct candidate *best, struct optimise_report *report);

/* What is left on the host, layer by layer and unit by unit, onto cards that have room for it. */
void optimise_refine(struct search *search, const struct plan *start, const struct evaluation *now,
                     struct candidate *best, struct optimise_report *report);

/* Small models: neighbours of the best plan, evaluated whole. */
void optimise_polish(struct search *search, const struct plan *start, const struct evaluation *now,
                     struct candidate *best, struct optimise_report *report);

#endif
