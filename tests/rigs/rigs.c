// otplan-rigs: the optimiser over every reference model and a dozen rigs, as a table: does the plan fit, how
// near is it to the bound, how much faster than what --fit does. With `fit`: our --fit beside llama.cpp's. With
// `markdown`: both, as docs/optimiser-table.md. With `random SEED N`: rigs that are drawn, and what must hold on each.
#include "model/base/memory.h"
#include "model/plan/optimise.h"
#include "model/plan/optimise_fit.h"
#include "model/plan/speed.h"
#include "tests/rigs/random.h"
#include "tests/rigs/whole.h"
#include "tests/support/oracle.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct bench_rig {
    const char *name;
    size_t n;
    struct {
        uint32_t free_mib;
        double gb_s;
    } cards[15];
    uint32_t host_mib;
    double host_gb_s;
};

static const struct bench_rig rigs[] = {
    {"1x 8G laptop, 32G", 1, {{7600, 256}}, 32768, 77},
    {"1x 3090, 64G", 1, {{24124, 936}}, 65536, 51},
    {"1x 5090, 96G", 1, {{31800, 1792}}, 98304, 90},
    {"2x 3090, 128G", 2, {{24124, 936}, {24124, 936}}, 131072, 51},
    {"3090 + 4060 Ti 16G, 128G", 2, {{24124, 936}, {15900, 288}}, 131072, 51},
    {"4090 + 3060 12G, 64G", 2, {{24080, 1008}, {11900, 360}}, 65536, 83},
    {"P40 + 1080 Ti + 3090, 64G", 3, {{24300, 346}, {11000, 484}, {24124, 936}}, 65536, 42},
    {"3x P40, 256G", 3, {{24300, 346}, {24300, 346}, {24300, 346}}, 262144, 68},
    {"4x 5090, 512G", 4, {{31569, 1792}, {31292, 1792}, {32090, 1792}, {32090, 1792}}, 524288, 300},
    {"6x 3090, 256G",
     6,
     {{24124, 936}, {24124, 936}, {24124, 936}, {24124, 936}, {24124, 936}, {24124, 936}},
     262144,
     205},
    {"RTX 6000 96G + 2x 5090, 384G", 3, {{96500, 1792}, {31800, 1792}, {31800, 1792}}, 393216, 460},
    {"8x H100 80G, 1T",
     8,
     {{80500, 3350},
      {80500, 3350},
      {80500, 3350},
      {80500, 3350},
      {80500, 3350},
      {80500, 3350},
      {80500, 3350},
      {80500, 3350}},
     1048576,
     460},
    {"3060 12G, tiny host 16G", 1, {{11900, 360}}, 16384, 45},
};

static void build_rig(const struct bench_rig *from, struct rig *rig)
{
    uint32_t mib[15];
    for (size_t i = 0; i < from->n; i++) {
        mib[i] = from->cards[i].free_mib;
    }
    stand_in_rig(mib, from->n, rig);
    for (size_t i = 0; i < from->n; i++) {
        rig->devices[i].bandwidth_gb_s = from->cards[i].gb_s;
    }
    rig->host.total = rig->host.free = (uint64_t)from->host_mib << 20;
    rig->host.bandwidth_gb_s = from->host_gb_s;
}

static double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static const double AIM = 0.03; /* of the bound, at worst */

struct measured {
    double tokens_per_second, bound;
    double whole_units; /* tokens per second that whole units can reach; 0 not asked */
    size_t rules;
    bool fits, whole, from_disk; /* from_disk: mapped weights beyond the host's memory */
};

static struct measured measure(const struct model *model, const struct rig *rig,
                               const struct plan *plan)
{
    struct measured out = {.whole = true};
    struct evaluation evaluation;
    struct speed speed;
    plan_evaluate(model, rig, plan, NULL, &evaluation);
    speed_estimate(model, rig, &evaluation, 0, &speed);
    out.tokens_per_second = speed.tokens_per_second;
    out.bound = speed.bound_known ? speed.bound_tokens_per_second : 0;
    out.rules = evaluation.rules.n;
    out.fits = evaluation.all_fit;
    out.from_disk = evaluation.host.headroom < 0;
    if (out.bound > 0 && out.tokens_per_second < out.bound * (1 - AIM)) {
        out.whole_units = best_of_whole_units(model, rig, plan, &evaluation);
    }
    for (size_t row = 0; row < model->n_tensors; row++) {
        out.whole = out.whole && !(evaluation.device[row] == DEVICE_HOST &&
                                   model->tensors[row].role == ROLE_LAYER);
    }
    speed_clear(&speed);
    evaluation_clear(&evaluation);
    return out;
}

struct row {
    const char *model, *rig;
    struct measured plan, fit;
    double milliseconds;
};

