#include "model/base/memory.h"
#include "model/plan/optimise_search.h"

#include <stdlib.h>
#include <string.h>

/* The search above takes the compute buffers as they were. Where the model is small enough to evaluate neighbours whole,
 * what the buffers really become decides: another home for a layer or a whole run, and for each of those homes another
 * place for a unit or two units that change places. */
enum { POLISH_UNITS = 64, POLISH_TENSORS = 150000 }; /* the latter: tensors times evaluations */

struct polish {
    struct search *search;
    const struct plan *start;
    const struct evaluation *now;
    struct optimise_report *report;
    struct candidate *at; /* whose neighbours are tried; becomes the best of them */
    struct layout trial;
    uint64_t *compute;
    uint32_t last; /* round that ends it */
};

static bool polish_goes_on(const struct polish *polish)
{
    return polish->report->rounds < polish->last && optimise_goes_on(polish->search);
}

static void polish_place(struct polish *polish, size_t unit, int place, size_t other)
{
    const int16_t *at = polish->at->layout.unit_at;
    if (!polish_goes_on(polish)) {
        return;
    }
    struct plan plan;
    layout_copy(&polish->trial, &polish->at->layout, polish->search->load);
    polish->trial.unit_at[other] = at[unit];
    polish->trial.unit_at[unit] = (int16_t)place;
    optimise_write(polish->search, &polish->trial, polish->start, polish->now, &plan);
    optimise_consider(polish->search, &plan, &polish->trial, polish->at, polish->compute,
                      polish->report);
}

static void polish_units(struct polish *polish)
{
    const struct load *load = polish->search->load;
    const struct candidate *at = polish->at;
    for (size_t unit = 0; unit < load->n_units; unit++) {
        for (int place = -1; place < (int)load->n_devices; place++) {
            if (at->layout.unit_at[unit] != place) {
                polish_place(polish, unit, place, unit);
            }
            for (size_t other = 0; other < load->n_units; other++) {
                if (at->layout.unit_at[other] == place && at->layout.unit_at[unit] != place) {
                    polish_place(polish, unit, place, other);
                }
            }
        }
    }
}

static void candidate_clear(struct candidate *candidate)
{
    if (candidate->there) {
        plan_clear(&candidate->plan);
    }
    layout_clear(&candidate->layout);
}

/* The better of the two goes to `best`; the other is freed. */
static void keep_better(struct candidate *best, struct candidate *other)
{
    if (other->there && candidate_better(other, best)) {
        struct candidate worse = *best;
        *best = *other;
        *other = worse;
    }
    candidate_clear(other);
}

static void descend(struct polish *polish, struct candidate *from)
{
    double seconds = 0;
    uint64_t compute = 0;
    polish->at = from;
    while (polish_goes_on(polish) && (seconds != from->seconds || compute != from->compute)) {
        seconds = from->seconds;
        compute = from->compute;
        polish_units(polish);
    }
}

/* Some units elsewhere, and down again from there: out of a dip that no single move leaves. */
static void shake(struct polish *polish, struct candidate *local, uint32_t *random)
{
    const struct load *load = polish->search->load;
    struct candidate shaken = {.prefers_room = true};
    struct plan plan;
    layout_init(&shaken.layout, load);
    layout_copy(&polish->trial, &local->layout, load);
    for (int i = 0; i < 3 && load->n_units > 0; i++) {
        *random = *random * 1664525U + 1013904223U;
        size_t unit = (*random >> 8) % load->n_units;
        *random = *random * 1664525U + 1013904223U;
        polish->trial.unit_at[unit] = (int16_t)((int)((*random >> 8) % (load->n_devices + 1)) - 1);
    }
    optimise_write(polish->search, &polish->trial, polish->start, polish->now, &plan);
    optimise_consider(polish->search, &plan, &polish->trial, &shaken, polish->compute,
                      polish->report);
    descend(polish, &shaken);
    polish->at = NULL;
    keep_better(local, &shaken);
}

/* The best plan with these homes, kept where it beats `best`. */
static void polish_runs(struct polish *polish, const uint32_t *runs, struct candidate *best)
{
    enum { SHAKES = 16 };
    struct candidate local = {.prefers_room = true};
    uint32_t random = 1;
    if (load_breaks(polish->search->load, runs) > 0) {
        return;
    }
    layout_init(&local.layout, polish->search->load);
    polish->search->runs = runs;
    optimise_settle(polish->search, polish->start, polish->now, &local, polish->report);
    if (local.there) {
        descend(polish, &local);
    }
    for (int i = 0; i < SHAKES && local.there && polish_goes_on(polish); i++) {
        shake(polish, &local, &random);
    }
    polish->search->runs = NULL;
    polish->at = NULL;
    local.prefers_room = false;
    keep_better(best, &local);
}

static void polish_homes(struct polish *polish, uint32_t *runs, struct candidate *best)
{
    size_t n = polish->search->load->n_devices + 1;
    uint32_t *home = memory_array(n, sizeof *home);
    memcpy(home, best->layout.counts, n * sizeof *home);
    polish_runs(polish, home, best);
    for (size_t pair = 0; pair < n * n * 2 && polish_goes_on(polish); pair++) {
        size_t from = pair / 2 / n;
        size_t to = pair / 2 % n;
        uint32_t moves = pair % 2 == 0 ? 1 : home[from]; /* one layer, or the whole run */
        if (from == to || home[from] < moves || moves == 0 || (pair % 2 == 1 && moves == 1)) {
            continue;
        }
        memcpy(runs, home, n * sizeof *runs);
        runs[from] -= moves;
        runs[to] += moves;
        polish_runs(polish, runs, best);
    }
    free(home);
}

void optimise_polish(struct search *search, const struct plan *start, const struct evaluation *now,
                     struct candidate *best, struct optimise_report *report)
{
    const struct load *load = search->load;
    if (!best->there || !best->fits || load->n_units > POLISH_UNITS) {
        return;
    }
    struct polish polish = {.search = search, .start = start, .now = now, .report = report};
    uint32_t evaluations = (uint32_t)(POLISH_TENSORS / (search->model->n_tensors + 1));
    polish.last = report->rounds + evaluations;
    polish.compute = memory_array(load->n_devices + 1, sizeof *polish.compute);
    uint32_t *runs = memory_array(load->n_devices + 1, sizeof *runs);
    layout_init(&polish.trial, load);
    for (double before = 0; before != best->seconds && polish_goes_on(&polish);) {
        before = best->seconds;
        polish_homes(&polish, runs, best);
    }
    layout_clear(&polish.trial);
    free(polish.compute);
    free(runs);
}
