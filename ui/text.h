/* Text on the way to the screen: UTF-8 in, code points and widths out, nothing dangerous through.
 *
 * Names come from files and are not trusted: controls (C0, C1), bidirectional overrides, zero-width
 * and invalid bytes become `?`. Widths are libc's (wcwidth), so they follow the locale.
 */
#ifndef OTPLAN_UI_TEXT_H
#define OTPLAN_UI_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Next code point of `*text`, which moves on; 0 at the end. Invalid bytes give U+FFFD, one a byte. */
uint32_t text_next(const char **text);
/* Appends `code` as UTF-8: returns the bytes written (1-4) into `out`, not terminated. */
size_t text_encode(uint32_t code, char out[4]);
/* The code point to show for `code`: itself, or '?' where it must not reach a terminal. */
uint32_t text_sanitise(uint32_t code);
/* Cells of one code point: 1 or 2 (never 0: what has no width is shown as `?`). */
int text_cells(uint32_t code);
/* Cells of a whole UTF-8 text, sanitised. */
int text_width(const char *text);
/* The next line of `*text` that fits `cells`, broken at a blank where there is one; `*text` moves on. */
void text_line(const char **text, int cells, char *out, size_t n);
/* Start of the code point before `at` in `text` (for a cursor that walks back). */
size_t text_before(const char *text, size_t at);

#endif
