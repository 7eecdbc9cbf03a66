/* The same program inside tmux, whose terminfo entry knows nothing of SGR mouse reports. */
#include "tests/support/planner_terminal.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_SECONDS = 30, GLANCE_MILLISECONDS = 20 };

static char *tmux(const char *arguments)
{
    char command[1024];
    snprintf(
        command, sizeof command,
        "env -i PATH=\"$PATH\" HOME=/nonexistent LC_ALL=C.UTF-8 SHELL=/bin/sh tmux -L otplan-%d "
        "-f /dev/null %s 2>&1",
        (int)getpid(), arguments);
    return shell_output(command, NULL);
}

static void tmux_do(const char *arguments)
{
    free(tmux(arguments));
}

/* Looks again until the pane shows the words. */
static bool pane_shows(const char *words)
{
    time_t deadline = time(NULL) + PATIENCE_SECONDS;
    bool found = false;
    while (!found && time(NULL) < deadline) {
        char *pane = tmux("capture-pane -p");
        found = strstr(pane, words) != NULL;
        free(pane);
        if (!found)
            poll(NULL, 0, GLANCE_MILLISECONDS);
    }
    return found;
}

static void require_tmux(void)
{
    if (system("command -v tmux >/dev/null 2>&1") != 0)
        cr_skip_test("tmux is not installed");
}

Test(planner_tmux, draws_asks_for_the_mouse_and_leaves_no_trace)
{
    require_tmux();
    tmux_do("new-session -d -x 80 -y 24 'TERM=tmux-256color " OTPLAN_PROGRAM
            " demo; echo status $?; exec cat'");
    bool drawn = pane_shows("CUDA3");
    char *pane = tmux("capture-pane -p");
    char *modes = tmux("display -p '#{mouse_button_flag} #{mouse_sgr_flag} #{alternate_on}'");
    tmux_do("send-keys q");
    bool quit = pane_shows("status 0");
    char *after = tmux("display -p '#{mouse_any_flag} #{mouse_sgr_flag} #{alternate_on}'");
    tmux_do("kill-server");
    cr_assert(drawn, "%s", pane);
    cr_assert(quit);
    cr_assert_str_eq(modes, "1 1 1\n");
    cr_assert_str_eq(after, "0 0 0\n");
    free(pane);
    free(modes);
    free(after);
}

/* On the home row: Down to a row of experts, its rule, all that rule holds. */
Test(planner_tmux, goes_from_a_tensor_to_its_rule_and_back)
{
    require_tmux();
    tmux_do("new-session -d -x 100 -y 30 'TERM=tmux-256color " OTPLAN_PROGRAM " demo; exec cat'");
    bool drawn = pane_shows("CUDA3");
    tmux_do("send-keys l j j j o");
    bool explained = pane_shows("matches 180 tensors");
    tmux_do("send-keys Enter");
    bool selected = pane_shows("180 tensors");
    tmux_do("kill-server");
    cr_assert(drawn);
    cr_assert(explained);
    cr_assert(selected);
}
