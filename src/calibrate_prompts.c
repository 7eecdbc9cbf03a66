#include "src/calibrate_run.h"

#include "model/base/memory.h"
#include "model/plan/prompt_speed.h"

#include <math.h>
#include <stdlib.h>

struct prompt_trial {
    const struct session *session;
    struct evaluation evaluation; /* borrowed, but for the batch sizes: no larger than the prompt */
    struct rig rig;
    uint64_t depth;
    bool finds_link; /* the link's efficiency is looked for, else the arithmetic's */
};

static void prompt_trial_open(struct prompt_trial *prompt, const struct trial *trial,
                              const struct bench_result *result)
{
    prompt->session = &trial->session;
    prompt->evaluation = trial->evaluation;
    prompt->depth = trial->session.depth + result->depth;
    rig_copy(&prompt->rig, &trial->session.rig);
    struct resolved *resolved = &prompt->evaluation.resolved;
    if (result->n_tokens < resolved->n_batch) {
        resolved->n_batch = (uint32_t)result->n_tokens;
    }
    if (result->n_tokens < resolved->n_ubatch) {
        resolved->n_ubatch = (uint32_t)result->n_tokens;
    }
}

static void set_efficiencies(const struct calibrate_run *run, struct rig *rig, bool at_start)
{
    for (size_t i = 0; i <= rig->n_devices; i++) {
        const struct calibrate_kind *kind = &run->kinds[run->kind_of[i]];
        struct device *device = i < rig->n_devices ? &rig->devices[i] : &rig->host;
        device->efficiency = at_start ? kind->start : kind->efficiency;
    }
}

static void set_compute(struct rig *rig, double efficiency)
{
    for (size_t i = 0; i < rig->n_devices; i++) {
        rig->devices[i].compute_efficiency = efficiency;
    }
    rig->host.compute_efficiency = efficiency;
}

static void set_link(struct rig *rig, double efficiency)
{
    for (size_t i = 0; i < rig->n_devices; i++) {
        rig->devices[i].link_efficiency = efficiency;
    }
}

/* Seconds per token where every device reaches this part; 0: not known. */
static double prompt_seconds(void *payload, double efficiency)
{
    struct prompt_trial *prompt = payload;
    struct prompt_speed speed;
    if (prompt->finds_link) {
        set_link(&prompt->rig, efficiency);
    } else {
        set_compute(&prompt->rig, efficiency);
    }
    prompt_speed_estimate(prompt->session->model, &prompt->rig, &prompt->evaluation, prompt->depth,
                          &speed);
    double seconds = speed.known ? 1 / speed.tokens_per_second : 0;
    prompt_speed_clear(&speed);
    return seconds;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* 0 where what is looked for hardly counts: it must take half of the time at least. */
static double efficiency_of(struct prompt_trial *prompt, double measured)
{
    bool tells = prompt_seconds(prompt, CALIBRATE_LEAST_EFFICIENCY) > measured &&
                 prompt_seconds(prompt, 2) < measured / 2;
    return tells ? calibrate_find(prompt_seconds, prompt, measured) : 0;
}

/* The middle of what each prompt asks for, so that single ones that are far off do not count; 0: none tells. */
static double find_efficiency(struct calibrate_run *run, bool finds_link)
{
    double *found = memory_array(run->results.n, sizeof *found);
    size_t n = 0;
    for (size_t i = 0; i < run->results.n; i++) {
        const struct bench_result *result = &run->results.list[i];
        struct prompt_trial prompt;
        if (result->is_prompt) {
            prompt_trial_open(&prompt, run->trials[i], result);
            prompt.finds_link = finds_link;
            set_efficiencies(run, &prompt.rig, false);
            set_compute(&prompt.rig, run->compute_efficiency);
            set_link(&prompt.rig, 0);
            found[n] = efficiency_of(&prompt, 1 / result->tokens_per_second);
            n += found[n] > 0 ? 1 : 0;
            rig_clear(&prompt.rig);
        }
    }
    qsort(found, n, sizeof *found, by_size);
    double middle = n > 0 ? (found[(n - 1) / 2] + found[n / 2]) / 2 : 0;
    free(found);
    return middle;
}

static double predict(struct calibrate_run *run, struct prompt_trial *prompt, bool at_start)
{
    set_efficiencies(run, &prompt->rig, at_start);
    set_link(&prompt->rig, at_start ? 0 : run->link_efficiency);
    prompt->finds_link = false;
    double seconds = prompt_seconds(prompt, at_start ? 0 : run->compute_efficiency);
    return seconds > 0 ? 1 / seconds : 0;
}

void calibrate_fit_prompts(struct calibrate_run *run)
{
    run->compute_efficiency = find_efficiency(run, false);
    run->link_efficiency = find_efficiency(run, true);
    for (size_t i = 0; i < run->results.n; i++) {
        const struct bench_result *result = &run->results.list[i];
        struct prompt_trial prompt;
        if (result->is_prompt) {
            prompt_trial_open(&prompt, run->trials[i], result);
            run->before[i] = predict(run, &prompt, true);
            run->after[i] = predict(run, &prompt, false);
            rig_clear(&prompt.rig);
        }
    }
}
