/* What a model can do on a rig: does it fit, up to which context, how fast, and what stops it there. */
#ifndef OTPLAN_MODEL_PLAN_SHOP_H
#define OTPLAN_MODEL_PLAN_SHOP_H

#include "model/plan/evaluation.h"

enum shop_fit {
    SHOP_WHOLE,    /* every weight that is computed with, and every cache, on the devices */
    SHOP_WITH_CPU, /* in memory, with some of it on the host */
    SHOP_NOT,      /* more than there is; llama.cpp might still read it from disk for every token */
};
const char *shop_fit_name(enum shop_fit fit); /* "whole" */

enum { SHOP_CONTEXT = 8192 }; /* tokens, where nothing else was asked for */

struct shop_result {
    enum shop_fit fit;
    uint32_t n_ctx; /* context that fit and speeds are for */
    uint32_t
        largest_context; /* that fits as well; n_ctx where it was not searched, 0 where nothing fits */
    double decode, prompt; /* tokens per second; 0: not known, or it does not fit */
    uint64_t missing;      /* SHOP_NOT: bytes */
    uint64_t on_host;      /* bytes of weights on the host that tokens are computed with */
    int slowest;           /* device that takes most of a token's time; DEVICE_NONE: not known */
    double slowest_share;  /* of a token's time */
    int fullest;           /* device that has least room left for a larger context; DEVICE_NONE */
    char *refused;         /* owned or NULL: why llama.cpp would not take these settings there */
};

/* The optimiser places (strategy speed) from `start`'s settings; with a context in them for that one alone, else
 * for SHOP_CONTEXT tokens, and the largest one is searched. `depth`: tokens in the cache, for the speeds. Free
 * with shop_result_clear. */
void shop_look(const struct model *model, const struct rig *rig, const struct plan *start,
               uint64_t depth, struct shop_result *out);
void shop_result_clear(struct shop_result *result);

/* For sorting: what fits before what does not, then the faster. */
int shop_compare(const struct shop_result *a, const struct shop_result *b);

#endif
