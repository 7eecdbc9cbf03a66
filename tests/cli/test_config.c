/* The settings file. */
#include "model/base/memory.h"
#include "tests/support/gguf_files.h"
#include "tests/support/run_program.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char ancestor[] =
    "{\"llama_cpp_path\": \"/opt/llama.cpp\", \"virtual_env_path\": \"/opt/venv\", "
    "\"context_size\": "
    "132000, \"kv_cache\": {\"type\": \"q4_0\", \"type_k\": \"q4_0\", \"type_v\": \"q4_0\"}, "
    "\"tensor_analysis\": {\"prioritize_experts_on_cpu\": true, \"maximize_gpu_layers\": true, "
    "\"reserve_context_memory\": true, \"memory_safety_margin_mb\": 128, "
    "\"aggressive_gpu_utilization\": true, \"expert_gpu_threshold\": 0.5}, \"output\": "
    "{\"save_analysis_json\": false, \"save_override_params\": false, \"verbose\": false}}";

/* Runs `otplan export DEMO ...` with a settings file of this text. */
static struct program_result export_with(const char *text, const char *flag, const char *value)
{
    char *folder = test_folder_make();
    char *path = test_file_write(folder, "config.json", text, strlen(text));
    struct program_result result = otplan_run("export", demo_model(), "--devices", demo_devices(),
                                              "--config", path, flag, value);
    free(path);
    test_folder_remove(folder);
    return result;
}

Test(config, of_the_ancestor_opens_unchanged_and_flags_stand_over_it)
{
    struct program_result result = export_with(ancestor, "-ngl", "62");
    cr_assert_eq(result.status, 0, "%s", result.errors);
    cr_assert_not_null(strstr(result.output, "-c 132000 "), "%s", result.output);
    cr_assert_not_null(strstr(result.output, "-ctk q4_0 -ctv q4_0"));
    program_result_clear(&result);
    result = export_with(ancestor, "-c", "4096");
    cr_assert_not_null(strstr(result.output, "-c 4096 "), "%s", result.output);
    program_result_clear(&result);
}

Test(config, says_which_value_is_wrong_and_what_is_allowed)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"{\"context_size\": \"x\"}", "context_size: must be a number"},
        {"{\"kv_cache\": {\"type_k\": \"q3\"}}", "kv_cache.type_k: must be f32, f16"},
        {"{\"tensor_analysis\": {\"expert_gpu_threshold\": 2}}", "must be from 0 to 1"},
        {"{\"tensor_analysis\": {\"memory_safety_margin_mb\": [1, \"x\"]}}", "one per device"},
        {"{\"output\": {\"verbose\": 1}}", "output.verbose: must be true or false"},
        {"{\"output\": 1}", "output"},
        {"[", "not JSON"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct program_result result = export_with(cases[i].text, "-ngl", "62");
        cr_assert_eq(result.status, 2, "%s", cases[i].text);
        cr_assert_str_eq(result.output, "");
        cr_assert_not_null(strstr(result.errors, cases[i].words), "%s", result.errors);
        program_result_clear(&result);
    }
}

Test(config, says_what_it_gave_where_it_is_verbose)
{
    struct program_result result = export_with(
        "{\"context_size\": 8192, \"kv_cache\": {\"type\": \"q8_0\"}, \"tensor_analysis\": "
        "{\"memory_safety_margin_mb\": 128, \"prioritize_experts_on_cpu\": true}, "
        "\"output\": {\"verbose\": true}}",
        "-ctv", "q8_0");
    cr_assert_eq(result.status, 0, "%s", result.errors);
    cr_assert_not_null(strstr(result.errors, "config.json: -c 8192\n"), "%s", result.errors);
    cr_assert_not_null(strstr(result.errors, "config.json: -ctk q8_0\n"), "%s", result.errors);
    cr_assert_null(strstr(result.errors, "-ctv"), "given on the command line");
    cr_assert_not_null(strstr(result.errors, "margin 128 MiB on every device"));
    cr_assert_not_null(strstr(result.errors, "a bare --auto is --auto=experts-cpu"));
    program_result_clear(&result);
}

Test(config, tells_of_keys_it_does_not_know)
{
    struct program_result result = export_with("{\"context_sise\": 1}", "-ngl", "62");
    cr_assert_eq(result.status, 0, "%s", result.errors);
    cr_assert_not_null(strstr(result.errors, "unknown key context_sise"), "%s", result.errors);
    program_result_clear(&result);
}

Test(config, saves_what_it_says_but_never_over_a_file)
{
    static const char text[] =
        "{\"output\": {\"save_analysis_json\": true, \"save_override_params\": true}}";
    char *folder = test_folder_make();
    char *path = test_file_write(folder, "config.json", text, sizeof text - 1);
    char *base = memory_format("cd '%s' && '%s' plan '%s' --devices '%s' -cmoe --config '%s'",
                               folder, otplan_path(), demo_model(), demo_devices(), path);
    static const struct {
        const char *more;
        int status;
        bool there;
    } runs[] = {{" --dry-run", 0, false}, {"", 0, true}, {"", 4, true}, {" --force", 0, true}};
    char *params = memory_format("%s/tensor_override_params.txt", folder);
    char *analysis = memory_format("%s/tensor_analysis.json", folder);
    for (size_t i = 0; i < 4; i++) {
        char *command = memory_format("%s%s", base, runs[i].more);
        const char *const argv[] = {"sh", "-c", command, NULL};
        struct program_result result = program_run(argv, NULL, NULL);
        cr_assert_eq(result.status, runs[i].status, "%s: %s", command, result.errors);
        cr_assert_eq(access(params, F_OK) == 0, runs[i].there);
        cr_assert_eq(access(analysis, F_OK) == 0, runs[i].there);
        program_result_clear(&result);
        free(command);
    }
    free(params);
    free(analysis);
    free(base);
    free(path);
    test_folder_remove(folder);
}
