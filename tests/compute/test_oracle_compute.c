/* Compute buffers against what llama.cpp's dry run answered (../shared/oracle): close on nearly every
 * row, and never far below, because an estimate that is too low is an out-of-memory error. */
#include "model/base/memory.h"
#include "model/plan/evaluation.h"
#include "model/text/arguments.h"
#include "tests/support/oracle.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)

enum { MAX_FLAGS = 64, MAX_RIG = 16 };

struct tally {
    size_t rows, close, exact, low;
};

struct reference_case {
    struct json_object *json;
    const char *model, *name;
};

static const char *text_of(struct json_object *object, const char *key)
{
    struct json_object *value = json_object_object_get(object, key);
    return value != NULL ? json_object_get_string(value) : "";
}

static size_t read_free(struct json_object *json, uint32_t *free_mib)
{
    struct json_object *list = json_object_object_get(json, "free_mib");
    size_t n = json_object_array_length(list);
    cr_assert(n <= MAX_RIG);
    for (size_t i = 0; i < n; i++) {
        free_mib[i] = (uint32_t)json_object_get_int(json_object_array_get_idx(list, i));
    }
    return n;
}

static void read_plan(struct json_object *json, enum target target, const struct model *model,
                      struct plan *plan)
{
    struct json_object *list = json_object_object_get(json, "flags");
    const char *flags[MAX_FLAGS];
    size_t n = json_object_array_length(list);
    cr_assert(n <= MAX_FLAGS);
    for (size_t i = 0; i < n; i++) {
        flags[i] = json_object_get_string(json_object_array_get_idx(list, i));
    }
    struct argument_facts facts = {0};
    struct error error = {0};
    plan_init(plan, model);
    plan->settings.target = target;
    cr_assert(arguments_read(plan, &facts, flags, n, NULL, &error), "%s", error.text);
    plan_attach(plan, model);
    argument_facts_clear(&facts);
}

static void compare_row(const struct reference_case *c, const char *device, uint64_t expected,
                        uint64_t got, struct tally *tally)
{
    uint64_t off = got > expected ? got - expected : expected - got;
    uint64_t allowed = expected / 10 > 32 * MIB ? expected / 10 : 32 * MIB;
    bool low = got + expected / 20 + 64 * MIB < expected;
    tally->rows++;
    tally->exact += off == 0;
    tally->close += off <= allowed;
    tally->low += low;
    if (off > allowed || low) {
        printf("%-30s %-10s %-6s %10.2f MiB measured %10.2f estimated%s\n", c->model, c->name,
               device, (double)expected / (double)MIB, (double)got / (double)MIB,
               low ? "  TOO LOW" : "");
    }
}

static uint64_t sum_of(const struct compute_terms *terms)
{
    uint64_t sum = 0;
    for (int i = 0; i < COMPUTE_TERM_COUNT; i++) {
        sum += terms->bytes[i];
    }
    return sum;
}

static void compare_case(const struct reference_case *c, const struct rig *rig,
                         const struct evaluation *evaluation, struct tally *tally)
{
    struct json_object *expect = json_object_object_get(c->json, "expect");
    json_object_object_foreach(expect, device, figures)
    {
        int index = strcmp(device, "Host") == 0 ? DEVICE_HOST : rig_find(rig, device);
        const struct device_use *use =
            index == DEVICE_HOST ? &evaluation->host : &evaluation->devices[index];
        cr_expect_eq(sum_of(&use->terms), use->compute, "%s %s: terms do not sum up", c->model,
                     device);
        struct json_object *compute = json_object_object_get(figures, "compute");
        compare_row(c, device, (uint64_t)json_object_get_int64(compute), use->compute, tally);
    }
}

static void run_case(struct json_object *json, const char *folder, enum target target,
                     struct tally *tally)
{
    struct reference_case c = {json, text_of(json, "model"), text_of(json, "case")};
    struct json_object *error = json_object_object_get(json, "error");
    if (error != NULL || json_object_object_get(json, "expect") == NULL) {
        return;
    }
    char *path = memory_format("%s/oracle/%s/%s.gguf", OTPLAN_SHARED, folder, c.model);
    uint32_t free_mib[MAX_RIG];
    struct open_model open;
    struct rig rig;
    struct plan plan;
    struct evaluation evaluation;
    open_model(path, &open);
    stand_in_rig(free_mib, read_free(json, free_mib), &rig);
    read_plan(json, target, open.model, &plan);
    plan_evaluate(open.model, &rig, &plan, NULL, &evaluation);
    compare_case(&c, &rig, &evaluation, tally);
    evaluation_clear(&evaluation);
    plan_clear(&plan);
    rig_clear(&rig);
    close_model(&open);
    free(path);
}

static struct tally run_cases(const char *folder, const char *file, enum target target)
{
    if (!oracle_present()) {
        cr_skip_test("../shared is not here: no measured figures to compare with");
    }
    char *path = memory_format("%s/oracle/%s/%s", OTPLAN_SHARED, folder, file);
    struct json_object *cases = json_object_from_file(path);
    cr_assert(cases != NULL, "cannot read %s", path);
    struct tally tally = {0};
    for (size_t i = 0; i < json_object_array_length(cases); i++) {
        run_case(json_object_array_get_idx(cases, i), folder, target, &tally);
    }
    printf("%s/%s: %zu rows, %zu close, %zu to the byte, %zu too low\n", folder, file, tally.rows,
           tally.close, tally.exact, tally.low);
    json_object_put(cases);
    free(path);
    return tally;
}

static void check(struct tally tally)
{
    cr_expect_eq(tally.low, 0, "%zu estimates are too low", tally.low);
    cr_expect(tally.close * 100 >= tally.rows * 95, "%zu of %zu rows are close", tally.close,
              tally.rows);
}

Test(oracle_compute, whole_batch_of_logits)
{
    check(run_cases("models", "cases.json", TARGET_LLAMA_FIT_PARAMS));
}

Test(oracle_compute, few_logits_of_a_server)
{
    check(run_cases("models", "cases-server.json", TARGET_LLAMA_SERVER));
}

Test(oracle_compute, every_architecture)
{
    check(run_cases("archs", "cases.json", TARGET_LLAMA_FIT_PARAMS));
}
