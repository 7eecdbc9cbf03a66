/* `p`: llama.cpp is asked beside the screen. A program in llama-server's place answers, differs, is silent. */
#include "model/base/memory.h"
#include "tests/support/gguf_files.h"
#include "tests/support/planner_terminal.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* %u: the compute buffer of CUDA0, in MiB. */
static const char answers[] =
    "#!/bin/sh\n"
    "case \"$1\" in --version) echo 'version: 9123 (de3ff815)'; exit 0;; esac\n"
    "echo 'getting device memory data for initial parameters:'\n"
    "echo '|   - CUDA0 (RTX 5090) | 32607 = 31569 + (5853 =  1818 + 576 + %u) + -1 |'\n"
    "echo '|   - CUDA1 (RTX 5090) | 32607 = 31292 + (2421 =  1611 + 576 + 234) + -1 |'\n"
    "echo '|   - CUDA2 (RTX 5090) | 32607 = 32090 + (2284 =  1510 + 540 + 234) + -1 |'\n"
    "echo '|   - CUDA3 (RTX 5090) | 32607 = 32090 + (3066 =  2328 + 504 + 234) + -1 |'\n"
    "echo '|   - Host             |                  260922 = 260862 + 0 + 60 |'\n"
    "echo 'projected to use'; sleep 30; touch \"$0.loaded\"\n";
static const char silent[] = "#!/bin/sh\necho $$ > \"$0.pid\"; sleep 60\n";

static char *make_server(const char *folder, const char *text)
{
    char *path = test_file_write(folder, "llama-server", text, strlen(text));
    cr_assert(chmod(path, 0755) == 0);
    return path;
}

static struct pty *start(const char *folder)
{
    struct pty *t = planner_demo(50, 120, NULL, (const char *const[]){"--llama-bin", folder, NULL});
    cr_assert_not_null(t);
    return t;
}

static void remove_all(struct pty *t, char *program, char *folder)
{
    pty_end(t);
    free(program);
    test_folder_remove(folder);
}

Test(planner_probe, marks_what_llama_cpp_says)
{
    char text[sizeof answers + 32];
    char *folder = test_folder_make();
    snprintf(text, sizeof text, answers, 3458U);
    char *program = make_server(folder, text);
    struct pty *t = start(folder);
    pty_type(t, "p");
    cr_assert(pty_wait_for(t, "agrees with the prediction"), "%s", pty_screen(t));
    cr_expect(planner_wait_used(t, "CUDA0", 1818 + 576 + 3459 + 1), "%s", pty_screen(t));
    pty_type(t, "<Tab><Tab><Tab>0i");
    cr_expect(pty_wait_for(t, "probe, llama.cpp 9123"), "%s", pty_screen(t));
    pty_type(t, "q");
    cr_assert(pty_wait_gone(t, "probe, llama.cpp 9123"), "%s", pty_screen(t));
    pty_type(t, "p");
    cr_expect(pty_wait_for(t, "(cached)"), "%s", pty_screen(t));
    remove_all(t, program, folder);
}

/* Another plan has no answer; undo brings it back. */
Test(planner_probe, says_where_it_differs_and_keeps_to_its_plan)
{
    char text[sizeof answers + 32];
    char *folder = test_folder_make();
    struct bar_figures before;
    snprintf(text, sizeof text, answers, 9000U);
    char *program = make_server(folder, text);
    struct pty *t = start(folder);
    cr_assert(planner_bar_figures(t, "CUDA0", &before));
    pty_type(t, "p");
    cr_assert(pty_wait_for(t, "differs by more than 1 %: CUDA0 compute"), "%s", pty_screen(t));
    cr_expect(planner_wait_used_change(t, "CUDA0", before.used), "%s", pty_screen(t));
    struct bar_figures probed;
    cr_assert(planner_bar_figures(t, "CUDA0", &probed));
    cr_expect(probed.used > before.used + 5000, "%s", pty_screen(t));
    pty_type(t, ":set ub 256<Enter>");
    cr_expect(planner_wait_used_change(t, "CUDA0", probed.used), "%s", pty_screen(t));
    pty_type(t, "u");
    cr_expect(planner_wait_used(t, "CUDA0", probed.used), "%s", pty_screen(t));
    remove_all(t, program, folder);
}

static bool gone(const char *program)
{
    char path[1024];
    int pid = 0;
    snprintf(path, sizeof path, "%s.pid", program);
    FILE *file = fopen(path, "r");
    bool read = file != NULL && fscanf(file, "%d", &pid) == 1;
    if (file != NULL) {
        fclose(file);
    }
    return read && kill(pid, 0) != 0 && errno == ESRCH;
}

