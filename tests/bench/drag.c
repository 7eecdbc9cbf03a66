/* A drag step as the planner does it: the edit is applied to a copy of the plan, the copy is evaluated
 * whole, its arguments are written, and the main screen is drawn from it. */
#include "model/base/memory.h"
#include "model/plan/optimise.h"
#include "model/plan/prompt_speed.h"
#include "model/plan/speed.h"
#include "model/text/arguments.h"
#include "src/model_file.h"
#include "tests/bench/bench.h"
#include "ui/ui.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 201, ROUNDS = 11, FIRST_LAYER = 12, LAST_LAYER = 20 };

struct bench_plan {
    struct model_file *file;
    struct model *model;
    struct rig rig;
    struct plan plan;
    struct decisions decisions;
    struct evaluation held;
    struct layer_map map;
    struct edit edit; /* the gate and up experts of the dragged layers */
    struct ui ui;
    struct canvas canvas;
};

static void equal_cards(struct rig *rig, size_t n)
{
    static const uint64_t mib = 1048576;
    *rig = (struct rig){.devices = memory_array(n, sizeof *rig->devices), .n_devices = n};
    rig_init_host(&rig->host, 524288 * mib, 500000 * mib);
    rig->host.bandwidth_gb_s = 80;
    for (size_t i = 0; i < n; i++) {
        struct device *device = &rig->devices[i];
        device->name = memory_format("CUDA%zu", i);
        device->device_name = memory_text(device->name);
        device->description = memory_text("NVIDIA GeForce RTX 5090");
        device->backend = backend_of_name(device->name);
        device->has_kernels = true;
        device->total = 32607 * mib;
        device->free = 31292 * mib;
        device->margin = -1;
        device->numa_node = -1;
        device->bandwidth_gb_s = 1792;
    }
}

/* Experts in one tensor a layer, or in one each. */
static bool is_dragged(const struct model_tensor *tensor)
{
    return tensor->layer >= FIRST_LAYER && tensor->layer <= LAST_LAYER &&
           (strstr(tensor->name, ".ffn_gate") || strstr(tensor->name, ".ffn_up"));
}

static void pick_rows(struct bench_plan *bench)
{
    struct edit *edit = &bench->edit;
    edit->kind = EDIT_SEND;
    edit->rows = memory_array(bench->model->n_tensors, sizeof *edit->rows);
    for (uint32_t row = 0; row < bench->model->n_tensors; row++)
        if (is_dragged(&bench->model->tensors[row]))
            edit->rows[edit->n_rows++] = row;
}

static bool open_plan(struct bench_plan *bench, const char *path, size_t n_cards,
                      struct error *error)
{
    static const char *const arguments[] = {
        "-c", "32768", "-ngl", "999", "-ot", "\\.ffn_(gate|up|down)(_exps|\\.[0-9]+\\.)=CPU"};
    struct argument_facts facts = {0};
    if (!model_file_open(path, &bench->file, error) ||
        !model_describe(bench->file->gguf, path, false, &bench->model, error))
        return false;
    equal_cards(&bench->rig, n_cards);
    plan_init(&bench->plan, bench->model);
    bool read = arguments_read(&bench->plan, &facts, arguments, 6, NULL, error);
    argument_facts_clear(&facts);
    if (!read)
        return false;
    plan_evaluate(bench->model, &bench->rig, &bench->plan, &bench->decisions, &bench->held);
    layer_map_build(&bench->map, bench->model);
    pick_rows(bench);
    ui_init(&bench->ui, &bench->map, false);
    canvas_init(&bench->canvas, 120, 40, false);
    return true;
}

static void close_plan(struct bench_plan *bench)
{
    canvas_clear(&bench->canvas);
    ui_free(&bench->ui);
    edit_clear(&bench->edit);
    layer_map_clear(&bench->map);
    evaluation_clear(&bench->held);
    decisions_clear(&bench->decisions);
    plan_clear(&bench->plan);
    rig_clear(&bench->rig);
    model_free(&bench->model);
    model_file_close(&bench->file);
}

static double draw(struct bench_plan *bench, const struct plan *preview,
                   const struct evaluation *evaluation, char *const *arguments, size_t n)
{
    struct scene scene = {.model = bench->model,
                          .map = &bench->map,
                          .rig = &bench->rig,
                          .plan = preview,
                          .shown = evaluation,
                          .held = &bench->held,
                          .is_preview = true,
                          .arguments = arguments,
                          .n_arguments = n,
                          .message = ""};
    ui_resize(&bench->ui, &scene, 120, 40);
    double start = bench_processor();
    canvas_reset(&bench->canvas, 120, 40);
    ui_draw(&bench->ui, &scene, &bench->canvas);
    return bench_processor() - start;
}

