/* `auto`: the optimiser beside the screen, on a thread of its own with values of its own. Its plan
 * becomes a step, unless the plan it started from was changed meanwhile.
 */
#include "src/planner_state.h"

#include "model/base/memory.h"
#include "model/plan/advice.h"
#include "model/plan/optimise.h"
#include "ui/terminal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ADVICE_MOST = 20000 }; /* tensors times runs: the result waits for it */

struct planner_job {
    pthread_t thread;
    atomic_bool is_cancelled, is_done;
    atomic_ulong
        rounds; /* placements looked at in full or in part, as the optimiser asks to go on */
    struct timespec begin;
    const struct model *model;
    struct plan
        start; /* shares nothing with the planner's: references are not counted atomically */
    struct rig rig;
    uint64_t id; /* step it started from */
    struct optimise_options options;
    bool succeeded;
    struct plan result;
    struct advice advice; /* about the result */
    struct error error;
};

static bool go_on(void *payload)
{
    struct planner_job *job = payload;
    atomic_fetch_add_explicit(&job->rounds, 1, memory_order_relaxed);
    return !atomic_load(&job->is_cancelled);
}

static void advise(struct planner_job *job)
{
    bool many = job->model->n_tensors * (job->rig.n_devices + 2) > ADVICE_MOST;
    if (many || job->options.strategy == STRATEGY_CONTEXT ||
        job->options.strategy == STRATEGY_FIT) {
        struct evaluation evaluation;
        plan_evaluate(job->model, &job->rig, &job->result, NULL, &evaluation);
        advice_limits(job->model, &job->rig, &job->result, &evaluation, &job->advice);
        evaluation_clear(&evaluation);
        return;
    }
    advice_make(job->model, &job->rig, &job->start, &job->options, &job->result, &job->advice);
}

static void *work(void *payload)
{
    struct planner_job *job = payload;
    struct optimise_report report = {0};
    job->succeeded = plan_optimise(job->model, &job->rig, &job->start, &job->options, &job->result,
                                   &report, &job->error);
    if (job->succeeded) {
        advise(job);
    }
    atomic_store(&job->is_done, true);
    terminal_wake();
    return NULL;
}

/* A list of its own with the same rules. */
static struct override_list *copy_list(const struct override_list *list)
{
    struct override_list *copy = override_list_new();
    for (size_t i = 0; i < list->n_arguments; i++) {
        override_list_add(copy, list->arguments[i].flag, list->arguments[i].value,
                          list->arguments[i].from_environment);
    }
    return copy;
}

static void own_plan(struct plan *to, const struct plan *from)
{
    struct plan bare = *from;
    bare.extra = NULL;
    plan_copy(to, &bare);
    override_list_drop(&to->given);
    to->given = copy_list(from->given);
}

static void job_free(struct planner_job *job)
{
    plan_clear(&job->start);
    advice_clear(&job->advice);
    if (job->succeeded) {
        plan_clear(&job->result);
    }
    rig_clear(&job->rig);
    free(job);
}

static void take_result(struct planner *planner, struct planner_job *job)
{
    struct planner_step step;
    double before = planner->speed.tokens_per_second;
    char name[64];
    planner_step_copy(&step, planner_now(planner));
    struct extra_arguments *extra = step.plan.extra; /* held by the copy; goes over to the result */
    step.plan.extra = NULL;
    plan_clear(&step.plan);
    step.plan = job->result;
    step.plan.extra = extra;
    job->succeeded = false; /* its result is taken */
    snprintf(name, sizeof name, "auto %s", strategy_name(job->options.strategy));
    planner_take(planner, &step, name);
    advice_clear(&planner->advice);
    planner->advice = job->advice;
    planner->advice_id = planner_now(planner)->id;
    job->advice = (struct advice){0};
    if (planner->speed.known) {
        planner_say(planner, false, "%s: %.1f t/s, before %.1f; u undoes, i says what limits it",
                    name, planner->speed.tokens_per_second, before);
    } else {
        planner_say(planner, false, "%s; u undoes, b compares", name);
    }
}

static void finish(struct planner *planner)
{
    struct planner_job *job = planner->job;
    planner->job = NULL;
    pthread_join(job->thread, NULL);
    bool stopped = atomic_load(&job->is_cancelled);
    if (stopped && (!job->succeeded || job->id != planner_now(planner)->id ||
                    plan_equal(&job->result, &job->start))) {
        planner_say(planner, false, "auto cancelled: nothing changed");
    } else if (!job->succeeded) {
        planner_say(planner, true, "%.590s", job->error.text);
    } else if (job->id != planner_now(planner)->id) {
        planner_say(planner, true, "auto: the plan was changed meanwhile; press a again");
    } else {
        take_result(planner, job);
        if (stopped) {
            planner_say(planner, false, "auto stopped: this is the best so far; u undoes");
        }
    }
    job_free(job);
}

void planner_auto_poll(struct planner *planner)
{
    if (planner->job != NULL && atomic_load(&planner->job->is_done)) {
        finish(planner);
    }
}

void planner_auto_cancel(struct planner *planner)
{
    if (planner->job != NULL) {
        atomic_store(&planner->job->is_cancelled, true);
        finish(planner);
    }
}

const char *planner_auto_progress(struct planner *planner)
{
    const struct planner_job *job = planner->job;
    struct timespec now;
    if (job == NULL) {
        return "";
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(planner->auto_progress, sizeof planner->auto_progress,
             "auto %s is at work, %ld s, round %lu; Esc takes the best so far",
             strategy_name(job->options.strategy), (long)(now.tv_sec - job->begin.tv_sec),
             atomic_load_explicit(&job->rounds, memory_order_relaxed));
    return planner->auto_progress;
}

int planner_auto_wait_ms(const struct planner *planner)
{
    return planner->job != NULL ? 500 : -1;
}

bool planner_auto(struct planner *planner, const char *strategy, struct error *error)
{
    struct optimise_options options = planner->options->automatic;
    options.depth = planner->depth;
    if (strategy != NULL && !strategy_read(strategy, &options)) {
        return error_set(error, ERROR_USAGE, "no strategy '%s': " STRATEGY_NAMES, strategy);
    }
    if (planner->job != NULL) {
        return error_set(error, ERROR_USAGE, "auto is at work already; Esc cancels it");
    }
    const struct planner_step *now = planner_now(planner);
    struct planner_job *job = memory_new(sizeof *job);
    job->model = planner->model;
    job->id = now->id;
    own_plan(&job->start, &now->plan);
    rig_copy(&job->rig, &now->rig);
    job->options = options;
    job->options.go_on = go_on;
    job->options.payload = job;
    clock_gettime(CLOCK_MONOTONIC, &job->begin);
    if (pthread_create(&job->thread, NULL, work, job) != 0) {
        job_free(job);
        return error_set(error, ERROR_SYSTEM, "no thread for the optimiser");
    }
    planner->job = job;
    planner->message[0] = '\0'; /* room for its progress */
    if (!planner->has_terminal) {
        finish(planner); /* a script waits for it */
    }
    return true;
}