/* Its end shows nothing on the screen. */
static bool wait_gone(const char *program)
{
    static const struct timespec moment = {.tv_nsec = 20000000};
    for (int i = 0; i < 500 && !gone(program); i++) {
        nanosleep(&moment, NULL);
    }
    return gone(program);
}

static bool is_asked(struct pty *t, void *program)
{
    char path[1024];
    (void)t;
    snprintf(path, sizeof path, "%s.pid", (const char *)program);
    return access(path, F_OK) == 0;
}

Test(planner_probe, leaves_the_screen_alone_and_is_cancelled)
{
    char *folder = test_folder_make();
    char *program = make_server(folder, silent);
    struct pty *t = start(folder);
    pty_type(t, "p");
    cr_assert(pty_wait_for(t, "probe: asking llama-server"), "%s", pty_screen(t));
    cr_assert(pty_wait(t, is_asked, program), "%s", pty_screen(t));
    pty_type(t, "?");
    cr_assert(pty_wait_for(t, "Keys of the main screen"), "%s", pty_screen(t));
    pty_type(t, "q");
    cr_assert(pty_wait_for(t, "probe: asking llama-server"), "%s", pty_screen(t));
    pty_type(t, "<Esc>");
    cr_assert(pty_wait_for(t, "probe cancelled"), "%s", pty_screen(t));
    cr_expect(wait_gone(program), "the program still runs");
    remove_all(t, program, folder);
}

Test(planner_probe, is_cancelled_by_an_edit)
{
    char *folder = test_folder_make();
    char *program = make_server(folder, silent);
    struct pty *t = start(folder);
    pty_type(t, "p");
    cr_assert(pty_wait_for(t, "probe: asking llama-server"), "%s", pty_screen(t));
    cr_assert(pty_wait(t, is_asked, program), "%s", pty_screen(t));
    pty_type(t, ":set ub 256<Enter>");
    cr_expect(wait_gone(program), "the program still runs");
    cr_expect(pty_wait_gone(t, "probe: asking"), "%s", pty_screen(t));
    remove_all(t, program, folder);
}

Test(planner_probe, says_when_there_is_no_llama_cpp)
{
    char *folder = test_folder_make();
    struct pty *t = start(folder);
    pty_type(t, "p");
    cr_expect(pty_wait_for(t, "no llama-server in"), "%s", pty_screen(t));
    remove_all(t, NULL, folder);
}

/* ---- by itself: on this machine's own cards alone ------------------------------------------- */

#define CARDS                                                                                      \
    "RTX 5090|GPU-a|01|32607|31569|12.0%s;RTX 5090|GPU-b|41|32607|31292|12.0;"                     \
    "RTX 5090|GPU-c|81|32607|32090|12.0;RTX 5090|GPU-d|c1|32607|32090|12.0"

/* `otplan MODEL` on four cards that the driver tells of; `processes` of the first: "" or "|77=600". */
static struct pty *start_here(const char *folder, const char *processes)
{
    char cards[400];
    char fake[500];
    snprintf(cards, sizeof cards, CARDS, processes);
    snprintf(fake, sizeof fake, "FAKE_NVML=%s", cards);
    const char *const environment[] = {"OTPLAN_NVML=" OTPLAN_BUILD "/tests/libfake_nvml.so", fake,
                                       NULL};
    const char *const argv[] = {OTPLAN_PROGRAM,
                                OTPLAN_BUILD "/assets/kimi-k2-demo.gguf",
                                "-c",
                                "32768",
                                "-ngl",
                                "62",
                                "-ts",
                                "16,16,15,15",
                                "-ot",
                                "\\.ffn_(gate|up|down)_exps=CPU",
                                "--llama-bin",
                                folder,
                                NULL};
    struct pty_options options = {.rows = 50, .columns = 120, .environment = environment};
    struct pty *t = pty_start(&options, argv);
    cr_assert_not_null(t);
    cr_assert(pty_wait_for(t, "CUDA3"), "%s", pty_screen(t));
    return t;
}

Test(planner_probe, asks_by_itself_once_an_edit_has_settled)
{
    char text[sizeof answers + 32];
    char *folder = test_folder_make();
    snprintf(text, sizeof text, answers, 9000U);
    char *program = make_server(folder, text);
    struct pty *t = start_here(folder, "");
    pty_type(t, ":set fa on<Enter>");
    cr_expect(pty_wait_for(t, "differs by more than 1 %: CUDA0 compute"), "%s", pty_screen(t));
    remove_all(t, program, folder);
}

