/* The program as a user meets it: exit statuses, messages, and nothing on standard output after an error. */
#include "model/base/memory.h"
#include "src/options.h"
#include "tests/support/gguf_files.h"
#include "tests/support/run_program.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void expect_error(struct program_result result, int status, const char *words)
{
    cr_assert_eq(result.status, status, "%d, not %d: %s", result.status, status, result.errors);
    cr_assert_str_eq(result.output, "", "an error leaves standard output empty");
    cr_assert_eq(strncmp(result.errors, "otplan: ", 8), 0, "%s", result.errors);
    cr_assert_eq(strchr(result.errors, '\n'), result.errors + strlen(result.errors) - 1,
                 "one line: %s", result.errors);
    cr_assert_not_null(strstr(result.errors, words), "'%s' is not in: %s", words, result.errors);
    program_result_clear(&result);
}

#define PLAN(...) otplan_run("plan", demo_model(), "--devices", demo_devices(), __VA_ARGS__)

/* 24 lines of 80 columns at most, and nothing on standard error. */
static void expect_one_screen(struct program_result result, const char *name)
{
    size_t lines = 0;
    for (const char *line = result.output; *line != '\0'; lines++) {
        size_t width = strcspn(line, "\n");
        cr_assert_leq(width, 80, "otplan %s -h: %.*s", name, (int)width, line);
        cr_assert_eq(line[width], '\n', "otplan %s -h: the last line has no end", name);
        line += width + 1;
    }
    cr_assert_eq(result.status, 0);
    cr_assert_str_eq(result.errors, "");
    cr_assert_gt(lines, 2, "otplan %s -h: %zu lines", name, lines);
    cr_assert_leq(lines, 24, "otplan %s -h: %zu lines", name, lines);
    program_result_clear(&result);
}

Test(program, says_what_it_does_on_one_screen)
{
    expect_one_screen(otplan_run("-h"), "");
    for (enum command command = COMMAND_PLANNER + 1; command < COMMAND_COUNT; command++) {
        expect_one_screen(otplan_run(command_name(command), "-h"), command_name(command));
    }
    struct program_result result = otplan_run("--version");
    cr_assert_eq(strncmp(result.output, "otplan ", 7), 0);
    program_result_clear(&result);
}

Test(program, knows_wrong_usage)
{
    expect_error(otplan_run("plan"), 1, "no model given");
    expect_error(otplan_run("plan", "a.gguf", "b.gguf"), 1, "one model is enough");
    expect_error(otplan_run("plan", "a.gguf", "-m", "b.gguf"), 1, "two models");
    expect_error(otplan_run("plan", demo_model(), "--chekc"), 1, "unknown option");
    expect_error(otplan_run("plan", demo_model(), "--ctx-sizes", "1"), 1, "--ctx-size");
    expect_error(otplan_run("plan", demo_model(), "--ctx-size=4096"), 1, "--ctx-size 4096");
    expect_error(otplan_run("plan", demo_model(), "-c"), 1, "-c: expected a value");
    expect_error(otplan_run("plan", demo_model(), "--target", "ollama"), 1, "llama-server");
    expect_error(otplan_run("tensors", demo_model(), "--check"), 1, "--check is no option");
    expect_error(otplan_run("export", demo_model(), "--format=yaml"), 1, "must be one of: args");
}

Test(program, knows_input_that_cannot_be_used)
{
    expect_error(otplan_run("plan", "/nowhere/model.gguf"), 2, "/nowhere/model.gguf");
    expect_error(otplan_run("plan", demo_devices()), 2, "give it with --devices");
    expect_error(otplan_run("plan", "/bin/sh"), 2, "/bin/sh");
}

Test(program, refuses_what_llama_cpp_refuses)
{
    expect_error(PLAN("--color=sometimes"), 1, "must be auto, always or never");
    expect_error(PLAN("-ot", "exps"), 2, "-ot");
    expect_error(PLAN("-ot", "exps=CPU,"), 2, "-ot");
    expect_error(PLAN("-ot", "blk\\.[6-10]\\.=CPU"), 2, "-ot rule 1");
    expect_error(PLAN("-ot", "exps=CUDA9"), 2, "CUDA9");
    expect_error(PLAN("-ctk", "q3_0"), 2, "-ctk 'q3_0'");
    expect_error(PLAN("-ts", "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"), 2, "15");
    expect_error(PLAN("-ts", ",1"), 2, "-ts");
    expect_error(PLAN("-sm", "row"), 2, "split buffers");
    expect_error(PLAN("-sm", "tensor"), 2, "not modelled yet");
    expect_error(PLAN("-sm", "rows"), 2, "none, layer, row or tensor");
    expect_error(PLAN("-dev", "CUDA7"), 2, "CUDA7");
    expect_error(PLAN("-fa", "-ngl"), 2, "on, off or auto");
    expect_error(PLAN("--no-mmap"), 2, "-lm none");
    expect_error(PLAN("--mlock"), 2, "-lm mlock");
    expect_error(PLAN("-lm", "fast"), 2, "mmap+mlock");
    expect_error(PLAN("-ctv", "q8_0"), 2, "");
    expect_error(PLAN("-np", "0"), 2, "slots");
}

Test(program, checks_the_fit)
{
    struct program_result result = PLAN("-ngl", "62", "--check", "--json");
    cr_assert_eq(result.status, 3);
    cr_assert_gt(result.output_bytes, 1000, "the plan is printed all the same");
    program_result_clear(&result);
    result = PLAN("-c", "8192", "-cmoe", "--check");
    cr_assert_eq(result.status, 0, "%s", result.errors);
    program_result_clear(&result);
}

Test(program, needs_a_terminal_for_the_planner_and_says_what_does_not)
{
    expect_error(otplan_run("demo"), 4, "otplan plan");
}

