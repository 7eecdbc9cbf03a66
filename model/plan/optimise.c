#include "model/plan/optimise.h"

#include "model/base/memory.h"
#include "model/plan/optimise_context.h"
#include "model/plan/optimise_fit.h"
#include "model/plan/optimise_search.h"
#include "model/plan/setting_list.h"
#include "model/plan/speed.h"

#include <stdlib.h>
#include <string.h>

/* ---- homes ---------------------------------------------------------------------------------- */

static bool better(const struct layout *a, const struct layout *b)
{
    if (a->broken != b->broken) {
        return a->broken < b->broken;
    }
    if (a->excess != b->excess) {
        return a->excess < b->excess;
    }
    if (a->spills != b->spills) {
        return b->spills;
    }
    double slack = b->seconds * 1e-6;
    if (a->seconds < b->seconds - slack || a->seconds > b->seconds + slack) {
        return a->seconds < b->seconds;
    }
    return a->foreign < b->foreign;
}

/* Runs proportional to each card's capacity, by the bytes of the layers; `on_cpu` layers stay behind. */
static void runs_by_capacity(const struct search *search, struct layout *layout, uint32_t on_cpu)
{
    const struct load *load = search->load;
    double total = 0;
    double capacity = 0;
    for (uint32_t il = on_cpu; il <= load->n_layer; il++) {
        total += (double)(load->layers[il].bytes +
                          ((search->may & FILL_EXPERTS) != 0 ? load->layers[il].movable : 0));
    }
    for (size_t k = 0; k < load->n_devices; k++) {
        capacity += (double)search->capacity[k];
    }
    memset(layout->counts, 0, (load->n_devices + 1) * sizeof *layout->counts);
    layout->counts[0] = on_cpu;
    size_t k = 0;
    double seen = 0;
    double end = (double)search->capacity[0] / capacity * total;
    for (uint32_t il = on_cpu; il <= load->n_layer; il++) {
        double bytes = (double)(load->layers[il].bytes +
                                ((search->may & FILL_EXPERTS) != 0 ? load->layers[il].movable : 0));
        while (k + 1 < load->n_devices && seen + bytes / 2 > end) {
            k++;
            end += (double)search->capacity[k] / capacity * total;
        }
        layout->counts[1 + k]++;
        seen += bytes;
    }
}

/* Runs that give the fastest cards as many fixed parts as they hold. */
static void runs_by_speed(const struct search *search, struct layout *layout)
{
    const struct load *load = search->load;
    uint64_t fixed = 0;
    for (uint32_t il = 0; il <= load->n_layer; il++) {
        fixed += load->layers[il].bytes;
    }
    uint64_t mean = fixed / (load->n_layer + 1) + 1;
    memset(layout->counts, 0, (load->n_devices + 1) * sizeof *layout->counts);
    uint32_t left = load->n_layer + 1;
    bool *done = memory_array(load->n_devices, sizeof *done);
    for (size_t step = 0; step < load->n_devices && left > 0; step++) {
        size_t fastest = SIZE_MAX;
        for (size_t k = 0; k < load->n_devices; k++) {
            if (!done[k] && (fastest == SIZE_MAX ||
                             load->seconds_per_byte[k] < load->seconds_per_byte[fastest])) {
                fastest = k;
            }
        }
        done[fastest] = true;
        uint64_t holds = search->capacity[fastest] / mean;
        uint32_t takes = holds < left ? (uint32_t)holds : left;
        layout->counts[1 + fastest] = takes;
        left -= takes;
    }
    layout->counts[0] = left;
    free(done);
}

bool optimise_goes_on(const struct search *search)
{
    return search->options->go_on == NULL || search->options->go_on(search->options->payload);
}

