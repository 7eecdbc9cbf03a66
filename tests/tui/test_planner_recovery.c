/* Unsaved work after a crash: offered until it is recovered or discarded, never overwritten by the next session, and
 * never taken from a session that still runs. */
#include "tests/support/gguf_files.h"
#include "tests/support/planner_terminal.h"

#include "model/base/memory.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const char offer[] = "was not saved:  r recover it  x discard it  Esc cancel";
static char *folder;
static char *state;

static void enter(void)
{
    folder = test_folder_make();
    state = memory_format("XDG_STATE_HOME=%s", folder);
}

static void leave(void)
{
    free(state);
    test_folder_remove(folder);
}

TestSuite(planner_recovery, .init = enter, .fini = leave);

static struct pty *start(void)
{
    const char *const environment[] = {state, NULL};
    struct pty *t = planner_demo(24, 80, environment, NULL);
    cr_assert_not_null(t);
    cr_assert(pty_wait_for(t, "1 rule, verif"), "%s", pty_screen(t));
    return t;
}

static bool is_kept(struct pty *t, void *unused)
{
    (void)t;
    (void)unused;
    char *command = memory_format("ls %s/otplan/autosave-*.json >/dev/null 2>&1", folder);
    bool there = system(command) == 0;
    free(command);
    return there;
}

static void edit(struct pty *t, const char *tokens)
{
    char *typed = memory_format(":set ctx %s<Enter>", tokens);
    char *shown = memory_format("ctx %s", tokens);
    pty_type(t, typed);
    cr_assert(pty_wait_for(t, shown), "%s", pty_screen(t));
    cr_assert(pty_wait(t, is_kept, NULL), "%s", pty_screen(t));
    free(shown);
    free(typed);
}

static void crash(struct pty *t)
{
    pty_signal(t, SIGKILL);
    cr_assert(pty_wait_end(t, NULL));
    pty_end(t);
}

static void quit(struct pty *t)
{
    pty_type(t, ":quit!<Enter>");
    cr_assert(pty_wait_end(t, NULL), "%s", pty_screen(t));
    pty_end(t);
}

Test(planner_recovery, what_a_crash_left_waits_until_it_is_answered)
{
    struct pty *t = start();
    edit(t, "12544");
    crash(t);
    t = start();
    cr_assert(pty_wait_for(t, offer), "%s", pty_screen(t));
    pty_type(t, "<Esc>");
    cr_assert(pty_wait_gone(t, offer), "%s", pty_screen(t));
    edit(t, "23552"); /* a session's own copy does not take the place of the other */
    quit(t);
    t = start();
    cr_assert(pty_wait_for(t, offer), "%s", pty_screen(t));
    pty_type(t, "r");
    cr_assert(pty_wait_for(t, "ctx 12544"), "%s", pty_screen(t));
    crash(t); /* recovered, and at once safe again */
    t = start();
    cr_assert(pty_wait_for(t, offer), "%s", pty_screen(t));
    pty_type(t, "r");
    cr_assert(pty_wait_for(t, "ctx 12544"), "%s", pty_screen(t));
    quit(t);
    cr_assert_not(is_kept(NULL, NULL), "a session that was left on purpose leaves nothing");
}

Test(planner_recovery, discarded_is_gone)
{
    struct pty *t = start();
    edit(t, "12544");
    crash(t);
    t = start();
    cr_assert(pty_wait_for(t, offer), "%s", pty_screen(t));
    pty_type(t, "x");
    cr_assert(pty_wait_for(t, "is gone"), "%s", pty_screen(t));
    cr_assert_not(is_kept(NULL, NULL));
    quit(t);
}

Test(planner_recovery, a_session_that_runs_keeps_its_copy)
{
    struct pty *first = start();
    edit(first, "12544");
    struct pty *second = start();
    cr_assert_not(pty_shows(second, "was not saved"), "%s", pty_screen(second));
    edit(second, "23552");
    quit(second);
    cr_assert(is_kept(NULL, NULL), "the copy of the one that runs");
    crash(first);
    second = start();
    cr_assert(pty_wait_for(second, offer), "%s", pty_screen(second));
    pty_type(second, "r");
    cr_assert(pty_wait_for(second, "ctx 12544"), "%s", pty_screen(second));
    quit(second);
}