Test(program, says_so_when_standard_output_is_full)
{
    char *command = memory_format("%s -h > /dev/full", otplan_path());
    const char *const argv[] = {"sh", "-c", command, NULL};
    expect_error(program_run(argv, NULL, NULL), 4, "standard output");
    free(command);
}

Test(program, survives_a_reader_that_leaves)
{
    char *command = memory_format("{ %s tensors '%s' --json; echo $? >&2; } | head -c 10",
                                  otplan_path(), demo_model());
    const char *const argv[] = {"sh", "-c", command, NULL};
    struct program_result result = program_run(argv, NULL, NULL);
    cr_assert_not_null(strstr(result.errors, "4\n"), "%s", result.errors);
    program_result_clear(&result);
    free(command);
}

Test(program, takes_llama_cpp_variables_first_and_flags_over_them)
{
    const char *const environment[] = {"LLAMA_ARG_CTX_SIZE=4096", "LLAMA_ARG_KV_OFFLOAD=0",
                                       "LLAMA_ARG_OVERRIDE_TENSOR=blk\\.1\\.ffn_up_exps=CPU",
                                       "LLAMA_ARG_CACHE_TYPE_K=f16", NULL};
    const char *const arguments[] = {
        "export", demo_model(), "--devices", demo_devices(), "-c", "8192", "-ot", "exps=CPU", NULL};
    struct program_result result = otplan_run_with(environment, arguments);
    cr_assert_eq(result.status, 0, "%s", result.errors);
    cr_assert_not_null(strstr(result.output, "-c 8192 "));
    cr_assert_not_null(strstr(result.output, " -nkvo "));
    const char *first = strstr(result.output, "ffn_up_exps=CPU");
    const char *second = strstr(result.output, "'exps=CPU'");
    cr_assert(first != NULL && second != NULL && first < second, "%s", result.output);
    program_result_clear(&result);
}

Test(program, writes_a_file_whole_and_never_over_another)
{
    char *folder = test_folder_make();
    char *path = memory_format("%s/start.sh", folder);
    struct program_result result = otplan_run("export", demo_model(), "--devices", demo_devices(),
                                              "--format=script", "-o", path);
    cr_assert_eq(result.status, 0, "%s", result.errors);
    cr_assert_str_eq(result.output, "");
    struct stat info;
    cr_assert_eq(stat(path, &info), 0);
    cr_assert((info.st_mode & S_IXUSR) != 0);
    program_result_clear(&result);
    expect_error(otplan_run("export", demo_model(), "-o", path), 4, "--force");
    struct stat again;
    cr_assert_eq(stat(path, &again), 0);
    cr_assert_eq(info.st_size, again.st_size);
    result = otplan_run("export", demo_model(), "-o", path, "--force");
    cr_assert_eq(result.status, 0, "%s", result.errors);
    program_result_clear(&result);
    expect_error(otplan_run("export", demo_model(), "-o", "/nowhere/start.sh"), 4,
                 "/nowhere/start.sh");
    free(path);
    test_folder_remove(folder);
}

Test(program, prints_every_key_of_the_interface)
{
    static const char *const keys[] = {"otplan", "model",   "settings",   "devices",
                                       "host",   "layers",  "tensors",    "overrides",
                                       "args",   "command", "throughput", "warnings"};
    struct program_result result = PLAN("-c", "32768", "-ngl", "62", "--json");
    struct json_object *object = json_tokener_parse(result.output);
    cr_assert_not_null(object);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        cr_assert(json_object_object_get_ex(object, keys[i], NULL), "%s", keys[i]);
    }
    struct json_object *list = NULL;
    json_object_object_get_ex(object, "layers", &list);
    cr_assert_eq(json_object_array_length(list), 62);
    json_object_object_get_ex(object, "tensors", &list);
    cr_assert_eq(json_object_array_length(list), 1096);
    json_object_put(object);
    program_result_clear(&result);
}

Test(program, ends_with_130_at_ctrl_c)
{
    int ends[2];
    char first = 0;
    int status = 0;
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        signal(SIGINT, SIG_DFL);
        execl(otplan_path(), "otplan", "watch", "--json", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    cr_assert_eq(read(ends[0], &first, 1), 1, "it runs"); /* and then watches on */
    kill(child, SIGINT);
    cr_assert_eq(waitpid(child, &status, 0), child);
    close(ends[0]);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 130, "%x", (unsigned)status);
}

/* A card that its own margin does not fit on, and that holds nothing: the field says how it stands, and the plan
 * is not over budget by it. */
Test(program, a_card_left_alone_is_not_what_makes_a_plan_unfit)
{
    static const char text[] =
        "{\"devices\": [{\"name\": \"CUDA0\", \"free_mib\": 900000}, {\"name\": "
        "\"CUDA1\", \"free_mib\": 500}], \"host\": {\"free_mib\": 900000}}";
    char *folder = test_folder_make();
    char *path = test_file_write(folder, "rig.json", text, sizeof text - 1);
    struct program_result result = otplan_run("plan", demo_model(), "--devices", path, "-c", "4096",
                                              "-dev", "CUDA0", "--check", "--json");
    cr_assert_eq(result.status, 0, "%s", result.errors);
    struct json_object *object = json_tokener_parse(result.output);
    struct json_object *devices = json_object_object_get(object, "devices");
    struct json_object *idle = json_object_array_get_idx(devices, 1);
    cr_assert_lt(json_object_get_int64(json_object_object_get(idle, "headroom")), 0);
    cr_assert(!json_object_get_boolean(json_object_object_get(idle, "fits")));
    json_object_put(object);
    program_result_clear(&result);
    free(path);
    test_folder_remove(folder);
}