/* Moves layers between two neighbouring runs (or CPU and the first cards) while that helps. */
static void climb(const struct search *search, struct layout *best)
{
    const struct load *load = search->load;
    enum { FINE_UNITS = 4096 };
    static const uint32_t steps[] = {8, 4, 2, 1, 6, 5, 3};
    struct layout trial;
    layout_init(&trial, load);
    bool huge = load->n_units > FINE_UNITS;
    for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++) {
        bool improved = !huge || (steps[s] & (steps[s] - 1)) == 0; /* then powers of two alone */
        for (int pass = 0; improved && pass < 64 && optimise_goes_on(search); pass++) {
            improved = false;
            for (size_t from = 0; from <= load->n_devices; from++) {
                for (size_t to = 0; to <= load->n_devices; to++) {
                    if (from == to || best->counts[from] < steps[s]) {
                        continue;
                    }
                    layout_copy(&trial, best, load);
                    trial.counts[from] -= steps[s];
                    trial.counts[to] += steps[s];
                    layout_fill(&trial, load, search->capacity, search->may);
                    if (better(&trial, best)) {
                        layout_copy(best, &trial, load);
                        improved = true;
                    }
                }
            }
        }
    }
    layout_clear(&trial);
}

static void try_start(const struct search *search, struct layout *trial, struct layout *best)
{
    layout_fill(trial, search->load, search->capacity, search->may);
    if (better(trial, best)) {
        layout_copy(best, trial, search->load);
    }
}

static void search_homes(const struct search *search, struct layout *best)
{
    if (search->runs != NULL) {
        memcpy(best->counts, search->runs, (search->load->n_devices + 1) * sizeof *best->counts);
        layout_fill(best, search->load, search->capacity, search->may);
        return;
    }
    struct layout trial;
    layout_init(&trial, search->load);
    memset(best->counts, 0, (search->load->n_devices + 1) * sizeof *best->counts);
    best->counts[0] = search->load->n_layer + 1;
    layout_fill(best, search->load, search->capacity, search->may);
    if (search->load->homes_locked) { /* kept by the homes there are now, if by no others */
        memcpy(trial.counts, search->now_runs,
               (search->load->n_devices + 1) * sizeof *trial.counts);
        try_start(search, &trial, best);
    }
    runs_by_speed(search, &trial);
    try_start(search, &trial, best);
    /* as few layers on the CPU as the fixed parts allow */
    uint32_t low = 0;
    uint32_t high = search->load->n_layer + 1;
    while (low < high) {
        uint32_t on_cpu = low + (high - low) / 2;
        runs_by_capacity(search, &trial, on_cpu);
        layout_fill(&trial, search->load, search->capacity, search->may);
        if (better(&trial, best)) {
            layout_copy(best, &trial, search->load);
        }
        if (trial.feasible) {
            high = on_cpu;
        } else {
            low = on_cpu + 1;
        }
    }
    layout_clear(&trial);
    climb(search, best);
}

/* ---- layouts and plans ---------------------------------------------------------------------- */

static void keep_locked(struct plan *plan, const struct plan *start, const struct evaluation *now)
{
    for (size_t row = 0; row < plan->n_rows; row++) {
        plan->moved[row] = PLAN_UNMOVED;
        if (start->locked[row] != 0 && now->device[row] != DEVICE_NONE) {
            plan->moved[row] = now->device[row];
        }
    }
}

static void apply(const struct search *search, const struct layout *layout,
                  const struct plan *start, const struct evaluation *now, struct plan *out)
{
    const struct load *load = search->load;
    plan_set_runs(out, search->model, layout->counts, load->n_devices);
    keep_locked(out, start, now);
    for (size_t u = 0; u < load->n_units; u++) {
        const struct unit *unit = &load->units[u];
        int place = layout->unit_at[u];
        if (place == layout_home(layout, load, unit->layer)) {
            continue;
        }
        for (uint32_t i = 0; i < unit->n_rows; i++) {
            out->moved[unit->rows[i]] = (int16_t)(place < 0 ? DEVICE_HOST : now->in_use[place]);
        }
    }
}

/* The layout as a share of the budgets: smallest share that still holds all, by halving. */
static void balance(struct search *search, struct layout *best)
{
    uint64_t *full = memory_copy(search->capacity, search->load->n_devices * sizeof *full);
    struct layout trial;
    layout_init(&trial, search->load);
    double low = 0;
    double high = 1;
    for (int step = 0; step < 10; step++) {
        double share = (low + high) / 2;
        for (size_t k = 0; k < search->load->n_devices; k++) {
            search->capacity[k] = (uint64_t)((double)full[k] * share);
        }
        search_homes(search, &trial);
        bool all = trial.feasible && trial.counts[0] == 0;
        for (size_t u = 0; all && u < search->load->n_units; u++) {
            all = trial.unit_at[u] >= 0;
        }
        if (all) {
            layout_copy(best, &trial, search->load);
            high = share;
        } else {
            low = share;
        }
    }
    memcpy(search->capacity, full, search->load->n_devices * sizeof *full);
    layout_clear(&trial);
    free(full);
}

