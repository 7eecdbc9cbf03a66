#include "ui/input.h"

#include "model/base/memory.h"
#include "ui/sgr_mouse.h"
#include "ui/text.h"

#include <stdlib.h>
#include <string.h>

enum { PARTIAL_MS = 500 };

void event_clear(struct event *event)
{
    free(event->text);
    *event = (struct event){0};
}

void input_init(struct input *input, int escape_ms)
{
    *input = (struct input){.escape_ms = escape_ms};
}

void input_clear(struct input *input)
{
    struct event event;
    while (input_next(input, &event)) {
        event_clear(&event);
    }
    free(input->events);
    strbuf_clear(&input->paste);
    *input = (struct input){.escape_ms = input->escape_ms};
}

static void push(struct input *input, struct event event)
{
    if (input->n_events == input->capacity) {
        input->capacity = input->capacity == 0 ? 64 : input->capacity * 2;
        input->events = memory_resize(input->events, input->capacity, sizeof *input->events);
    }
    input->events[input->n_events++] = event;
}

static void push_key(struct input *input, uint32_t key)
{
    key = key == '\n' ? PRESS_ENTER : key == 8 ? PRESS_BACKSPACE : key;
    push(input, (struct event){.kind = EVENT_KEY, .key = key});
}

bool input_next(struct input *input, struct event *out)
{
    if (input->next_event >= input->n_events) {
        input->next_event = input->n_events = 0;
        return false;
    }
    *out = input->events[input->next_event++];
    return true;
}

/* ---- keys ----------------------------------------------------------------------------------- */

static const struct {
    char final;
    uint32_t key, shifted;
} by_letter[] = {
    {'A', PRESS_UP, PRESS_SHIFT_UP},
    {'B', PRESS_DOWN, PRESS_SHIFT_DOWN},
    {'C', PRESS_RIGHT, PRESS_SHIFT_RIGHT},
    {'D', PRESS_LEFT, PRESS_SHIFT_LEFT},
    {'a', PRESS_SHIFT_UP, PRESS_SHIFT_UP}, /* rxvt */
    {'b', PRESS_SHIFT_DOWN, PRESS_SHIFT_DOWN},
    {'c', PRESS_SHIFT_RIGHT, PRESS_SHIFT_RIGHT},
    {'d', PRESS_SHIFT_LEFT, PRESS_SHIFT_LEFT},
    {'H', PRESS_HOME, PRESS_HOME},
    {'F', PRESS_END, PRESS_END},
    {'Z', PRESS_SHIFT_TAB, PRESS_SHIFT_TAB},
    {'P', PRESS_F1, PRESS_F1},
    {'Q', PRESS_F1 + 1, PRESS_F1 + 1},
    {'R', PRESS_F1 + 2, PRESS_F1 + 2},
    {'S', PRESS_F1 + 3, PRESS_F1 + 3},
    {'M', PRESS_ENTER, PRESS_ENTER}, /* keypad */
};

static const struct {
    int number;
    uint32_t key;
} by_number[] = {
    {1, PRESS_HOME},    {2, PRESS_INSERT},    {3, PRESS_DELETE},   {4, PRESS_END},
    {5, PRESS_PAGE_UP}, {6, PRESS_PAGE_DOWN}, {7, PRESS_HOME},     {8, PRESS_END},
    {11, PRESS_F1},     {12, PRESS_F1 + 1},   {13, PRESS_F1 + 2},  {14, PRESS_F1 + 3},
    {15, PRESS_F1 + 4}, {17, PRESS_F1 + 5},   {18, PRESS_F1 + 6},  {19, PRESS_F1 + 7},
    {20, PRESS_F1 + 8}, {21, PRESS_F1 + 9},   {23, PRESS_F1 + 10}, {24, PRESS_F12},
};

static void key_by_letter(struct input *input, char final, bool shift)
{
    for (size_t i = 0; i < sizeof by_letter / sizeof *by_letter; i++) {
        if (by_letter[i].final == final) {
            push_key(input, shift ? by_letter[i].shifted : by_letter[i].key);
        }
    }
}

static void key_by_number(struct input *input, int number)
{
    for (size_t i = 0; i < sizeof by_number / sizeof *by_number; i++) {
        if (by_number[i].number == number) {
            push_key(input, by_number[i].key);
        }
    }
}

/* ---- sequences ------------------------------------------------------------------------------ */

/* Whole `ESC [ body final`. Unknown ones are dropped. */
static void finish_csi(struct input *input, const char *body, size_t length, char final)
{
    struct event event = {.kind = EVENT_MOUSE};
    if (length > 0 && body[0] == '<') {
        if ((final == 'M' || final == 'm') &&
            sgr_mouse_decode(body + 1, length - 1, final, &event.mouse)) {
            push(input, event);
        }
        return;
    }
    bool is_private = length > 0 && (body[0] < '0' || body[0] > '9') && body[0] != ';';
    bool is_answer = length > 0 && final >= 'a' && final <= 'z';
    if (is_private || is_answer) {
        return; /* what a terminal says of itself */
    }
    int number = 0;
    int modifier = 0;
    size_t at = 0;
    for (; at < length && body[at] >= '0' && body[at] <= '9' && number < 1000; at++) {
        number = number * 10 + (body[at] - '0');
    }
    if (at < length && body[at] == ';') {
        for (at++; at < length && body[at] >= '0' && body[at] <= '9' && modifier < 1000; at++) {
            modifier = modifier * 10 + (body[at] - '0');
        }
    }
    if (final == '~' && number == 200) {
        input->is_pasting = true;
        strbuf_reset(&input->paste);
    } else if (final == 'O' && length == 0) {
        push(input, (struct event){.kind = EVENT_FOCUS_LOST});
    } else if (final == '~') {
        key_by_number(input, number);
    } else if (final != 'M' || length == 0) {
        key_by_letter(input, final, modifier == 2);
    }
}

