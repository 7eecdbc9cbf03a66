#include "model/base/memory.h"
#include "model/plan/speed.h"
#include "src/calibrate_run.h"
#include "src/commands.h"
#include "src/output.h"
#include "src/rig_calibration.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- kinds of devices ----------------------------------------------------------------------- */

static size_t kind_index(struct calibrate_run *run, int device)
{
    char *name = calibration_kind(&run->rig, device);
    for (size_t k = 0; k < run->n_kinds; k++) {
        if (strcmp(run->kind_names[k], name) == 0) {
            free(name);
            return k;
        }
    }
    const struct device *of = device == DEVICE_HOST ? &run->rig.host : &run->rig.devices[device];
    bool is_set = of->efficiency > 0 && of->efficiency_source != RATE_CALIBRATED;
    run->kind_names[run->n_kinds] = name;
    run->kinds[run->n_kinds] = (struct calibrate_kind){
        .start = is_set ? of->efficiency : DEFAULT_EFFICIENCY,
        .is_fixed = is_set,
    };
    return run->n_kinds++;
}

static void find_kinds(struct calibrate_run *run)
{
    size_t n = run->rig.n_devices + 1;
    run->kinds = memory_array(n, sizeof *run->kinds);
    run->kind_names = memory_array(n, sizeof *run->kind_names);
    run->kind_of = memory_array(n, sizeof *run->kind_of);
    for (size_t i = 0; i + 1 < n; i++) {
        run->kind_of[i] = kind_index(run, (int)i);
    }
    run->kind_of[n - 1] = kind_index(run, DEVICE_HOST);
}

/* ---- decoding ------------------------------------------------------------------------------- */

static bool add_seconds(const struct device *device, const struct speed_use *use, double *seconds,
                        struct error *error)
{
    if (use->bytes_read <= 0) {
        return true;
    }
    if (device->bandwidth_gb_s <= 0) {
        return error_set(error, ERROR_INPUT,
                         "%s: its bandwidth is not known, so no part of it can be found: give "
                         "bandwidth_gb_s in a device file (--devices)",
                         device->name);
    }
    *seconds += use->bytes_read / (device->bandwidth_gb_s * 1e9);
    return true;
}

static bool add_decode(struct calibrate_run *run, size_t index, struct error *error)
{
    const struct bench_result *result = &run->results.list[index];
    const struct trial *trial = run->trials[index];
    const struct session *session = &trial->session;
    const struct rig *rig = &session->rig;
    struct speed speed;
    struct calibrate_result *out = &run->decodes[run->n_decodes];
    speed_estimate(session->model, rig, &trial->evaluation, session->depth + result->depth, &speed);
    out->seconds = memory_array(run->n_kinds, sizeof *out->seconds);
    run->decode_of[run->n_decodes++] = index;
    bool known =
        add_seconds(&rig->host, &speed.host, &out->seconds[run->kind_of[rig->n_devices]], error);
    for (size_t i = 0; known && i < rig->n_devices; i++) {
        known =
            add_seconds(&rig->devices[i], &speed.devices[i], &out->seconds[run->kind_of[i]], error);
    }
    out->fixed = speed.switch_seconds;
    out->measured = 1 / result->tokens_per_second;
    speed_clear(&speed);
    return known;
}

/* ---- what is kept --------------------------------------------------------------------------- */

bool calibrate_is_learned(const struct calibrate_kind *kind)
{
    return !kind->is_fixed && kind->share >= 0.01;
}

static bool keep(const struct calibrate_run *run, struct error *error)
{
    struct calibrations all = {.list = memory_array(run->n_kinds, sizeof *all.list)};
    for (size_t k = 0; k < run->n_kinds; k++) {
        bool is_host = k == run->kind_of[run->rig.n_devices];
        struct calibration one = {
            .efficiency = calibrate_is_learned(&run->kinds[k]) ? run->kinds[k].efficiency : 0,
            .compute_efficiency = is_host ? 0 : run->compute_efficiency,
            .link_efficiency = is_host ? 0 : run->link_efficiency,
        };
        if (one.efficiency > 0 || one.compute_efficiency > 0 || one.link_efficiency > 0) {
            one.kind = memory_text(run->kind_names[k]);
            all.list[all.n++] = one;
        }
    }
    bool kept = calibration_keep(&run->rig, &all, error);
    calibrations_clear(&all);
    return kept;
}

