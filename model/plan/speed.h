/* The speed model: how long one token takes, and the least it could take (interface.md section 5).
 *
 * Layers run one after another, so the time is a plain sum over what is read:
 *
 *   t = sum over tensors of bytes * active / rate(device) + sum over layers of cache bytes at the depth
 *       / rate(its cache's device) + switches * switch cost,      rate = bandwidth * efficiency
 *
 * with switches and their cost by model/plan/route.h.
 *
 * It ignores arithmetic, so it speaks of decoding one sequence; prompts: model/plan/prompt_speed.h.
 */
#ifndef OTPLAN_MODEL_PLAN_SPEED_H
#define OTPLAN_MODEL_PLAN_SPEED_H

#include "model/plan/evaluation.h"

#define DEFAULT_EFFICIENCY 0.75 /* of the bandwidth, for devices and host alike */

struct speed_use {  /* of one device, or of one layer */
    double seconds; /* without what is read from devices of unknown bandwidth */
    double bytes_read;
};

struct speed {
    bool known;     /* false where a device that is read from has no bandwidth */
    double seconds; /* per token */
    double tokens_per_second;
    uint32_t switches; /* times the work goes from one device to another */
    double switch_seconds;
    struct speed_use *devices; /* rig.n_devices entries */
    struct speed_use host;
    struct speed_use
        *layers;      /* n_layer + 1 entries: weights and cache; the last: output, no layer */
    bool bound_known; /* false where nothing fits, or a bandwidth is missing */
    double bound_tokens_per_second;
};

/* Fills `out`; free with speed_clear. `depth`: tokens already in the cache. */
void speed_estimate(const struct model *model, const struct rig *rig,
                    const struct evaluation *evaluation, uint64_t depth, struct speed *out);
void speed_clear(struct speed *speed);

/* Part of tensor `row` that one token reads: 1, n_expert_used / n_expert for routed experts, 0 for tables
 * read by row and for what is not loaded. */
double speed_active(const struct model *model, size_t row);
/* Its bytes. A tied twin is read whole, whether or not it shares its memory with the original. */
double speed_tensor_bytes(const struct model *model, size_t row);
/* Bytes per second; 0 where the bandwidth is unknown. */
double speed_rate(const struct device *device);

/* "1792 GB/s (device file) x 75% (default)", "bandwidth unknown": what a device's rate rests on, and where
 * they cost anything its switches; appended. */
struct strbuf;
void speed_rate_text(const struct device *device, struct strbuf *out);

/* ---- the bound ---- */

struct speed_item { /* what can be placed */
    double bytes;   /* it takes */
    double active;  /* part of them that a token reads */
};

struct speed_place { /* where it can be placed */
    double bytes;    /* room; INFINITY for a host that reads the rest from disk */
    double rate;     /* bytes per second */
};

/* The least time in which the items can be read, each split at will: the optimum of the linear programme
 *
 *   min sum x_ij * bytes_i * active_i / rate_j,  sum_j x_ij = 1,  sum_i x_ij * bytes_i <= room_j.
 *
 * The cost of a byte is a product, of how active the item is and how slow the place, so the optimum is the
 * north-west corner: the most active bytes fill the fastest places (Hoffman: the cost array is Monge). Sorts
 * both arrays. False where the room does not suffice. */
bool speed_bound(struct speed_item *items, size_t n_items, struct speed_place *places,
                 size_t n_places, double *seconds);

#endif
