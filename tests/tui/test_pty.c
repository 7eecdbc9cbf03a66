/* The harness itself, on shell one-liners: what it says about a program must be so before it is believed
 * about ours. */
#include "tests/support/pty.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

static struct pty *shell(const char *script)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    struct pty *terminal = pty_start(NULL, argv);
    cr_assert(terminal != NULL);
    return terminal;
}

Test(pty, reads_cells_with_their_colours)
{
    struct pty *t = shell("printf 'a \\342\\226\\210\\033[7;31mred\\033[m end'");
    int row, column;
    cr_assert(pty_wait_for(t, "end"), "%s", pty_screen(t));
    cr_assert(pty_find(t, "red", &row, &column));
    cr_assert_eq(row, 0);
    cr_assert_eq(column, 3, "columns are cells, not bytes");
    cr_assert(pty_cell(t, 0, 3).reverse);
    cr_assert_not(pty_cell(t, 0, 3).default_foreground);
    cr_assert_str_eq(pty_cell(t, 0, 2).text, "█");
    pty_end(t);
}

Test(pty, types_keys_and_names)
{
    struct pty *t = shell("stty raw -echo; printf ready; exec cat -v");
    cr_assert(pty_wait_for(t, "ready"));
    pty_type(t, "x<Right><C-r><Less>y");
    cr_assert(pty_wait_for(t, "x^[[C^R<y"), "%s", pty_screen(t));
    cr_assert_not(pty_settings_restored(t));
    pty_end(t);
}

Test(pty, sends_the_mouse_only_where_it_was_asked_for)
{
    struct pty *t = shell("stty raw -echo; printf ready; exec cat -v");
    cr_assert(pty_wait_for(t, "ready"));
    pty_press(t, 1, 2, 4);
    pty_release(t, 1, 2, 4);
    pty_type(t, "end");
    cr_assert(pty_wait_for(t, "readyend"), "%s", pty_screen(t));
    pty_end(t);
}

Test(pty, sends_drags_as_sgr_reports)
{
    struct pty *t = shell("stty raw -echo; printf '\\033[?1002h\\033[?1006hready'; exec cat -v");
    cr_assert(pty_wait_for(t, "ready"));
    cr_assert_eq(pty_mouse_mode(t), PTY_MOUSE_DRAG);
    pty_press(t, 1, 2, 4);
    pty_move(t, 3, 6);
    pty_release(t, 1, 3, 6);
    cr_assert(pty_wait_for(t, "^[[<0;5;3M^[[<32;7;4M^[[<0;7;4m"), "%s", pty_screen(t));
    cr_assert_str_eq(pty_not_restored(t), "mouse reports are still on");
    pty_end(t);
}

Test(pty, pins_the_environment)
{
    const char *const extra[] = {"NO_COLOR=1", NULL};
    struct pty_options options = {.environment = extra};
    const char *const argv[] = {"env", NULL};
    struct pty *t = pty_start(&options, argv);
    int status;
    cr_assert(pty_wait_end(t, &status));
    cr_assert(pty_shows(t, "LC_ALL=C.UTF-8") && pty_shows(t, "TERM=xterm-256color") &&
                  pty_shows(t, "NO_COLOR=1"),
              "%s", pty_screen(t));
    cr_assert_not(pty_shows(t, "LINES="));
    cr_assert(pty_shows(t, pty_directory(t)));
    pty_end(t);
}

Test(pty, tells_how_it_ended)
{
    struct pty *t = shell("exit 3");
    int status;
    cr_assert(pty_wait_end(t, &status));
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    pty_end(t);

    t = shell("printf ready; exec sleep 100");
    cr_assert(pty_wait_for(t, "ready"));
    pty_signal(t, SIGTERM);
    cr_assert(pty_wait_end(t, &status));
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    cr_assert(pty_not_restored(t) == NULL);
    pty_end(t);
}

Test(pty, resizes)
{
    struct pty *t = shell("trap 'stty size' WINCH; printf ready; while :; do read x; done");
    cr_assert(pty_wait_for(t, "ready"));
    pty_resize(t, 16, 60);
    cr_assert(pty_wait_for(t, "16 60"), "%s", pty_screen(t));
    pty_end(t);
}