/* ---- the command ---------------------------------------------------------------------------- */

static bool read_results(struct calibrate_run *run, struct error *error)
{
    const struct options *options = run->options;
    size_t first = 0;
    if (options->plan != NULL ||
        (options->n_positional > 0 && calibrate_is_model(options->positional[0]))) {
        run->model = options->plan != NULL ? options->plan : options->positional[0];
        first = options->plan != NULL ? 0 : 1;
    }
    if (options->n_positional <= first) {
        return error_set(error, ERROR_USAGE,
                         "calibrate: which result? otplan calibrate [MODEL|PLAN.json] [flags] "
                         "RESULT..., what llama-bench printed or a server's log");
    }
    for (size_t i = first; i < options->n_positional; i++) {
        if (!bench_results_read(options->positional[i], &run->results, error)) {
            return false;
        }
    }
    return true;
}

static void predict_decodes(struct calibrate_run *run)
{
    for (size_t i = 0; i < run->n_decodes; i++) {
        const struct calibrate_result *of = &run->decodes[i];
        size_t index = run->decode_of[i];
        run->before[index] = 1 / calibrate_predict(of, run->kinds, run->n_kinds, true);
        run->after[index] = 1 / calibrate_predict(of, run->kinds, run->n_kinds, false);
    }
}

static bool fit(struct calibrate_run *run, struct error *error)
{
    size_t n = run->results.n;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): pointers, as results may share what they point to */
    run->trials = memory_array(n, sizeof *run->trials);
    run->decodes = memory_array(n, sizeof *run->decodes);
    run->decode_of = memory_array(n, sizeof *run->decode_of);
    run->before = memory_array(n, sizeof *run->before);
    run->after = memory_array(n, sizeof *run->after);
    for (size_t i = 0; i < n; i++) {
        if (!calibrate_open_trial(run, i, error)) {
            return false;
        }
    }
    rig_copy(&run->rig, &run->trials[0]->session.rig);
    find_kinds(run);
    for (size_t i = 0; i < n; i++) {
        if (!run->results.list[i].is_prompt && !add_decode(run, i, error)) {
            return false;
        }
    }
    if (!calibrate_fit(run->decodes, run->n_decodes, run->kinds, run->n_kinds)) {
        return error_set(error, ERROR_INPUT,
                         "no speed of decoding among the results (llama-bench -n 128 gives one)");
    }
    calibrate_fit_prompts(run);
    predict_decodes(run);
    return true;
}

static void calibrate_clear(struct calibrate_run *run)
{
    calibrate_close_trials(run);
    for (size_t i = 0; i < run->n_decodes; i++) {
        free(run->decodes[i].seconds);
    }
    for (size_t k = 0; k < run->n_kinds; k++) {
        free(run->kind_names[k]);
    }
    free(run->decodes);
    free(run->decode_of);
    free(run->before);
    free(run->after);
    free(run->kinds);
    free(run->kind_names);
    free(run->kind_of);
    rig_clear(&run->rig);
    bench_results_clear(&run->results);
}

static int forget(const struct options *options, struct error *error)
{
    struct rig rig = {0};
    bool existed = false;
    if (options->n_positional > 0) {
        error_set(error, ERROR_USAGE, "calibrate --reset takes no results");
        return ERROR_USAGE;
    }
    if (!session_find_devices(options, (const char *const *)environ, &rig, error)) {
        return (int)error->kind;
    }
    const char *text = "nothing was kept for these devices\n";
    bool forgotten = options->dry_run || calibration_forget(&rig, &existed, error);
    if (existed) {
        text = "forgotten: the default of 75% applies again\n";
    }
    forgotten = forgotten && (options->json || output_print(text, strlen(text), error));
    rig_clear(&rig);
    return forgotten ? 0 : (int)error->kind;
}

int command_calibrate(const struct options *options, struct error *error)
{
    if (options->reset) {
        return forget(options, error);
    }
    struct calibrate_run run = {.options = options};
    bool done = read_results(&run, error) && fit(&run, error);
    if (done && !options->dry_run) {
        done = run.is_kept = keep(&run, error);
    }
    done = done && calibrate_print(&run, error);
    calibrate_clear(&run);
    return done ? 0 : (int)error->kind;
}
