#include "ui/watch_view.h"

#include "ui/bar.h"
#include "ui/figures.h"

#include <stdio.h>
#include <string.h>

enum { LABEL_CELLS = 11, FIGURE_CELLS = 34 };

struct paper {
    struct canvas *canvas;
    struct rect area;
    int top, line;
};

/* The row for the next line; -1 where it is not to be seen. */
static int next_row(struct paper *paper)
{
    int y = paper->line++ - paper->top;
    return paper->canvas != NULL && y >= 0 && y < paper->area.height ? paper->area.y + y : -1;
}

static void draw_heading(struct paper *paper, const struct watch_line *line)
{
    char free[FIGURE_MAX];
    char peak[FIGURE_MAX];
    char text[3 * FIGURE_MAX];
    int y = next_row(paper);
    if (y < 0) {
        return;
    }
    int x = canvas_text(paper->canvas, paper->area.x, y, 40, INK_STRONG, line->name);
    snprintf(text, sizeof text, "%s free, peak %s", figure_mib_down(free, line->free),
             figure_mib_up(peak, line->peak));
    canvas_text(paper->canvas, x + 2, y, paper->area.width - x - 4 - (int)strlen(text), INK_DIM,
                line->description);
    canvas_right(paper->canvas, paper->area.x + paper->area.width, y,
                 line->is_low ? INK_OVER : INK_PLAIN, text);
}

static void draw_row(struct paper *paper, const char *label, const struct bar *bar,
                     const char *figures, enum ink ink)
{
    int y = next_row(paper);
    int width = paper->area.width - LABEL_CELLS - FIGURE_CELLS;
    if (y < 0) {
        return;
    }
    canvas_text(paper->canvas, paper->area.x + 2, y, LABEL_CELLS - 2, INK_DIM, label);
    if (width > 4) {
        bar_draw(paper->canvas, paper->area.x + LABEL_CELLS, y, width, bar);
    }
    canvas_text(paper->canvas, paper->area.x + paper->area.width - FIGURE_CELLS + 1, y, -1, ink,
                figures);
}

static void draw_now(struct paper *paper, const struct watch_line *line)
{
    char used[FIGURE_MAX];
    char server[FIGURE_MAX];
    char text[3 * FIGURE_MAX];
    struct bar bar = {
        .bytes = {[BAR_DENSE] = line->server},
        .total = line->total,
        .elsewhere = line->used - line->server,
        .budget = line->is_planned ? line->budget : line->total,
        .fits = !line->is_low && line->missing == 0,
    };
    snprintf(text, sizeof text, "%8s used", figure_mib_up(used, line->used));
    if (line->knows_server) {
        snprintf(text, sizeof text, "%8s used, server %s", figure_mib_up(used, line->used),
                 figure_mib_up(server, line->server));
    }
    draw_row(paper, "now", &bar, text, line->is_low ? INK_OVER : INK_PLAIN);
}

static void draw_planned(struct paper *paper, const struct watch_line *line)
{
    char planned[FIGURE_MAX];
    char missing[FIGURE_MAX];
    char text[3 * FIGURE_MAX];
    struct bar bar = {
        .bytes = {[BAR_DENSE] = line->parts[WATCH_DENSE],
                  [BAR_EXPERTS] = line->parts[WATCH_EXPERTS],
                  [BAR_CACHE] = line->parts[WATCH_CACHE],
                  [BAR_COMPUTE] = line->parts[WATCH_COMPUTE]},
        .total = line->total,
        .budget = line->budget,
        .fits = line->missing == 0,
    };
    if (!line->is_planned) {
        return;
    }
    snprintf(text, sizeof text, "%8s planned", figure_mib_up(planned, line->planned));
    if (line->missing > 0) {
        snprintf(text, sizeof text, "%8s planned, %s short", figure_mib_up(planned, line->planned),
                 figure_mib_up(missing, line->missing));
    }
    draw_row(paper, "planned", &bar, text, line->missing > 0 ? INK_OVER : INK_PLAIN);
}

static void draw_text(struct paper *paper, enum ink ink, const char *text, size_t bytes)
{
    char line[400];
    int y = next_row(paper);
    if (y >= 0) {
        snprintf(line, sizeof line, "%.*s", (int)(bytes < 399 ? bytes : 399), text);
        canvas_text(paper->canvas, paper->area.x, y, paper->area.width, ink, line);
    }
}

/* A command may be long: as many lines as it takes. */
static void draw_note(struct paper *paper, const char *note)
{
    size_t width = paper->area.width > 0 ? (size_t)paper->area.width : 1;
    for (size_t length = strlen(note); length > 0; length = strlen(note)) {
        size_t cut = length < width ? length : width;
        while (cut < length && cut > width / 2 && note[cut] != ' ') {
            cut--;
        }
        cut = cut > 0 ? cut : 1;
        draw_text(paper, INK_STRONG, note, cut);
        note += cut + strspn(note + cut, " ");
    }
}

int watch_view_draw(const struct watch_view *view, struct rect area, struct canvas *canvas)
{
    struct paper paper = {.canvas = canvas, .area = area, .top = view->top};
    const struct watch *watch = view->watch;
    struct strbuf alerts = {0};
    for (size_t i = 0; i < watch->n_lines; i++) {
        draw_heading(&paper, &watch->lines[i]);
        draw_now(&paper, &watch->lines[i]);
        draw_planned(&paper, &watch->lines[i]);
    }
    watch_alerts(watch, &alerts);
    for (const char *at = strbuf_text(&alerts); *at != '\0'; at += strcspn(at, "\n") + 1) {
        draw_text(&paper, INK_OVER, at, strcspn(at, "\n"));
    }
    strbuf_clear(&alerts);
    if (view->note != NULL) {
        draw_note(&paper, view->note);
    }
    return paper.line;
}
