#include "src/picture.h"

#include "ui/palette.h"
#include "ui/text.h"

struct look {
    struct paint paint;
    int background;
};

static struct look look_of(const struct cell *cell, enum palette_tier tier)
{
    struct look look = {.paint = palette_paint(tier, (enum ink)cell->ink), .background = -1};
    look.paint.underline = look.paint.underline || cell->is_underlined;
    look.paint.reverse = look.paint.reverse != cell->is_reversed;
    if (cell->back != INK_PLAIN) {
        look.background = palette_paint(tier, (enum ink)cell->back).foreground;
    }
    return look;
}

static bool same_look(const struct look *a, const struct look *b)
{
    return a->background == b->background && a->paint.foreground == b->paint.foreground &&
           a->paint.bold == b->paint.bold && a->paint.dim == b->paint.dim &&
           a->paint.underline == b->paint.underline && a->paint.reverse == b->paint.reverse;
}

static void add_look(struct strbuf *out, const struct look *look)
{
    strbuf_add(out, "\033[0");
    strbuf_add(out, look->paint.bold ? ";1" : "");
    strbuf_add(out, look->paint.dim ? ";2" : "");
    strbuf_add(out, look->paint.underline ? ";4" : "");
    strbuf_add(out, look->paint.reverse ? ";7" : "");
    if (look->paint.foreground >= 0) {
        strbuf_format(out, ";38;5;%d", look->paint.foreground);
    }
    if (look->background >= 0) {
        strbuf_format(out, ";48;5;%d", look->background);
    }
    strbuf_add_char(out, 'm');
}

static void add_row(struct strbuf *out, const struct cell *cells, int width, enum palette_tier tier)
{
    struct look now = {.paint = {.foreground = -1}, .background = -1};
    const struct look plain = now;
    while (width > 0 && cells[width - 1].code == ' ' && !cells[width - 1].is_reversed) {
        width--;
    }
    for (int column = 0; column < width; column++) {
        char bytes[4];
        struct look next = look_of(&cells[column], tier);
        if (!same_look(&now, &next)) {
            add_look(out, &next);
            now = next;
        }
        if (cells[column].code != 0) {
            strbuf_add_n(out, bytes, text_encode(cells[column].code, bytes));
        }
    }
    strbuf_add(out, same_look(&now, &plain) ? "\n" : "\033[0m\n");
}

void picture_ansi(const struct canvas *canvas, bool color, struct strbuf *out)
{
    enum palette_tier tier = color ? PALETTE_256 : PALETTE_MONO;
    for (int row = 0; row < canvas->height; row++) {
        add_row(out, &canvas->cells[(size_t)row * (size_t)canvas->width], canvas->width, tier);
    }
}
