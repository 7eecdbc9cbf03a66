/* The optimiser: a plan for a model and a rig, on the same plan value that a person edits.
 *
 * Decoding reads every active byte once a token, from the device that holds it, one layer after the
 * other: time is the sum of bytes * active / (bandwidth * efficiency) (interface.md section 5). So what
 * is read often belongs on fast devices, and any memory left empty on a card is time lost. Homes and
 * overrides are searched together, gate and up of a layer stay together, compute buffers are asked
 * again whenever the placement changes, and what the user locked stays: rows where they are, the homes of layers
 * whose every weight is locked, and settings. Only STRATEGY_CONTEXT and STRATEGY_FIT change a setting, the context
 * size; where that is locked, the first is STRATEGY_SPEED.
 */
#ifndef OTPLAN_MODEL_PLAN_OPTIMISE_H
#define OTPLAN_MODEL_PLAN_OPTIMISE_H

#include "model/plan/evaluation.h"

enum strategy {
    STRATEGY_SPEED,       /* fastest decode within every budget */
    STRATEGY_BALANCE,     /* even utilisation of the cards */
    STRATEGY_EXPERTS_CPU, /* routed experts on the CPU, the rest on the cards */
    STRATEGY_AGGRESSIVE,  /* as speed, filling each card to a share of its budget */
    STRATEGY_CONTEXT,     /* the largest context that costs at most a share of the speed */
    STRATEGY_FIT,         /* what llama.cpp's own --fit would do around what is locked */
    STRATEGY_COUNT,
};
const char *strategy_name(enum strategy strategy);

struct optimise_options {
    enum strategy strategy;
    uint64_t depth;     /* tokens in the cache, for what the caches cost */
    double utilisation; /* STRATEGY_AGGRESSIVE: share of a budget, 0 < u <= 1; 0: usual 0.95 */
    double loss;        /* STRATEGY_CONTEXT: share of the speed it may cost, 0 <= l < 1 */
    bool (*go_on)(void *payload); /* asked between rounds; false ends with the best so far */
    void *payload;
};

/* "balance", "context:5%", "aggressive:90%": sets the strategy, its loss (else 5 %), and its utilisation where one is
 * said. False where it is none; the names are in STRATEGY_NAMES. */
bool strategy_read(const char *text, struct optimise_options *out);
#define STRATEGY_NAMES "speed, balance, experts-cpu, aggressive[:SHARE], context[:LOSS], fit"

struct optimise_report {
    uint32_t rounds; /* full evaluations */
    bool cancelled;
};

/* New `*out` (plan_clear it). Starts from `start`: its settings, -dev, locks and extra arguments stay; its
 * homes and overrides are replaced. Fails with ERROR_INPUT where `start` is refused by llama.cpp or no device
 * is in use. The result may be over budget where even the least placement is; evaluate it to know. Where
 * STRATEGY_BALANCE or STRATEGY_AGGRESSIVE finds nothing that fits it is STRATEGY_SPEED's. */
bool plan_optimise(const struct model *model, const struct rig *rig, const struct plan *start,
                   const struct optimise_options *options, struct plan *out,
                   struct optimise_report *report, struct error *error);

#endif
