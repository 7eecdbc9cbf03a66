/* Gives the terminal back by bytes alone: safe inside a signal handler. */
#ifndef OTPLAN_UI_TERMINAL_RESTORE_H
#define OTPLAN_UI_TERMINAL_RESTORE_H

#include <stdbool.h>

/* Remembers the terminal's settings and installs handlers for crashes: restore, then the handler
 * that was there before, so core dumps and sanitizers still work. */
void restore_prepare(int descriptor);
void restore_forget(void);         /* handlers off again */
void restore_modes_on(bool mouse); /* bracketed paste, focus reports, mouse reports */
void restore_modes_off(void);
void restore_now(void); /* everything, signal-safe; no-op unless prepared */

#endif
