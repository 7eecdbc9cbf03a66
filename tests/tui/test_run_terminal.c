/* `otplan run` from a shell with job control, as a person has it: the terminal is the shell's again, whoever ends. */
#include "model/base/memory.h"
#include "tests/support/gguf_files.h"
#include "tests/support/pty.h"
#include "tests/support/tree.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RIG                                                                                        \
    "{\"devices\": [{\"name\": \"CUDA0\", \"free_mib\": 24000}], \"host\": {\"free_mib\": 64000}}"

/* It takes the echo off, as programs that draw do, and says which processes are at work. */
static const char server[] = "trap 'echo bye >&2; exit 0' INT TERM\n"
                             "stty -echo < /dev/tty\n"
                             "echo \"pid=$$ parent=$PPID is up\" >&2\n"
                             "while :; do sleep 0.05; done\n";

static struct pty *start(char **folder)
{
    struct strbuf head = {0};
    *folder = test_folder_make();
    gguf_make_tiny(&head, 2);
    char *model = test_file_write_head(*folder, "tiny.gguf", &head);
    char *rig = test_file_write(*folder, "rig.json", RIG, strlen(RIG));
    tree_program(*folder, "llama-server", server);
    char *script = memory_format("%s run %s --devices %s --llama-bin %s -c 512; echo \"ended $?\"; "
                                 "read line; echo \"got $line\"",
                                 OTPLAN_PROGRAM, model, rig, *folder);
    const char *const argv[] = {"sh", "-m", "-c", script, NULL};
    struct pty_options options = {.rows = 40, .columns = 150};
    struct pty *t = pty_start(&options, argv);
    cr_assert(pty_wait_for(t, " is up"), "%s", pty_screen(t));
    strbuf_clear(&head);
    free(model);
    free(rig);
    free(script);
    return t;
}

/* The shell reads what is typed, and what is typed is seen. */
static void expect_usable(struct pty *t)
{
    const char *why = pty_wait_restored(t); /* by a guard of its own, beside the shell */
    cr_expect_null(why, "%s", why);
    pty_type(t, "hello<Enter>");
    cr_expect(pty_wait_for(t, "got hello"), "%s", pty_screen(t));
    cr_expect_null(pty_not_restored(t), "%s", pty_not_restored(t));
}

Test(run_terminal, ctrl_c_ends_the_server_then_otplan)
{
    char *folder = NULL;
    struct pty *t = start(&folder);
    pty_type(t, "<C-c>");
    cr_expect(pty_wait_for(t, "bye"), "%s", pty_screen(t));
    cr_expect(pty_wait_for(t, "log: "), "%s", pty_screen(t));
    cr_expect(pty_wait_for(t, "ended "), "%s", pty_screen(t));
    expect_usable(t);
    pty_end(t);
    test_folder_remove(folder);
}

static long number_after(struct pty *t, const char *word)
{
    int row = 0;
    int column = 0;
    cr_assert(pty_find(t, word, &row, &column));
    long number = strtol(pty_row(t, row) + column + strlen(word), NULL, 10);
    cr_assert(number > 1);
    return number;
}

Test(run_terminal, a_server_that_is_killed_leaves_the_terminal_usable)
{
    char *folder = NULL;
    struct pty *t = start(&folder);
    kill((pid_t)number_after(t, "pid="), SIGKILL);
    cr_expect(pty_wait_for(t, "ended by signal 9"), "%s", pty_screen(t));
    cr_expect(pty_wait_for(t, "ended 4"), "%s", pty_screen(t));
    expect_usable(t);
    pty_end(t);
    test_folder_remove(folder);
}

Test(run_terminal, otplan_that_is_killed_leaves_the_shell_in_charge)
{
    char *folder = NULL;
    struct pty *t = start(&folder);
    kill((pid_t)number_after(t, "parent="), SIGKILL);
    cr_expect(pty_wait_for(t, "ended 137"), "%s", pty_screen(t));
    expect_usable(t);
    pty_end(t);
    test_folder_remove(folder);
}
