// Asking llama.cpp: a program in its place answers as llama-server and llama-fit-params do, as an old build,
// with garbage, not at all, or by crashing. Whatever it does, nothing is loaded and no process stays.
#include "model/base/memory.h"
#include "src/probe.h"
#include "tests/support/gguf_files.h"
#include "tests/support/run_program.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// What llama-server -fit on -lv 4 prints before it loads, and what it would do next.
static const char server_answer[] =
    "case \"$1\" in --version) echo 'version: 9123 (de3ff815)'; exit 0;; esac\n"
    "echo $$ > \"$0.pid\"; printf '%s\\n' \"$@\" > \"$0.args\"\n"
    "echo '0.00.015.732 I common_params_fit_impl: getting device memory data for initial "
    "parameters:'\n"
    "echo '0.00.900.000 I common_memory_breakdown_print: | memory breakdown [MiB]     | total    "
    "free   "
    "  self   model   context   compute    unaccounted |'\n"
    "echo '0.00.900.001 I common_memory_breakdown_print: |   - CUDA0 (RTX 5090)       | 32607 = "
    "31569 + "
    "(5853 =  1818 +     576 +    3458) +       -5853 |'\n"
    "echo '0.00.900.002 I common_memory_breakdown_print: |   - CUDA1 (RTX 5090)       | 32607 = "
    "31292 + "
    "(2421 =  1611 +     576 +     234) +       -2421 |'\n"
    "echo '0.00.900.003 I common_memory_breakdown_print: |   - CUDA2 (RTX 5090)       | 32607 = "
    "32090 + "
    "(2284 =  1510 +     540 +     234) +       -2284 |'\n"
    "echo '0.00.900.004 I common_memory_breakdown_print: |   - CUDA3 (RTX 5090)       | 32607 = "
    "32090 + "
    "(3066 =  2328 +     504 +     234) +       -3066 |'\n"
    "echo '0.00.900.005 I common_memory_breakdown_print: |   - Host                   |            "
    "     "
    "   260922 = 260862 +       0 +      60                |'\n"
    "echo '0.00.900.006 I common_params_fit_impl: projected to use more'\n"
    "sleep 30; touch \"$0.loaded\"\n";

static char *make_program(const char *folder, const char *name, const char *body)
{
    char *text = memory_format("#!/bin/sh\n%s", body);
    char *path = test_file_write(folder, name, text, strlen(text));
    cr_assert(chmod(path, 0755) == 0);
    free(text);
    return path;
}

static struct program_result ask_with(const char *folder, const char *target, const char *more)
{
    const char *arguments[] = {"probe",  demo_model(),  "--devices", demo_devices(), "--llama-bin",
                               folder,   "-c",          "32768",     "-ngl",         "62",
                               "-ts",    "16,16,15,15", "-cmoe",     "--target",     target,
                               "--json", more,          NULL};
    char *cache = memory_format("XDG_CACHE_HOME=%s", folder);
    struct program_result result = otplan_run_with((const char *const[]){cache, NULL}, arguments);
    free(cache);
    return result;
}

static struct program_result ask(const char *folder, const char *target)
{
    return ask_with(folder, target, NULL);
}

static bool alive(const char *program)
{
    char *path = memory_format("%s.pid", program);
    FILE *file = fopen(path, "r");
    int pid = 0;
    cr_assert(file != NULL && fscanf(file, "%d", &pid) == 1, "the program was never started");
    fclose(file);
    free(path);
    return kill(pid, 0) == 0 || errno != ESRCH;
}

static bool exists(const char *program, const char *suffix)
{
    char *path = memory_format("%s.%s", program, suffix);
    bool there = access(path, F_OK) == 0;
    free(path);
    return there;
}

