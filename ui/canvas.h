/* A screen as a value: a grid of cells. Views draw into it, the terminal shows it, tests read it.
 *
 * Drawing is clipped to the clip rectangle; nothing outside is an error. In ASCII mode every glyph
 * is replaced on the way in, by a letter for each kind of bar segment.
 */
#ifndef OTPLAN_UI_CANVAS_H
#define OTPLAN_UI_CANVAS_H

#include "model/base/strbuf.h"
#include "ui/ink.h"

#include <stdbool.h>
#include <stdint.h>

struct cell {
    uint32_t code;      /* what is shown; 0 in the second cell of a wide character */
    uint8_t ink;        /* enum ink */
    uint8_t back;       /* ink whose colour lies behind; INK_PLAIN: the terminal's own */
    bool is_reversed;   /* selected and the like: ink and background change places */
    bool is_underlined; /* locked */
};

struct rect {
    int x, y, width, height;
};

struct canvas {
    int width, height;
    struct cell *cells; /* owned, row by row */
    struct rect clip;
    bool ascii;
    int cursor_x, cursor_y; /* where the terminal's own cursor stands; -1: hidden */
};

void canvas_init(struct canvas *canvas, int width, int height, bool ascii); /* blank */
void canvas_clear(struct canvas *canvas);                                   /* frees */
/* Blank again, resized if need be, clip and cursor reset. */
void canvas_reset(struct canvas *canvas, int width, int height);
void canvas_clip(struct canvas *canvas, struct rect rect);
void canvas_unclip(struct canvas *canvas);

void canvas_put(struct canvas *canvas, int x, int y, uint32_t code, enum ink ink);
/* A glyph in front of another ink's colour: where two segments of a bar share a cell. */
void canvas_put_over(struct canvas *canvas, int x, int y, uint32_t code, enum ink ink,
                     enum ink back);
/* Draws sanitised UTF-8 from x, at most `cells` wide (negative: to the edge), cut with `…` where it
 * is longer. Returns the x after it. */
int canvas_text(struct canvas *canvas, int x, int y, int cells, enum ink ink, const char *text);
int canvas_format(struct canvas *canvas, int x, int y, enum ink ink, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* The same, ending at x (exclusive). */
void canvas_right(struct canvas *canvas, int x, int y, enum ink ink, const char *text);
void canvas_fill(struct canvas *canvas, struct rect rect, uint32_t code, enum ink ink);
/* Reverses what is there. */
void canvas_reverse(struct canvas *canvas, struct rect rect);
void canvas_underline(struct canvas *canvas, struct rect rect);
void canvas_tint(struct canvas *canvas, struct rect rect, enum ink ink);
/* A blank rectangle with a frame and a title, for prompts and pop-ups. */
void canvas_box(struct canvas *canvas, struct rect rect, const char *title);

/* The text of the screen, one line a row, trailing blanks removed. Appends to `out`. */
void canvas_dump(const struct canvas *canvas, struct strbuf *out);
/* One letter per cell for its ink, '^' where reversed: the second plane of a golden screen. */
void canvas_dump_inks(const struct canvas *canvas, struct strbuf *out);

/* The ASCII twin of a glyph; itself where it is ASCII. */
uint32_t canvas_ascii(uint32_t code);

#endif