static uint64_t budget_for(const struct search *search, const struct device_use *use)
{
    static const double usual = 0.95;
    double said = search->options->utilisation;
    double share = search->options->strategy != STRATEGY_AGGRESSIVE ? 1 : said > 0 ? said : usual;
    uint64_t budget = share < 1.0 ? (uint64_t)((double)use->budget * share) : use->budget;
    return budget > use->beside ? budget - use->beside : 0;
}

/* The plan to start from: the settings and locks of `start`, none of its overrides. */
static void blank(struct plan *out, const struct plan *start, const struct evaluation *now)
{
    plan_copy(out, start);
    override_list_drop(&out->given);
    out->given = override_list_new();
    keep_locked(out, start, now);
}

bool candidate_better(const struct candidate *a, const struct candidate *b)
{
    bool a_is_long = a->n_rules > MOST_RULES;
    bool b_is_long = b->n_rules > MOST_RULES;
    if (!b->there || a->fits != b->fits) {
        return !b->there || a->fits;
    }
    if (a_is_long != b_is_long) {
        return b_is_long;
    }
    if (a->excess != b->excess || a->spills != b->spills) {
        return a->excess != b->excess ? a->excess < b->excess : b->spills;
    }
    double slack = b->seconds * 1e-4; /* so little is not worth a rule more */
    if (a->seconds < b->seconds - slack || a->seconds > b->seconds + slack) {
        return a->seconds < b->seconds;
    }
    if (b->prefers_room && a->compute != b->compute) {
        return a->compute < b->compute;
    }
    return a->n_rules < b->n_rules;
}

void optimise_write(const struct search *search, const struct layout *layout,
                    const struct plan *start, const struct evaluation *now, struct plan *out)
{
    blank(out, start, now);
    apply(search, layout, start, now, out);
}

static uint64_t excess_of(const struct device_use *use)
{
    return use->headroom < 0 ? (uint64_t)-use->headroom : 0;
}

/* What the plan needs beyond what there is. */
static void weigh(const struct search *search, const struct evaluation *result,
                  struct candidate *now, uint64_t *compute, bool *same)
{
    size_t n = search->load->n_devices;
    for (size_t k = 0; k <= n; k++) {
        bool host = k == n;
        const struct device_use *use = host ? &result->host : &result->devices[search->in_use[k]];
        *same = *same && use->compute == compute[k];
        compute[k] = use->compute;
        now->compute += host ? 0 : use->compute;
        now->excess += use->fits ? 0 : excess_of(use);
        now->spills = host && use->fits && use->headroom < 0;
    }
    now->fits = now->excess == 0;
}

bool optimise_consider(const struct search *search, struct plan *plan, const struct layout *layout,
                       struct candidate *best, uint64_t *compute, struct optimise_report *report)
{
    struct evaluation result;
    struct speed speed;
    plan_evaluate(search->model, search->rig, plan, NULL, &result);
    speed_estimate(search->model, search->rig, &result, search->options->depth, &speed);
    report->rounds++;
    struct candidate now = {.plan = *plan, .there = true, .n_rules = result.rules.n};
    now.seconds = speed.known ? speed.seconds : layout->seconds;
    now.prefers_room = best->prefers_room;
    bool same = true;
    weigh(search, &result, &now, compute, &same);
    if (candidate_better(&now, best)) {
        now.layout = best->layout;
        layout_copy(&now.layout, layout, search->load);
        if (best->there) {
            plan_clear(&best->plan);
        }
        *best = now;
    } else {
        plan_clear(plan);
    }
    speed_clear(&speed);
    evaluation_clear(&result);
    return same;
}

/* Compute buffers depend on the placement: ask again until the layout holds within what they leave. */
enum { MAX_ROUNDS = 10 };

