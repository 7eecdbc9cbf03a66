// What stands beside the model: a draft model takes what it would take as a model of its own, under its own
// placement flags; a projector takes its weights.
#include "model/base/memory.h"
#include "tests/support/gguf_files.h"
#include "tests/support/run_program.h"

#include <criterion/criterion.h>
#include <json.h>
#include <stdlib.h>
#include <string.h>

static char *make_model(const char *folder, const char *name)
{
    struct strbuf head = {0};
    gguf_make_tiny(&head, 2);
    char *path = test_file_write(folder, name, head.text, head.length);
    strbuf_clear(&head);
    return path;
}

static struct json_object *plan_of(const char *model, const char *const *flags, size_t n)
{
    const char *arguments[40] = {"plan", model,  "--devices", demo_devices(),
                                 "-c",   "8192", "--json"};
    for (size_t i = 0; i < n; i++) {
        arguments[7 + i] = flags[i];
    }
    struct program_result result = otplan_run_with(NULL, arguments);
    cr_assert(result.status == 0, "%s", result.errors);
    struct json_object *plan = json_tokener_parse(result.output);
    cr_assert_not_null(plan);
    program_result_clear(&result);
    return plan;
}

static uint64_t figure(struct json_object *plan, size_t device, const char *key)
{
    struct json_object *devices = json_object_object_get(plan, "devices");
    struct json_object *of = device < json_object_array_length(devices)
                                 ? json_object_array_get_idx(devices, device)
                                 : json_object_object_get(plan, "host");
    return json_object_get_uint64(json_object_object_get(of, key));
}

static void check(const char *const *with, size_t n_with, const char *draft,
                  const char *const *alone, size_t n_alone)
{
    struct json_object *both = plan_of(demo_model(), with, n_with);
    struct json_object *only = plan_of(draft, alone, n_alone);
    for (size_t i = 0; i <= 4; i++) {
        uint64_t beside = figure(both, i, "beside");
        cr_expect(beside == figure(only, i, "used"), "device %zu: %llu beside, %llu alone", i,
                  (unsigned long long)beside, (unsigned long long)figure(only, i, "used"));
        cr_expect(figure(both, i, "used") == figure(both, i, "model") + figure(both, i, "context") +
                                                 figure(both, i, "compute") + beside);
    }
    json_object_put(both);
    json_object_put(only);
}

Test(beside, a_draft_model_takes_what_it_takes_alone)
{
    char *folder = test_folder_make();
    char *draft = make_model(folder, "draft.gguf");
    check((const char *const[]){"-cmoe", "-md", draft}, 3, draft, NULL, 0);
    check((const char *const[]){"-md", draft, "-ngld", "0"}, 4, draft,
          (const char *const[]){"-ngl", "0"}, 2);
    check((const char *const[]){"-md", draft, "-devd", "CUDA2", "-ctkd", "q8_0"}, 6, draft,
          (const char *const[]){"-dev", "CUDA2", "-ctk", "q8_0"}, 4);
    check((const char *const[]){"-md", draft, "-otd", "ffn=CPU", "-ctk", "q8_0", "-ctv", "q8_0"}, 8,
          draft, (const char *const[]){"-ot", "ffn=CPU"}, 2);
    free(draft);
    test_folder_remove(folder);
}

// The optimiser leaves room for it.
Test(beside, auto_places_around_it)
{
    char *folder = test_folder_make();
    char *draft = make_model(folder, "draft.gguf");
    struct json_object *plan =
        plan_of(demo_model(), (const char *const[]){"--auto", "-md", draft, "-ub", "64"}, 5);
    for (size_t i = 0; i < 4; i++) {
        struct json_object *device =
            json_object_array_get_idx(json_object_object_get(plan, "devices"), i);
        cr_expect(figure(plan, i, "beside") == 0 ||
                      json_object_get_boolean(json_object_object_get(device, "fits")),
                  "device %zu", i);
    }
    json_object_put(plan);
    free(draft);
    test_folder_remove(folder);
}

Test(beside, a_projector_takes_its_weights_where_it_runs)
{
    char *folder = test_folder_make();
    char *projector = make_model(folder, "mmproj.gguf");
    struct json_object *card =
        plan_of(demo_model(), (const char *const[]){"--mmproj", projector}, 2);
    struct json_object *host = plan_of(
        demo_model(), (const char *const[]){"--mmproj", projector, "--no-mmproj-offload"}, 3);
    cr_expect(figure(card, 0, "beside") > 0 && figure(card, 4, "beside") == 0);
    cr_expect(figure(host, 0, "beside") == 0 && figure(host, 4, "beside") > 0);
    cr_expect(strstr(json_object_to_json_string(card), "estimate-only") != NULL);
    json_object_put(card);
    json_object_put(host);
    free(projector);
    test_folder_remove(folder);
}

Test(beside, a_file_that_is_not_there_is_one_line)
{
    struct program_result result =
        otplan_run("plan", demo_model(), "--devices", demo_devices(), "-md", "/no/draft.gguf");
    cr_expect(result.status == 0);
    cr_expect(strstr(result.errors, "-md /no/draft.gguf") != NULL &&
                  strstr(result.errors, "not counted") != NULL,
              "%s", result.errors);
    program_result_clear(&result);
}
