/* What limits a plan that the optimiser made, and what would help: per card the bytes left and the smallest thing that
 * did not fit, what one more GiB on each card would bring, and what a q8_0 cache would.
 *
 * The last two are the optimiser's own answers on a changed machine or a changed plan, so they cost one more run each.
 */
#ifndef OTPLAN_MODEL_PLAN_ADVICE_H
#define OTPLAN_MODEL_PLAN_ADVICE_H

#include "model/plan/optimise.h"

enum limit_reason {                  /* why a card does not hold more */
                    LIMIT_NONE_LEFT, /* nothing that could move is on the host */
                    LIMIT_ROOM,      /* the smallest thing there is larger than what is left */
                    LIMIT_SLOWER,    /* it reads slower than the host */
                    LIMIT_NETWORK,   /* the way there costs more than it saves */
                    LIMIT_BUFFERS, /* with what its compute buffer would grow by, it has no room */
                    LIMIT_STILL_ROOM, /* it would go there */
                    LIMIT_REASONS,
};
const char *limit_reason_name(enum limit_reason reason); /* "no-room" */

struct card_advice {
    bool in_use; /* by this plan */
    enum limit_reason reason;
    uint64_t left; /* bytes of its budget not used */
    uint64_t
        smallest_bytes; /* of what is on the host and could move here whole; 0: nothing is left there */
    int32_t
        smallest_row; /* its first row: a tensor, or gate and up of a layer together; -1 without */
    uint32_t smallest_rows; /* tensors that move together */
    int32_t smallest_layer; /* where it is a layer without its units, with its cache; else -1 */
    double with_gib; /* tokens per second with one more GiB here; 0: not asked, or not known */
};

struct advice {
    struct card_advice *cards; /* owned, n_cards entries in the rig's order */
    size_t n_cards;
    double now;   /* tokens per second of the plan; 0: not known */
    int limiting; /* the card whose GiB brings the most; -1: none brings any */
    double
        with_q8_cache; /* tokens per second with K and V at q8_0; 0: not asked, or not possible */
    uint64_t q8_saves; /* bytes of cache that would save */
};

/* What is left on each card, what did not fit and why: no run of the optimiser, for any plan. */
void advice_limits(const struct model *model, const struct rig *rig, const struct plan *plan,
                   const struct evaluation *evaluation, struct advice *out);

/* All of it, for the plan that `options` made of `start`. Stops where options->go_on says so. */
void advice_make(const struct model *model, const struct rig *rig, const struct plan *start,
                 const struct optimise_options *options, const struct plan *made,
                 struct advice *out);
void advice_clear(struct advice *advice);

/* "CUDA0: 16.4 MiB (17196646 bytes) left; the smallest that did not fit: blk.15.ffn_down_exps.weight, 1890.0 MiB":
 * appended, no newline. */
struct strbuf;
void advice_limit_text(const struct model *model, const struct rig *rig,
                       const struct advice *advice, size_t card, struct strbuf *out);
/* "one more GiB on CUDA1: 46.1 t/s (+0.9)": appended; nothing where it was not asked. */
void advice_gib_text(const struct rig *rig, const struct advice *advice, size_t card,
                     struct strbuf *out);
/* "a q8_0 cache (-ctk q8_0 -ctv q8_0): 1 102 MiB less, 45.9 t/s (+0.7)". */
void advice_cache_text(const struct advice *advice, struct strbuf *out);

#endif
