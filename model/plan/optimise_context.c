#include "model/plan/optimise_context.h"

#include "model/plan/context_limit.h"
#include "model/plan/speed.h"

enum { LEAST = 4096 }; /* tokens that a speed is measured with where no -c is given */

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

struct hunt {
    struct context_search search;
    double least; /* tokens per second that are enough */
    uint32_t from;
    struct trial best;
};

static bool holds(void *payload, uint32_t n_ctx)
{
    struct hunt *hunt = payload;
    struct trial trial;
    if (n_ctx <= hunt->from) {
        return true; /* that one is there already */
    }
    if (hunt->search.report->cancelled) {
        return false;
    }
    try_context(&hunt->search, n_ctx, &trial);
    bool good = trial.tokens_per_second > 0 && trial.tokens_per_second >= hunt->least;
    if (good) {
        trial_clear(&hunt->best);
        hunt->best = trial;
    } else {
        trial_clear(&trial);
    }
    return good;
}

bool plan_optimise_context(const struct model *model, const struct rig *rig,
                           const struct plan *start, const struct optimise_options *options,
                           struct plan *out, struct optimise_report *report, struct error *error)
{
    struct hunt hunt = {.search = {model, rig, start, *options, report}};
    uint32_t most = model->hparams.n_ctx_train;
    uint32_t given = start->settings.n_ctx > 0 ? (uint32_t)start->settings.n_ctx : LEAST;
    hunt.search.speed.strategy = STRATEGY_SPEED;
    hunt.from = most > 0 && given > most ? most : given;
    *report = (struct optimise_report){0};
    try_context(&hunt.search, hunt.from, &hunt.best);
    if (hunt.best.tokens_per_second <= 0) {
        trial_clear(&hunt.best);
        return error_set(error, ERROR_INPUT,
                         "--auto=context: not even %u tokens fit with a speed that is known: see "
                         "--auto=speed",
                         hunt.from);
    }
    hunt.least = hunt.best.tokens_per_second * (1 - options->loss);
    context_largest(most, holds, &hunt);
    *out = hunt.best.plan;
    return true;
}
