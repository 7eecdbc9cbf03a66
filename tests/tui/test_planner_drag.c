/* The main job: experts of layers 12 to 20 to CUDA1, by mouse and by keys, over budget and back, other
 * settings, a snapshot, a comparison and an export; every figure against plan --json. */
#include "tests/support/planner_check.h"

#include <criterion/criterion.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t mib = 1048576;
static const int64_t gate_and_up = 18900; /* MiB of gate and up experts in layers 12 to 20 */

static struct pty *demo(void)
{
    struct pty *t = planner_demo(40, 120, NULL, NULL);
    cr_assert_not_null(t);
    cr_assert(pty_shows(t, "CUDA3"), "%s", pty_screen(t));
    return t;
}

static struct spot map(struct pty *t, const char *label, int layer)
{
    struct spot spot;
    cr_assert(planner_map_spot(t, label, layer, &spot), "no row %s:\n%s", label, pty_screen(t));
    return spot;
}

static struct spot bar(struct pty *t, const char *device)
{
    struct spot spot;
    cr_assert(planner_bar_spot(t, device, &spot), "no bar %s:\n%s", device, pty_screen(t));
    return spot;
}

struct glyphs {
    const char *label, *wanted;
};

static bool map_shows(struct pty *t, void *data)
{
    const struct glyphs *glyphs = data;
    return strcmp(planner_map_text(t, glyphs->label, 12, 9), glyphs->wanted) == 0;
}

static void wait_map(struct pty *t, const char *label, const char *wanted)
{
    struct glyphs glyphs = {label, wanted};
    cr_assert(pty_wait(t, map_shows, &glyphs), "%s is not %s:\n%s", label, wanted, pty_screen(t));
}

static void drag_by_mouse(struct pty *t, const char *first, const char *last)
{
    planner_drag(t, map(t, first, 12), map(t, last, 20));
    planner_drag(t, map(t, last, 15), bar(t, "CUDA1"));
}

static void send_by_keys(struct pty *t, const char *first, const char *last)
{
    planner_go(t, first, 12);
    pty_type(t, "v");
    if (strcmp(first, last) != 0)
        pty_type(t, "<Down>");
    pty_type(t, "<Right><Right><Right><Right><Right><Right><Right><Right>m1");
}

typedef void send_function(struct pty *t, const char *first, const char *last);

/* The whole session but for its gestures; returns the arguments at the end. */
static char *session(send_function *send)
{
    struct pty *t = demo();
    struct json_object *before = planner_checked_plan(t);
    int64_t weights = plan_bytes(before, "CUDA1", "model"),
            cache = plan_bytes(before, "CUDA1", "context");

    send(t, "gate", "up");
    wait_map(t, "gate", "111111111");
    wait_map(t, "up", "111111111");
    struct json_object *moved = planner_checked_plan(t);
    cr_assert_eq(plan_bytes(moved, "CUDA1", "model") - weights, gate_and_up * mib);
    cr_assert_eq(plan_bytes(moved, "CUDA1", "context"), cache, "overrides never move the cache");

    send(t, "down", "down");
    wait_map(t, "down", "111111111");
    struct json_object *over = planner_checked_plan(t);
    int64_t excess = -plan_bytes(over, "CUDA1", "headroom");
    cr_assert_gt(excess, 0);
    cr_assert(planner_says_bytes(t, "over", (uint64_t)excess), "%lld bytes over:\n%s",
              (long long)excess, pty_screen(t));

    pty_type(t, "u");
    wait_map(t, "down", "ccccccccc");
    pty_type(t, "<C-r>");
    wait_map(t, "down", "111111111");
    pty_type(t, "u");
    wait_map(t, "down", "ccccccccc");
    wait_map(t, "gate", "111111111");
    json_object_put(planner_checked_plan(t));

    char *arguments = planner_arguments(t);
    pty_type(t, "q");
    json_object_put(before);
    json_object_put(moved);
    json_object_put(over);
    pty_end(t);
    return arguments;
}

Test(planner_drag, by_mouse_and_by_keys_end_in_the_same_arguments)
{
    char *by_mouse = session(drag_by_mouse);
    char *by_keys = session(send_by_keys);
    cr_assert_str_eq(by_mouse, by_keys);
    free(by_mouse);
    free(by_keys);
}

Test(planner_drag, previews_while_it_is_carried_and_forgets_it_elsewhere)
{
    struct pty *t = demo();
    struct bar_figures before, during;
    cr_assert(planner_bar_figures(t, "CUDA1", &before));
    planner_drag(t, map(t, "gate", 12), map(t, "up", 20));
    planner_carry(t, map(t, "up", 15), bar(t, "CUDA1"));
    cr_assert(planner_wait_used_change(t, "CUDA1", before.used));
    cr_assert(planner_bar_figures(t, "CUDA1", &during));
    cr_assert_gt(during.used, before.used + 18000);
    struct spot nowhere = {0, 40};
    pty_move(t, nowhere.row, nowhere.column);
    pty_release(t, 1, nowhere.row, nowhere.column);
    cr_assert(planner_wait_used(t, "CUDA1", before.used), "%s", pty_screen(t));
    wait_map(t, "gate", "ccccccccc");
    pty_end(t);
}

Test(planner_drag, a_boundary_of_the_home_row_takes_the_cache_along)
{
    struct pty *t = demo();
    struct json_object *before = planner_checked_plan(t);
    planner_drag(t, map(t, "home", 16), map(t, "home", 20));
    struct pty *shown = t;
    struct glyphs glyphs = {"home", "000000001"};
    pty_wait(shown, map_shows, &glyphs);
    struct json_object *after = planner_checked_plan(t);
    cr_assert_gt(plan_bytes(after, "CUDA0", "context"), plan_bytes(before, "CUDA0", "context"));
    cr_assert_lt(plan_bytes(after, "CUDA1", "context"), plan_bytes(before, "CUDA1", "context"));
    json_object_put(before);
    json_object_put(after);
    pty_end(t);
}