static void add_paste(struct input *input, char byte)
{
    static const char end[] = "\033[201~";
    const size_t n = sizeof end - 1;
    if (input->paste.length < INPUT_PASTE_MAX + n) {
        strbuf_add_char(&input->paste, byte == '\0' ? ' ' : byte);
    } else { /* too much: keep looking for the end in the last bytes */
        char *tail = input->paste.text + input->paste.length - n;
        memmove(tail, tail + 1, n - 1);
        tail[n - 1] = byte == '\0' ? ' ' : byte;
    }
    const char *text = strbuf_text(&input->paste);
    if (input->paste.length >= n && memcmp(text + input->paste.length - n, end, n) == 0) {
        char *content = memory_text_n(text, input->paste.length - n);
        input->is_pasting = false;
        strbuf_clear(&input->paste);
        push(input, (struct event){.kind = EVENT_PASTE, .text = content});
    }
}

static void feed_byte(struct input *input, char byte);

static void restart(struct input *input, char byte)
{
    input->n_held = 0;
    input->is_late = false;
    feed_byte(input, byte);
}

/* Second byte after an escape and on. */
static void feed_sequence(struct input *input, char byte)
{
    if (input->n_held == 1) {
        if (byte == '[' || (byte == 'O' && !input->is_late)) {
            input->held[input->n_held++] = byte;
            return;
        }
        if (!input->is_late) {
            push_key(input, PRESS_ESCAPE);
        }
        restart(input, byte); /* Alt-x is Esc, then x */
        return;
    }
    if (input->held[1] == 'O') {
        input->n_held = 0;
        key_by_letter(input, byte, false);
        return;
    }
    if (input->is_late && input->n_held == 2 && byte != '<') {
        push_key(input, '[');
        restart(input, byte);
        return;
    }
    bool linux_console = input->n_held == 2 && byte == '[';
    bool after_linux = input->n_held == 3 && input->held[2] == '[';
    if (after_linux) { /* ESC [ [ A: F1 to F5 of the Linux console */
        input->n_held = 0;
        if (byte >= 'A' && byte <= 'E') {
            push_key(input, PRESS_F1 + (uint32_t)(byte - 'A'));
        }
        return;
    }
    if (byte == '\033') {
        restart(input, byte); /* a broken sequence: the new one counts */
        return;
    }
    if (!linux_console && byte >= '@' && byte <= '~') {
        size_t length = input->n_held - 2;
        char body[INPUT_SEQUENCE_MAX];
        memcpy(body, input->held + 2, length);
        input->n_held = 0;
        input->is_late = false;
        finish_csi(input, body, length, byte);
        return;
    }
    if (input->n_held == INPUT_SEQUENCE_MAX || (unsigned char)byte < 0x20) {
        input->n_held = 0; /* no sequence is that long, none holds a control */
        return;
    }
    input->held[input->n_held++] = byte;
}

static void feed_character(struct input *input, char byte)
{
    input->held[input->n_held++] = byte;
    unsigned char lead = (unsigned char)input->held[0];
    size_t wanted = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1;
    bool is_tail = ((unsigned char)byte & 0xC0U) == 0x80U;
    if (input->n_held > 1 && !is_tail) {
        restart(input, byte);
        return;
    }
    if (input->n_held < wanted) {
        return;
    }
    char text[5] = {0};
    memcpy(text, input->held, input->n_held);
    input->n_held = 0;
    const char *at = text;
    uint32_t code = text_next(&at);
    if (code != 0xFFFD && code != 0) {
        push_key(input, code);
    }
}

static void feed_byte(struct input *input, char byte)
{
    if (input->is_pasting) {
        add_paste(input, byte);
    } else if (input->n_held > 0 && input->held[0] == '\033') {
        feed_sequence(input, byte);
    } else if (byte == '\033') {
        input->held[0] = byte;
        input->n_held = 1;
        input->is_late = false;
    } else {
        feed_character(input, byte);
    }
}

void input_feed(struct input *input, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        feed_byte(input, bytes[i]);
    }
}

int input_wait_ms(const struct input *input)
{
    if (input->n_held == 0 || input->held[0] != '\033' || (input->n_held == 1 && input->is_late)) {
        return -1;
    }
    return input->n_held == 1 ? input->escape_ms : PARTIAL_MS;
}

void input_timeout(struct input *input)
{
    if (input->n_held == 0 || input->held[0] != '\033') {
        return;
    }
    if (input->n_held == 1 && !input->is_late) {
        push_key(input, PRESS_ESCAPE);
        input->is_late = true; /* `[<` may still follow */
    } else if (input->n_held == 2 && input->is_late) {
        push_key(input, '[');
        input->n_held = 0;
        input->is_late = false;
    } else if (input->n_held > 1 && input->held[1] == '[' && input->held[2] != '<') {
        input->n_held = 0;
    }
}
