#include "model/base/memory.h"
#include "model/plan/optimise_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The last steps, evaluated whole: what the search could not know is what the buffers become. Another layer of the host at
 * home on a card, another unit of the host on a card with room for it: each is kept where the plan gets faster. Few, so
 * that the largest models stay quick. */
enum { REFINE_STEPS = 48, REFINE_TENSORS = 60000 }; /* the latter: tensors times evaluations */

struct refine {
    struct search *search;
    const struct plan *start;
    const struct evaluation *now;
    struct optimise_report *report;
    struct candidate *best;
    struct layout trial;
    uint64_t *compute;
    uint64_t *left; /* bytes, per device in use */
    uint32_t last;  /* round that ends it */
};

static bool refine_goes_on(const struct refine *refine)
{
    return refine->report->rounds < refine->last && optimise_goes_on(refine->search);
}

/* True where the trial became the best. */
static bool try_it(struct refine *refine)
{
    struct plan plan;
    double before = refine->best->seconds;
    optimise_write(refine->search, &refine->trial, refine->start, refine->now, &plan);
    optimise_consider(refine->search, &plan, &refine->trial, refine->best, refine->compute,
                      refine->report);
    return refine->best->seconds < before;
}

static bool try_layer(struct refine *refine, size_t place)
{
    const struct load *load = refine->search->load;
    if (refine->best->layout.counts[0] == 0 || !refine_goes_on(refine)) {
        return false;
    }
    layout_copy(&refine->trial, &refine->best->layout, load);
    refine->trial.counts[0]--;
    refine->trial.counts[1 + place]++;
    return load_breaks(load, refine->trial.counts) == 0 && try_it(refine);
}

/* The unit of the host whose reading would save the most there, of those that save less than `below`. */
static size_t next_unit(const struct refine *refine, size_t place, double below)
{
    const struct load *load = refine->search->load;
    const int16_t *at = refine->best->layout.unit_at;
    size_t chosen = SIZE_MAX;
    for (size_t u = 0; u < load->n_units; u++) {
        const struct unit *unit = &load->units[u];
        if (at[u] < 0 && unit->bytes <= refine->left[place] && unit->read < below &&
            (chosen == SIZE_MAX || unit->read > load->units[chosen].read)) {
            chosen = u;
        }
    }
    return chosen;
}

static bool try_unit(struct refine *refine, size_t place)
{
    enum { SIZES = 4 };
    const struct load *load = refine->search->load;
    double below = INFINITY;
    for (int i = 0; i < SIZES && refine_goes_on(refine); i++) {
        size_t chosen = next_unit(refine, place, below);
        if (chosen == SIZE_MAX || load->seconds_per_byte[place] >= load->host_seconds_per_byte) {
            return false;
        }
        layout_copy(&refine->trial, &refine->best->layout, load);
        refine->trial.unit_at[chosen] = (int16_t)place;
        if (try_it(refine)) {
            return true;
        }
        below = load->units[chosen].read;
    }
    return false;
}

static void find_left(struct refine *refine)
{
    const struct search *search = refine->search;
    struct evaluation evaluation;
    plan_evaluate(search->model, search->rig, &refine->best->plan, NULL, &evaluation);
    refine->report->rounds++;
    for (size_t k = 0; k < search->load->n_devices; k++) {
        int64_t headroom = evaluation.devices[search->in_use[k]].headroom;
        refine->left[k] = headroom > 0 ? (uint64_t)headroom : 0;
    }
    evaluation_clear(&evaluation);
}

void optimise_refine(struct search *search, const struct plan *start, const struct evaluation *now,
                     struct candidate *best, struct optimise_report *report)
{
    const struct load *load = search->load;
    uint32_t steps = (uint32_t)(REFINE_TENSORS / (search->model->n_tensors + 1));
    if (!best->there || !best->fits || load_breaks(load, best->layout.counts) > 0) {
        return;
    }
    struct refine refine = {
        .search = search, .start = start, .now = now, .report = report, .best = best};
    refine.last = report->rounds + (steps < REFINE_STEPS ? steps : REFINE_STEPS);
    refine.compute = memory_array(load->n_devices + 1, sizeof *refine.compute);
    refine.left = memory_array(load->n_devices, sizeof *refine.left);
    layout_init(&refine.trial, load);
    for (bool improved = true; improved && refine_goes_on(&refine);) {
        improved = false;
        find_left(&refine);
        for (size_t k = 0; k < load->n_devices && !improved; k++) {
            improved = try_layer(&refine, k) || try_unit(&refine, k);
        }
    }
    layout_clear(&refine.trial);
    free(refine.left);
    free(refine.compute);
}
