/* The mouse as a state machine: press, motion and release over named places become gestures. Pure.
 *
 * Each gesture has one meaning: press on a selected cell and drag carries the selection, on another
 * cell starts a rectangle; the right button paints; a boundary of the home row moves. A new press, a
 * motion without a button, Esc or lost focus cancels.
 */
#ifndef OTPLAN_UI_DRAG_H
#define OTPLAN_UI_DRAG_H

#include "ui/event.h"

#include <stddef.h>

enum place {
    PLACE_NOTHING,
    PLACE_BAR,    /* `device` */
    PLACE_CELL,   /* `row`, `layer` */
    PLACE_HEAD,   /* column head: `layer` */
    PLACE_LABEL,  /* row label: `row` */
    PLACE_TENSOR, /* line `index` of the tensor list */
    PLACE_ARGUMENTS,
};

struct hit {
    enum place place;
    int device;
    size_t row;
    uint32_t layer;
    uint32_t index;
    bool is_selected;   /* the cell or line belongs to the selection */
    uint32_t boundary;  /* home row: first layer of the run that begins or ends here, 0: none */
    int edge_x, edge_y; /* -1, 0, 1: at the edge of the map, for scrolling */
};

enum gesture {
    GESTURE_NONE,
    GESTURE_RECTANGLE,
    GESTURE_RECTANGLE_DONE, /* from `start` to `now` */
    GESTURE_CLICK,          /* on `start`, which is selected or no cell */
    GESTURE_DOUBLE,
    GESTURE_CARRY,
    GESTURE_DROP, /* `now` says over what */
    GESTURE_BOUNDARY,
    GESTURE_BOUNDARY_DONE,
    GESTURE_PAINT,
    GESTURE_PAINT_DONE,
    GESTURE_HEADS,
    GESTURE_HEADS_DONE, /* whole layers from start to now */
    GESTURE_LABEL,      /* a whole row */
    GESTURE_CANCEL,
    GESTURE_WHEEL, /* `amount` over `now` */
};

enum drag_state {
    DRAG_IDLE,
    DRAG_PRESSED,
    DRAG_RECTANGLE,
    DRAG_CARRY,
    DRAG_BOUNDARY,
    DRAG_PAINT,
    DRAG_HEADS
};

struct drag {
    enum drag_state state;
    struct hit start, before, now; /* before: where the last event was */
    int amount;                    /* wheel: -1 up, 1 down */
    uint64_t last_press_ms;
    struct hit last_press;
};

/* `time_ms` tells a double click. */
enum gesture drag_event(struct drag *drag, const struct mouse *mouse, const struct hit *hit,
                        uint64_t time_ms);
/* Esc, lost focus. GESTURE_CANCEL where something was being dragged. */
enum gesture drag_cancel(struct drag *drag);

#endif
