/* The main screen at its sizes and with less than a modern terminal. */
#include "tests/support/planner_check.h"

#include <criterion/criterion.h>
#include <json.h>
#include <stdlib.h>
#include <string.h>

static struct pty *demo(int rows, int columns, const char *environment, const char *argument)
{
    const char *const variables[] = {environment, NULL}, *const arguments[] = {argument, NULL};
    struct pty *t =
        planner_demo(rows, columns, environment ? variables : NULL, argument ? arguments : NULL);
    cr_assert_not_null(t);
    cr_assert(pty_shows(t, "CUDA3"), "%s", pty_screen(t));
    return t;
}

static void agrees(struct pty *t)
{
    char difference[512];
    char *arguments = planner_arguments(t);
    cr_assert_not_null(arguments, "y copied nothing:\n%s", pty_screen(t));
    struct json_object *plan = planner_plan_json(arguments);
    cr_assert(planner_agrees(t, plan, difference, sizeof difference), "%s\n%s\n%s", difference,
              arguments, pty_screen(t));
    json_object_put(plan);
    free(arguments);
}

Test(planner_screen, shows_the_plan_at_its_two_sizes)
{
    struct pty *t = demo(24, 80, NULL, NULL);
    agrees(t);
    pty_end(t);
    t = demo(40, 120, NULL, NULL);
    agrees(t);
    cr_assert(pty_shows(t, "1096 tensors"), "%s", pty_screen(t));
    cr_assert(pty_shows(t, "RTX 5090"), "%s", pty_screen(t));
    pty_end(t);
}

/* All bars, and the map as this width has it: what an earlier width left cannot pass for it. */
static bool is_whole(struct pty *t, void *data)
{
    struct bar_figures figures;
    (void)data;
    return planner_bar_figures(t, "CUDA0", &figures) && planner_bar_figures(t, "CPU", &figures) &&
           pty_shows(t, "attention") == (pty_columns(t) >= 100) && pty_shows(t, "verified") &&
           (pty_columns(t) < 80 || strcmp(planner_map_text(t, "home", 60, 1), "3") == 0);
}

static bool asks_for_room(struct pty *t, void *data)
{
    (void)data;
    return pty_shows(t, "60") && !pty_shows(t, "CUDA3");
}

Test(planner_screen, follows_the_window)
{
    static const int sizes[][2] = {{16, 60}, {24, 80}, {50, 200}, {40, 120}, {24, 80}};
    struct pty *t = demo(40, 120, NULL, NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        pty_resize(t, sizes[i][0], sizes[i][1]);
        cr_assert(pty_wait(t, is_whole, NULL), "%d x %d:\n%s", sizes[i][0], sizes[i][1],
                  pty_screen(t));
    }
    agrees(t);
    for (int i = 0; i < 60; i++) /* faster than it can draw */
        pty_resize(t, 16 + i * 7 % 40, 60 + i * 13 % 90);
    pty_resize(t, 24, 80);
    cr_assert(pty_wait(t, is_whole, NULL), "after a storm:\n%s", pty_screen(t));
    agrees(t);
    pty_resize(t, 5, 20);
    cr_assert(pty_wait(t, asks_for_room, NULL), "%s", pty_screen(t));
    pty_resize(t, 1, 1);
    pty_resize(t, 24, 80);
    cr_assert(pty_wait(t, is_whole, NULL), "%s", pty_screen(t));
    agrees(t);
    pty_end(t);
}

static void all_ascii(struct pty *t)
{
    for (const char *text = pty_screen(t); *text; text++)
        cr_assert((unsigned char)*text < 0x80, "%s", pty_screen(t));
    for (int layer = 0; layer < 61; layer += 10)
        cr_assert_str_eq(planner_map_text(t, "gate", layer == 0 ? 1 : layer, 1), "c");
}

Test(planner_screen, does_without_blocks)
{
    struct pty *t = demo(24, 80, NULL, "--ascii");
    all_ascii(t);
    agrees(t);
    pty_end(t);
    t = demo(24, 80, "LC_ALL=C", NULL);
    all_ascii(t);
    pty_end(t);
}

static void no_colour(struct pty *t)
{
    for (int row = 0; row < pty_rows(t); row++) {
        for (int column = 0; column < pty_columns(t); column++) {
            struct pty_cell cell = pty_cell(t, row, column);
            cr_assert(cell.default_foreground && cell.default_background, "%d, %d: %s", row, column,
                      cell.text);
        }
    }
}

Test(planner_screen, does_without_colours_and_still_says_all)
{
    static const struct {
        const char *environment, *argument;
    } ways[] = {{"NO_COLOR=1", NULL}, {NULL, "--color=never"}};
    for (size_t i = 0; i < 2; i++) {
        struct pty *t = demo(24, 80, ways[i].environment, ways[i].argument);
        no_colour(t);
        planner_go(t, "gate", 12);
        pty_type(t, "V<Right><Right><Right><Right><Right><Right><Right><Right>");
        no_colour(t);
        agrees(t);
        pty_end(t);
    }
}

Test(planner_screen, uses_colours_where_there_are_some)
{
    static const char *const terms[] = {"TERM=xterm-256color", "TERM=xterm", "TERM=linux",
                                        "TERM=screen"};
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        struct pty *t = demo(24, 80, terms[i], NULL);
        struct spot spot;
        cr_assert(planner_bar_spot(t, "CUDA0", &spot));
        bool coloured = false;
        for (int row = 0; row < 24; row++) {
            for (int column = 0; column < 80; column++) {
                struct pty_cell cell = pty_cell(t, row, column);
                coloured = coloured || !cell.default_foreground;
                cr_assert(strcmp(cell.text, " ") == 0 || cell.reverse ||
                              memcmp(cell.foreground, cell.background, sizeof cell.foreground) != 0,
                          "%s: invisible %s at %d, %d", terms[i], cell.text, row, column);
            }
        }
        cr_assert(coloured, "%s", terms[i]);
        pty_end(t);
    }
}

/* Keys go on while the optimiser works, and its line stands again behind what they say. */
Test(planner_screen, the_optimiser_says_how_it_gets_on_until_it_is_done)
{
    struct pty *t = demo(24, 80, NULL, NULL);
    pty_type(t, "al");
    cr_assert(pty_wait_for(t, "auto speed is at work, "), "%s", pty_screen(t));
    cr_assert(pty_shows(t, "Tensors of layer 1:"), "%s", pty_screen(t));
    cr_assert(pty_wait_for(t, "t/s, before "), "%s", pty_screen(t));
    pty_end(t);
}
