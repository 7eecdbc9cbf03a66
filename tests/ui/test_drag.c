/* Gestures: one meaning each, and every way out. */
#include "ui/drag.h"

#include <criterion/criterion.h>

static const struct hit cell = {.place = PLACE_CELL, .device = -2, .row = 3, .layer = 12};
static const struct hit other_cell = {.place = PLACE_CELL, .device = -2, .row = 4, .layer = 20};
static const struct hit chosen = {
    .place = PLACE_CELL, .device = -2, .row = 3, .layer = 15, .is_selected = true};
static const struct hit boundary = {
    .place = PLACE_CELL, .device = -2, .row = 0, .layer = 16, .boundary = 16};
static const struct hit bar = {.place = PLACE_BAR, .device = 1};
static const struct hit nothing = {.place = PLACE_NOTHING, .device = -2};

static enum gesture send(struct drag *drag, enum mouse_action action, int button,
                         const struct hit *hit, uint64_t time)
{
    struct mouse mouse = {.action = action, .button = button};
    return drag_event(drag, &mouse, hit, time);
}

Test(drag, press_on_another_cell_and_drag_is_a_rectangle)
{
    struct drag drag = {0};
    cr_assert_eq(send(&drag, MOUSE_PRESS, 0, &cell, 0), GESTURE_RECTANGLE);
    cr_assert_eq(send(&drag, MOUSE_MOVE, 0, &other_cell, 9), GESTURE_RECTANGLE);
    cr_assert_eq(send(&drag, MOUSE_RELEASE, 0, &other_cell, 10), GESTURE_RECTANGLE_DONE);
    cr_assert_eq(drag.state, DRAG_IDLE);
}

Test(drag, press_on_a_selected_cell_and_drag_carries)
{
    struct drag drag = {0};
    cr_assert_eq(send(&drag, MOUSE_PRESS, 0, &chosen, 0), GESTURE_NONE);
    cr_assert_eq(send(&drag, MOUSE_MOVE, 0, &bar, 1), GESTURE_CARRY);
    cr_assert_eq(send(&drag, MOUSE_RELEASE, 0, &bar, 2), GESTURE_DROP);
    cr_assert_eq(drag.now.device, 1);
}

Test(drag, a_click_on_the_selection_moves_nothing)
{
    struct drag drag = {0};
    send(&drag, MOUSE_PRESS, 0, &chosen, 0);
    cr_assert_eq(send(&drag, MOUSE_RELEASE, 0, &chosen, 2), GESTURE_CLICK);
}

Test(drag, a_boundary_moves_and_a_click_on_it_selects)
{
    struct drag drag = {0};
    send(&drag, MOUSE_PRESS, 0, &boundary, 0);
    cr_assert_eq(send(&drag, MOUSE_MOVE, 0, &cell, 1), GESTURE_BOUNDARY);
    cr_assert_eq(send(&drag, MOUSE_RELEASE, 0, &cell, 2), GESTURE_BOUNDARY_DONE);
    send(&drag, MOUSE_PRESS, 0, &boundary, 1000);
    cr_assert_eq(send(&drag, MOUSE_RELEASE, 0, &boundary, 1001), GESTURE_RECTANGLE_DONE);
}

Test(drag, every_way_out_cancels)
{
    for (int way = 0; way < 3; way++) {
        struct drag drag = {0};
        send(&drag, MOUSE_PRESS, 0, &chosen, 0);
        send(&drag, MOUSE_MOVE, 0, &bar, 1);
        enum gesture gesture = way == 0   ? send(&drag, MOUSE_MOVE, 3, &bar, 2)
                               : way == 1 ? send(&drag, MOUSE_PRESS, 0, &bar, 2)
                                          : drag_cancel(&drag);
        cr_assert_eq(gesture, GESTURE_CANCEL);
        cr_assert_eq(send(&drag, MOUSE_RELEASE, 0, &bar, 3), GESTURE_NONE, "dropped by way %d",
                     way);
    }
}

Test(drag, double_click_is_two_presses_in_one_place_soon)
{
    struct drag drag = {0};
    send(&drag, MOUSE_PRESS, 0, &cell, 0);
    send(&drag, MOUSE_RELEASE, 0, &cell, 50);
    cr_assert_eq(send(&drag, MOUSE_PRESS, 0, &cell, 300), GESTURE_DOUBLE);
    send(&drag, MOUSE_RELEASE, 0, &cell, 350);
    cr_assert_neq(send(&drag, MOUSE_PRESS, 0, &cell, 500), GESTURE_DOUBLE, "the third");
    send(&drag, MOUSE_RELEASE, 0, &cell, 510);
    cr_assert_neq(send(&drag, MOUSE_PRESS, 0, &cell, 2000), GESTURE_DOUBLE, "too late");
}

Test(drag, the_right_button_paints_cells_only)
{
    struct drag drag = {0};
    cr_assert_eq(send(&drag, MOUSE_PRESS, 2, &cell, 0), GESTURE_PAINT);
    cr_assert_eq(send(&drag, MOUSE_MOVE, 2, &other_cell, 1), GESTURE_PAINT);
    cr_assert_eq(send(&drag, MOUSE_RELEASE, 2, &nothing, 2), GESTURE_PAINT_DONE);
    cr_assert_eq(send(&drag, MOUSE_PRESS, 2, &bar, 3), GESTURE_NONE);
}
