#include "model/plan/calibrate.h"

#include "model/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 60 };
static const double RIDGE = 1e-8; /* pulls towards the start, where the results leave a choice */
static const double CLOSE = 1e-3; /* relative distance that counts as none */

/* With x = (1 + y) / start: a . y = b for each result, relative to what was measured. */
struct fit {
    const struct calibrate_result *results;
    size_t n_results;
    struct calibrate_kind *kinds;
    size_t n_kinds;
    double y[CALIBRATE_MOST_KINDS];
    bool is_held[CALIBRATE_MOST_KINDS]; /* fixed, or at a limit */
    double *weights;
};

static double part(const struct fit *fit, size_t result, size_t kind)
{
    const struct calibrate_result *of = &fit->results[result];
    return of->seconds[kind] / fit->kinds[kind].start / of->measured;
}

/* What is missing to the measured time, relative to it. */
static double distance(const struct fit *fit, size_t result)
{
    double left = 1 - fit->results[result].fixed / fit->results[result].measured;
    for (size_t k = 0; k < fit->n_kinds; k++) {
        left -= part(fit, result, k) * (1 + fit->y[k]);
    }
    return left;
}

/* ---- one least-squares problem -------------------------------------------------------------- */

/* Solves matrix * x = right in place; symmetric and positive definite, so no pivoting is needed. */
static void solve(double *matrix, double *right, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = i + 1; k < n; k++) {
            double factor = matrix[k * n + i] / matrix[i * n + i];
            for (size_t j = i; j < n; j++) {
                matrix[k * n + j] -= factor * matrix[i * n + j];
            }
            right[k] -= factor * right[i];
        }
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t j = i + 1; j < n; j++) {
            right[i] -= matrix[i * n + j] * right[j];
        }
        right[i] /= matrix[i * n + i];
    }
}

static size_t free_kinds(const struct fit *fit, size_t *list)
{
    size_t n = 0;
    for (size_t k = 0; k < fit->n_kinds; k++) {
        if (!fit->is_held[k]) {
            list[n++] = k;
        }
    }
    return n;
}

/* Sets y of the kinds that are not held, with the others where they are. */
static void solve_free(struct fit *fit)
{
    size_t list[CALIBRATE_MOST_KINDS];
    size_t n = free_kinds(fit, list);
    double *matrix = memory_array(n * n, sizeof *matrix);
    double *right = memory_array(n, sizeof *right);
    for (size_t i = 0; i < n; i++) {
        fit->y[list[i]] = 0;
        matrix[i * n + i] = RIDGE;
    }
    for (size_t r = 0; r < fit->n_results; r++) {
        double left = distance(fit, r);
        for (size_t i = 0; i < n; i++) {
            double weighted = fit->weights[r] * part(fit, r, list[i]);
            right[i] += weighted * left;
            for (size_t j = 0; j < n; j++) {
                matrix[i * n + j] += weighted * part(fit, r, list[j]);
            }
        }
    }
    solve(matrix, right, n);
    for (size_t i = 0; i < n; i++) {
        fit->y[list[i]] = right[i];
    }
    free(matrix);
    free(right);
}

/* ---- limits --------------------------------------------------------------------------------- */

static double efficiency_of(const struct fit *fit, size_t kind)
{
    double inverse = (1 + fit->y[kind]) / fit->kinds[kind].start;
    return inverse > 0 ? 1 / inverse : INFINITY;
}

/* Holds the kind that is furthest outside at its limit. False where all are inside. */
static bool hold_one(struct fit *fit)
{
    size_t worst = fit->n_kinds;
    double most = 1e-9;
    for (size_t k = 0; k < fit->n_kinds; k++) {
        double efficiency = efficiency_of(fit, k);
        double outside = efficiency > 1                            ? 1 - 1 / efficiency
                         : efficiency < CALIBRATE_LEAST_EFFICIENCY ? 1
                                                                   : 0;
        if (!fit->is_held[k] && outside > most) {
            most = outside;
            worst = k;
        }
    }
    if (worst == fit->n_kinds) {
        return false;
    }
    double limit = efficiency_of(fit, worst) > 1 ? 1 : CALIBRATE_LEAST_EFFICIENCY;
    fit->y[worst] = fit->kinds[worst].start / limit - 1;
    fit->is_held[worst] = true;
    fit->kinds[worst].at_limit = true;
    return true;
}

static void solve_within_limits(struct fit *fit)
{
    for (size_t k = 0; k < fit->n_kinds; k++) {
        fit->is_held[k] = fit->kinds[k].is_fixed;
        fit->kinds[k].at_limit = false;
    }
    do {
        solve_free(fit);
    } while (hold_one(fit));
}

/* ---- all of it ------------------------------------------------------------------------------ */

static void find_shares(struct fit *fit)
{
    for (size_t k = 0; k < fit->n_kinds; k++) {
        fit->kinds[k].efficiency = efficiency_of(fit, k);
        fit->kinds[k].share = 0;
        for (size_t r = 0; r < fit->n_results; r++) {
            fit->kinds[k].share = fmax(fit->kinds[k].share, part(fit, r, k) * (1 + fit->y[k]));
        }
    }
}

bool calibrate_fit(const struct calibrate_result *results, size_t n_results,
                   struct calibrate_kind *kinds, size_t n_kinds)
{
    if (n_results == 0 || n_kinds == 0 || n_kinds > CALIBRATE_MOST_KINDS) {
        return false;
    }
    struct fit fit = {
        .results = results, .n_results = n_results, .kinds = kinds, .n_kinds = n_kinds};
    fit.weights = memory_array(n_results, sizeof *fit.weights);
    for (size_t r = 0; r < n_results; r++) {
        fit.weights[r] = 1;
    }
    for (int round = 0; round < ROUNDS; round++) {
        solve_within_limits(&fit);
        for (size_t r = 0; r < n_results; r++) {
            fit.weights[r] = CLOSE / fmax(CLOSE, fabs(distance(&fit, r)));
        }
    }
    find_shares(&fit);
    free(fit.weights);
    return true;
}

double calibrate_predict(const struct calibrate_result *result, const struct calibrate_kind *kinds,
                         size_t n_kinds, bool at_start)
{
    double seconds = result->fixed;
    for (size_t k = 0; k < n_kinds; k++) {
        seconds += result->seconds[k] / (at_start ? kinds[k].start : kinds[k].efficiency);
    }
    return seconds;
}

double calibrate_find(double (*seconds)(void *payload, double efficiency), void *payload,
                      double measured)
{
    double low = CALIBRATE_LEAST_EFFICIENCY;
    double high = 2;
    for (int i = 0; i < ROUNDS; i++) {
        double middle = sqrt(low * high);
        if (seconds(payload, middle) > measured) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return sqrt(low * high);
}