static void write_head(bool markdown)
{
    if (markdown) {
        puts("| model | rig | fits | auto t/s | bound | gap % | fit t/s | gain % | rules |\n"
             "|---|---|---|--:|--:|--:|--:|--:|--:|");
        return;
    }
    printf("%-22.22s %-29s %5s %9s %9s %7s %9s %7s %5s %8s\n", "model", "rig", "fits", "auto t/s",
           "bound", "of it %", "fit t/s", "gain %", "rules", "ms");
}

/* No "-0.00" for what rounds to nothing. */
static double nothing_is_zero(double percent)
{
    return percent > -0.005 && percent < 0.005 ? 0 : percent;
}

/* The page says no times: they would change with every run. */
static void write_row(const struct row *row, bool markdown)
{
    double speed = row->plan.tokens_per_second;
    double of = row->plan.bound > 0 ? 100 * speed / row->plan.bound : 0;
    double fit = row->fit.tokens_per_second;
    double gain = fit > 0 ? 100 * (speed / fit - 1) : 0;
    const char *fits = !row->plan.fits ? "NO" : row->plan.from_disk ? "disk" : "yes";

    if (!markdown) {
        printf("%-22.22s %-29s %5s %9.2f %9.2f %7.2f %9.2f %7.1f %5zu %8.1f%s\n", row->model,
               row->rig, fits, speed, row->plan.bound, of, fit, gain, row->plan.rules,
               row->milliseconds, row->plan.whole ? " whole" : "");
        return;
    }
    printf("| %s | %s | %s%s | %.2f | %.2f | %.2f | %.2f | %.1f | %zu |\n", row->model, row->rig,
           fits, row->plan.whole ? ", whole" : "", speed, row->plan.bound,
           row->plan.bound > 0 ? nothing_is_zero(100 - of) : 0, fit, nothing_is_zero(gain),
           row->plan.rules);
}

/* A row that misses the aim has its reason. */
static char *reason_of(const struct row *row)
{
    double speed = row->plan.tokens_per_second;
    double whole = row->plan.whole_units;
    if (row->plan.bound <= 0 || speed >= row->plan.bound * (1 - AIM)) {
        return NULL;
    }
    return whole <= 0 ? memory_format("%s on %s: no reason is known.", row->model, row->rig)
                      : memory_format("%s on %s: %.2f t/s is %.2f %% of the most that whole units "
                                      "can reach there (%.2f t/s), every combination tried.",
                                      row->model, row->rig, speed, 100 * speed / whole, whole);
}

static void table(bool markdown)
{
    char *reasons[16] = {0};
    size_t n_reasons = 0;
    char **paths = oracle_models("models");
    double *gaps = NULL;
    size_t n_gaps = 0;
    write_head(markdown);
    for (size_t i = 0; paths[i] != NULL; i++) {
        struct open_model open;
        open_model(paths[i], &open);
        for (size_t r = 0; r < sizeof rigs / sizeof rigs[0]; r++) {
            struct rig rig;
            build_rig(&rigs[r], &rig);
            struct plan start;
            struct plan best;
            struct plan fit;
            plan_init(&start, open.model);
            start.settings.n_ctx = 16384;
            struct optimise_options options = {.strategy = STRATEGY_SPEED};
            struct optimise_report report;
            struct error error = {0};
            double begin = milliseconds();
            if (plan_optimise(open.model, &rig, &start, &options, &best, &report, &error)) {
                double spent = milliseconds() - begin;
                struct measured now = measure(open.model, &rig, &best);
                struct measured other = {0};
                if (plan_fit(open.model, &rig, &start, &fit, &error)) {
                    other = measure(open.model, &rig, &fit);
                    plan_clear(&fit);
                }
                double of = now.bound > 0 ? 100 * now.tokens_per_second / now.bound : 0;
                struct row row = {strrchr(paths[i], '/') + 1, rigs[r].name, now, other, spent};
                write_row(&row, markdown);
                char *reason = now.whole || n_reasons == 16 ? NULL : reason_of(&row);
                if (reason != NULL) {
                    reasons[n_reasons++] = reason;
                }
                if (!now.whole && now.bound > 0) {
                    gaps = memory_resize(gaps, n_gaps + 1, sizeof *gaps);
                    gaps[n_gaps++] = 100 - of;
                }
                plan_clear(&best);
            } else {
                printf(markdown ? "| %s | %s | %s |\n" : "%s %s: %s\n", strrchr(paths[i], '/') + 1,
                       rigs[r].name, error.text);
            }
            plan_clear(&start);
            rig_clear(&rig);
        }
        close_model(&open);
    }
    qsort(gaps, n_gaps, sizeof *gaps, by_value);
    if (n_gaps > 0) {
        printf("%snot whole: %zu, gap to the bound: median %.2f %%, worst %.2f %%\n",
               markdown ? "\n" : "", n_gaps, gaps[n_gaps / 2], gaps[n_gaps - 1]);
    }
    if (markdown) {
        puts(
            "The aim is a gap of 3 % at most wherever the model is not placed whole."
            " The bound splits tensors at will; gate and up of\na layer, its down, and the rest of "
            "it with its cache lie somewhere whole. Rows beyond the aim:\n");
    }
    for (size_t i = 0; i < n_reasons; i++) {
        printf("* %s\n", reasons[i]);
        free(reasons[i]);
    }
    if (markdown && n_reasons == 0) {
        puts("none.");
    }
    free(gaps);
    oracle_models_free(&paths);
}

