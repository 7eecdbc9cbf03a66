/* Themes in the real program: one that comes with it, one's own, a wrong one; by command and by the settings file. */
#include "tests/support/planner_terminal.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char directory[64];

static void write_file(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file, "%s", path);
    fputs(text, file);
    fclose(file);
}

static void make_folder(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    mkdir(path, 0700);
}

static void with_home(void)
{
    snprintf(directory, sizeof directory, "/tmp/otplan-theme-XXXXXX");
    cr_assert_not_null(mkdtemp(directory));
    make_folder("config");
    make_folder("config/otplan");
    make_folder("config/otplan/themes");
    write_file("config/otplan/themes/mine", "dense = #ff0000\nexperts = #0000ff bold\n");
    write_file("config/otplan/themes/wrong", "dense = #ff0000\nexperts = bleu\n");
}

static void without_home(void)
{
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    cr_assert_eq(system(command), 0);
}

TestSuite(planner_theme, .init = with_home, .fini = without_home);

static struct pty *demo(void)
{
    const char *const argv[] = {OTPLAN_PROGRAM, "demo", NULL};
    struct pty_options options = {.directory = directory};
    struct pty *t = pty_start(&options, argv);
    cr_assert_not_null(t);
    cr_assert(pty_wait_for(t, "NORMAL"), "%s", pty_screen(t));
    return t;
}

/* The first cell of CUDA0's bar is its dense weights. */
static bool is_red(struct pty *t, void *data)
{
    int row, column;
    (void)data;
    if (!pty_find(t, "0 CUDA0 ", &row, &column))
        return false;
    struct pty_cell cell = pty_cell(t, row, column + 8);
    return cell.foreground[0] > 200 && cell.foreground[1] < 60 && cell.foreground[2] < 60;
}

static bool is_not_red(struct pty *t, void *data)
{
    return !is_red(t, data);
}

Test(planner_theme, is_taken_by_command_and_shown_at_once)
{
    struct pty *t = demo();
    cr_assert(is_not_red(t, NULL));
    pty_type(t, ":theme mi<Tab><Enter>");
    cr_assert(pty_wait(t, is_red, NULL), "%s", pty_screen(t));
    pty_type(t, ":theme wrong<Enter>");
    cr_assert(pty_wait_for(t, "line 2: no colour"), "%s", pty_screen(t));
    cr_assert(is_red(t, NULL), "a wrong theme changes nothing");
    pty_type(t, ":theme ../../secret<Enter>");
    cr_assert(pty_wait_for(t, "no theme"), "%s", pty_screen(t));
    pty_type(t, ":theme contrast<Enter>");
    cr_assert(pty_wait(t, is_not_red, NULL), "%s", pty_screen(t));
    cr_assert(pty_wait_for(t, "theme contrast"));
    pty_end(t);
}

Test(planner_theme, is_taken_from_the_settings_file)
{
    write_file("config/otplan/config.json", "{\"theme\": \"mine\"}");
    struct pty *t = demo();
    cr_assert(pty_wait(t, is_red, NULL), "%s", pty_screen(t));
    pty_end(t);
    write_file("config/otplan/config.json", "{\"theme\": \"wrong\"}");
    t = demo();
    cr_assert(pty_wait_for(t, "wrong: line 2"), "%s", pty_screen(t));
    pty_end(t);
}
