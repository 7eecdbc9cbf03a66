/* otplan-picture ROWS COLUMNS KEYS OUT.svg [ARGUMENTS...]: the picture in the README. Starts the demo in a
 * terminal, types KEYS (as pty_type reads them), and writes what is on the screen as SVG.
 */
#include "tests/support/pty_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_WIDTH = 8, CELL_HEIGHT = 17, BASELINE = 13 };

static const int paper[3] = {0x1c, 0x1e, 0x26};
static const int ink[3] = {0xd6, 0xd8, 0xde};

struct look {
    int ink[3], paper[3];
    bool bold;
};

static struct look look_of(const struct pty_cell *cell)
{
    struct look look = {.bold = cell->bold};
    memcpy(look.ink, cell->default_foreground ? ink : cell->foreground, sizeof look.ink);
    memcpy(look.paper, cell->default_background ? paper : cell->background, sizeof look.paper);
    if (!cell->reverse)
        return look;
    struct look turned = {.bold = cell->bold};
    memcpy(turned.ink, look.paper, sizeof look.ink);
    memcpy(turned.paper, look.ink, sizeof look.paper);
    return turned;
}

static bool same_look(const struct look *a, const struct look *b)
{
    return a->bold == b->bold && memcmp(a->ink, b->ink, sizeof a->ink) == 0 &&
           memcmp(a->paper, b->paper, sizeof a->paper) == 0;
}

static void put_box(FILE *out, double x, int row, double width, const int colour[3], double opacity)
{
    fprintf(out, "<rect x=\"%g\" y=\"%d\" width=\"%g\" height=\"%d\" fill=\"#%02x%02x%02x\"", x,
            row * CELL_HEIGHT, width, CELL_HEIGHT, colour[0], colour[1], colour[2]);
    fprintf(out, opacity < 1 ? " opacity=\"%g\"/>\n" : "/>\n", opacity);
}

/* Blocks are drawn, not written: fonts leave gaps between them. */
static bool put_block(FILE *out, int row, int column, const char *text, const int colour[3])
{
    static const char *const eighths[] = {"▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
    static const char *const shades[] = {"░", "▒", "▓"};
    for (int i = 0; i < 8; i++) {
        if (strcmp(text, eighths[i]) == 0) {
            put_box(out, column * CELL_WIDTH, row, CELL_WIDTH * (i + 1) / 8.0, colour, 1);
            return true;
        }
    }
    for (int i = 0; i < 3; i++) {
        if (strcmp(text, shades[i]) == 0) {
            put_box(out, column * CELL_WIDTH, row, CELL_WIDTH, colour, 0.25 * (i + 1));
            return true;
        }
    }
    return false;
}

/* One word, stretched to its cells whatever the font's width. */
static void put_word(FILE *out, struct pty *terminal, int row, int column, int n,
                     const struct look *look)
{
    fprintf(out, "<text x=\"%d\" y=\"%d\" textLength=\"%d\" fill=\"#%02x%02x%02x\"%s>",
            column * CELL_WIDTH, row * CELL_HEIGHT + BASELINE, n * CELL_WIDTH, look->ink[0],
            look->ink[1], look->ink[2], look->bold ? " font-weight=\"bold\"" : "");
    for (int i = 0; i < n; i++) {
        struct pty_cell cell = pty_cell(terminal, row, column + i);
        fputs(*cell.text == '<' ? "&lt;" : *cell.text == '&' ? "&amp;" : cell.text, out);
    }
    fputs("</text>\n", out);
}

static void put_run(FILE *out, struct pty *terminal, int row, int start, int end,
                    const struct look *look)
{
    int word = start;
    for (int column = start; column < end; column++) {
        struct pty_cell cell = pty_cell(terminal, row, column);
        bool blank = strcmp(cell.text, " ") == 0;
        if (!blank && !put_block(out, row, column, cell.text, look->ink))
            continue;
        if (column > word)
            put_word(out, terminal, row, word, column - word, look);
        word = column + 1;
    }
    if (end > word)
        put_word(out, terminal, row, word, end - word, look);
}

static void put_row(FILE *out, struct pty *terminal, int row)
{
    int columns = pty_columns(terminal);
    for (int start = 0, end; start < columns; start = end) {
        struct pty_cell cell = pty_cell(terminal, row, start);
        struct look look = look_of(&cell), next = look;
        for (end = start + 1; end < columns && same_look(&look, &next); end++) {
            cell = pty_cell(terminal, row, end);
            next = look_of(&cell);
        }
        if (!same_look(&look, &next))
            end--;
        if (memcmp(look.paper, paper, sizeof paper) != 0)
            put_box(out, start * CELL_WIDTH, row, (end - start) * CELL_WIDTH, look.paper, 1);
        put_run(out, terminal, row, start, end, &look);
    }
}

static void put_screen(FILE *out, struct pty *terminal)
{
    int width = pty_columns(terminal) * CELL_WIDTH, height = pty_rows(terminal) * CELL_HEIGHT;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-8 -8 %d %d\" "
            "shape-rendering=\"crispEdges\" font-family=\"DejaVu Sans "
            "Mono,Menlo,Consolas,monospace\" font-size=\"13\">\n",
            width + 16, height + 16);
    fprintf(
        out,
        "<rect x=\"-8\" y=\"-8\" width=\"%d\" height=\"%d\" rx=\"6\" fill=\"#%02x%02x%02x\"/>\n",
        width + 16, height + 16, paper[0], paper[1], paper[2]);
    for (int row = 0; row < pty_rows(terminal); row++)
        put_row(out, terminal, row);
    fputs("</svg>\n", out);
}

int main(int argc, char **argv)
{
    if (argc < 6) {
        fprintf(stderr, "usage: otplan-picture ROWS COLUMNS KEYS OUT.svg ARGUMENTS...\n");
        return 1;
    }
    struct pty_options options = {.rows = atoi(argv[1]), .columns = atoi(argv[2])};
    const char *program[64] = {OTPLAN_PROGRAM};
    for (int i = 5; i < argc && i < 63; i++)
        program[i - 4] = argv[i];
    struct pty *terminal = pty_start(&options, program);
    if (!terminal)
        return 4;
    pty_wait_for(terminal, "verified");
    pty_type(terminal, argv[3]);
    for (int i = 0; i < 20; i++)
        pty_pump(terminal, 20); /* whatever the keys did is drawn by then */
    FILE *out = fopen(argv[4], "w");
    if (out) {
        put_screen(out, terminal);
        fclose(out);
    }
    fputs(pty_screen(terminal), stdout);
    pty_end(terminal);
    return out ? 0 : 4;
}
