/* --import and compare on what people have lying about. */
#include "model/base/memory.h"
#include "tests/support/gguf_files.h"
#include "tests/support/run_program.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What `otplan export --import` makes of a text. */
static struct program_result imported(const char *text)
{
    const char *const argv[] = {otplan_path(),  "export",   demo_model(), "--devices",
                                demo_devices(), "--import", "-",          NULL};
    return program_run(argv, NULL, text);
}

static void expect(const char *text, const char *arguments)
{
    struct program_result result = imported(text);
    cr_assert_eq(result.status, 0, "%s: %s", text, result.errors);
    cr_assert_not_null(strstr(result.output, arguments), "%s\ngave %s", text, result.output);
    program_result_clear(&result);
}

Test(import, reads_commands_files_and_values)
{
    expect("llama-server -m x.gguf -c 4096 \\\n  -ngl 62 -ot 'exps=CPU' --host 0.0.0.0\n",
           "-ot 'exps=CPU' --host 0.0.0.0");
    expect("# comment\n-ot \"blk\\.1\\.=CPU\"\n-ot \"exps=CPU\"\n",
           "-ot 'blk\\.1\\.=CPU' -ot 'exps=CPU'");
    expect("exps:CPU\n", "-ot 'exps=CPU'");
    expect("[m]\nmodel = x\nc = 4096\not = exps=CPU\n", "-c 4096");
    expect("LLAMA_ARG_CTX_SIZE=4096\nLLAMA_ARG_OVERRIDE_TENSOR=exps=CPU\n", "-c 4096");
    expect("{\"model_param\": \"x\", \"contextsize\": 4096, \"overridetensors\": \"exps=CPU\", "
           "\"quantkv\": 1}",
           "-ctk q8_0 -ctv q8_0");
}

Test(import, takes_spellings_of_other_years_and_says_so)
{
    struct program_result result = imported("llama-server -fa -c 4096 --no-mmap -ot exps=CPU\n");
    cr_assert_eq(result.status, 0, "%s", result.errors);
    cr_assert_not_null(strstr(result.output, "-fa on -lm none"), "%s", result.output);
    cr_assert_not_null(strstr(result.errors, "--no-mmap"), "%s", result.errors);
    program_result_clear(&result);
}

/* `otplan -ot a --import F -ot b`: a, those of F, b; of settings the last counts. */
Test(import, stands_where_it_is_named_among_the_flags)
{
    const char *const argv[] = {
        otplan_path(), "export",   demo_model(), "--devices", demo_devices(), "-c",   "4096", "-ot",
        "attn=CPU",    "--import", "-",          "-ot",       "output=CPU",   "-ngl", "62",   NULL};
    struct program_result result =
        program_run(argv, NULL, "llama-server -c 8192 -ngl 9 -ot exps=CUDA0");
    cr_assert_eq(result.status, 0, "%s", result.errors);
    cr_assert_not_null(strstr(result.output, "-ot 'attn=CPU' -ot 'exps=CUDA0' -ot 'output=CPU'"),
                       "%s", result.output);
    cr_assert_not_null(strstr(result.output, "-c 8192 -ngl 62"), "%s", result.output);
    program_result_clear(&result);
}

Test(import, reads_json_that_is_no_settings_file_as_a_list_of_arguments)
{
    expect(
        "{\"command\": \"llama-server\", \"args\": [\"-ngl\", \"62\", \"-ot\", \"a\\\\.b=CPU\"]}",
        "-ot 'a\\.b=CPU'");
    expect("{\"cmd\": \"llama-server -ngl 62 -ot \\\"a\\\\.b=CPU\\\" -ot exps=CPU\"}",
           "-ot 'a\\.b=CPU' -ot 'exps=CPU'");
    expect("{\"override_tensor\": \"a\\\\.b=CPU\"}", "-ot 'a\\.b=CPU'");
    struct program_result result = imported("{\"port\": 8080}");
    cr_assert_eq(result.status, 2, "%s", result.output);
    cr_assert_not_null(strstr(result.errors, "it is JSON"), "%s", result.errors);
    program_result_clear(&result);
}