void optimise_settle(struct search *search, const struct plan *start, const struct evaluation *now,
                     struct candidate *best, struct optimise_report *report)
{
    const struct load *load = search->load;
    uint64_t *compute = memory_array(load->n_devices + 1, sizeof *compute);
    uint64_t *reserved = memory_array(load->n_devices, sizeof *reserved);
    struct layout layout;
    layout_init(&layout, load);
    for (size_t k = 0; k < load->n_devices; k++) {
        compute[k] = now->devices[now->in_use[k]].compute;
    }
    compute[load->n_devices] = now->host.compute;
    for (int round = 0; round < MAX_ROUNDS && optimise_goes_on(search); round++) {
        for (size_t k = 0; k < load->n_devices; k++) {
            /* in the second half only grow, so that two layouts cannot call each other for ever */
            bool grow = round < MAX_ROUNDS / 2 || compute[k] > reserved[k];
            reserved[k] = grow ? compute[k] : reserved[k];
            uint64_t budget = budget_for(search, &now->devices[now->in_use[k]]);
            search->capacity[k] = budget > reserved[k] ? budget - reserved[k] : 0;
        }
        uint64_t taken = compute[load->n_devices] + now->host.beside;
        search->capacity[load->n_devices] = now->host.budget > taken ? now->host.budget - taken : 0;
        search_homes(search, &layout);
        if (search->options->strategy == STRATEGY_BALANCE) {
            balance(search, &layout);
        }
        struct plan plan;
        optimise_write(search, &layout, start, now, &plan);
        if (optimise_consider(search, &plan, &layout, best, compute, report)) {
            break;
        }
    }
    layout_clear(&layout);
    free(reserved);
    free(compute);
}

/* New `*out`: what --fit would do. */
static bool fit_from(const struct model *model, const struct rig *rig, const struct plan *start,
                     const struct evaluation *now, int64_t n_ctx, struct plan *out,
                     struct error *error)
{
    struct plan base;
    blank(&base, start, now);
    base.n_gpu_layers = -1;
    base.n_tensor_split = 0;
    base.settings.n_ctx = n_ctx;
    bool found = plan_fit(model, rig, &base, out, error);
    plan_clear(&base);
    return found;
}

/* The same with the context of all plans here; and its homes filled better. */
static void settle_fit(struct search *search, const struct plan *start,
                       const struct evaluation *now, struct candidate *best,
                       struct optimise_report *report)
{
    struct plan fit;
    if (!fit_from(search->model, search->rig, start, now, now->resolved.n_ctx, &fit, NULL)) {
        return;
    }
    struct evaluation evaluation;
    plan_evaluate(search->model, search->rig, &fit, NULL, &evaluation);
    if (load_breaks(search->load, evaluation.runs) > 0) {
        plan_clear(&fit);
        evaluation_clear(&evaluation);
        return;
    }
    search->runs = evaluation.runs;
    optimise_settle(search, start, now, best, report);
    search->runs = NULL;
    struct layout none;
    uint64_t *compute = memory_array(search->load->n_devices + 1, sizeof *compute);
    layout_init(&none, search->load);
    memcpy(none.counts, evaluation.runs, (search->load->n_devices + 1) * sizeof *none.counts);
    layout_fill(&none, search->load, search->capacity, search->may);
    fit.settings = start->settings;
    optimise_consider(search, &fit, &none, best, compute, report);
    layout_clear(&none);
    free(compute);
    evaluation_clear(&evaluation);
}

/* Where nothing fits: as little on the cards as can be, which makes their buffers small; and what --fit would do. */
static void settle_least(struct search *search, const struct plan *start,
                         const struct evaluation *now, struct candidate *best,
                         struct optimise_report *report)
{
    size_t n = search->load->n_devices + 1;
    uint32_t *runs = memory_array(n, sizeof *runs);
    runs[0] = search->load->n_layer + 1;
    if (load_breaks(search->load, runs) > 0) {
        memcpy(runs, search->now_runs, n * sizeof *runs);
    }
    search->runs = runs;
    search->may = 0;
    optimise_settle(search, start, now, best, report);
    search->may = FILL_EXPERTS | FILL_FOREIGN;
    optimise_settle(search, start, now, best, report);
    search->runs = NULL;
    settle_fit(search, start, now, best, report);
    free(runs);
}

