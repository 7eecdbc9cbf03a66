/* A real program in a real terminal: a pseudo-terminal whose other end is libvterm. What the program
 * writes becomes cells to read; what the test types or does with the mouse reaches the program as that
 * terminal would send it, so a mouse mode that was not asked for sends nothing.
 *
 * The program gets an environment of its own (C.UTF-8, xterm-256color, UTC, an empty HOME and XDG folders
 * in a temporary directory that is also its working directory; nothing of LINES, COLUMNS, NO_COLOR or
 * LLAMA_ARG_*). Nothing here sleeps: every wait is for a condition, with a deadline. Rows and columns
 * count from 0. Strings returned belong to the terminal and live until the next call that returns one. */
#ifndef OTPLAN_TESTS_TERMINAL_H
#define OTPLAN_TESTS_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

struct terminal;

struct terminal_options {
    int rows, columns;              /* 0: 24 x 80 */
    const char *term;               /* NULL: xterm-256color */
    const char *const *environment; /* NAME=value sets, NAME unsets; NULL-terminated, or NULL */
    const char *directory;          /* to run in, also HOME; NULL: a temporary one */
};

struct terminal_cell {
    char text[28]; /* UTF-8; a blank where nothing was drawn */
    bool bold, reverse, underline;
    bool default_foreground, default_background;
    int foreground[3], background[3]; /* RGB */
};

struct terminal *terminal_start(const struct terminal_options *options, const char *const argv[]);
void terminal_end(struct terminal *terminal); /* kills what still runs; NULL is fine */
const char *terminal_directory(const struct terminal *terminal);

/* Reading the screen. terminal_row drops blanks at the end; terminal_screen is for messages and files. */
const char *terminal_row(struct terminal *terminal, int row);
const char *terminal_screen(struct terminal *terminal);
struct terminal_cell terminal_cell(struct terminal *terminal, int row, int column);
bool terminal_find(struct terminal *terminal, const char *text, int *row, int *column);
bool terminal_shows(struct terminal *terminal, const char *text);
int terminal_rows(const struct terminal *terminal);
int terminal_columns(const struct terminal *terminal);

/* Everything the program has written so far, as bytes. */
const char *terminal_output(const struct terminal *terminal, size_t *length);

/* Waiting: until it is so, the program ends, or half a minute has passed. False where it never was. */
bool terminal_wait(struct terminal *terminal, bool (*condition)(struct terminal *, void *),
                   void *data);
bool terminal_wait_for(struct terminal *terminal, const char *text);
bool terminal_wait_gone(struct terminal *terminal, const char *text);
bool terminal_wait_end(struct terminal *terminal, int *status); /* as waitpid gives it */
bool terminal_wait_stopped(struct terminal *terminal);          /* suspended; within some seconds */

/* Acting. In terminal_type, "<Name>" is a key: Enter Tab BackTab Esc Backspace Delete Up Down Left Right
 * S-Up ... Home End PageUp PageDown F1-F12 Space C-a ... C-z, and Less for a literal `<`. An Esc must be
 * the last of its call, and the next call must wait for what it did: a terminal cannot tell it from Alt. */
void terminal_type(struct terminal *terminal, const char *keys);
void terminal_send(struct terminal *terminal, const char *bytes, size_t length);
void terminal_paste(struct terminal *terminal, const char *text);
void terminal_resize(struct terminal *terminal, int rows, int columns);
void terminal_signal(struct terminal *terminal, int signal);

/* Buttons: 1 left, 2 middle, 3 right, 4 and 5 the wheel. */
void terminal_press(struct terminal *terminal, int button, int row, int column);
void terminal_move(struct terminal *terminal, int row, int column);
void terminal_release(struct terminal *terminal, int button, int row, int column);

/* What the program has switched on. */
enum terminal_mouse {
    TERMINAL_MOUSE_OFF,
    TERMINAL_MOUSE_CLICK,
    TERMINAL_MOUSE_DRAG,
    TERMINAL_MOUSE_MOVE
};
enum terminal_mouse terminal_mouse_mode(const struct terminal *terminal);
bool terminal_alternate(const struct terminal *terminal);
bool terminal_cursor_visible(const struct terminal *terminal);
bool terminal_pasting(const struct terminal *terminal);           /* bracketed paste */
bool terminal_settings_restored(const struct terminal *terminal); /* termios as before the start */

/* NULL where the terminal is as it was before the program started, else what is not. */
const char *terminal_not_restored(const struct terminal *terminal);

#endif
