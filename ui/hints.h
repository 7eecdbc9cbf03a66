/* Hints at the foot of a screen: "key label", two blanks apart, as in "u undo  Ctrl-r redo  q back". Keys stand out,
 * and a click on a hint is its key.
 */
#ifndef OTPLAN_UI_HINTS_H
#define OTPLAN_UI_HINTS_H

#include "ui/canvas.h"

/* From x, within `cells`; returns the x after it. */
int hints_draw(struct canvas *canvas, int x, int y, int cells, const char *text);

/* The key of the hint, or of a question's answer, that was drawn at a cell; 0: none is there. */
uint32_t hints_key_at(const struct canvas *canvas, int x, int y);

#endif
