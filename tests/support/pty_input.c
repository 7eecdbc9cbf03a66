/* Keys, mouse, paste, size and signals. */
#include "tests/support/pty_state.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

void pty_send(struct pty *terminal, const char *bytes, size_t length)
{
    while (length > 0 && !terminal->ended) {
        ssize_t written = write(terminal->master, bytes, length);
        if (written < 0 && errno != EAGAIN && errno != EINTR)
            return;
        if (written < 0)
            pty_pump(terminal, 10); /* the program is not reading: perhaps it waits for us to */
        else {
            bytes += written;
            length -= (size_t)written;
        }
    }
}

static const struct {
    const char *name;
    VTermKey key;
    VTermModifier modifier;
} named_keys[] = {
    {"Enter", VTERM_KEY_ENTER, VTERM_MOD_NONE},
    {"Tab", VTERM_KEY_TAB, VTERM_MOD_NONE},
    {"BackTab", VTERM_KEY_TAB, VTERM_MOD_SHIFT},
    {"Backspace", VTERM_KEY_BACKSPACE, VTERM_MOD_NONE},
    {"Delete", VTERM_KEY_DEL, VTERM_MOD_NONE},
    {"Esc", VTERM_KEY_ESCAPE, VTERM_MOD_NONE},
    {"Up", VTERM_KEY_UP, VTERM_MOD_NONE},
    {"Down", VTERM_KEY_DOWN, VTERM_MOD_NONE},
    {"Left", VTERM_KEY_LEFT, VTERM_MOD_NONE},
    {"Right", VTERM_KEY_RIGHT, VTERM_MOD_NONE},
    {"S-Up", VTERM_KEY_UP, VTERM_MOD_SHIFT},
    {"S-Down", VTERM_KEY_DOWN, VTERM_MOD_SHIFT},
    {"S-Left", VTERM_KEY_LEFT, VTERM_MOD_SHIFT},
    {"S-Right", VTERM_KEY_RIGHT, VTERM_MOD_SHIFT},
    {"Home", VTERM_KEY_HOME, VTERM_MOD_NONE},
    {"End", VTERM_KEY_END, VTERM_MOD_NONE},
    {"PageUp", VTERM_KEY_PAGEUP, VTERM_MOD_NONE},
    {"PageDown", VTERM_KEY_PAGEDOWN, VTERM_MOD_NONE},
};

static void press_named(struct pty *terminal, const char *name, size_t length)
{
    if (length == 3 && memcmp(name, "C-", 2) == 0) {
        pty_send(terminal, &(char){(char)(name[2] & 0x1f)}, 1);
        return;
    }
    if (length == 5 && memcmp(name, "Space", 5) == 0) {
        pty_send(terminal, " ", 1);
        return;
    }
    if (length == 4 && memcmp(name, "Less", 4) == 0) {
        pty_send(terminal, "<", 1);
        return;
    }
    if (length >= 2 && name[0] == 'F') {
        VTermKey key = (VTermKey)VTERM_KEY_FUNCTION(atoi(name + 1));
        vterm_keyboard_key(terminal->vterm, key, VTERM_MOD_NONE);
        return;
    }
    for (size_t i = 0; i < sizeof named_keys / sizeof *named_keys; i++)
        if (strlen(named_keys[i].name) == length && memcmp(named_keys[i].name, name, length) == 0)
            vterm_keyboard_key(terminal->vterm, named_keys[i].key, named_keys[i].modifier);
}

void pty_type(struct pty *terminal, const char *keys)
{
    while (*keys) {
        const char *close = *keys == '<' ? strchr(keys, '>') : NULL;
        if (close) {
            press_named(terminal, keys + 1, (size_t)(close - keys - 1));
            keys = close + 1;
        } else {
            size_t plain = 1 + strcspn(keys + 1, "<");
            pty_send(terminal, keys, plain);
            keys += plain;
        }
    }
}

void pty_paste(struct pty *terminal, const char *text)
{
    bool bracketed = pty_pasting(terminal);
    if (bracketed)
        pty_send(terminal, "\033[200~", 6);
    pty_send(terminal, text, strlen(text));
    if (bracketed)
        pty_send(terminal, "\033[201~", 6);
}

void pty_resize(struct pty *terminal, int rows, int columns)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    pty_pump(terminal, 0);
    terminal->rows = rows;
    terminal->columns = columns;
    vterm_set_size(terminal->vterm, rows, columns);
    ioctl(terminal->master, TIOCSWINSZ, &size);
}

void pty_signal(struct pty *terminal, int number)
{
    kill(terminal->child, number);
}

/* libvterm reports buttons whether the program asked for them or not; motion it gates itself. */
static void button(struct pty *terminal, int number, bool pressed, int row, int column)
{
    vterm_mouse_move(terminal->vterm, row, column, VTERM_MOD_NONE);
    if (terminal->mouse != PTY_MOUSE_OFF)
        vterm_mouse_button(terminal->vterm, number, pressed, VTERM_MOD_NONE);
}

void pty_press(struct pty *terminal, int number, int row, int column)
{
    button(terminal, number, true, row, column);
}

void pty_move(struct pty *terminal, int row, int column)
{
    vterm_mouse_move(terminal->vterm, row, column, VTERM_MOD_NONE);
}

void pty_release(struct pty *terminal, int number, int row, int column)
{
    button(terminal, number, false, row, column);
}
