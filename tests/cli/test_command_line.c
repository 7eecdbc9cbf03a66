/* `otplan … -- COMMAND`: the llama.cpp program behind wrappers, and models in its caches. */
#include "model/base/memory.h"
#include "src/command_line.h"
#include "tests/support/gguf_files.h"
#include "tests/support/run_program.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Cuts at blanks; good enough for these. */
static size_t split(char *text, const char **words)
{
    size_t n = 0;
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
        words[n++] = word;
    }
    return n;
}

static void expect_program(const char *line, const char *program, const char *first)
{
    char text[512];
    const char *words[64];
    snprintf(text, sizeof text, "%s", line);
    size_t n = split(text, words);
    const char *const inherited[] = {"A=1", NULL};
    struct command_line command;
    struct error error = {0};
    cr_assert(command_line_read(words, n, inherited, &command, &error), "%s: %s", line, error.text);
    cr_assert_str_eq(command.program, program, "%s: %s", line, command.program);
    cr_assert_gt(command.n_arguments, 0);
    cr_assert_str_eq(command.arguments[0], first, "%s: %s", line, command.arguments[0]);
    command_line_clear(&command);
}

Test(command_line, is_looked_through_for_the_program)
{
    expect_program("llama-server -m x", "llama-server", "-m");
    expect_program("./build/bin/llama-server -m x", "./build/bin/llama-server", "-m");
    expect_program("env CUDA_VISIBLE_DEVICES=0,1 llama-server -c 1", "llama-server", "-c");
    expect_program("CUDA_VISIBLE_DEVICES=0 llama-server -c 1", "llama-server", "-c");
    expect_program("env -i -u HOME X=1 llama-server -c 1", "llama-server", "-c");
    expect_program("sudo -u llama -E nohup llama-server -c 1", "llama-server", "-c");
    expect_program("numactl --cpunodebind=0 --membind 0 llama-server -c 1", "llama-server", "-c");
    expect_program("numactl -N 0 -m 0 llama-cli -m x", "llama-cli", "-m");
    expect_program("taskset -c 0-15 llama-server -c 1", "llama-server", "-c");
    expect_program("taskset 0xff llama-server -c 1", "llama-server", "-c");
    expect_program("nice -n 10 ionice -c 2 -n 0 llama-server -c 1", "llama-server", "-c");
    expect_program("timeout 60 llama-bench -m x", "llama-bench", "-m");
    expect_program("docker run --gpus all -it --rm -p 8080:8080 -v /m:/models "
                   "ghcr.io/ggml-org/llama.cpp:server-cuda -m /models/x.gguf",
                   "llama-server", "-m");
    expect_program("docker run --gpus all image --server -m x", "llama-server", "-m");
    expect_program("sudo docker run --rm image llama-server -m x", "llama-server", "-m");
    expect_program("./my-server -m x", "./my-server", "-m");
}

Test(command_line, brings_its_variables)
{
    const char *const words[] = {"env", "-u", "A", "B=2", "llama-server", "-c", "1"};
    const char *const inherited[] = {"A=1", "B=1", "C=1", NULL};
    struct command_line command;
    cr_assert(command_line_read(words, 7, inherited, &command, NULL));
    cr_assert_str_eq(command.environment[0], "C=1");
    cr_assert_str_eq(command.environment[1], "B=2");
    cr_assert_null(command.environment[2]);
    command_line_clear(&command);
}

Test(command_line, in_a_container_has_only_the_container_s_variables)
{
    const char *const words[] = {"docker", "run", "-e", "LLAMA_ARG_CTX_SIZE=1", "image", "-m", "x"};
    const char *const inherited[] = {"LLAMA_ARG_CTX_SIZE=2", NULL};
    struct command_line command;
    cr_assert(command_line_read(words, 7, inherited, &command, NULL));
    cr_assert(command.in_container);
    cr_assert_str_eq(command.environment[0], "LLAMA_ARG_CTX_SIZE=1");
    cr_assert_null(command.environment[1]);
    command_line_clear(&command);
}

