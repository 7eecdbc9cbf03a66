#include "ui/bar.h"

__extension__ typedef unsigned __int128 wide; /* not in ISO C; both compilers have it */

/* bytes as cells, in eighths, rounded to nearest; 128-bit so that no size overflows */
static int eighths(uint64_t bytes, uint64_t total, int width)
{
    wide full = (wide)width * 8;
    wide result = total == 0 ? 0 : (bytes * full + total / 2) / total;
    return result > full ? width * 8 : (int)result;
}

static int nearest_cell(int eighth)
{
    return (eighth + 4) / 8;
}

void bar_split(const struct bar *bar, int width, struct bar_cells *out)
{
    uint64_t running = 0;
    int at = 0;
    int wanted = 0; /* segments after this one that still need a cell */
    for (int i = 0; i < BAR_SEGMENTS; i++) {
        wanted += bar->bytes[i] > 0 ? 1 : 0;
    }
    for (int i = 0; i < BAR_SEGMENTS; i++) {
        running += bar->bytes[i];
        int end = nearest_cell(eighths(running, bar->total, width));
        if (bar->bytes[i] > 0) {
            wanted--;
            end = end > at ? end : at + 1;
            end = end > width - wanted ? width - wanted : end;
        }
        at = end > at && bar->bytes[i] > 0 ? end : at;
        out->end[i] = at;
        out->eighths[i] = eighths(running, bar->total, width);
    }
    out->overflows = running > bar->total;
    int others = nearest_cell(eighths(bar->elsewhere, bar->total, width));
    out->elsewhere = width - (others == 0 && bar->elsewhere > 0 ? 1 : others);
    int budget = eighths(bar->budget, bar->total, width) / 8;
    out->budget = bar->budget == BAR_NO_BUDGET ? -1 : budget < width ? budget : width - 1;
}

enum ink bar_ink(enum bar_segment segment)
{
    static const enum ink inks[] = {INK_DENSE, INK_EXPERTS, INK_CACHE, INK_COMPUTE};
    return inks[segment];
}

uint32_t bar_glyph(enum bar_segment segment)
{
    static const uint32_t glyphs[] = {0x2588, 0x2593, 0x2592, 0x2591};
    return glyphs[segment];
}

static void draw_elsewhere(struct canvas *canvas, int x, int y, int width,
                           const struct bar_cells *cells)
{
    for (int i = cells->elsewhere; i < width; i++) {
        canvas_put(canvas, x + i, y, 0x2571, INK_ELSEWHERE);
    }
}

static void draw_marks(struct canvas *canvas, int x, int y, int width, const struct bar *bar,
                       const struct bar_cells *cells)
{
    if (cells->budget >= 0) {
        canvas_put(canvas, x + cells->budget, y, 0x254E, bar->fits ? INK_BUDGET : INK_OVER);
    }
    if (cells->overflows) {
        canvas_put(canvas, x + width - 1, y, 0x25B6, INK_OVER);
    }
}

void bar_draw(struct canvas *canvas, int x, int y, int width, const struct bar *bar)
{
    struct bar_cells cells;
    bar_split(bar, width, &cells);
    draw_elsewhere(canvas, x, y, width, &cells);
    int at = 0;
    for (int segment = 0; segment < BAR_SEGMENTS; segment++) {
        for (; at < cells.end[segment]; at++) {
            canvas_put(canvas, x + at, y, bar_glyph((enum bar_segment)segment),
                       bar_ink((enum bar_segment)segment));
        }
    }
    draw_marks(canvas, x, y, width, bar, &cells);
}

/* The segment that covers this eighth; BAR_SEGMENTS: none. */
static int segment_at(const struct bar_cells *cells, int eighth)
{
    int segment = 0;
    while (segment < BAR_SEGMENTS && eighth >= cells->eighths[segment]) {
        segment++;
    }
    return segment;
}

void bar_draw_fine(struct canvas *canvas, int x, int y, int width, const struct bar *bar)
{
    struct bar_cells cells;
    bar_split(bar, width, &cells);
    draw_elsewhere(canvas, x, y, width, &cells);
    int used = cells.eighths[BAR_SEGMENTS - 1];
    for (int cell = 0; cell < width && cell * 8 < used; cell++) {
        int left = segment_at(&cells, cell * 8);
        int right = segment_at(&cells, cell * 8 + 7);
        int end = cells.eighths[left] - cell * 8; /* eighths of the cell that are the left one's */
        uint32_t glyph = end >= 8 ? 0x2588U : 0x2590U - (uint32_t)end;
        enum ink back =
            right == left || right == BAR_SEGMENTS ? INK_PLAIN : bar_ink((enum bar_segment)right);
        canvas_put_over(canvas, x + cell, y, glyph, bar_ink((enum bar_segment)left), back);
    }
    draw_marks(canvas, x, y, width, bar, &cells);
}
