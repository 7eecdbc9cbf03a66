/* Efficiencies from speeds that were reached.
 *
 * A result says how long a token took; the plan it ran with says how many bytes each device read for it. With
 * x = 1 / efficiency the speed model is linear,
 *
 *   measured = sum over kinds of seconds at full bandwidth * x + what does not depend on it,
 *
 * so several results are a least-squares problem. Where they say too little (two kinds of devices, one result)
 * the answer nearest to the start is taken; where they contradict each other, single results that are far off
 * count little (their weight is 1 / their distance). No efficiency leaves 2 % .. 100 %.
 *
 * Devices of one kind (the same description and memory) share one efficiency; the host is a kind of its own.
 */
#ifndef OTPLAN_MODEL_PLAN_CALIBRATE_H
#define OTPLAN_MODEL_PLAN_CALIBRATE_H

#include <stdbool.h>
#include <stddef.h>

#define CALIBRATE_LEAST_EFFICIENCY 0.02

struct calibrate_result {
    double *seconds; /* owned by the caller, one per kind: a token's at 100 % of the bandwidth */
    double fixed;    /* seconds that no efficiency changes */
    double measured; /* seconds per token; above 0 */
};

struct calibrate_kind {
    double start;      /* efficiency to begin with */
    bool is_fixed;     /* set by the user: left alone */
    double efficiency; /* out */
    double share;      /* out: the largest part of a result's time that this kind takes */
    bool at_limit;     /* out: the results ask for less than 2 % or more than 100 % */
};

enum { CALIBRATE_MOST_KINDS = 64 };

/* Fills what is out. False where there is nothing to learn from: no results, too many kinds. */
bool calibrate_fit(const struct calibrate_result *results, size_t n_results,
                   struct calibrate_kind *kinds, size_t n_kinds);

/* Seconds per token that the model gives for a result with the efficiencies found, or those at the start. */
double calibrate_predict(const struct calibrate_result *result, const struct calibrate_kind *kinds,
                         size_t n_kinds, bool at_start);

/* Efficiency at which `seconds(payload, efficiency)`, falling, gives `measured`: bisection in 2 % .. 200 %. */
double calibrate_find(double (*seconds)(void *payload, double efficiency), void *payload,
                      double measured);

#endif
