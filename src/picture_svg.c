#include "src/picture.h"

#include "ui/palette.h"
#include "ui/text.h"

enum { CELL_WIDTH = 8, CELL_HEIGHT = 17, BASELINE = 13, BORDER = 8 };

static const long default_paper = 0x1c1e26;
static const long default_ink = 0xd6d8de;

struct look {
    long ink, paper;
    bool bold, underline;
};

static struct look look_of(const struct cell *cell)
{
    struct paint paint = palette_paint(PALETTE_DIRECT, (enum ink)cell->ink);
    struct paint back = palette_paint(PALETTE_DIRECT, (enum ink)cell->back);
    struct look look = {
        .ink = paint.foreground >= 0 ? paint.foreground : default_ink,
        .paper = cell->back != INK_PLAIN && back.foreground >= 0 ? back.foreground : default_paper,
        .bold = paint.bold,
        .underline = paint.underline || cell->is_underlined,
    };
    if (paint.reverse != cell->is_reversed) {
        long ink = look.ink;
        look.ink = look.paper;
        look.paper = ink;
    }
    return look;
}

static bool same_look(const struct look *a, const struct look *b)
{
    return a->ink == b->ink && a->paper == b->paper && a->bold == b->bold &&
           a->underline == b->underline;
}

static void add_code(struct strbuf *out, uint32_t code)
{
    char bytes[8] = {0};
    switch (code) {
    case '<':
        strbuf_add(out, "&lt;");
        return;
    case '>':
        strbuf_add(out, "&gt;");
        return;
    case '&':
        strbuf_add(out, "&amp;");
        return;
    case '"':
        strbuf_add(out, "&quot;");
        return;
    default:
        /* XML has no place for these two, nor for controls */
        code = code == 0xFFFE || code == 0xFFFF || (code < 0x20 && code != '\n') ? '?' : code;
        strbuf_add_n(out, bytes, text_encode(code, bytes));
    }
}

void picture_escape(struct strbuf *out, const char *text)
{
    for (uint32_t code = text_next(&text); code != 0; code = text_next(&text)) {
        add_code(out, code);
    }
}

/* ---- cells ---------------------------------------------------------------------------------- */

static const struct cell *row_of(const struct canvas *canvas, int row)
{
    return &canvas->cells[(size_t)row * (size_t)canvas->width];
}

static void add_box(struct strbuf *out, double x, int row, double width, long colour,
                    double opacity)
{
    strbuf_format(out, "<rect x=\"%g\" y=\"%d\" width=\"%g\" height=\"%d\" fill=\"#%06lx\"", x,
                  row * CELL_HEIGHT, width, CELL_HEIGHT, (unsigned long)colour);
    if (opacity < 1) {
        strbuf_format(out, " opacity=\"%g\"", opacity);
    }
    strbuf_add(out, "/>\n");
}

/* Blocks are drawn, not written: fonts leave gaps between them. */
static bool add_block(struct strbuf *out, int row, int column, uint32_t code, long colour)
{
    enum { FULL = 0x2588, EIGHTH = 0x258F, SHADE = 0x2591, DARKEST = 0x2593 };
    if (code >= FULL && code <= EIGHTH) {
        double eighths = EIGHTH + 1 - (double)code;
        add_box(out, column * CELL_WIDTH, row, CELL_WIDTH * eighths / 8, colour, 1);
        return true;
    }
    if (code >= SHADE && code <= DARKEST) {
        double quarters = (double)code - SHADE + 1;
        add_box(out, column * CELL_WIDTH, row, CELL_WIDTH, colour, quarters / 4);
        return true;
    }
    return false;
}

/* One word, stretched to its cells whatever the font's width. */
static void add_word(struct strbuf *out, const struct cell *cells, int row, int column, int n,
                     const struct look *look)
{
    strbuf_format(out, "<text x=\"%d\" y=\"%d\" textLength=\"%d\" fill=\"#%06lx\"%s%s>",
                  column * CELL_WIDTH, row * CELL_HEIGHT + BASELINE, n * CELL_WIDTH,
                  (unsigned long)look->ink, look->bold ? " font-weight=\"bold\"" : "",
                  look->underline ? " text-decoration=\"underline\"" : "");
    for (int i = 0; i < n; i++) {
        if (cells[column + i].code != 0) {
            add_code(out, cells[column + i].code);
        }
    }
    strbuf_add(out, "</text>\n");
}

static void add_run(struct strbuf *out, const struct cell *cells, int row, int start, int end,
                    const struct look *look)
{
    int word = start;
    for (int column = start; column < end; column++) {
        uint32_t code = cells[column].code;
        if (code != ' ' && !add_block(out, row, column, code, look->ink)) {
            continue;
        }
        if (column > word) {
            add_word(out, cells, row, word, column - word, look);
        }
        word = column + 1;
    }
    if (end > word) {
        add_word(out, cells, row, word, end - word, look);
    }
}

static void add_row(struct strbuf *out, const struct canvas *canvas, int row)
{
    const struct cell *cells = row_of(canvas, row);
    int start = 0;
    while (start < canvas->width) {
        struct look look = look_of(&cells[start]);
        int end = start + 1;
        while (end < canvas->width) {
            struct look next = look_of(&cells[end]);
            if (!same_look(&look, &next)) {
                break;
            }
            end++;
        }
        if (look.paper != default_paper) {
            add_box(out, start * CELL_WIDTH, row, (end - start) * CELL_WIDTH, look.paper, 1);
        }
        add_run(out, cells, row, start, end, &look);
        start = end;
    }
}

void picture_svg(const struct canvas *canvas, const char *title, struct strbuf *out)
{
    int width = canvas->width * CELL_WIDTH + 2 * BORDER;
    int height = canvas->height * CELL_HEIGHT + 2 * BORDER;
    strbuf_format(out,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"%d %d %d %d\" role=\"img\" "
                  "shape-rendering=\"crispEdges\" font-family=\"DejaVu Sans "
                  "Mono,Menlo,Consolas,monospace\" font-size=\"13\">\n<title>",
                  -BORDER, -BORDER, width, height);
    picture_escape(out, title);
    strbuf_format(out,
                  "</title>\n<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"6\" "
                  "fill=\"#%06lx\"/>\n",
                  -BORDER, -BORDER, width, height, (unsigned long)default_paper);
    for (int row = 0; row < canvas->height; row++) {
        add_row(out, canvas, row);
    }
    strbuf_add(out, "</svg>\n");
}