Test(import, refuses_what_places_nothing)
{
    struct program_result result = imported("hello there\n");
    cr_assert_eq(result.status, 2, "%s", result.output);
    cr_assert_str_eq(result.output, "");
    program_result_clear(&result);
}

Test(import, of_a_compare_shows_what_a_list_really_does)
{
    static const char path[] = OTPLAN_SHARED "/ot-corpus/files/optimized_tensor_params.txt";
    static const int held[] = {4794, 1194, 1062, 849};
    if (access(path, R_OK) != 0) {
        cr_skip_test("the reference data is not here");
    }
    struct program_result result =
        otplan_run("compare", "-m", demo_model(), "--devices", demo_devices(), "-c", "32768",
                   "-ngl", "62", "-ts", "16,16,15,15", "-ot", "exps=CPU", path, "--json");
    cr_assert_eq(result.status, 0, "%s", result.errors);
    struct json_object *object = json_tokener_parse(result.output);
    struct json_object *after = NULL;
    struct json_object *devices = NULL;
    struct json_object *value = NULL;
    json_object_object_get_ex(object, "after", &after);
    json_object_object_get_ex(object, "devices", &devices);
    json_object_object_get_ex(after, "experts_on_devices", &value);
    cr_assert_eq(json_object_get_int(value), 0);
    json_object_object_get_ex(after, "overrides", &value);
    cr_assert_eq(json_object_get_int(value), 25);
    json_object_object_get_ex(after, "overrides_idle", &value);
    cr_assert_eq(json_object_get_int(value), 14);
    for (size_t i = 0; i < 4; i++) {
        struct json_object *side = NULL;
        json_object_object_get_ex(json_object_array_get_idx(devices, i), "after", &side);
        json_object_object_get_ex(side, "model", &value);
        double mib = (double)json_object_get_uint64(value) / (1 << 20);
        cr_assert(mib > held[i] - 0.6 && mib < held[i] + 0.6, "CUDA%zu: %f", i, mib);
    }
    json_object_put(object);
    program_result_clear(&result);
}

static struct program_result command(const char *const *words)
{
    const char *all[32] = {"export", demo_model(), "--devices", demo_devices(), "--"};
    size_t n = 5;
    while (*words != NULL && n < 31) {
        all[n++] = *words++;
    }
    return otplan_run_with(NULL, all);
}
#define COMMAND(...) command((const char *const[]){__VA_ARGS__, NULL})

Test(import, reads_commands_of_other_dialects_behind_the_dashes)
{
    struct program_result result = COMMAND("llama-bench", "-m", "x.gguf", "-ngl", "62", "-ot",
                                           "a=CPU;b=CUDA1", "-ts", "1/1/1/1");
    cr_assert_eq(result.status, 0, "%s", result.errors);
    cr_assert_not_null(strstr(result.output, "-ot 'a=CPU"), "%s", result.output);
    cr_assert_not_null(strstr(result.output, "b=CUDA1"), "%s", result.output);
    program_result_clear(&result);
    result =
        COMMAND("./llama-server", "-m", "x.gguf", "-fmoe", "-mla", "3", "-fa", "-ot", "exps=CPU");
    cr_assert_eq(result.status, 0, "%s", result.errors);
    cr_assert_not_null(strstr(result.output, "-fa on"), "%s", result.output);
    cr_assert_not_null(strstr(result.errors, "ik_llama.cpp"), "%s", result.errors);
    program_result_clear(&result);
    result = COMMAND("llama-server", "-m", "x.gguf", "--no-mmap");
    cr_assert_eq(result.status, 2, "what llama.cpp refuses is refused: %s", result.output);
    program_result_clear(&result);
}
