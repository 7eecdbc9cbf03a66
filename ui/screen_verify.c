/* Verify: planned beside actual, from a log that `:verify LOG` read. */
#include "ui/figures.h"
#include "ui/parts.h"
#include "ui/text.h"

#include <stdio.h>
#include <string.h>

struct paper {
    struct canvas *canvas; /* NULL: only count */
    int width, top, height, line;
    bool use_gib;
};

static int paper_y(struct paper *paper)
{
    int y = paper->line++ - paper->top;
    return paper->canvas != NULL && y >= 0 && y < paper->height ? 2 + y : -1;
}

static const char *amount(const struct paper *paper, char out[FIGURE_MAX],
                          const struct log_check *check, uint64_t value)
{
    return check->is_count ? figure_grouped(out, value) : figure_size(out, value, paper->use_gib);
}

static void draw_check(struct paper *paper, const struct log_check *check)
{
    int y = paper_y(paper);
    char text[FIGURE_MAX];
    if (y < 0) {
        return;
    }
    enum ink ink = check->ok ? INK_PLAIN : INK_OVER;
    canvas_text(paper->canvas, 1, y, 3, check->ok ? INK_OK : INK_OVER, check->ok ? "ok" : "!!");
    canvas_text(paper->canvas, 5, y, 36, ink, check->what);
    if (check->has_planned) {
        canvas_right(paper->canvas, 56, y, ink, amount(paper, text, check, check->planned));
    }
    canvas_right(paper->canvas, 70, y, ink, amount(paper, text, check, check->actual));
}

/* The message takes as many lines as it needs. */
static void draw_finding(struct paper *paper, const char *code, const char *message)
{
    do {
        char line[512];
        int y = paper_y(paper);
        text_line(&message, paper->width - 25, line, sizeof line);
        if (y >= 0) {
            canvas_text(paper->canvas, 1, y, 22, INK_WARN, code);
            canvas_text(paper->canvas, 24, y, -1, INK_PLAIN, line);
        }
        code = "";
    } while (*message != '\0');
}

static void draw_load(struct paper *paper, const struct load_report *load, size_t number, size_t n)
{
    int y = paper_y(paper);
    if (y >= 0) {
        char title[200];
        snprintf(title, sizeof title, "load %zu of %zu: %s", number, n,
                 log_verdict_describe(load->verdict));
        canvas_text(paper->canvas, 1, y, paper->canvas->width - 2, INK_STRONG, title);
    }
    for (size_t i = 0; i < load->n_findings; i++) {
        draw_finding(paper, load->findings[i].code, load->findings[i].message);
    }
    y = paper_y(paper);
    if (y >= 0) {
        canvas_text(paper->canvas, 5, y, -1, INK_DIM,
                    paper->use_gib ? "GiB, or a count" : "MiB, or a count");
        canvas_right(paper->canvas, 56, y, INK_DIM, "planned");
        canvas_right(paper->canvas, 70, y, INK_DIM, "actual");
    }
    for (size_t i = 0; i < load->n_checks; i++) {
        draw_check(paper, &load->checks[i]);
    }
    paper_y(paper);
}

static void draw_all(const struct scene *scene, struct paper *paper)
{
    for (size_t i = 0; i < scene->report->n_loads; i++) {
        draw_load(paper, &scene->report->loads[i], i + 1, scene->report->n_loads);
    }
}

static void draw(const struct ui *ui, const struct scene *scene, struct canvas *canvas)
{
    char title[300];
    if (scene->report == NULL) {
        screen_frame(ui, scene, canvas, "Verify", "q back");
        canvas_text(canvas, 2, 2, -1, INK_PLAIN, ":verify LOG reads what llama.cpp printed");
        return;
    }
    snprintf(title, sizeof title, "Verify: %s: %s", log_verdict_name(scene->report->verdict),
             log_verdict_describe(scene->report->verdict));
    screen_frame(ui, scene, canvas, title, "Up Down scroll  q back");
    struct paper paper = {.canvas = canvas,
                          .use_gib = ui->use_gib,
                          .width = ui->width,
                          .top = screen_list_of(ui, SCREEN_VERIFY)->cursor,
                          .height = screen_height(ui)};
    draw_all(scene, &paper);
}

static int lines(const struct ui *ui, const struct scene *scene)
{
    struct paper paper = {.width = ui->width};
    if (scene->report != NULL) {
        draw_all(scene, &paper);
    }
    int last = paper.line - screen_height(ui) + 1;
    return last > 1 ? last : 1;
}

const struct screen_ops verify_screen = {draw, lines, NULL};
