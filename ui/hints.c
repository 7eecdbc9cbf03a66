#include "ui/hints.h"

#include "ui/event.h"
#include "ui/keymap.h"
#include "ui/text.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    uint32_t key;
} names[] = {
    {"Enter", PRESS_ENTER},
    {"Space", ' '},
    {"Esc", PRESS_ESCAPE},
    {"Up", PRESS_UP},
    {"Down", PRESS_DOWN},
    {"Left", PRESS_LEFT},
    {"Right", PRESS_RIGHT},
    {"PgUp", PRESS_PAGE_UP},
    {"PgDn", PRESS_PAGE_DOWN},
    {"Tab", PRESS_TAB},
    {"Ctrl-r", 'r' & PRESS_CONTROL},
};

/* The key that a word of `n` bytes names; 0: it is a word like others. */
static uint32_t key_named(const char *word, size_t n)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strlen(names[i].name) == n && memcmp(names[i].name, word, n) == 0) {
            return names[i].key;
        }
    }
    return n == 1 && (unsigned char)word[0] > ' ' && (unsigned char)word[0] < 0x7F
               ? (uint32_t)(unsigned char)word[0]
               : 0;
}

int hints_draw(struct canvas *canvas, int x, int y, int cells, const char *text)
{
    int end = x + cells;
    while (*text != '\0' && x < end) {
        char word[64];
        size_t blanks = strspn(text, " ");
        size_t n = strcspn(text + blanks, " ");
        snprintf(word, sizeof word, "%.*s", (int)n, text + blanks);
        x += (int)blanks;
        bool is_key = key_named(word, strlen(word)) != 0;
        x = canvas_text(canvas, x, y, end > x ? end - x : 0, is_key ? INK_KEY : INK_DIM, word);
        text += blanks + n;
    }
    return x;
}

static bool is_blank(const struct canvas *canvas, int x, int y)
{
    uint32_t code = x >= 0 ? canvas->cells[y * canvas->width + x].code : ' ';
    return code == ' ' || code == 0;
}

static bool is_of_key(const struct canvas *canvas, int x, int y)
{
    return x >= 0 && x < canvas->width && !is_blank(canvas, x, y) &&
           canvas->cells[y * canvas->width + x].ink == INK_KEY;
}

uint32_t hints_key_at(const struct canvas *canvas, int x, int y)
{
    if (y < 0 || y >= canvas->height || x < 0 || x >= canvas->width || is_blank(canvas, x, y)) {
        return 0;
    }
    while (!is_of_key(canvas, x, y)) {
        if (x <= 0 || (is_blank(canvas, x, y) && is_blank(canvas, x - 1, y))) {
            return 0;
        }
        x--;
    }
    char word[16];
    size_t n = 0;
    while (is_of_key(canvas, x - 1, y)) {
        x--;
    }
    for (; is_of_key(canvas, x, y) && n < sizeof word; x++) {
        word[n++] = (char)canvas->cells[y * canvas->width + x].code;
    }
    return key_named(word, n);
}
