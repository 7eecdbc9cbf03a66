#include "ui/canvas.h"

#include "model/base/memory.h"
#include "ui/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void canvas_init(struct canvas *canvas, int width, int height, bool ascii)
{
    *canvas = (struct canvas){.ascii = ascii};
    canvas_reset(canvas, width, height);
}

void canvas_clear(struct canvas *canvas)
{
    free(canvas->cells);
    *canvas = (struct canvas){0};
}

void canvas_reset(struct canvas *canvas, int width, int height)
{
    width = width > 0 ? width : 1;
    height = height > 0 ? height : 1;
    size_t n = (size_t)width * (size_t)height;
    if (canvas->cells == NULL || canvas->width != width || canvas->height != height) {
        free(canvas->cells);
        canvas->cells = memory_array(n, sizeof *canvas->cells);
    }
    canvas->width = width;
    canvas->height = height;
    for (size_t i = 0; i < n; i++) {
        canvas->cells[i] = (struct cell){.code = ' '};
    }
    canvas->cursor_x = canvas->cursor_y = -1;
    canvas_unclip(canvas);
}

void canvas_unclip(struct canvas *canvas)
{
    canvas->clip = (struct rect){0, 0, canvas->width, canvas->height};
}

void canvas_clip(struct canvas *canvas, struct rect rect)
{
    canvas_unclip(canvas);
    struct rect *clip = &canvas->clip;
    int right = rect.x + rect.width < canvas->width ? rect.x + rect.width : canvas->width;
    int bottom = rect.y + rect.height < canvas->height ? rect.y + rect.height : canvas->height;
    clip->x = rect.x > 0 ? rect.x : 0;
    clip->y = rect.y > 0 ? rect.y : 0;
    clip->width = right > clip->x ? right - clip->x : 0;
    clip->height = bottom > clip->y ? bottom - clip->y : 0;
}

static struct cell *cell_at(struct canvas *canvas, int x, int y)
{
    const struct rect *clip = &canvas->clip;
    if (x < clip->x || y < clip->y || x >= clip->x + clip->width || y >= clip->y + clip->height) {
        return NULL;
    }
    return &canvas->cells[(size_t)y * (size_t)canvas->width + (size_t)x];
}

uint32_t canvas_ascii(uint32_t code)
{
    static const struct {
        uint32_t glyph;
        char ascii;
    } twins[] = {
        {0x2588, 'D'}, {0x2593, 'E'}, {0x2592, 'K'}, {0x2591, 'C'}, {0x254E, '|'}, {0x2571, '/'},
        {0x00B7, '.'}, {0x2039, '<'}, {0x203A, '>'}, {0x2026, '~'}, {0x2192, '>'}, {0x2500, '-'},
        {0x2502, '|'}, {0x250C, '+'}, {0x2510, '+'}, {0x2514, '+'}, {0x2518, '+'}, {0x25B6, '>'},
        {0x00D7, 'x'}, {0x2191, '^'}, {0x2193, 'v'}, {0x25C6, '*'}, {0x2190, '<'}, {0x2013, '-'},
        {0x258F, ' '}, {0x258E, ' '}, {0x258D, ' '}, {0x258C, 'C'}, {0x258B, 'C'}, {0x258A, 'C'},
        {0x2589, 'C'}, {0x2022, '*'}, {0x2713, '+'}, {0x2717, 'x'},
    };
    if (code < 0x80) {
        return code;
    }
    for (size_t i = 0; i < sizeof twins / sizeof *twins; i++) {
        if (twins[i].glyph == code) {
            return (uint32_t)twins[i].ascii;
        }
    }
    return '?';
}

void canvas_put(struct canvas *canvas, int x, int y, uint32_t code, enum ink ink)
{
    struct cell *cell = cell_at(canvas, x, y);
    if (cell == NULL) {
        return;
    }
    code = canvas->ascii ? canvas_ascii(code) : code;
    if (cell->code == 0 && x > 0) {
        cell[-1].code = ' '; /* the right half of a wide character goes, so does its left */
    }
    if (x + 1 < canvas->width && cell[1].code == 0) {
        cell[1].code = ' ';
    }
    *cell = (struct cell){.code = code, .ink = (uint8_t)ink};
    if (text_cells(code) == 2) {
        struct cell *right = cell_at(canvas, x + 1, y);
        if (right == NULL) {
            cell->code = ' '; /* no room for its second half */
        } else {
            *right = (struct cell){.code = 0, .ink = (uint8_t)ink};
        }
    }
}

void canvas_put_over(struct canvas *canvas, int x, int y, uint32_t code, enum ink ink,
                     enum ink back)
{
    canvas_put(canvas, x, y, code, ink);
    struct cell *cell = cell_at(canvas, x, y);
    if (cell != NULL) {
        cell->back = (uint8_t)back;
    }
}

