/* The mouse in its other places: painting, wheels, labels and heads, an edge that scrolls, a window that changes
 * its size meanwhile. And a planner that nobody touches. */
#include "tests/support/planner_terminal.h"
#include "tests/support/pty_state.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct spot map(struct pty *t, const char *label, int layer)
{
    struct spot spot;
    cr_assert(planner_map_spot(t, label, layer, &spot), "no row %s:\n%s", label, pty_screen(t));
    return spot;
}

struct glyphs {
    const char *label, *wanted;
    int layer;
};

static bool map_shows(struct pty *t, void *data)
{
    const struct glyphs *glyphs = data;
    return strcmp(planner_map_text(t, glyphs->label, glyphs->layer, (int)strlen(glyphs->wanted)),
                  glyphs->wanted) == 0;
}

static void wait_map(struct pty *t, const char *label, int layer, const char *wanted)
{
    struct glyphs glyphs = {label, wanted, layer};
    cr_assert(pty_wait(t, map_shows, &glyphs), "%s is not %s:\n%s", label, wanted, pty_screen(t));
}

Test(planner_mouse, right_button_paints_with_the_last_target)
{
    struct pty *t = planner_demo(40, 120, NULL, NULL);
    struct spot first = map(t, "gate", 30);
    pty_press(t, 3, first.row, first.column);
    pty_release(t, 3, first.row, first.column);
    cr_assert(pty_wait_for(t, "no target yet"), "%s", pty_screen(t));
    planner_go(t, "gate", 20);
    pty_type(t, "m2");
    wait_map(t, "gate", 19, "c2c");
    pty_press(t, 3, first.row, first.column);
    for (int i = 1; i <= 3; i++)
        pty_move(t, first.row, first.column + i);
    pty_move(t, first.row + 1, first.column + 3);
    cr_assert(pty_wait_for(t, "PAINT"), "%s", pty_screen(t));
    pty_release(t, 3, first.row + 1, first.column + 3);
    wait_map(t, "gate", 29, "c2222c");
    wait_map(t, "up", 29, "cccc2c");
    pty_type(t, "u");
    wait_map(t, "gate", 29, "cccccc");
    pty_end(t);
}

Test(planner_mouse, labels_heads_and_double_clicks_select_rows_and_layers)
{
    struct pty *t = planner_demo(40, 120, NULL, NULL);
    struct spot cell = map(t, "gate", 5), home = map(t, "home", 5);
    pty_press(t, 1, cell.row, 4);
    pty_release(t, 1, cell.row, 4);
    cr_assert(pty_wait_for(t, "selected: 60 tensors"), "%s", pty_screen(t));
    pty_press(t, 1, home.row - 1, home.column);
    pty_move(t, home.row - 1, home.column + 1);
    pty_release(t, 1, home.row - 1, home.column + 1);
    cr_assert(pty_wait_for(t, "selected: 36 tensors"), "%s", pty_screen(t));
    for (int i = 0; i < 2; i++) {
        pty_press(t, 1, cell.row, cell.column);
        pty_release(t, 1, cell.row, cell.column);
    }
    cr_assert(pty_wait_for(t, "selected: 18 tensors"), "%s", pty_screen(t));
    pty_end(t);
}

Test(planner_mouse, the_wheel_scrolls_what_is_under_it)
{
    struct pty *t = planner_demo(24, 80, NULL, NULL);
    int row, column;
    cr_assert(pty_find(t, "blk.0.ffn_down.weight", &row, &column), "%s", pty_screen(t));
    for (int i = 0; i < 3; i++) {
        pty_press(t, 5, row, column);
        pty_release(t, 5, row, column);
    }
    cr_assert(pty_wait_gone(t, "blk.0.ffn_down.weight"), "%s", pty_screen(t));
    for (int i = 0; i < 3; i++)
        pty_press(t, 4, row, column);
    cr_assert(pty_wait_for(t, "blk.0.ffn_down.weight"), "%s", pty_screen(t));
    pty_type(t, "?");
    cr_assert(pty_wait_for(t, "otplan  Help"));
    char *before = strdup(pty_row(t, 4));
    pty_press(t, 5, 10, 10);
    cr_assert(pty_wait_gone(t, before), "%s", pty_screen(t));
    free(before);
    pty_end(t);
}

