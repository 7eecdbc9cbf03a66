/* A real program in a real terminal: a pseudo-terminal whose other end is libvterm. What the program
 * writes becomes cells to read; what the test types or does with the mouse reaches the program as that
 * terminal would send it, so a mouse mode that was not asked for sends nothing.
 *
 * The program gets an environment of its own (C.UTF-8, xterm-256color, UTC, an empty HOME and XDG folders
 * in a temporary directory that is also its working directory; nothing of LINES, COLUMNS, NO_COLOR or
 * LLAMA_ARG_*). Nothing here sleeps: every wait is for a condition, with a deadline. Rows and columns
 * count from 0. Strings returned belong to the terminal and live until the next call that returns one. */
#ifndef OTPLAN_TESTS_PTY_H
#define OTPLAN_TESTS_PTY_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

struct pty;

struct pty_options {
    int rows, columns;              /* 0: 24 x 80 */
    const char *term;               /* NULL: xterm-256color */
    const char *const *environment; /* NAME=value sets, NAME unsets; NULL-terminated, or NULL */
    const char *directory;          /* to run in, also HOME; NULL: a temporary one */
};

struct pty_cell {
    char text[28]; /* UTF-8; a blank where nothing was drawn */
    bool bold, reverse, underline;
    bool default_foreground, default_background;
    int foreground[3], background[3]; /* RGB */
};

struct pty *pty_start(const struct pty_options *options, const char *const argv[]);
void pty_end(struct pty *terminal); /* kills what still runs; NULL is fine */
const char *pty_directory(const struct pty *terminal);

/* Reading the screen. pty_row drops blanks at the end; pty_screen is for messages and files. */
const char *pty_row(struct pty *terminal, int row);
const char *pty_screen(struct pty *terminal);
struct pty_cell pty_cell(struct pty *terminal, int row, int column);
bool pty_find(struct pty *terminal, const char *text, int *row, int *column);
bool pty_shows(struct pty *terminal, const char *text);
int pty_rows(const struct pty *terminal);
int pty_columns(const struct pty *terminal);

/* Everything the program has written so far, as bytes. */
const char *pty_output(const struct pty *terminal, size_t *length);

/* Waiting: until it is so, the program ends, or half a minute has passed. False where it never was. */
bool pty_wait(struct pty *terminal, bool (*condition)(struct pty *, void *), void *data);
bool pty_wait_for(struct pty *terminal, const char *text);
bool pty_wait_gone(struct pty *terminal, const char *text);
bool pty_wait_end(struct pty *terminal, int *status); /* as waitpid gives it */

/* Acting. In pty_type, "<Name>" is a key: Enter Tab BackTab Esc Backspace Delete Up Down Left Right
 * S-Up ... Home End PageUp PageDown F1-F12 Space C-a ... C-z, and Less for a literal `<`. An Esc must be
 * the last of its call, and the next call must wait for what it did: a terminal cannot tell it from Alt. */
void pty_type(struct pty *terminal, const char *keys);
void pty_send(struct pty *terminal, const char *bytes, size_t length);
void pty_paste(struct pty *terminal, const char *text);
void pty_resize(struct pty *terminal, int rows, int columns);
void pty_signal(struct pty *terminal, int signal);

/* Buttons: 1 left, 2 middle, 3 right, 4 and 5 the wheel. */
void pty_press(struct pty *terminal, int button, int row, int column);
void pty_move(struct pty *terminal, int row, int column);
void pty_release(struct pty *terminal, int button, int row, int column);

/* What the program has switched on. */
enum pty_mouse { PTY_MOUSE_OFF, PTY_MOUSE_CLICK, PTY_MOUSE_DRAG, PTY_MOUSE_MOVE };
enum pty_mouse pty_mouse_mode(const struct pty *terminal);
bool pty_alternate(const struct pty *terminal);
bool pty_cursor_visible(const struct pty *terminal);
bool pty_pasting(const struct pty *terminal);           /* bracketed paste */
bool pty_settings_restored(const struct pty *terminal); /* termios as before the start */

/* NULL where the terminal is as it was before the program started, else what is not. */
const char *pty_not_restored(const struct pty *terminal);
/* The same, once it is or the time is over: another process may do it. */
const char *pty_wait_restored(struct pty *terminal);

#endif