Test(probe, reads_the_table_of_llama_server_and_stops_it)
{
    char *folder = test_folder_make();
    char *program = make_program(folder, "llama-server", server_answer);
    struct program_result result = ask(folder, "llama-server");
    cr_expect(result.status == 0, "%s", result.errors);
    cr_expect(strstr(result.output, "\"version\":\"9123 (de3ff815)\"") != NULL ||
                  strstr(result.output, "\"version\": \"9123 (de3ff815)\"") != NULL,
              "%s", result.output);
    cr_expect(strstr(result.output, "\"differs\":true") == NULL &&
                  strstr(result.output, "\"differs\": true") == NULL,
              "%s", result.output);
    cr_expect(!alive(program), "the server still runs");
    cr_expect(!exists(program, "loaded"), "the server went on to load");
    program_result_clear(&result);
    free(program);
    test_folder_remove(folder);
}

Test(probe, turns_fit_on_and_keeps_every_other_argument)
{
    char *folder = test_folder_make();
    char *program = make_program(folder, "llama-server", server_answer);
    struct program_result result = ask(folder, "llama-server");
    char *shown = memory_format("%s.args", program);
    const char *const cat[] = {"cat", shown, NULL};
    struct program_result arguments = program_run(cat, NULL, NULL);
    cr_expect(strstr(arguments.output, "-fit\non\n") != NULL, "%s", arguments.output);
    cr_expect(strstr(arguments.output, "-lv\n4\n") != NULL, "%s", arguments.output);
    cr_expect(strstr(arguments.output, "-ts\n16,16,15,15\n") != NULL, "%s", arguments.output);
    program_result_clear(&arguments);
    program_result_clear(&result);
    free(shown);
    free(program);
    test_folder_remove(folder);
}

Test(probe, asks_llama_fit_params_for_other_targets)
{
    char *folder = test_folder_make();
    char *program = make_program(folder, "llama-fit-params",
                                 "echo $$ > \"$0.pid\"; printf '%s\\n' \"$@\" > \"$0.args\"\n"
                                 "echo 'CUDA0 1818 576 3458 '\necho 'CUDA1 1611 576 234 '\n"
                                 "echo 'CUDA2 1510 540 234 '\necho 'CUDA3 2328 504 880 '\n"
                                 "echo 'Host 260862 0 60 '\n");
    struct program_result result = ask(folder, "llama-fit-params");
    cr_expect(result.status == 0, "%s", result.errors);
    cr_expect(strstr(result.output, "llama-fit-params") != NULL);
    program_result_clear(&result);
    free(program);
    test_folder_remove(folder);
}

// The answer kept from before holds for the same program and plan, and not after --force or a new build.
Test(probe, keeps_the_answer)
{
    static const struct {
        const char *more;
        bool changed, cached;
    } questions[] = {
        {NULL, false, false}, {NULL, false, true}, {"--force", false, false}, {NULL, true, false}};
    char *folder = test_folder_make();
    char *program = make_program(folder, "llama-server", server_answer);
    char *mark = memory_format("%s.args", program);
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        if (questions[i].changed) {
            char *newer = memory_format("# a newer build\n%s", server_answer);
            free(make_program(folder, "llama-server", newer));
            free(newer);
        }
        unlink(mark);
        const char *more = questions[i].more;
        struct program_result result = ask_with(folder, "llama-server", more);
        cr_expect(result.status == 0, "%s", result.errors);
        cr_expect((access(mark, F_OK) != 0) == questions[i].cached, "question %zu", i);
        cr_expect((strstr(result.output,
                          questions[i].cached ? "\"cached\":true" : "\"cached\":false")) != NULL ||
                      strstr(result.output, questions[i].cached ? "\"cached\": true"
                                                                : "\"cached\": false") != NULL,
                  "question %zu: %s", i, result.output);
        program_result_clear(&result);
    }
    free(mark);
    free(program);
    test_folder_remove(folder);
}

struct failure {
    const char *body;  // of the program in llama-server's place
    int status;        // otplan's
    const char *words; // in its one line
};

static const struct failure failures[] = {
    {"echo 'load_tensors:        CUDA0 model buffer size =  1818.00 MiB'; sleep 30\n", 4,
     "prints no memory table before it loads"},
    {"echo hello; exit 0\n", 4, "ended without a memory table"},
    {"kill -SEGV $$\n", 4, "crashed (signal 11"},
    {"echo 'error: invalid argument: -lm'; exit 1\n", 2,
     "refuses the plan: error: invalid argument"},
    {"echo 'x getting device memory data for initial parameters:'\n"
     "echo 'x |   - CUDA0 (RTX 5090)       | 32607 = 31569 + (5853 =  1818 +     576 +    3458) + "
     "-1 |'\n"
     "echo 'x |   - Host                   |                  260922 = 260862 +       0 +      60  "
     "  |'\n"
     "echo 'x end'; sleep 30\n",
     4, "does not have the plan's device CUDA1"},
};