Test(planner_mouse, an_edge_scrolls_on_while_the_mouse_rests_there)
{
    struct pty *t = planner_demo(24, 60, NULL, NULL);
    struct spot cell = map(t, "gate", 30);
    cr_assert(pty_shows(t, "›"), "%s", pty_screen(t));
    pty_press(t, 1, cell.row, cell.column);
    for (int column = cell.column; column < 60; column++)
        pty_move(t, cell.row, column);
    cr_assert(pty_wait_gone(t, "›"), "%s", pty_screen(t));
    pty_release(t, 1, cell.row, 59);
    cr_assert(pty_wait_for(t, "selected: 31 tensors"), "%s", pty_screen(t));
    pty_end(t);
}

Test(planner_mouse, a_window_that_changes_while_dragging_drops_nothing)
{
    struct pty *t = planner_demo(40, 120, NULL, NULL);
    struct spot from = map(t, "gate", 12), to = map(t, "up", 20), bar;
    planner_drag(t, from, to);
    cr_assert(pty_wait_for(t, "selected: 18 tensors"), "%s", pty_screen(t));
    cr_assert(planner_bar_spot(t, "CUDA1", &bar));
    planner_carry(t, to, bar);
    cr_assert(pty_wait_for(t, "fits 9 of 9 layers"), "%s", pty_screen(t));
    pty_resize(t, 24, 80);
    cr_assert(pty_wait_for(t, " attn   "), "%s", pty_screen(t));
    pty_release(t, 1, bar.row, bar.column);
    wait_map(t, "gate", 12, "ccccccccc");
    cr_assert(pty_wait_for(t, "1 rule, verified"), "%s", pty_screen(t));
    pty_end(t);
}

Test(planner_mouse, says_which_of_the_layers_would_fit)
{
    struct pty *t = planner_demo(40, 120, NULL, NULL);
    struct spot from = map(t, "gate", 12), to = map(t, "down", 20), bar;
    planner_drag(t, from, to);
    cr_assert(pty_wait_for(t, "selected: 27 tensors"), "%s", pty_screen(t));
    cr_assert(planner_bar_spot(t, "CUDA1", &bar));
    planner_carry(t, to, bar);
    cr_assert(pty_wait_for(t, "fits 6 of 9 layers (12-17); "), "%s", pty_screen(t));
    cr_assert(pty_shows(t, "over budget"), "%s", pty_screen(t));
    pty_type(t, "<Esc>");
    cr_assert(pty_wait_gone(t, "CARRY"), "%s", pty_screen(t));
    wait_map(t, "gate", 12, "ccccccccc");
    pty_type(t, "m1");
    cr_assert(pty_wait_for(t, "CUDA1 over budget by"), "%s", pty_screen(t));
    pty_end(t);
}

static long switches(const struct pty *t)
{
    char path[64], line[256];
    long count = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)t->child);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        sscanf(line, "voluntary_ctxt_switches: %ld", &count);
    if (file)
        fclose(file);
    return count;
}

/* Is there a second and a half in which it is not woken and writes nothing? What an edit set off may take a while on
 * a busy machine; a program that polls never gets there. */
static void rests(struct pty *t, const char *where)
{
    bool quiet = false;
    for (int i = 0; i < 10 && !quiet; i++) {
        size_t before = 0, after = 0;
        long woken = switches(t);
        cr_assert_geq(woken, 0);
        pty_output(t, &before);
        pty_pump(t, 1500);
        pty_output(t, &after);
        quiet = switches(t) == woken && after == before;
    }
    cr_assert(quiet, "%s: it is woken again and again", where);
}

Test(planner_mouse, idle_it_sleeps)
{
    struct pty *t = planner_demo(40, 120, NULL, NULL);
    cr_assert(pty_wait_for(t, "verified"));
    pty_type(t, ":set ctx 40960<Enter>");
    cr_assert(pty_wait_for(t, "ctx 40960"));
    cr_assert(pty_wait_for(t, "verified"));
    rests(t, "after an edit");
    pty_type(t, "p");
    cr_assert(pty_wait_for(t, "llama"), "%s", pty_screen(t));
    rests(t, "after a probe");
    pty_type(t, "a");
    cr_assert(pty_wait_for(t, "u undoes"), "%s", pty_screen(t));
    cr_assert(pty_wait_for(t, "verified"));
    rests(t, "after the optimiser");
    pty_end(t);
}