static void step(struct bench_plan *bench, int device, double *recompute, double *drawn)
{
    size_t n;
    struct edit_report report;
    double start = bench_processor();
    struct plan preview;
    plan_copy(&preview, &bench->plan);
    bench->edit.device = device;
    plan_apply_edit(&preview, &bench->map, &bench->rig, &bench->held, &bench->decisions,
                    &bench->edit, &report);
    struct evaluation evaluation;
    plan_evaluate(bench->model, &bench->rig, &preview, &bench->decisions, &evaluation);
    char **arguments = arguments_write(bench->model, &bench->rig, &preview, &evaluation, &n);
    *recompute = bench_processor() - start;
    *drawn = draw(bench, &preview, &evaluation, arguments, n);
    arguments_free(&arguments);
    evaluation_clear(&evaluation);
    plan_clear(&preview);
}

static double time_speed(const struct bench_plan *bench)
{
    double seconds[STEPS];
    for (int i = 0; i < STEPS; i++) {
        struct speed speed;
        struct prompt_speed prompt;
        double start = bench_processor();
        speed_estimate(bench->model, &bench->rig, &bench->held, 0, &speed);
        prompt_speed_estimate(bench->model, &bench->rig, &bench->held, 0, &prompt);
        seconds[i] = bench_processor() - start;
        speed_clear(&speed);
        prompt_speed_clear(&prompt);
    }
    return bench_median(seconds, STEPS);
}

static double time_rules(const struct bench_plan *bench)
{
    double seconds[ROUNDS];
    size_t n = bench->model->n_tensors;
    int16_t *wanted = memory_array(n, sizeof *wanted);
    for (size_t row = 0; row < n; row++)
        wanted[row] = WANTED_ALONE;
    for (size_t i = 0; i < bench->edit.n_rows; i++)
        wanted[bench->edit.rows[i]] = 1;
    for (int i = 0; i < ROUNDS; i++) {
        struct generated_rules rules;
        double start = bench_processor();
        generate_rules_compact(bench->model, wanted, NULL, &rules);
        seconds[i] = bench_processor() - start;
        generated_rules_clear(&rules);
    }
    free(wanted);
    return bench_median(seconds, ROUNDS);
}

static double time_read_back(const struct bench_plan *bench)
{
    double seconds[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        struct error error = {0};
        double start = bench_processor();
        evaluation_verify(bench->model, &bench->rig, &bench->plan, &bench->held, &error);
        seconds[i] = bench_processor() - start;
    }
    return bench_median(seconds, ROUNDS);
}

/* The bytes alone, as a reader without a parser has them. */
static double read_file(const char *path, double *bytes)
{
    static char block[1 << 16];
    double start = bench_processor();
    FILE *file = fopen(path, "rb");
    *bytes = 0;
    for (size_t n = 1; file && n > 0; *bytes += (double)n)
        n = fread(block, 1, sizeof block, file);
    if (file)
        fclose(file);
    return bench_processor() - start;
}

static void time_parsing(const char *path, struct bench_step *out)
{
    double parse[STEPS / 10], read[STEPS / 10], bytes = 0;
    for (int i = 0; i < STEPS / 10; i++) {
        struct error error = {0};
        struct model_file *file = NULL;
        struct model *model = NULL;
        double start = bench_processor();
        if (model_file_open(path, &file, &error))
            model_describe(file->gguf, path, false, &model, &error);
        parse[i] = bench_processor() - start;
        model_free(&model);
        model_file_close(&file);
        read[i] = read_file(path, &bytes);
    }
    out->parse = bench_median(parse, STEPS / 10);
    out->bytes_per_second = bytes / out->parse;
    out->read_per_second = bytes / bench_median(read, STEPS / 10);
}

bool bench_drag(const char *model_path, struct bench_step *out)
{
    struct bench_plan bench = {0};
    struct error error = {0};
    double recompute[STEPS], drawn[STEPS];
    if (!open_plan(&bench, model_path, 4, &error)) {
        fprintf(stderr, "%s\n", error.text);
        return false;
    }
    for (int i = 0; i < STEPS; i++)
        step(&bench, i % 4, &recompute[i], &drawn[i]);
    out->n_tensors = bench.model->n_tensors;
    out->recompute = bench_median(recompute, STEPS);
    out->draw = bench_median(drawn, STEPS);
    out->speed = time_speed(&bench);
    out->rules = time_rules(&bench);
    out->read_back = time_read_back(&bench);
    time_parsing(model_path, out);
    close_plan(&bench);
    return true;
}

double bench_optimise(const char *model_path, size_t n_cards)
{
    struct bench_plan bench = {0};
    struct error error = {0};
    struct optimise_options options = {.strategy = STRATEGY_SPEED, .utilisation = 1};
    struct optimise_report report = {0};
    struct plan best;
    if (!open_plan(&bench, model_path, n_cards, &error))
        return -1;
    double start = bench_processor();
    bool done =
        plan_optimise(bench.model, &bench.rig, &bench.plan, &options, &best, &report, &error);
    double seconds = bench_processor() - start;
    if (done)
        plan_clear(&best);
    close_plan(&bench);
    return done ? seconds : -1;
}
