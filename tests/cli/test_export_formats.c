/* The formats that other programs read: each says the same plan, or refuses in words. */
#include "tests/support/run_program.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <string.h>

#define EXPORT(format, ...)                                                                        \
    otplan_run("export", demo_model(), "--devices", demo_devices(), "--format", format, __VA_ARGS__)

static void expect_lines(struct program_result result, const char *const *lines)
{
    cr_assert_eq(result.status, 0, "%s", result.errors);
    for (; *lines != NULL; lines++) {
        cr_assert_not_null(strstr(result.output, *lines), "'%s' is not in:\n%s", *lines,
                           result.output);
    }
    program_result_clear(&result);
}
#define EXPECT_LINES(result, ...) expect_lines(result, (const char *const[]){__VA_ARGS__, NULL})

static void expect_refused(struct program_result result, const char *words)
{
    cr_assert_eq(result.status, 2, "%s", result.output);
    cr_assert_str_eq(result.output, "");
    cr_assert_not_null(strstr(result.errors, words), "%s", result.errors);
    program_result_clear(&result);
}

Test(formats, env_has_one_variable_a_setting_and_no_quotes)
{
    EXPECT_LINES(
        EXPORT("env", "-c", "4096", "-ngl", "62", "-ts", "16,16,15,15", "-nkvo", "-kvu", "-ot",
               "a b=CPU", "-cmoe"),
        "LLAMA_ARG_MODEL=", "\nLLAMA_ARG_CTX_SIZE=4096\n", "\nLLAMA_ARG_N_GPU_LAYERS=62\n",
        "\nLLAMA_ARG_TENSOR_SPLIT=16,16,15,15\n", "\nLLAMA_ARG_KV_OFFLOAD=false\n",
        "\nLLAMA_ARG_KV_UNIFIED=true\n", "\nLLAMA_ARG_FIT=off\n",
        "\nLLAMA_ARG_OVERRIDE_TENSOR=a b=CPU,\\.ffn_(up|down|gate|gate_up)_(ch|)exps=CPU\n");
    expect_refused(EXPORT("env", "--no-op-offload"), "--no-op-offload");
}

Test(formats, env_gives_the_plan_back)
{
    struct program_result env = EXPORT("env", "-c", "4096", "-ngl", "40", "-ncmoe", "2", "-ctk",
                                       "q8_0", "-ctv", "q8_0", "-fa", "on");
    struct program_result before = EXPORT("args", "-c", "4096", "-ngl", "40", "-ncmoe", "2", "-ctk",
                                          "q8_0", "-ctv", "q8_0", "-fa", "on");
    const char *variables[32] = {NULL};
    size_t n = 0;
    for (char *line = strtok(env.output, "\n"); line != NULL && n < 31; line = strtok(NULL, "\n")) {
        variables[n++] = line;
    }
    const char *const arguments[] = {"export", "--devices", demo_devices(), NULL};
    struct program_result after = otplan_run_with(variables, arguments);
    /* -ncmoe has become the rules it stands for; all in front of them is the same */
    size_t same = (size_t)(strstr(before.output, "-ncmoe") - before.output);
    cr_assert_eq(after.status, 0, "%s", after.errors);
    cr_assert_eq(strncmp(before.output, after.output, same), 0, "%s", after.output);
    program_result_clear(&env);
    program_result_clear(&before);
    program_result_clear(&after);
}

Test(formats, ini_is_a_section_whose_values_end_with_their_lines)
{
    EXPECT_LINES(EXPORT("ini", "-c", "4096", "-nkvo", "--no-op-offload", "-ot", "a=CPU", "-cmoe"),
                 "[Kimi-K2-Instruct", "\nc = 4096\n", "\nkv-offload = false\n",
                 "\nop-offload = false\n", "\nfit = off\n",
                 "\not = a=CPU,\\.ffn_(up|down|gate|gate_up)_(ch|)exps=CPU\n");
    expect_refused(EXPORT("ini", "-ot", "a#b=CPU"), "-ot");
}

Test(formats, bench_parts_rules_by_semicolons_and_splits_by_slashes)
{
    EXPECT_LINES(EXPORT("bench", "-c", "4096", "-ts", "1,1,1,1", "-ngl", "62", "-ot", "a=CPU",
                        "-ot", "b=CUDA1", "-np", "4", "--host", "x"),
                 "-ngl 62 -ts 16/15/16/15 -ot 'a=CPU;b=CUDA1'\n");
    expect_refused(EXPORT("bench", "-ot", "a;b=CPU"), "`;`");
}

Test(formats, ik_spells_what_it_spells_otherwise)
{
    EXPECT_LINES(EXPORT("ik", "-ngl", "62", "-lm", "none", "-ncffn", "1", "-cmoe"), "--no-mmap",
                 "\\.ffn_(up|down|gate)\\.=CPU");
}

Test(formats, kobold_is_json_of_its_own_settings)
{
    struct program_result result =
        EXPORT("kobold", "-c", "4096", "-ngl", "62", "-ts", "16,16,15,15", "-ot", "a=CPU", "-ctk",
               "q8_0", "-ctv", "q8_0");
    cr_assert_eq(result.status, 0, "%s", result.errors);
    struct json_object *object = json_tokener_parse(result.output);
    struct json_object *value = NULL;
    cr_assert(json_object_object_get_ex(object, "gpulayers", &value));
    cr_assert_eq(json_object_get_int(value), 62);
    cr_assert(json_object_object_get_ex(object, "overridetensors", &value));
    cr_assert_str_eq(json_object_get_string(value), "a=CPU");
    cr_assert(json_object_object_get_ex(object, "quantkv", &value));
    cr_assert_eq(json_object_get_int(value), 1);
    json_object_put(object);
    program_result_clear(&result);
    expect_refused(EXPORT("kobold", "-ctk", "q5_1", "-ctv", "q5_1"), "cache");
}

Test(formats, llama_swap_is_an_entry_with_its_port)
{
    EXPECT_LINES(EXPORT("llama-swap", "-ot", "a'b=CPU", "--port", "1"), "models:\n  \"Kimi",
                 "    cmd: |\n      llama-server --port ${PORT}\n      -m ",
                 "\n      -ot 'a'\\''b=CPU'\n");
    expect_refused(EXPORT("llama-swap", "--alias", "${x}"), "llama-swap");
}

Test(overrides, are_explained_with_their_repair)
{
    struct program_result result =
        otplan_run("overrides", demo_model(), "--devices", demo_devices(), "-ot",
                   "blk\\.[6-10]\\.ffn=CPU,exps=CPU, blk\\.1\\.=CUDA0", "-cmoe");
    cr_assert_eq(result.status, 0, "%s", result.errors);
    cr_assert_not_null(strstr(result.output, "([6-9]|10)"));
    cr_assert_not_null(strstr(result.output, "blank"));
    cr_assert_not_null(strstr(result.output, "override-shadowed"));
    cr_assert_not_null(strstr(result.output, "4 rules, 3 of them decide nothing"));
    program_result_clear(&result);
}
