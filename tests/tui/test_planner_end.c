/* However the planner ends, the terminal is as it was: screen, cursor, mouse, paste and line settings. */
#include "tests/support/planner_terminal.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

static struct pty *demo(void)
{
    struct pty *t = planner_demo(24, 80, NULL, NULL);
    cr_assert_not_null(t);
    cr_assert(pty_shows(t, "CUDA3"), "%s", pty_screen(t));
    cr_assert(pty_alternate(t));
    cr_assert_eq(pty_mouse_mode(t), PTY_MOUSE_DRAG);
    cr_assert(pty_pasting(t), "pasted text would act as keys");
    cr_assert_not(pty_settings_restored(t));
    return t;
}

static int ended(struct pty *t)
{
    int status = 0;
    cr_assert(pty_wait_end(t, &status), "%s", pty_screen(t));
    const char *left = pty_not_restored(t);
    cr_assert_null(left, "%s", left);
    pty_end(t);
    return status;
}

Test(planner_end, quits_on_q)
{
    struct pty *t = demo();
    pty_type(t, "q");
    int status = ended(t);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

Test(planner_end, restores_on_terminate_and_hangup)
{
    static const int signals[] = {SIGTERM, SIGHUP, SIGINT};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct pty *t = demo();
        pty_signal(t, signals[i]);
        ended(t);
    }
}

Test(planner_end, restores_on_a_crash_and_dies_of_it)
{
    static const int signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct pty *t = demo();
        pty_signal(t, signals[i]);
        int status = ended(t);
        /* the address sanitizer turns the signal into its exit status */
        cr_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 99, "signal %d: status %x",
                  signals[i], (unsigned)status);
    }
}

static bool drags_again(struct pty *t, void *data)
{
    (void)data;
    return pty_mouse_mode(t) == PTY_MOUSE_DRAG;
}

/* A shell with job control, as a person has it: only then can a program stop. */
Test(planner_end, suspends_and_comes_back)
{
    static const char script[] = OTPLAN_PROGRAM " demo; echo stopped; read line; fg; echo ended $?";
    const char *const argv[] = {"sh", "-m", "-c", script, NULL};
    struct pty *t = pty_start(NULL, argv);
    cr_assert(pty_wait_for(t, "NORMAL"), "%s", pty_screen(t));
    pty_type(t, "<C-z>");
    cr_assert(pty_wait_for(t, "stopped"), "%s", pty_screen(t));
    const char *left = pty_not_restored(t);
    cr_assert_null(left, "%s", left);
    pty_type(t, "<Enter>");
    cr_assert(pty_wait_for(t, "NORMAL"), "%s", pty_screen(t));
    cr_assert(pty_wait(t, drags_again, NULL), "the mouse stayed off");
    pty_type(t, "q");
    cr_assert(pty_wait_for(t, "ended 0"), "%s", pty_screen(t));
    cr_assert_null(pty_not_restored(t));
    pty_end(t);
}

static void refuses(const char *command, const char *words)
{
    int status;
    char *text = shell_output(command, &status);
    cr_assert_eq(status, 4, "%s: %s", command, text);
    cr_assert_not_null(strstr(text, words), "%s: %s", command, text);
    cr_assert_null(strchr(text, '\033'), "escape codes in a pipe");
    free(text);
}

Test(planner_end, says_so_where_there_is_no_terminal)
{
    refuses(OTPLAN_PROGRAM " demo 2>&1 </dev/null", "terminal");
}

Test(planner_end, names_a_terminal_it_does_not_know)
{
    struct pty_options options = {.term = "no-such-terminal"};
    const char *const argv[] = {OTPLAN_PROGRAM, "demo", NULL};
    struct pty *t = pty_start(&options, argv);
    int status;
    cr_assert(pty_wait_end(t, &status));
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 4);
    cr_assert(pty_shows(t, "TERM"), "%s", pty_screen(t));
    cr_assert(pty_shows(t, "no-such-terminal"), "%s", pty_screen(t));
    pty_end(t);
}
