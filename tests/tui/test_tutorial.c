/* The tutorial's tables, played on the real program: the keys of the first column, then what the second says is on
 * the screen. */
#include "tests/support/planner_terminal.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* Text between the next two backticks, with `\|` as Markdown's `|`; where it ends, or NULL. */
static const char *quoted(const char *at, const char *end, char out[128])
{
    const char *open = memchr(at, '`', (size_t)(end - at));
    const char *close = open ? memchr(open + 1, '`', (size_t)(end - open - 1)) : NULL;
    size_t n = 0;
    for (const char *from = open ? open + 1 : NULL; close && from < close && n < 127; from++)
        if (!(from[0] == '\\' && from[1] == '|'))
            out[n++] = *from;
    out[n] = '\0';
    return close ? close + 1 : NULL;
}

static void press(struct pty *t, const char *what, int times)
{
    static const char *const names[] = {"Home", "Down",  "Right", "Left",
                                        "Up",   "Enter", "Tab",   "Esc"};
    char keys[140];
    snprintf(keys, sizeof keys, "%s", what);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(what, names[i]) == 0)
            snprintf(keys, sizeof keys, "<%s>", what);
    if (strncmp(what, "Ctrl-", 5) == 0)
        snprintf(keys, sizeof keys, "<C-%s>", what + 5);
    for (int i = 0; i < times; i++)
        pty_type(t, keys);
}

/* "| `a` `b` x3 | words `shown` |" */
static void play(struct pty *t, const char *row)
{
    const char *end = strstr(row + 1, " | "), *at = row;
    char text[128], shown[128] = "";
    cr_assert_not_null(end, "%s", row);
    while ((at = quoted(at, end, text)) != NULL)
        press(t, text, strncmp(at, " x", 2) == 0 ? atoi(at + 2) : 1);
    for (at = end; (at = quoted(at, row + strlen(row), text)) != NULL;)
        snprintf(shown, sizeof shown, "%s", text);
    if (shown[0] != '\0')
        cr_assert(pty_wait_for(t, shown), "%s: not '%s':\n%s", row, shown, pty_screen(t));
}

static void play_all(int rows, int columns)
{
    FILE *file = fopen(OTPLAN_SOURCE "/docs/tutorial.md", "r");
    char line[512];
    int played = 0, status = -1;
    cr_assert_not_null(file);
    struct pty *t = planner_demo(rows, columns, NULL, NULL);
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "| `", 3) == 0) {
            play(t, line);
            played++;
        }
    }
    fclose(file);
    cr_assert_gt(played, 20);
    cr_assert(pty_wait_end(t, &status), "%s", pty_screen(t));
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    cr_assert_null(pty_not_restored(t));
    pty_end(t);
}

Test(tutorial, can_be_followed_in_a_small_window)
{
    play_all(24, 80);
}

Test(tutorial, can_be_followed_in_a_large_window)
{
    play_all(50, 200);
}
