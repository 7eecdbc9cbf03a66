/* A device's bar: bytes to cells. The whole width is the device's total memory.
 *
 * Segments are split by rounding their *running totals* to eighths of a cell, so that rounding never
 * adds up; a segment that is not zero keeps at least one cell while there is room.
 */
#ifndef OTPLAN_UI_BAR_H
#define OTPLAN_UI_BAR_H

#include "ui/canvas.h"

#include <stdint.h>

enum bar_segment { BAR_DENSE, BAR_EXPERTS, BAR_CACHE, BAR_COMPUTE, BAR_SEGMENTS };

#define BAR_NO_BUDGET UINT64_MAX

struct bar {
    uint64_t bytes[BAR_SEGMENTS];
    uint64_t total;     /* bytes of the whole width */
    uint64_t elsewhere; /* of those, what others use: drawn from the right */
    uint64_t budget;    /* bytes up to which the plan may fill it; BAR_NO_BUDGET: no mark */
    bool fits;
};

struct bar_cells {
    int end[BAR_SEGMENTS];     /* cell after each segment */
    int budget;                /* cell of the budget mark, -1: none */
    int elsewhere;             /* first cell of what others use; = width: none */
    int eighths[BAR_SEGMENTS]; /* end of each segment in eighths of a cell */
    bool overflows;            /* more bytes than the width stands for: the last cell says so */
};

/* Pure. `width` cells. */
void bar_split(const struct bar *bar, int width, struct bar_cells *out);
/* In shades: a glyph for each kind, so that it reads without colour. */
void bar_draw(struct canvas *canvas, int x, int y, int width, const struct bar *bar);
/* In eighths of a cell: finer, for terminals with colour and block glyphs. */
void bar_draw_fine(struct canvas *canvas, int x, int y, int width, const struct bar *bar);
enum ink bar_ink(enum bar_segment segment);
uint32_t bar_glyph(enum bar_segment segment);

#endif
