/* Mouse reports in SGR encoding (mode 1006): `ESC [ < buttons ; x ; y M` or `m`. Pure.
 *
 * Source: xterm's ctlseqs, "Extended coordinates"; ncurses' own decoding loses the press of a fast
 * drag, so it is not used.
 */
#ifndef OTPLAN_UI_SGR_MOUSE_H
#define OTPLAN_UI_SGR_MOUSE_H

#include "ui/event.h"

#include <stddef.h>

/* `body` is what stands between `ESC [ <` and the final `M` or `m`. False where it is no report. */
bool sgr_mouse_decode(const char *body, size_t length, char final, struct mouse *out);

#endif