Test(planner_probe, leaves_cards_alone_that_are_at_work)
{
    char text[sizeof answers + 32];
    char *folder = test_folder_make();
    snprintf(text, sizeof text, answers, 9000U);
    char *program = make_server(folder, text);
    struct pty *t = start_here(folder, "|77=600");
    pty_type(t, ":set fa on<Enter>");
    cr_expect(pty_wait_for(t, "not probed: a process holds memory"), "%s", pty_screen(t));
    pty_type(t, "p");
    cr_expect(pty_wait_for(t, "differs by more than 1 %"), "%s", pty_screen(t));
    remove_all(t, program, folder);
}

/* A build without the table is told once, and not started again for each edit. */
Test(planner_probe, gives_up_by_itself_where_llama_cpp_cannot_say)
{
    char *folder = test_folder_make();
    char *program = make_server(
        folder, "#!/bin/sh\n[ \"$1\" = --list-devices ] || echo asked >> \"$0.count\"\nexit 1\n");
    struct pty *t = start_here(folder, "");
    pty_type(t, ":set fa on<Enter>");
    cr_expect(pty_wait_for(t, "p asks again"), "%s", pty_screen(t));
    pty_type(t, ":set ub 256<Enter>");
    cr_expect(pty_wait_gone(t, "p asks again"), "%s", pty_screen(t));
    pty_type(t, "p");
    cr_expect(pty_wait_for(t, "ended without a memory table"), "%s", pty_screen(t));
    char *count = memory_format("%s.count", program);
    char *command = memory_format("wc -l < '%s'", count);
    char *lines = shell_output(command, NULL);
    cr_expect(atoi(lines) == 2, "asked %s times", lines);
    free(lines);
    free(command);
    free(count);
    remove_all(t, program, folder);
}

Test(planner_probe, is_not_started_by_itself_where_that_is_switched_off)
{
    char *folder = test_folder_make();
    char *program = make_server(folder, silent);
    struct pty *t = start_here(folder, "");
    pty_type(t, ":autoprobe off<Enter>:set ub 256<Enter>");
    cr_expect(pty_wait_for(t, "ub 256"), "%s", pty_screen(t));
    pty_type(t, ":autoprobe on<Enter>");
    cr_expect(pty_wait_for(t, "probe: asking llama-server"), "%s", pty_screen(t));
    pty_type(t, ":set ub 128<Enter>"); /* another plan: the question is dropped, and asked anew */
    cr_expect(pty_wait_gone(t, "probe: asking"), "%s", pty_screen(t));
    cr_expect(wait_gone(program));
    cr_expect(pty_wait_for(t, "probe: asking llama-server"), "%s", pty_screen(t));
    remove_all(t, program, folder);
}

/* ---- llama.cpp's own list of devices --------------------------------------------------------- */

/* It counts the cards the other way round: what was detected is renamed, and the screen says so. */
Test(planner_devices, are_llama_cpps_where_the_two_differ)
{
    char *folder = test_folder_make();
    char *program = make_server(folder, "#!/bin/sh\n[ \"$1\" = --list-devices ] || exit 1\n"
                                        "echo 'Available devices:'\n"
                                        "echo '  CUDA0: RTX 4060 (8188 MiB, 7700 MiB free)'\n"
                                        "echo '  CUDA1: RTX 3090 (24576 MiB, 23700 MiB free)'\n");
    const char *const environment[] = {
        "OTPLAN_NVML=" OTPLAN_BUILD "/tests/libfake_nvml.so",
        "FAKE_NVML=RTX 3090|GPU-a|01|24576|24000|8.6;RTX 4060|GPU-b|02|8188|8000|8.9", NULL};
    const char *const argv[] = {OTPLAN_PROGRAM, OTPLAN_BUILD "/assets/kimi-k2-demo.gguf",
                                "--llama-bin", folder, NULL};
    struct pty_options options = {.rows = 30, .columns = 200, .environment = environment};
    struct pty *t = pty_start(&options, argv);
    cr_assert_not_null(t);
    cr_expect(pty_wait_for(t, "llama.cpp: CUDA0 (RTX 4060): detected as CUDA1"), "%s",
              pty_screen(t));
    cr_expect(pty_wait_for(t, "0 CUDA0 RTX 4060"), "%s", pty_screen(t));
    pty_type(t, "u");
    cr_expect(pty_wait_for(t, "0 CUDA0 RTX 3090"), "%s", pty_screen(t));
    remove_all(t, program, folder);
}

/* A program that never answers keeps nobody: the screen is live, and quitting ends it. */
Test(planner_devices, that_are_never_told_hold_up_nothing)
{
    char *folder = test_folder_make();
    char *program = make_server(folder, silent);
    struct pty *t = start_here(folder, "");
    int status = 0;
    cr_assert(pty_wait(t, is_asked, program), "%s", pty_screen(t));
    pty_type(t, "q");
    cr_expect(pty_wait_end(t, &status));
    cr_expect(wait_gone(program));
    remove_all(t, program, folder);
}
