/* What pty.c, pty_screen.c and pty_input.c share. */
#ifndef OTPLAN_TESTS_PTY_STATE_H
#define OTPLAN_TESTS_PTY_STATE_H

#include "tests/support/pty.h"

#include <sys/types.h>
#include <vterm.h>

struct pty {
    int master, slave, child_handle; /* child_handle: a pidfd, readable once the child has ended */
    pid_t child;
    bool ended;
    int status;
    struct termios at_start;
    char directory[256];
    bool own_directory;

    VTerm *vterm;
    VTermScreen *screen;
    int rows, columns;
    bool alternate, cursor_visible;
    enum pty_mouse mouse;

    char *output;
    size_t output_length, output_room;
    char *text; /* the last string handed out */
};

/* Feeds what the program has written; waits for it at most so many milliseconds. */
void pty_pump(struct pty *terminal, int milliseconds);

#endif
