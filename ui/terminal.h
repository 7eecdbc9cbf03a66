/* The terminal: opened once, restored whatever happens. The only file that knows ncurses.
 *
 * ncurses draws and diffs; keys and mouse are read as bytes and decoded by ui/input. State is at file
 * scope, because there is one terminal and signal handlers must reach it.
 */
#ifndef OTPLAN_UI_TERMINAL_H
#define OTPLAN_UI_TERMINAL_H

#include "model/base/error.h"
#include "ui/canvas.h"
#include "ui/palette.h"

#include <stdbool.h>
#include <stddef.h>

struct terminal_options {
    bool mouse;
    bool color; /* false: mono */
};

/* LC_CTYPE from the environment; a locale that is not installed becomes C.UTF-8, a chosen C stays.
 * Returns whether block glyphs can be shown. */
bool terminal_locale(void);

/* ERROR_SYSTEM: no terminal, TERM unknown or too simple, with what to do. */
bool terminal_open(const struct terminal_options *options, struct error *error);
void terminal_close(void);   /* idempotent */
void terminal_suspend(void); /* gives the terminal back and stops; returns after SIGCONT */

enum terminal_event {
    TERMINAL_INPUT = 1,   /* bytes can be read */
    TERMINAL_RESIZED = 2, /* size changed; already taken over */
    TERMINAL_GONE = 4,    /* hung up, closed or told to end: save and leave */
    TERMINAL_STOP = 8,    /* told to suspend */
    TERMINAL_RESUMED = 16,
};
/* Waits (-1: for ever) and returns a set of enum terminal_event; 0 after the time. */
unsigned terminal_wait(int timeout_ms);
/* Ends a wait from another thread; no-op while no terminal is open. */
void terminal_wake(void);
/* Bytes typed, 0 when none are left or the terminal is gone. Never blocks. */
size_t terminal_read(char *bytes, size_t n);
int terminal_end_signal(void); /* the signal behind TERMINAL_GONE, 0: none */

void terminal_size(int *width, int *height);
void terminal_show(const struct canvas *canvas); /* sends only what changed */
void terminal_redraw(void);                      /* the next show repaints everything */
void terminal_mouse(bool on);
void terminal_copy(const char *text); /* to the clipboard, OSC 52 */
bool terminal_has_color(void);
/* Copied; from the next frame on, or from the first. */
void terminal_theme(const struct palette *palette);
int terminal_escape_ms(void); /* ESCDELAY, 25 unless set */

#endif
