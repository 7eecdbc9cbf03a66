/* Bytes from the terminal to events: keys, SGR mouse reports, bracketed paste, focus. Pure, with
 * state: a sequence may be cut anywhere by a read boundary.
 *
 * An escape alone becomes the Esc key when no more came within input_wait_ms. A mouse report cut
 * right after its escape (a slow link) is still recognised afterwards.
 */
#ifndef OTPLAN_UI_INPUT_H
#define OTPLAN_UI_INPUT_H

#include "model/base/strbuf.h"
#include "ui/event.h"

#include <stddef.h>

enum { INPUT_SEQUENCE_MAX = 64, INPUT_PASTE_MAX = 1 << 20 };

struct input {
    char held[INPUT_SEQUENCE_MAX]; /* a sequence or character that is not complete */
    size_t n_held;
    bool is_late; /* `held` follows an escape that was already given out as a key */
    bool is_pasting;
    struct strbuf paste;
    struct event *events; /* decoded, waiting: a queue */
    size_t n_events, next_event, capacity;
    int escape_ms; /* ESCDELAY: how long an escape may wait for its sequence */
};

void input_init(struct input *input, int escape_ms);
void input_clear(struct input *input);
void input_feed(struct input *input, const char *bytes, size_t n);
/* Takes the next event; false when there is none. The caller clears it. */
bool input_next(struct input *input, struct event *out);
/* How long to wait for the rest of what is held, in milliseconds; -1: nothing is held. */
int input_wait_ms(const struct input *input);
/* That time is over: what is held becomes a key or is dropped. */
void input_timeout(struct input *input);

#endif
