#include "ui/drag.h"

enum { DOUBLE_CLICK_MS = 400 };

static bool same_place(const struct hit *a, const struct hit *b)
{
    return a->place == b->place && a->device == b->device && a->row == b->row &&
           a->layer == b->layer && a->index == b->index;
}

static bool is_double(const struct drag *drag, const struct hit *hit, uint64_t time_ms)
{
    return (hit->place == PLACE_CELL || hit->place == PLACE_TENSOR) &&
           same_place(hit, &drag->last_press) && time_ms - drag->last_press_ms <= DOUBLE_CLICK_MS;
}

static enum gesture press(struct drag *drag, const struct mouse *mouse, const struct hit *hit,
                          uint64_t time_ms)
{
    if (drag->state != DRAG_IDLE) {
        return drag_cancel(drag);
    }
    bool twice = mouse->button == 0 && is_double(drag, hit, time_ms);
    drag->start = drag->before = drag->now = *hit;
    drag->last_press = *hit;
    drag->last_press_ms = twice ? 0 : time_ms; /* a third press begins anew */
    if (twice) {
        return GESTURE_DOUBLE;
    }
    if (mouse->button == 2) {
        drag->state = hit->place == PLACE_CELL ? DRAG_PAINT : DRAG_IDLE;
        return hit->place == PLACE_CELL ? GESTURE_PAINT : GESTURE_NONE;
    }
    if (mouse->button != 0) {
        return GESTURE_NONE;
    }
    switch (hit->place) {
    case PLACE_CELL:
        if (hit->is_selected) {
            drag->state = DRAG_PRESSED;
            return GESTURE_NONE;
        }
        if (hit->boundary > 0) {
            drag->state = DRAG_PRESSED;
            return GESTURE_NONE;
        }
        drag->state = DRAG_RECTANGLE;
        return GESTURE_RECTANGLE;
    case PLACE_TENSOR:
        drag->state = DRAG_PRESSED;
        return GESTURE_CLICK;
    case PLACE_HEAD:
        drag->state = DRAG_HEADS;
        return GESTURE_HEADS;
    case PLACE_LABEL:
        return GESTURE_LABEL;
    case PLACE_BAR:
    case PLACE_ARGUMENTS:
        return GESTURE_CLICK;
    case PLACE_NOTHING:
        break;
    }
    return GESTURE_NONE;
}

static enum gesture move(struct drag *drag, const struct mouse *mouse, const struct hit *hit)
{
    if (mouse->button == 3) {
        return drag_cancel(drag); /* the release was lost outside the window */
    }
    drag->before = drag->now;
    drag->now = *hit;
    switch (drag->state) {
    case DRAG_IDLE:
        return GESTURE_NONE;
    case DRAG_PRESSED:
        if (same_place(&drag->start, hit)) {
            return GESTURE_NONE;
        }
        if (drag->start.place == PLACE_CELL && !drag->start.is_selected) {
            drag->state = DRAG_BOUNDARY;
            return GESTURE_BOUNDARY;
        }
        drag->state = DRAG_CARRY;
        return GESTURE_CARRY;
    case DRAG_RECTANGLE:
        return GESTURE_RECTANGLE;
    case DRAG_CARRY:
        return GESTURE_CARRY;
    case DRAG_BOUNDARY:
        return GESTURE_BOUNDARY;
    case DRAG_PAINT:
        return GESTURE_PAINT;
    case DRAG_HEADS:
        return GESTURE_HEADS;
    }
    return GESTURE_NONE;
}

static enum gesture release(struct drag *drag, const struct hit *hit)
{
    enum drag_state state = drag->state;
    drag->state = DRAG_IDLE;
    drag->now = *hit;
    switch (state) {
    case DRAG_IDLE:
        return GESTURE_NONE;
    case DRAG_PRESSED:
        if (drag->start.place == PLACE_TENSOR) {
            return GESTURE_NONE; /* the press already put the cursor there */
        }
        return drag->start.is_selected ? GESTURE_CLICK : GESTURE_RECTANGLE_DONE;
    case DRAG_RECTANGLE:
        return GESTURE_RECTANGLE_DONE;
    case DRAG_CARRY:
        return GESTURE_DROP;
    case DRAG_BOUNDARY:
        return GESTURE_BOUNDARY_DONE;
    case DRAG_PAINT:
        return GESTURE_PAINT_DONE;
    case DRAG_HEADS:
        return GESTURE_HEADS_DONE;
    }
    return GESTURE_NONE;
}

enum gesture drag_event(struct drag *drag, const struct mouse *mouse, const struct hit *hit,
                        uint64_t time_ms)
{
    switch (mouse->action) {
    case MOUSE_PRESS:
        return press(drag, mouse, hit, time_ms);
    case MOUSE_MOVE:
        return move(drag, mouse, hit);
    case MOUSE_RELEASE:
        return release(drag, hit);
    case MOUSE_WHEEL_UP:
    case MOUSE_WHEEL_DOWN:
        drag->now = *hit;
        drag->amount = mouse->action == MOUSE_WHEEL_UP ? -1 : 1;
        return GESTURE_WHEEL;
    }
    return GESTURE_NONE;
}

enum gesture drag_cancel(struct drag *drag)
{
    bool active = drag->state != DRAG_IDLE;
    drag->state = DRAG_IDLE;
    return active ? GESTURE_CANCEL : GESTURE_NONE;
}
