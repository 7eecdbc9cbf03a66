/* The harness itself, on shell one-liners: what it says about a program must be so before it is believed
 * about ours. */
#include "tests/support/terminal.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

static struct terminal *shell(const char *script)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    struct terminal *terminal = terminal_start(NULL, argv);
    cr_assert(terminal != NULL);
    return terminal;
}

Test(terminal, reads_cells_with_their_colours)
{
    struct terminal *t = shell("printf 'a \\342\\226\\210\\033[7;31mred\\033[m end'");
    int row, column;
    cr_assert(terminal_wait_for(t, "end"), "%s", terminal_screen(t));
    cr_assert(terminal_find(t, "red", &row, &column));
    cr_assert_eq(row, 0);
    cr_assert_eq(column, 3, "columns are cells, not bytes");
    cr_assert(terminal_cell(t, 0, 3).reverse);
    cr_assert_not(terminal_cell(t, 0, 3).default_foreground);
    cr_assert_str_eq(terminal_cell(t, 0, 2).text, "█");
    terminal_end(t);
}

Test(terminal, types_keys_and_names)
{
    struct terminal *t = shell("stty raw -echo; printf ready; exec cat -v");
    cr_assert(terminal_wait_for(t, "ready"));
    terminal_type(t, "x<Right><C-r><Less>y");
    cr_assert(terminal_wait_for(t, "x^[[C^R<y"), "%s", terminal_screen(t));
    cr_assert_not(terminal_settings_restored(t));
    terminal_end(t);
}

Test(terminal, sends_the_mouse_only_where_it_was_asked_for)
{
    struct terminal *t = shell("stty raw -echo; printf ready; exec cat -v");
    cr_assert(terminal_wait_for(t, "ready"));
    terminal_press(t, 1, 2, 4);
    terminal_release(t, 1, 2, 4);
    terminal_type(t, "end");
    cr_assert(terminal_wait_for(t, "readyend"), "%s", terminal_screen(t));
    terminal_end(t);
}

Test(terminal, sends_drags_as_sgr_reports)
{
    struct terminal *t =
        shell("stty raw -echo; printf '\\033[?1002h\\033[?1006hready'; exec cat -v");
    cr_assert(terminal_wait_for(t, "ready"));
    cr_assert_eq(terminal_mouse_mode(t), TERMINAL_MOUSE_DRAG);
    terminal_press(t, 1, 2, 4);
    terminal_move(t, 3, 6);
    terminal_release(t, 1, 3, 6);
    cr_assert(terminal_wait_for(t, "^[[<0;5;3M^[[<32;7;4M^[[<0;7;4m"), "%s", terminal_screen(t));
    cr_assert_str_eq(terminal_not_restored(t), "mouse reports are still on");
    terminal_end(t);
}

Test(terminal, pins_the_environment)
{
    const char *const extra[] = {"NO_COLOR=1", NULL};
    struct terminal_options options = {.environment = extra};
    const char *const argv[] = {"env", NULL};
    struct terminal *t = terminal_start(&options, argv);
    int status;
    cr_assert(terminal_wait_end(t, &status));
    cr_assert(terminal_shows(t, "LC_ALL=C.UTF-8") && terminal_shows(t, "TERM=xterm-256color") &&
                  terminal_shows(t, "NO_COLOR=1"),
              "%s", terminal_screen(t));
    cr_assert_not(terminal_shows(t, "LINES="));
    cr_assert(terminal_shows(t, terminal_directory(t)));
    terminal_end(t);
}

Test(terminal, tells_how_it_ended)
{
    struct terminal *t = shell("exit 3");
    int status;
    cr_assert(terminal_wait_end(t, &status));
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    terminal_end(t);

    t = shell("printf ready; exec sleep 100");
    cr_assert(terminal_wait_for(t, "ready"));
    terminal_signal(t, SIGTERM);
    cr_assert(terminal_wait_end(t, &status));
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    cr_assert(terminal_not_restored(t) == NULL);
    terminal_end(t);
}

Test(terminal, resizes)
{
    struct terminal *t = shell("trap 'stty size' WINCH; printf ready; while :; do read x; done");
    cr_assert(terminal_wait_for(t, "ready"));
    terminal_resize(t, 16, 60);
    cr_assert(terminal_wait_for(t, "16 60"), "%s", terminal_screen(t));
    terminal_end(t);
}
