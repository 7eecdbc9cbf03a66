/* What the user did, after decoding. */
#ifndef OTPLAN_UI_EVENT_H
#define OTPLAN_UI_EVENT_H

#include <stdbool.h>
#include <stdint.h>

enum event_kind {
    EVENT_KEY,
    EVENT_MOUSE,
    EVENT_PASTE,      /* bracketed: never acts as keys */
    EVENT_FOCUS_LOST, /* ends a drag */
};

/* Keys that are no character. Characters are their code point; Ctrl-A is 1. */
enum press {
    PRESS_ESCAPE = 27,
    PRESS_ENTER = '\r',
    PRESS_TAB = '\t',
    PRESS_BACKSPACE = 127,
    PRESS_UP = 0x110000,
    PRESS_DOWN,
    PRESS_LEFT,
    PRESS_RIGHT,
    PRESS_SHIFT_UP,
    PRESS_SHIFT_DOWN,
    PRESS_SHIFT_LEFT,
    PRESS_SHIFT_RIGHT,
    PRESS_HOME,
    PRESS_END,
    PRESS_PAGE_UP,
    PRESS_PAGE_DOWN,
    PRESS_INSERT,
    PRESS_DELETE,
    PRESS_SHIFT_TAB,
    PRESS_F1,
    PRESS_F12 = PRESS_F1 + 11,
};
enum { PRESS_CONTROL = 0x1F }; /* 'x' & PRESS_CONTROL */

enum mouse_action { MOUSE_PRESS, MOUSE_MOVE, MOUSE_RELEASE, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN };

struct mouse {
    enum mouse_action action;
    int button; /* 0 left, 1 middle, 2 right; 3: motion without a button */
    int x, y;   /* cells from 0 */
    bool shift, alt, control;
};

struct event {
    enum event_kind kind;
    uint32_t key; /* EVENT_KEY: code point or enum press */
    struct mouse mouse;
    char *text; /* EVENT_PASTE: owned by the event; free with event_clear */
};

void event_clear(struct event *event);

#endif
