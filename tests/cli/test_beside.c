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

static void refused(const char *flag, const char *value, const char *why)
{
    struct program_result result =
        otplan_run("plan", demo_model(), "--devices", demo_devices(), flag, value);
    cr_expect_eq(result.status, 2, "%s: %d", flag, result.status);
    cr_expect(strstr(result.errors, flag) != NULL && strstr(result.errors, why) != NULL, "%s",
              result.errors);
    const char *end = strchr(result.errors, '\n');
    cr_expect(end != NULL && end[1] == '\0', "one line: %s", result.errors);
    program_result_clear(&result);
}

// server_context_impl::load_model gives up in both cases
Test(beside, a_file_that_is_not_there_is_refused_in_one_line)
{
    refused("-md", "/no/draft.gguf", "/no/draft.gguf");
    refused("--mmproj", "/no/mmproj.gguf", "/no/mmproj.gguf");
}

// Of a command in a container the files are not here: that is no reason to refuse it.
Test(beside, a_file_of_a_container_is_said_and_not_counted)
{
    char *folder = test_folder_make();
    char *command = memory_format("llama-server -m %s -md /models/draft.gguf\n", demo_model());
    char *file = test_file_write(folder, "run.sh", command, strlen(command));
    struct program_result result =
        otplan_run("plan", "--import", file, "--devices", demo_devices());
    cr_expect_eq(result.status, 0, "%s", result.errors);
    cr_expect(strstr(result.errors, "not counted") != NULL, "%s", result.errors);
    program_result_clear(&result);
    free(file);
    free(command);
    test_folder_remove(folder);
}

Test(beside, flags_of_the_draft_are_refused_as_those_of_a_model)
{
    char *folder = test_folder_make();
    char *draft = make_model(folder, "draft.gguf");
    static const char *const CASES[][2] = {{"-ctkd", "q3_K"}, {"-devd", "CUDA9"}, {"-ngld", "x"}};
    for (size_t i = 0; i < 3; i++) {
        struct program_result result = otplan_run("plan", demo_model(), "--devices", demo_devices(),
                                                  "-md", draft, CASES[i][0], CASES[i][1]);
        cr_expect_eq(result.status, 2, "%s: %s", CASES[i][0], result.errors);
        program_result_clear(&result);
    }
    free(draft);
    test_folder_remove(folder);
}

// The variables of the twins count as the flags do (LLAMA_ARG_N_GPU_LAYERS_DRAFT and the others).
Test(beside, variables_place_the_draft)
{
    char *folder = test_folder_make();
    char *draft = make_model(folder, "draft.gguf");
    char *model = memory_format("LLAMA_ARG_SPEC_DRAFT_MODEL=%s", draft);
    const char *environment[] = {model, "LLAMA_ARG_N_GPU_LAYERS_DRAFT=0",
                                 "LLAMA_ARG_SPEC_DRAFT_CACHE_TYPE_K=q8_0", NULL};
    const char *arguments[] = {"plan", demo_model(), "--devices", demo_devices(),
                               "-c",   "8192",       "--json",    NULL};
    struct program_result result = otplan_run_with(environment, arguments);
    cr_assert(result.status == 0, "%s", result.errors);
    struct json_object *both = json_tokener_parse(result.output);
    struct json_object *only =
        plan_of(draft, (const char *const[]){"-ngl", "0", "-ctk", "q8_0"}, 4);
    for (size_t i = 0; i <= 4; i++) {
        cr_expect_eq(figure(both, i, "beside"), figure(only, i, "used"), "device %zu", i);
    }
    json_object_put(both);
    json_object_put(only);
    program_result_clear(&result);
    free(model);
    free(draft);
    test_folder_remove(folder);
}

/* qwen35 of four layers with a nextn layer behind them, or rwkv6: of few tensors. */
static char *make_small(const char *folder, const char *arch, uint32_t nextn)
{
    const struct {
        const char *suffix;
        uint32_t value;
    } keys[] = {{"block_count", 4 + nextn}, {"nextn_predict_layers", nextn},
                {"embedding_length", 256},  {"attention.head_count", 2},
                {"context_length", 8192},   {"full_attention_interval", 4},
                {"ssm.conv_kernel", 4},     {"ssm.inner_size", 512},
                {"ssm.state_size", 64},     {"ssm.group_count", 2},
                {"wkv.head_size", 64},      {"token_shift_count", 2}};
    struct gguf_writer writer = {0};
    struct strbuf head = {0};
    gguf_write_string(&writer, "general.architecture", arch);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char *key = memory_format("%s.%s", arch, keys[i].suffix);
        gguf_write_u32(&writer, key, keys[i].value);
        free(key);
    }
    const uint64_t ne[2] = {256, 512};
    gguf_write_tensor(&writer, "token_embd.weight", 0, ne, 2);
    gguf_write_tensor(&writer, "output.weight", 0, ne, 2);
    gguf_write_finish(&writer, &head);
    char *path = test_file_write_head(folder, "small.gguf", &head);
    strbuf_clear(&head);
    return path;
}

// draft-mtp without -md: a context more on the main model, of the draft's cache types, on the nextn layers
Test(beside, draft_mtp_adds_a_context_of_its_own)
{
    char *folder = test_folder_make();
    char *model = make_small(folder, "qwen35", 1);
    const char *plain[] = {"plan",   model, "--devices", demo_devices(), "-c",      "8192",
                           "--json", "-np", "1",         "-ts",          "1,1,1,3", NULL,
                           NULL,     NULL,  NULL,        NULL,           NULL,      NULL};
    uint64_t beside[3] = {0};
    static const char *const MORE[3][6] = {{NULL},
                                           {"--spec-type", "draft-mtp", NULL},
                                           {"--spec-type", "draft-mtp", "-ctkd", "q8_0", NULL}};
    for (size_t k = 0; k < 3; k++) {
        size_t n = 11;
        for (size_t i = 0; MORE[k][i] != NULL; i++) {
            plain[n++] = MORE[k][i];
        }
        plain[n] = NULL;
        struct program_result result = otplan_run_with(NULL, plain);
        cr_assert_eq(result.status, 0, "%s", result.errors);
        struct json_object *plan = json_tokener_parse(result.output);
        beside[k] = figure(plan, 3, "beside");
        json_object_put(plan);
        program_result_clear(&result);
    }
    const uint64_t row = 2 * 128, cells = 8192;
    cr_expect_eq(beside[0], 0);
    cr_expect(beside[1] >= 2 * 2 * row * cells, "%llu", (unsigned long long)beside[1]);
    const uint64_t saved = 2 * row * cells - row / 32 * 34 * cells;
    cr_expect(beside[2] < beside[1] && beside[1] - beside[2] + (1U << 20) > saved,
              "K alone shrinks; a rotation for quantised heads comes with it");
    free(model);
    test_folder_remove(folder);
}

// What is only roughly known is said, not shown as if it were replayed.
Test(beside, a_graph_that_is_not_replayed_is_an_estimate_in_words)
{
    char *folder = test_folder_make();
    char *model = make_small(folder, "rwkv6", 0);
    struct program_result result = otplan_run("plan", model, "--devices", demo_devices(), "--json");
    cr_assert_eq(result.status, 0, "%s", result.errors);
    cr_expect(strstr(result.output, "estimate-only") != NULL, "%s", result.output);
    program_result_clear(&result);
    free(model);
    test_folder_remove(folder);
}