Test(probe, has_a_word_for_every_failure)
{
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        char *folder = test_folder_make();
        char *program = make_program(folder, "llama-server", failures[i].body);
        struct program_result result = ask(folder, "llama-server");
        cr_expect(result.status == failures[i].status, "%s: status %d: %s", failures[i].words,
                  result.status, result.errors);
        cr_expect(strstr(result.errors, failures[i].words) != NULL, "%s", result.errors);
        cr_expect(result.output_bytes == 0);
        program_result_clear(&result);
        free(program);
        test_folder_remove(folder);
    }
}

Test(probe, says_where_it_looked_when_there_is_none)
{
    char *folder = test_folder_make();
    struct program_result result = ask(folder, "llama-server");
    cr_expect(result.status == 4);
    cr_expect(strstr(result.errors, "--llama-bin") != NULL, "%s", result.errors);
    program_result_clear(&result);
    test_folder_remove(folder);
}

Test(probe, never_sends_a_unified_cache_to_llama_fit_params)
{
    char *folder = test_folder_make();
    char *program = make_program(folder, "llama-fit-params", "touch \"$0.args\"\n");
    struct program_result result = otplan_run_with(
        NULL,
        (const char *const[]){"probe", demo_model(), "--devices", demo_devices(), "--llama-bin",
                              folder, "-np", "4", "-kvu", "--target", "llama-fit-params", NULL});
    cr_expect(result.status == 4);
    cr_expect(strstr(result.errors, "llama-fit-params has no -kvu") != NULL, "%s", result.errors);
    cr_expect(!exists(program, "args"), "it was asked all the same");
    program_result_clear(&result);
    free(program);
    test_folder_remove(folder);
}

static bool never(void *payload)
{
    (void)payload;
    return false;
}

// A program that says nothing is given up by its time limit, or at once when the user cancels.
Test(probe, gives_up_on_silence)
{
    char *folder = test_folder_make();
    char *program = make_program(folder, "llama-server", "echo $$ > \"$0.pid\"; sleep 60\n");
    struct strbuf head = {0};
    gguf_make_tiny(&head, 2);
    struct gguf_part part = {.path = "tiny.gguf",
                             .bytes = (const uint8_t *)head.text,
                             .available = head.length,
                             .file_bytes = head.length};
    struct gguf *gguf = NULL;
    struct model *model = NULL;
    struct error error = {0};
    cr_assert(gguf_parse(&part, 1, &gguf, &error) &&
                  model_describe(gguf, "tiny.gguf", false, &model, &error),
              "%s", error.text);
    struct rig rig = {0};
    rig_init_host(&rig.host, 1ULL << 34, 1ULL << 34);
    struct plan plan;
    plan_init(&plan, model);
    struct evaluation evaluation;
    plan_evaluate(model, &rig, &plan, NULL, &evaluation);
    struct probe_request request = {.folder = folder,
                                    .model_path = "tiny.gguf",
                                    .model = model,
                                    .rig = &rig,
                                    .plan = &plan,
                                    .evaluation = &evaluation,
                                    .seconds = 1};
    struct probe probe;
    cr_expect(!probe_run(&request, &probe, &error));
    cr_expect(strstr(error.text, "no answer within 1 seconds") != NULL, "%s", error.text);
    cr_expect(!alive(program));
    error = (struct error){0};
    request.go_on = never;
    cr_expect(!probe_run(&request, &probe, &error));
    cr_expect_str_eq(error.text, "probe: cancelled");
    evaluation_clear(&evaluation);
    plan_clear(&plan);
    rig_clear(&rig);
    model_free(&model);
    gguf_free(&gguf);
    strbuf_clear(&head);
    free(program);
    test_folder_remove(folder);
}
