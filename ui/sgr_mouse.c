#include "ui/sgr_mouse.h"

enum { SHIFT = 4, ALT = 8, CONTROL = 16, MOTION = 32, WHEEL = 64, LARGEST = 100000 };

static bool read_number(const char *body, size_t length, size_t *at, int *out)
{
    size_t start = *at;
    int value = 0;
    while (*at < length && body[*at] >= '0' && body[*at] <= '9') {
        value = value * 10 + (body[*at] - '0');
        if (value > LARGEST) {
            return false;
        }
        (*at)++;
    }
    *out = value;
    return *at > start;
}

bool sgr_mouse_decode(const char *body, size_t length, char final, struct mouse *out)
{
    int field[3];
    size_t at = 0;
    for (int i = 0; i < 3; i++) {
        if (!read_number(body, length, &at, &field[i])) {
            return false;
        }
        bool separated = i == 2 ? at == length : at < length && body[at] == ';';
        if (!separated) {
            return false;
        }
        at++;
    }
    int code = field[0];
    if (field[1] < 1 || field[2] < 1) {
        return false;
    }
    *out = (struct mouse){
        .x = field[1] - 1,
        .y = field[2] - 1,
        .button = code & 3,
        .shift = (code & SHIFT) != 0,
        .alt = (code & ALT) != 0,
        .control = (code & CONTROL) != 0,
    };
    if ((code & WHEEL) != 0) {
        if ((code & 3) > 1 || final == 'm') {
            return false; /* sideways wheels, and releases of wheels */
        }
        out->action = (code & 3) == 0 ? MOUSE_WHEEL_UP : MOUSE_WHEEL_DOWN;
        return true;
    }
    out->action = (code & MOTION) != 0 ? MOUSE_MOVE : final == 'm' ? MOUSE_RELEASE : MOUSE_PRESS;
    return code < 128;
}