/* The result must not hang on where the weights are that nobody locked: `now` becomes the evaluation of `start` with
 * llama.cpp's own homes, or with its own where some weights are locked, and no overrides but for these. */
static void forget_placement(const struct model *model, const struct rig *rig,
                             const struct plan *start, struct evaluation *now)
{
    struct plan bare;
    blank(&bare, start, now);
    if (memchr(start->locked, 1, start->n_rows) == NULL) {
        bare.n_gpu_layers = -1;
        bare.n_tensor_split = 0;
    }
    evaluation_clear(now);
    plan_evaluate(model, rig, &bare, NULL, now);
    plan_clear(&bare);
}

/* What a strategy of the cards cannot make fit, speed may: a plan that fits comes before the strategy. */
static bool speed_instead(const struct model *model, const struct rig *rig,
                          const struct plan *start, const struct optimise_options *options,
                          struct plan *out, struct optimise_report *report, struct error *error)
{
    struct optimise_options as_speed = *options;
    as_speed.strategy = STRATEGY_SPEED;
    plan_clear(out);
    return plan_optimise(model, rig, start, &as_speed, out, report, error);
}

bool plan_optimise(const struct model *model, const struct rig *rig, const struct plan *start,
                   const struct optimise_options *options, struct plan *out,
                   struct optimise_report *report, struct error *error)
{
    bool context_locked = setting_is_locked(setting_find("ctx"), start);
    if (options->strategy == STRATEGY_CONTEXT && !context_locked) {
        return plan_optimise_context(model, rig, start, options, out, report, error);
    }
    struct optimise_options as_speed = *options;
    as_speed.strategy = STRATEGY_SPEED;
    options = options->strategy == STRATEGY_CONTEXT ? &as_speed : options;
    *report = (struct optimise_report){0};
    struct evaluation now;
    plan_evaluate(model, rig, start, NULL, &now);
    if (now.refused.kind != ERROR_NONE || now.n_in_use == 0) {
        bool refused = now.refused.kind != ERROR_NONE;
        error_set(error, ERROR_INPUT, "%s", refused ? now.refused.text : "no device to place on");
        evaluation_clear(&now);
        return false;
    }
    if (options->strategy == STRATEGY_FIT) {
        int64_t n_ctx = context_locked ? now.resolved.n_ctx : start->settings.n_ctx;
        bool found = fit_from(model, rig, start, &now, n_ctx, out, error);
        evaluation_clear(&now);
        return found;
    }
    forget_placement(model, rig, start, &now);
    struct load load;
    load_init(&load, model, rig, start, &now, options->depth);
    struct search search = {.model = model,
                            .rig = rig,
                            .options = options,
                            .load = &load,
                            .in_use = now.in_use,
                            .now_runs = now.runs};
    search.capacity = memory_array(load.n_devices + 1, sizeof *search.capacity);
    struct candidate best = {0};
    layout_init(&best.layout, &load);
    unsigned experts = options->strategy == STRATEGY_EXPERTS_CPU ? 0 : FILL_EXPERTS;
    search.may = experts | FILL_FOREIGN;
    optimise_settle(&search, start, &now, &best, report);
    search.may = experts;
    optimise_settle(&search, start, &now, &best, report);
    if (best.there && best.layout.counts[0] > 0) {
        search.may = experts | FILL_FOREIGN | FILL_HOMED;
        optimise_settle(&search, start, &now, &best, report);
    }
    if (options->strategy == STRATEGY_SPEED) {
        search.may = experts | FILL_FOREIGN;
        settle_fit(&search, start, &now, &best, report);
        if (!best.fits) {
            settle_least(&search, start, &now, &best, report);
        }
        optimise_polish(&search, start, &now, &best, report);
        optimise_refine(&search, start, &now, &best, report);
    }
    report->cancelled = !optimise_goes_on(&search);
    if (best.there) {
        *out = best.plan;
    } else {
        plan_copy(out, start); /* cancelled before the first round */
    }
    bool again =
        best.there && !best.fits && !report->cancelled &&
        (options->strategy == STRATEGY_BALANCE || options->strategy == STRATEGY_AGGRESSIVE);
    layout_clear(&best.layout);
    free(search.capacity);
    load_clear(&load);
    evaluation_clear(&now);
    return !again || speed_instead(model, rig, start, options, out, report, error);
}
