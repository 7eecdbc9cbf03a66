/* A drag step as the planner does it: the dragged rows of the previewed plan go to the bar under the
 * pointer, the plan is evaluated whole, and the arguments are written. */
#include "model/base/memory.h"
#include "model/text/arguments.h"
#include "src/model_file.h"
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 201, FIRST_LAYER = 12, LAST_LAYER = 20 };

struct bench_plan {
    struct model_file *file;
    struct model *model;
    struct rig rig;
    struct plan plan;
    struct decisions decisions;
    uint32_t *rows; /* the experts of the dragged layers */
    size_t n_rows;
};

static void four_cards(struct rig *rig)
{
    static const uint64_t mib = 1048576;
    *rig = (struct rig){.devices = memory_array(4, sizeof *rig->devices), .n_devices = 4};
    rig_init_host(&rig->host, 524288 * mib, 500000 * mib);
    for (int i = 0; i < 4; i++) {
        struct device *device = &rig->devices[i];
        device->name = memory_format("CUDA%d", i);
        device->device_name = memory_text(device->name);
        device->description = memory_text("NVIDIA GeForce RTX 5090");
        device->backend = backend_of_name(device->name);
        device->has_kernels = true;
        device->total = 32607 * mib;
        device->free = 31292 * mib;
        device->margin = -1;
        device->numa_node = -1;
    }
}

static bool is_dragged(const struct model_tensor *tensor)
{
    return tensor->layer >= FIRST_LAYER && tensor->layer <= LAST_LAYER &&
           (tensor->group == GROUP_GATE_EXPS || tensor->group == GROUP_UP_EXPS);
}

static bool open_plan(struct bench_plan *bench, const char *path, struct error *error)
{
    static const char *const arguments[] = {
        "-c", "32768", "-ngl", "999", "-ot", "\\.ffn_(gate|up|down)(_exps|\\.[0-9]+\\.)=CPU"};
    static struct argument_facts facts;
    if (!model_file_open(path, &bench->file, error) ||
        !model_describe(bench->file->gguf, path, false, &bench->model, error))
        return false;
    four_cards(&bench->rig);
    plan_init(&bench->plan, bench->model);
    if (!arguments_read(&bench->plan, &facts, arguments, 6, NULL, error))
        return false;
    argument_facts_clear(&facts);
    bench->rows = memory_array(bench->model->n_tensors, sizeof *bench->rows);
    for (uint32_t row = 0; row < bench->model->n_tensors; row++)
        if (is_dragged(&bench->model->tensors[row]))
            bench->rows[bench->n_rows++] = row;
    return true;
}

static void close_plan(struct bench_plan *bench)
{
    decisions_clear(&bench->decisions);
    plan_clear(&bench->plan);
    rig_clear(&bench->rig);
    model_free(&bench->model);
    model_file_close(&bench->file);
    free(bench->rows);
}

static double recompute(struct bench_plan *bench, int device)
{
    size_t n;
    double start = bench_now();
    struct plan preview;
    plan_copy(&preview, &bench->plan);
    plan_move_rows(&preview, bench->model, bench->rows, bench->n_rows, device);
    struct evaluation evaluation;
    plan_evaluate(bench->model, &bench->rig, &preview, &bench->decisions, &evaluation);
    char **arguments = arguments_write(bench->model, &bench->rig, &preview, &evaluation, &n);
    double end = bench_now();
    arguments_free(&arguments);
    evaluation_clear(&evaluation);
    plan_clear(&preview);
    return end - start;
}

bool bench_drag(const char *model_path, struct bench_step *out)
{
    struct bench_plan bench = {0};
    struct error error = {0};
    double seconds[STEPS];
    if (!open_plan(&bench, model_path, &error)) {
        fprintf(stderr, "%s\n", error.text);
        return false;
    }
    recompute(&bench, 0); /* the given rules are matched once */
    for (int i = 0; i < STEPS; i++)
        seconds[i] = recompute(&bench, i % 4);
    out->n_tensors = bench.model->n_tensors;
    out->recompute = bench_median(seconds, STEPS);
    close_plan(&bench);
    return true;
}
