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

/* Seconds per token where every device reaches this part of its arithmetic; 0: not known. */
static double prompt_seconds(void *payload, double efficiency)
{
    struct prompt_trial *prompt = payload;
    struct prompt_speed speed;
    for (size_t i = 0; i < prompt->rig.n_devices; i++) {
        prompt->rig.devices[i].compute_efficiency = efficiency;
    }
    prompt->rig.host.compute_efficiency = efficiency;
    prompt_speed_estimate(prompt->session->model, &prompt->rig, &prompt->evaluation, prompt->depth,
                          &speed);
    double seconds = speed.known ? 1 / speed.tokens_per_second : 0;
    prompt_speed_clear(&speed);
    return seconds;
}

static double prompt_speed_at(struct prompt_trial *prompt, double efficiency)
{
    double seconds = prompt_seconds(prompt, efficiency);
    return seconds > 0 ? 1 / seconds : 0;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* 0 where the arithmetic hardly counts: copies took most of the time, so the link is what was measured. */
static double efficiency_of(struct prompt_trial *prompt, double measured)
{
    bool tells = prompt_seconds(prompt, CALIBRATE_LEAST_EFFICIENCY) > measured &&
                 prompt_seconds(prompt, 2) < measured / 2;
    return tells ? calibrate_find(prompt_seconds, prompt, measured) : 0;
}

/* The middle of what each prompt asks for, so that single ones that are far off do not count. */
static void find_efficiency(struct calibrate_run *run)
{
    double *found = memory_array(run->results.n, sizeof *found);
    size_t n = 0;
    for (size_t i = 0; i < run->results.n; i++) {
        const struct bench_result *result = &run->results.list[i];
        struct prompt_trial prompt;
        if (result->is_prompt) {
            prompt_trial_open(&prompt, run->trials[i], result);
            set_efficiencies(run, &prompt.rig, false);
            found[n] = efficiency_of(&prompt, 1 / result->tokens_per_second);
            n += found[n] > 0 ? 1 : 0;
            rig_clear(&prompt.rig);
        }
    }
    qsort(found, n, sizeof *found, by_size);
    run->compute_efficiency = n > 0 ? (found[(n - 1) / 2] + found[n / 2]) / 2 : 0;
    run->n_prompts = n;
    free(found);
}

void calibrate_fit_prompts(struct calibrate_run *run)
{
    find_efficiency(run);
    double after =
        run->compute_efficiency > 0 ? run->compute_efficiency : DEFAULT_COMPUTE_EFFICIENCY;
    for (size_t i = 0; i < run->results.n; i++) {
        const struct bench_result *result = &run->results.list[i];
        struct prompt_trial prompt;
        if (result->is_prompt) {
            prompt_trial_open(&prompt, run->trials[i], result);
            set_efficiencies(run, &prompt.rig, true);
            run->before[i] = prompt_speed_at(&prompt, DEFAULT_COMPUTE_EFFICIENCY);
            set_efficiencies(run, &prompt.rig, false);
            run->after[i] = prompt_speed_at(&prompt, after);
            rig_clear(&prompt.rig);
        }
    }
}
