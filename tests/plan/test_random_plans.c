// What is exported is right: random plans, drawn from what arguments can express, come back from their own
// arguments with the same homes, caches and tensors. The patterns are read by std::regex_search in a
// program of its own where a C++ compiler built it.
#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/text/arguments.h"
#include "tests/support/gguf_files.h"
#include "tests/support/oracle.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PLANS_PER_MODEL = 200 };

// A small generator of our own, so that a failure names its seed and comes back everywhere.
static uint32_t random_below(uint64_t *state, uint32_t n)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)((*state >> 11) % n);
}

static void random_homes(struct plan *plan, const struct model *model, size_t n_devices,
                         uint64_t *state)
{
    uint32_t counts[17] = {0};
    for (uint32_t left = model->hparams.n_layer + 1; left > 0;) {
        uint32_t take = 1 + random_below(state, left);
        counts[random_below(state, (uint32_t)n_devices + 1)] += take;
        left -= take;
    }
    plan_set_runs(plan, model, counts, n_devices);
}

static int random_device(size_t n_devices, uint64_t *state)
{
    return (int)random_below(state, (uint32_t)n_devices + 1) - 1;
}

// A block of the map: some layers, some groups, one device; or single tensors here and there.
static void random_move(struct plan *plan, const struct model *model, size_t n_devices,
                        uint64_t *state)
{
    int device = random_device(n_devices, state);
    uint32_t n_layer = model->hparams.n_layer;
    uint32_t first = random_below(state, n_layer);
    uint32_t last = first + random_below(state, n_layer - first);
    uint32_t groups = 1U << random_below(state, GROUP_COUNT);
    groups |= 1U << random_below(state, GROUP_COUNT);
    uint32_t stride = 1 + random_below(state, 3);
    bool scattered = random_below(state, 8) == 0;
    for (uint32_t row = 0; row < model->n_tensors; row++) {
        const struct model_tensor *tensor = &model->tensors[row];
        bool block = tensor->layer >= (int32_t)first && tensor->layer <= (int32_t)last &&
                     ((uint32_t)tensor->layer - first) % stride == 0 &&
                     (groups & (1U << tensor->group)) != 0;
        if (scattered ? random_below(state, 20) == 0 : block) {
            plan_move_rows(plan, model, &row, 1, device);
        }
    }
}

static void check_plan(const struct open_model *open, const struct rig *rig, uint64_t seed)
{
    uint64_t state = seed * 0x9E3779B97F4A7C15ULL + 1;
    struct plan plan;
    plan_init(&plan, open->model);
    plan.settings.n_ctx = 4096;
    random_homes(&plan, open->model, rig->n_devices, &state);
    for (uint32_t moves = random_below(&state, 6); moves > 0; moves--) {
        random_move(&plan, open->model, rig->n_devices, &state);
    }
    struct evaluation evaluation;
    plan_evaluate(open->model, rig, &plan, NULL, &evaluation);
    struct error error = {0};
    bool same = evaluation_verify(open->model, rig, &plan, &evaluation, &error);
    cr_expect(same, "%s, seed %llu: %s", open->model->path, (unsigned long long)seed, error.text);
    for (size_t row = 0; row < plan.n_rows; row++) {
        int16_t moved = plan.moved[row];
        cr_expect(moved == PLAN_UNMOVED || evaluation.device[row] == moved, "%s, seed %llu: %s",
                  open->model->path, (unsigned long long)seed, open->model->tensors[row].name);
    }
    for (size_t i = 0; i < evaluation.rules.n; i++) {
        const char *pattern = evaluation.rules.rules[i].pattern;
        cr_expect(strlen(pattern) <= 200 && strpbrk(pattern, ",=") == NULL, "pattern %s", pattern);
    }
    evaluation_clear(&evaluation);
    plan_clear(&plan);
}

Test(random_plans, come_back_from_their_arguments)
{
    if (!oracle_present()) {
        cr_skip_test("no ../shared/oracle");
    }
    static const uint32_t free_mib[] = {31569, 31292, 32090, 32090};
    char **paths = oracle_models("models");
    for (size_t i = 0; paths[i] != NULL; i++) {
        struct open_model open;
        open_model(paths[i], &open);
        for (uint64_t seed = 1; seed <= PLANS_PER_MODEL; seed++) {
            struct rig rig;
            stand_in_rig(free_mib, 1 + seed % 4, &rig);
            check_plan(&open, &rig, seed);
            rig_clear(&rig);
        }
        close_model(&open);
    }
    oracle_models_free(&paths);
}

// Tensors whose names have nothing in common take a rule each, but for those of one device: for two of three
// devices that is more than llama.cpp holds.
Test(random_plans, that_cannot_be_expressed_are_refused_in_words)
{
    struct gguf_writer writer = {0};
    const uint64_t square[2] = {32, 32};
    gguf_write_tiny_values(&writer, 1);
    for (int i = 0; i < 6300; i++) {
        char name[32];
        snprintf(name, sizeof name, "t%d.weight", i * 7919 % 100003);
        gguf_write_tensor(&writer, name, 0, square, 2);
    }
    struct strbuf head = {0};
    gguf_write_finish(&writer, &head);
    char *folder = test_folder_make();
    char *path = test_file_write_head(folder, "many.gguf", &head);
    struct open_model open;
    open_model(path, &open);
    struct rig rig;
    stand_in_rig((const uint32_t[]){24000, 24000}, 2, &rig);
    struct plan plan;
    plan_init(&plan, open.model);
    for (uint32_t row = 0; row < open.model->n_tensors; row++) {
        plan_move_rows(&plan, open.model, &row, 1, (int16_t)(row % 3) - 1);
    }
    struct evaluation evaluation;
    plan_evaluate(open.model, &rig, &plan, NULL, &evaluation);
    cr_expect(evaluation.refused.kind == ERROR_INPUT);
    cr_expect(strstr(evaluation.refused.text, "llama.cpp takes 4095") != NULL, "%s",
              evaluation.refused.text);
    struct error error = {0};
    cr_expect(!evaluation_verify(open.model, &rig, &plan, &evaluation, &error));
    evaluation_clear(&evaluation);
    plan_clear(&plan);
    rig_clear(&rig);
    close_model(&open);
    free(path);
    test_folder_remove(folder);
    strbuf_clear(&head);
}
