/* `n`: the Watch screen, live with a library that answers like NVIDIA's; it stops reading when it is left. */
#include "model/base/memory.h"
#include "tests/support/gguf_files.h"
#include "tests/support/planner_terminal.h"
#include "tests/support/tree.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The demo's four cards on this machine, the first with so much free and so much of it llama-server's. */
static void set_cards(const char *folder, int free_mib, int server_mib)
{
    char cards[600];
    snprintf(cards, sizeof cards,
             "RTX 5090|GPU-a|01|32607|%d|12.0|4321=%d;RTX 5090|GPU-b|41|32607|31292|12.0;"
             "RTX 5090|GPU-c|81|32607|32090|12.0;RTX 5090|GPU-d|c1|32607|32090|12.0",
             free_mib, server_mib);
    tree_write(folder, "cards.new", cards);
    char *from = memory_format("%s/cards.new", folder);
    char *to = memory_format("%s/cards", folder);
    cr_assert_eq(rename(from, to), 0);
    free(from);
    free(to);
}

static struct pty *start(const char *folder)
{
    char *file = memory_format("FAKE_NVML_FILE=%s/cards", folder);
    char *proc = memory_format("OTPLAN_PROC=%s", folder);
    tree_write(folder, "meminfo", "MemTotal: 536870912 kB\nMemAvailable: 520093696 kB\n");
    tree_write(folder, "4321/stat",
               "4321 (llama-server) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0\n");
    tree_write(folder, "4321/comm", "llama-server\n");
    const char *const environment[] = {"OTPLAN_NVML=" OTPLAN_BUILD "/tests/libfake_nvml.so",
                                       "OTPLAN_ROOT=/nowhere", file, proc, NULL};
    struct pty *t = planner_demo(40, 110, environment, NULL);
    free(file);
    free(proc);
    cr_assert_not_null(t);
    return t;
}

Test(planner_watch, shows_memory_now_beside_the_planned)
{
    char *folder = test_folder_make();
    set_cards(folder, 20000, 12000);
    struct pty *t = start(folder);
    pty_type(t, "n");
    cr_assert(pty_wait_for(t, "server 12 000"), "%s", pty_screen(t));
    cr_expect(pty_shows(t, "20 000 free, peak 12 607"), "%s", pty_screen(t));
    cr_expect(pty_shows(t, " planned"), "%s", pty_screen(t));
    cr_expect(pty_shows(t, "the server is llama-server"), "%s", pty_screen(t));
    set_cards(folder, 100, 32000);
    cr_expect(pty_wait_for(t, "CUDA0: 100 MiB free, under the threshold"), "%s", pty_screen(t));
    set_cards(folder, 25000, 7000);
    cr_expect(pty_wait_for(t, "25 000 free, peak 32 507"), "%s", pty_screen(t));
    pty_type(t, "r");
    cr_expect(pty_wait_for(t, "25 000 free, peak 7 607"), "%s", pty_screen(t));
    pty_type(t, "q");
    cr_expect(pty_wait_for(t, "NORMAL"), "%s", pty_screen(t));
    pty_end(t);
    test_folder_remove(folder);
}

static long reads(const char *folder)
{
    char *path = memory_format("%s/cards.reads", folder);
    FILE *file = fopen(path, "r");
    long n = 0;
    free(path);
    if (file != NULL) {
        fseek(file, 0, SEEK_END);
        n = ftell(file);
        fclose(file);
    }
    return n;
}

static bool is_read_again(struct pty *t, void *folder)
{
    static long before = -1;
    long now = reads(folder);
    (void)t;
    before = before < 0 ? now : before;
    return now > before + 1;
}

/* Each answer of the library leaves a mark: none come while the screen is closed. */
Test(planner_watch, reads_nothing_once_it_is_left)
{
    const struct timespec some_time = {.tv_sec = 1, .tv_nsec = 400000000};
    char *folder = test_folder_make();
    set_cards(folder, 20000, 12000);
    struct pty *t = start(folder);
    long at_start = reads(folder);
    pty_type(t, "n");
    cr_assert(pty_wait(t, is_read_again, folder), "it is read every second: %ld", reads(folder));
    cr_expect(reads(folder) > at_start);
    pty_type(t, "q");
    cr_assert(pty_wait_for(t, "NORMAL"), "%s", pty_screen(t));
    nanosleep(&some_time, NULL); /* what was under way ends */
    size_t written = 0;
    long left = reads(folder);
    pty_output(t, &written);
    size_t before = written;
    nanosleep(&some_time, NULL);
    pty_shows(t, "NORMAL");
    pty_output(t, &written);
    cr_expect_eq(reads(folder), left, "it still reads");
    cr_expect_eq(written, before, "it still draws");
    pty_end(t);
    test_folder_remove(folder);
}

Test(planner_watch, plans_for_the_memory_there_is_now)
{
    char *folder = test_folder_make();
    set_cards(folder, 11000, 0);
    struct pty *t = start(folder);
    pty_type(t, ":replan<Enter>");
    cr_assert(pty_wait_for(t, "open Watch first"), "%s", pty_screen(t));
    pty_type(t, "n");
    cr_assert(pty_wait_for(t, "11 000 free"), "%s", pty_screen(t));
    pty_type(t, "a");
    pty_type(t, "q");
    cr_assert(pty_wait_for(t, "u undoes"), "%s", pty_screen(t));
    struct bar_figures figures;
    cr_assert(planner_bar_figures(t, "CUDA0", &figures), "%s", pty_screen(t));
    cr_expect(figures.budget <= 10000 && figures.used <= figures.budget, "%s", pty_screen(t));
    pty_end(t);
    test_folder_remove(folder);
}
