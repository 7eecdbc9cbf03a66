#include "model/plan/optimise_context.h"

#include "model/plan/speed.h"

enum { STEP = 256, LEAST = 4096 }; /* llama.cpp rounds contexts up to 256 */

struct trial {
    struct plan plan;
    double tokens_per_second; /* 0: it does not fit, or no bandwidth is known */
    bool there;
};

static void trial_clear(struct trial *trial)
{
    if (trial->there) {
        plan_clear(&trial->plan);
    }
    *trial = (struct trial){0};
}

struct context_search {
    const struct model *model;
    const struct rig *rig;
    const struct plan *start;
    struct optimise_options speed; /* the same with STRATEGY_SPEED */
    struct optimise_report *report;
};

static void try_context(const struct context_search *search, uint32_t n_ctx, struct trial *out)
{
    struct plan start;
    struct optimise_report report = {0};
    struct error error = {.kind = ERROR_NONE};
    *out = (struct trial){0};
    plan_copy(&start, search->start);
    start.settings.n_ctx = n_ctx;
    out->there = plan_optimise(search->model, search->rig, &start, &search->speed, &out->plan,
                               &report, &error);
    plan_clear(&start);
    search->report->rounds += report.rounds;
    search->report->cancelled = search->report->cancelled || report.cancelled;
    if (!out->there) {
        return;
    }
    struct evaluation evaluation;
    struct speed speed;
    plan_evaluate(search->model, search->rig, &out->plan, NULL, &evaluation);
    speed_estimate(search->model, search->rig, &evaluation, search->speed.depth, &speed);
    out->tokens_per_second = evaluation.all_fit && speed.known ? speed.tokens_per_second : 0;
    speed_clear(&speed);
    evaluation_clear(&evaluation);
}

/* Keeps `trial` as the best where it is fast enough. */
static bool keep(struct trial *trial, double least, struct trial *best)
{
    bool good = trial->there && trial->tokens_per_second > 0 && trial->tokens_per_second >= least;
    if (good) {
        trial_clear(best);
        *best = *trial;
    } else {
        trial_clear(trial);
    }
    return good;
}

bool plan_optimise_context(const struct model *model, const struct rig *rig,
                           const struct plan *start, const struct optimise_options *options,
                           struct plan *out, struct optimise_report *report, struct error *error)
{
    struct context_search search = {model, rig, start, *options, report};
    search.speed.strategy = STRATEGY_SPEED;
    uint32_t most = model->hparams.n_ctx_train / STEP;
    uint32_t given = start->settings.n_ctx > 0 ? (uint32_t)start->settings.n_ctx : LEAST;
    uint32_t low = (given + STEP - 1) / STEP;
    struct trial best = {0};
    struct trial trial;
    *report = (struct optimise_report){0};
    low = low > most && most > 0 ? most : low;
    try_context(&search, low * STEP, &best);
    if (!best.there || best.tokens_per_second <= 0) {
        trial_clear(&best);
        return error_set(error, ERROR_INPUT,
                         "--auto=context: not even %u tokens fit with a speed that is known: see "
                         "--auto=speed",
                         low * STEP);
    }
    double least = best.tokens_per_second * (1 - options->loss);
    while (low < most && !report->cancelled) { /* low holds, and what is above most is not asked */
        uint32_t middle = low + (most - low + 1) / 2;
        try_context(&search, middle * STEP, &trial);
        if (keep(&trial, least, &best)) {
            low = middle;
        } else {
            most = middle - 1;
        }
    }
    *out = best.plan;
    return true;
}
