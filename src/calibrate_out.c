#include "src/calibrate_run.h"

#include "model/base/plain_text.h"
#include "model/plan/speed.h"
#include "src/json_out.h"
#include "src/output.h"
#include "src/rig_calibration.h"

#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>

static void add_speed(struct strbuf *out, double speed)
{
    if (speed > 0) {
        strbuf_format(out, "%10.2f ", speed);
    } else {
        strbuf_format(out, "%10s ", "-");
    }
}

static void add_results(const struct calibrate_run *run, struct strbuf *out)
{
    strbuf_format(out, "%10s %10s %10s  tokens/s\n", "measured", "model", "calibrated");
    for (size_t i = 0; i < run->results.n; i++) {
        const struct bench_result *result = &run->results.list[i];
        bool is_explained = fabs(run->after[i] / result->tokens_per_second - 1) <= 0.1;
        add_speed(out, result->tokens_per_second);
        add_speed(out, run->before[i]);
        add_speed(out, run->after[i]);
        strbuf_add(out, " ");
        strbuf_add_plain(out, result->where);
        strbuf_add(out, is_explained ? "\n" : "  (not explained)\n");
    }
}

static void add_kinds(const struct calibrate_run *run, struct strbuf *out)
{
    strbuf_add(out, "\nPart of the bandwidth that is reached\n");
    for (size_t k = 0; k < run->n_kinds; k++) {
        const struct calibrate_kind *kind = &run->kinds[k];
        strbuf_format(out, "  %5.1f%%  ", 100 * kind->efficiency);
        strbuf_add_plain(out, run->kind_names[k]);
        strbuf_add(out, kind->is_fixed ? "  (from the device file)"
                        : !calibrate_is_learned(kind)
                            ? "  (no result reads enough from it: the default stays)"
                        : kind->at_limit ? "  (at the limit: is its bandwidth right?)"
                                         : "");
        strbuf_add(out, "\n");
    }
    if (run->compute_efficiency > 0) {
        strbuf_format(out, "Of the arithmetic, in prompts\n  %5.1f%%  all cards\n",
                      100 * run->compute_efficiency);
    }
    if (run->link_efficiency > 0) {
        strbuf_format(out, "Of the link, for weights copied in prompts\n  %5.1f%%  all cards\n",
                      100 * run->link_efficiency);
    }
}

static size_t count_learned(const struct calibrate_run *run)
{
    size_t n = 0;
    for (size_t k = 0; k < run->n_kinds; k++) {
        n += calibrate_is_learned(&run->kinds[k]) ? 1 : 0;
    }
    return n;
}

static void add_end(const struct calibrate_run *run, struct strbuf *out)
{
    char *path = calibration_path(&run->rig);
    if (run->n_decodes < count_learned(run)) {
        strbuf_format(out,
                      "\n%zu figures from %zu result%s: the nearest to %.0f%% that explain it. A "
                      "result with another -ngl or -ncmoe tells them apart.\n",
                      count_learned(run), run->n_decodes, run->n_decodes == 1 ? "" : "s",
                      100 * DEFAULT_EFFICIENCY);
    }
    if (run->is_kept) {
        strbuf_add(out, "\nkept in ");
        strbuf_add_plain(out, path);
        strbuf_add(out, "; used wherever these cards are planned for (--reset forgets)\n");
    } else {
        strbuf_add(out, "\nnot kept (--dry-run)\n");
    }
    free(path);
}

/* null where it is not known */
static void add_json(struct json_object *object, const char *key, double number)
{
    json_object_object_add(object, key, number > 0 ? json_object_new_double(number) : NULL);
}

static struct json_object *results_json(const struct calibrate_run *run)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < run->results.n; i++) {
        const struct bench_result *result = &run->results.list[i];
        struct json_object *object = json_object_new_object();
        json_out_text(object, "result", result->where);
        json_out_bool(object, "is_prompt", result->is_prompt);
        json_out_bytes(object, "depth", result->depth);
        add_json(object, "tokens_per_second", result->tokens_per_second);
        add_json(object, "model_before", run->before[i]);
        add_json(object, "model_after", run->after[i]);
        json_object_array_add(list, object);
    }
    return list;
}

static char *calibrate_json(const struct calibrate_run *run)
{
    struct json_object *object = json_object_new_object();
    struct json_object *kinds = json_object_new_array();
    for (size_t k = 0; k < run->n_kinds; k++) {
        const struct calibrate_kind *kind = &run->kinds[k];
        struct json_object *one = json_object_new_object();
        json_out_text(one, "kind", run->kind_names[k]);
        json_object_object_add(one, "efficiency", json_object_new_double(kind->efficiency));
        json_out_text(one, "efficiency_source",
                      kind->is_fixed               ? "device file"
                      : calibrate_is_learned(kind) ? "calibrated"
                                                   : "default");
        json_out_bool(one, "at_limit", kind->at_limit);
        json_object_array_add(kinds, one);
    }
    char *path = calibration_path(&run->rig);
    json_object_object_add(object, "results", results_json(run));
    json_object_object_add(object, "kinds", kinds);
    add_json(object, "compute_efficiency", run->compute_efficiency);
    add_json(object, "link_efficiency", run->link_efficiency);
    json_out_text(object, "kept_in", run->is_kept ? path : NULL);
    free(path);
    return json_out_take(object);
}

bool calibrate_print(const struct calibrate_run *run, struct error *error)
{
    struct strbuf out = {0};
    if (run->options->json) {
        char *text = calibrate_json(run);
        strbuf_add(&out, text);
        free(text);
    } else {
        add_results(run, &out);
        add_kinds(run, &out);
        add_end(run, &out);
    }
    bool printed = output_print(strbuf_text(&out), out.length, error);
    strbuf_clear(&out);
    return printed;
}