int canvas_text(struct canvas *canvas, int x, int y, int cells, enum ink ink, const char *text)
{
    int limit = cells < 0 ? canvas->width : x + cells;
    bool cut = x + text_width(text) > limit;
    for (uint32_t code = text_next(&text); code != 0; code = text_next(&text)) {
        code = text_sanitise(code);
        int width = canvas->ascii ? 1 : text_cells(code);
        if (cut && x + width > limit - 1) {
            if (x < limit) {
                canvas_put(canvas, x++, y, 0x2026, ink);
            }
            return x;
        }
        canvas_put(canvas, x, y, code, ink);
        x += width;
    }
    return x;
}

int canvas_format(struct canvas *canvas, int x, int y, enum ink ink, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return canvas_text(canvas, x, y, -1, ink, text);
}

void canvas_right(struct canvas *canvas, int x, int y, enum ink ink, const char *text)
{
    canvas_text(canvas, x - text_width(text), y, -1, ink, text);
}

void canvas_fill(struct canvas *canvas, struct rect rect, uint32_t code, enum ink ink)
{
    for (int y = rect.y; y < rect.y + rect.height; y++) {
        for (int x = rect.x; x < rect.x + rect.width; x++) {
            canvas_put(canvas, x, y, code, ink);
        }
    }
}

void canvas_reverse(struct canvas *canvas, struct rect rect)
{
    for (int y = rect.y; y < rect.y + rect.height; y++) {
        for (int x = rect.x; x < rect.x + rect.width; x++) {
            struct cell *cell = cell_at(canvas, x, y);
            if (cell != NULL) {
                cell->is_reversed = true;
            }
        }
    }
}

void canvas_underline(struct canvas *canvas, struct rect rect)
{
    for (int y = rect.y; y < rect.y + rect.height; y++) {
        for (int x = rect.x; x < rect.x + rect.width; x++) {
            struct cell *cell = cell_at(canvas, x, y);
            if (cell != NULL) {
                cell->is_underlined = true;
            }
        }
    }
}

void canvas_tint(struct canvas *canvas, struct rect rect, enum ink ink)
{
    for (int y = rect.y; y < rect.y + rect.height; y++) {
        for (int x = rect.x; x < rect.x + rect.width; x++) {
            struct cell *cell = cell_at(canvas, x, y);
            if (cell != NULL) {
                cell->ink = (uint8_t)ink;
            }
        }
    }
}

void canvas_box(struct canvas *canvas, struct rect rect, const char *title)
{
    int right = rect.x + rect.width - 1;
    int bottom = rect.y + rect.height - 1;
    canvas_fill(canvas, rect, ' ', INK_PLAIN);
    for (int x = rect.x; x <= right; x++) {
        canvas_put(canvas, x, rect.y, 0x2500, INK_DIM);
        canvas_put(canvas, x, bottom, 0x2500, INK_DIM);
    }
    for (int y = rect.y; y <= bottom; y++) {
        canvas_put(canvas, rect.x, y, 0x2502, INK_DIM);
        canvas_put(canvas, right, y, 0x2502, INK_DIM);
    }
    canvas_put(canvas, rect.x, rect.y, 0x250C, INK_DIM);
    canvas_put(canvas, right, rect.y, 0x2510, INK_DIM);
    canvas_put(canvas, rect.x, bottom, 0x2514, INK_DIM);
    canvas_put(canvas, right, bottom, 0x2518, INK_DIM);
    canvas_put(canvas, rect.x + 1, rect.y, ' ', INK_PLAIN);
    int x = canvas_text(canvas, rect.x + 2, rect.y, rect.width - 4, INK_STRONG, title);
    canvas_put(canvas, x, rect.y, ' ', INK_PLAIN);
}

void canvas_dump(const struct canvas *canvas, struct strbuf *out)
{
    for (int y = 0; y < canvas->height; y++) {
        const struct cell *row = &canvas->cells[(size_t)y * (size_t)canvas->width];
        int last = canvas->width;
        while (last > 0 && row[last - 1].code == ' ') {
            last--;
        }
        for (int x = 0; x < last; x++) {
            char bytes[4];
            if (row[x].code != 0) {
                strbuf_add_n(out, bytes, text_encode(row[x].code, bytes));
            }
        }
        strbuf_add_char(out, '\n');
    }
}

void canvas_dump_inks(const struct canvas *canvas, struct strbuf *out)
{
    static const char letters[] = ".dSTkowODEKCb/c01234567vx>sP";
    _Static_assert(sizeof letters == INK_COUNT + 1, "a letter for every ink");
    for (int y = 0; y < canvas->height; y++) {
        for (int x = 0; x < canvas->width; x++) {
            const struct cell *cell = &canvas->cells[(size_t)y * (size_t)canvas->width + (size_t)x];
            char letter = cell->ink < INK_COUNT ? letters[cell->ink] : '?';
            strbuf_add_char(out, cell->is_reversed ? '^' : letter);
        }
        strbuf_add_char(out, '\n');
    }
}