static void fit_table(void)
{
    json_object *cases = json_object_from_file(OTPLAN_SHARED "/oracle/fit/cases.json");
    size_t same = 0;
    size_t n = cases == NULL ? 0 : json_object_array_length(cases);
    for (size_t i = 0; i < n; i++) {
        json_object *entry = json_object_array_get_idx(cases, i);
        json_object *free_mib = json_object_object_get(entry, "free_mib");
        json_object *flags = json_object_object_get(entry, "flags");
        char *path = memory_format("%s/oracle/models/%s.gguf", OTPLAN_SHARED,
                                   json_object_get_string(json_object_object_get(entry, "model")));
        uint32_t mib[16] = {0};
        size_t n_devices = json_object_array_length(free_mib);
        for (size_t k = 0; k < n_devices; k++) {
            mib[k] = (uint32_t)json_object_get_int(json_object_array_get_idx(free_mib, k));
        }
        struct open_model open;
        struct rig rig;
        struct plan start;
        struct plan fit;
        open_model(path, &open);
        stand_in_rig(mib, n_devices, &rig);
        plan_init(&start, open.model);
        start.settings.target = TARGET_LLAMA_FIT_PARAMS;
        for (size_t k = 0; k + 1 < json_object_array_length(flags); k++) {
            if (strcmp(json_object_get_string(json_object_array_get_idx(flags, k)), "-c") == 0) {
                start.settings.n_ctx =
                    atoll(json_object_get_string(json_object_array_get_idx(flags, k + 1)));
            }
        }
        struct error error = {0};
        char ours[512] = "refused";
        if (plan_fit(open.model, &rig, &start, &fit, &error)) {
            int at = snprintf(ours, sizeof ours, "-c %lld -ngl %lld",
                              (long long)(fit.settings.n_ctx > 0 ? fit.settings.n_ctx
                                                                 : open.model->hparams.n_ctx_train),
                              (long long)fit.n_gpu_layers);
            for (uint32_t k = 0; k < fit.n_tensor_split; k++) {
                at += snprintf(ours + at, sizeof ours - (size_t)at, "%s%d", k == 0 ? " -ts " : ",",
                               (int)fit.tensor_split[k]);
            }
            plan_clear(&fit);
        }
        const char *theirs = json_object_get_string(json_object_object_get(entry, "args"));
        size_t length = strlen(ours);
        bool equal = theirs != NULL && strncmp(theirs, ours, length) == 0 &&
                     (theirs[length] == '\0' || theirs[length] == ' ');
        same += equal;
        if (!equal) {
            printf("%s %s: ours %s | llama.cpp %.150s\n",
                   json_object_get_string(json_object_object_get(entry, "model")),
                   json_object_get_string(json_object_object_get(entry, "rig")), ours,
                   theirs == NULL ? "-" : theirs);
        }
        plan_clear(&start);
        rig_clear(&rig);
        close_model(&open);
        free(path);
    }
    printf("the same -c, -ngl and -ts in %zu of %zu\n", same, n);
    json_object_put(cases);
}

static void page(void)
{
    puts("# The optimiser in figures\n\n"
         "Written by one command, never by hand: `ninja -C build "
         "optimiser-page`.\n\n"
         "Every reference model on every rig, at a context of 16384. *fits* is judged by otplan's "
         "own accounting of weights,\ncaches and compute buffers, not by a dry run of llama.cpp: "
         "these cards are not at hand. *disk*: the cards fit, but mapped weights exceed "
         "the host and are read from disk, which the speeds do not count.\n*whole* means no "
         "layer's tensor\nis left to the CPU. Speeds "
         "and the bound are the speed model's ([speed.md](speed.md)), not measured; *gap* is what "
         "the plan\nlacks to the bound. *fit t/s* is what `--fit` would place, by the same model; "
         "0 where it has no plan. *rules* counts the\n`-ot` rules.\n");
    table(true);
    puts("\n## `--fit` beside llama.cpp's\n\n"
         "Our `-c`, `-ngl` and `-ts` against what llama.cpp printed for the reference cases; every "
         "difference is listed.\n");
    fit_table();
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    if (!oracle_present()) {
        puts("no ../shared/oracle: nothing to measure");
        return 0;
    }
    if (strcmp(what, "random") == 0) {
        uint32_t seed = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1;
        size_t n = argc > 3 ? strtoul(argv[3], NULL, 10) : 100;
        size_t wrong = random_rigs(seed, n);
        printf("%zu random rigs from seed %u: %zu with faults\n", n, seed, wrong);
        return wrong > 0;
    }
    if (strcmp(what, "fit") == 0)
        fit_table();
    else if (strcmp(what, "markdown") == 0)
        page();
    else
        table(false);
    return 0;
}