Test(command_line, is_planned_as_it_stands)
{
    struct program_result result =
        otplan_run("export", "--devices", demo_devices(), "--", "sudo", "llama-server", "-m",
                   demo_model(), "-c", "4096", "-ncmoe", "3", "--port", "80");
    cr_assert_eq(result.status, 0, "%s", result.errors);
    cr_assert_not_null(strstr(result.output, "-c 4096 "));
    cr_assert_not_null(strstr(result.output, "-ncmoe 3 --port 80"), "%s", result.output);
    program_result_clear(&result);
    result =
        otplan_run("plan", "--devices", demo_devices(), "--", "llama-server", "-m", demo_model());
    cr_assert_not_null(strstr(result.output, "fit-decides"), "%s", result.output);
    program_result_clear(&result);
    result = otplan_run("plan", "--", "ls", "-l");
    cr_assert_eq(result.status, 1);
    cr_assert_not_null(strstr(result.errors, "no program of llama.cpp"));
    program_result_clear(&result);
}

/* Where all fits, --fit writes no flag, and its plan is also what -fit off does. */
Test(command_line, left_to_fit_is_warned_of_once)
{
    static const char file[] = "{\"devices\": [{\"name\": \"CUDA0\", \"free_mib\": 900000}]}";
    char *folder = test_folder_make();
    char *devices = test_file_write(folder, "devices.json", file, sizeof file - 1);
    struct program_result result =
        otplan_run("plan", "--devices", devices, "--", "llama-server", "-m", demo_model());
    const char *said = strstr(result.output, "fit-decides");
    cr_assert_not_null(said, "%s", result.output);
    cr_assert_null(strstr(said + 1, "fit-decides"), "%s", result.output);
    cr_assert_not_null(strstr(said, "what it would choose"), "%s", result.output);
    program_result_clear(&result);
    free(devices);
    test_folder_remove(folder);
}

/* Puts the demo model at FOLDER/PATH. */
static void place_model(const char *folder, const char *path)
{
    char *command = memory_format("mkdir -p \"$(dirname '%s/%s')\" && cp '%s' '%s/%s'", folder,
                                  path, demo_model(), folder, path);
    const char *const argv[] = {"sh", "-c", command, NULL};
    struct program_result result = program_run(argv, NULL, NULL);
    cr_assert_eq(result.status, 0, "%s", result.errors);
    program_result_clear(&result);
    free(command);
}

static void expect_cached(const char *path, const char *variable, const char *repo)
{
    char *folder = test_folder_make();
    place_model(folder, path);
    char *where = memory_format("%s%s", variable, folder);
    const char *const environment[] = {where, "HOME=/nowhere", NULL};
    const char *const found[] = {"plan",         "--devices", demo_devices(), "--",
                                 "llama-server", "-hf",       repo,           NULL};
    struct program_result result = otplan_run_with(environment, found);
    cr_assert_eq(result.status, 0, "%s %s: %s", path, repo, result.errors);
    program_result_clear(&result);
    const char *const missing[] = {"plan", "-hf", "nobody/nothing:Q4_K_M", "--offline", NULL};
    result = otplan_run_with(environment, missing);
    cr_assert_eq(result.status, 2);
    cr_assert_not_null(strstr(result.errors, "-m FILE.gguf"), "%s", result.errors);
    program_result_clear(&result);
    free(where);
    test_folder_remove(folder);
}

Test(hf, is_found_in_both_layouts_of_the_cache)
{
    expect_cached("owner_repo-GGUF_model-Q4_K_M.gguf", "LLAMA_CACHE=", "owner/repo-GGUF");
    expect_cached("owner_repo-GGUF_model-Q4_K_M.gguf", "LLAMA_CACHE=", "owner/repo-GGUF:q4_k_m");
    expect_cached("llama.cpp/owner_repo_model-IQ1_S.gguf", "XDG_CACHE_HOME=", "owner/repo:IQ1_S");
    expect_cached("hub/models--owner--repo/snapshots/0123abc/model-Q8_0.gguf",
                  "HF_HOME=", "owner/repo:Q8_0");
    expect_cached("models--owner--repo/snapshots/0123abc/Q8_0/model.Q8_0.gguf",
                  "HF_HUB_CACHE=", "owner/repo:Q8_0");
}
