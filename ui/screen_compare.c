/* Compare: before and after, per device with the change, what moved, which arguments changed. */
#include "ui/figures.h"
#include "ui/parts.h"

#include "model/base/memory.h"
#include "model/text/arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct paper {
    struct canvas *canvas; /* NULL: only count */
    int top, height, line;
};

static int paper_y(struct paper *paper)
{
    int y = paper->line++ - paper->top;
    return paper->canvas != NULL && y >= 0 && y < paper->height ? 2 + y : -1;
}

static void paper_text(struct paper *paper, enum ink ink, const char *text)
{
    int y = paper_y(paper);
    if (y >= 0) {
        canvas_text(paper->canvas, 2, y, paper->canvas->width - 3, ink, text);
    }
}

static void device_row(struct paper *paper, const char *name, const char *what, uint64_t before,
                       uint64_t after, enum ink ink)
{
    int y = paper_y(paper);
    char text[FIGURE_MAX];
    if (y < 0) {
        return;
    }
    canvas_text(paper->canvas, 2, y, 10, ink, name);
    canvas_text(paper->canvas, 13, y, 9, ink, what);
    canvas_right(paper->canvas, 36, y, ink, figure_mib(text, before));
    canvas_right(paper->canvas, 50, y, ink, figure_mib(text, after));
    canvas_right(paper->canvas, 64, y, before == after ? INK_DIM : INK_STRONG,
                 figure_change(text, before, after));
}

/* Rows that are elsewhere now, gathered by from and to. */
static void moved_rows(struct paper *paper, const struct scene *scene)
{
    const struct model *model = scene->model;
    uint32_t *rows = memory_array(model->n_tensors, sizeof *rows);
    bool any = false;
    int n_devices = (int)scene->rig->n_devices;
    for (int from = DEVICE_HOST; from < (int)scene->compare_rig->n_devices; from++) {
        for (int to = DEVICE_HOST; to < n_devices; to++) {
            const char *name = rig_name(scene->compare_rig, from);
            if (rig_find(scene->rig, name) == to) {
                continue;
            }
            size_t n = 0;
            for (size_t i = 0; i < model->n_tensors; i++) {
                if (scene->compare->device[i] == from && scene->held->device[i] == to) {
                    rows[n++] = (uint32_t)i;
                }
            }
            if (n == 0) {
                continue;
            }
            struct strbuf text = {0};
            char mib[FIGURE_MAX];
            layer_map_describe(scene->map, rows, n, &text);
            strbuf_format(&text, ": %s -> %s, %zu tensor%s, %s MiB", name, rig_name(scene->rig, to),
                          n, n == 1 ? "" : "s",
                          figure_mib(mib, layer_map_bytes(scene->map, rows, n)));
            paper_text(paper, INK_PLAIN, strbuf_text(&text));
            strbuf_clear(&text);
            any = true;
        }
    }
    if (!any) {
        paper_text(paper, INK_DIM, "no tensor moved");
    }
    free(rows);
}

/* The argument with its value, "-c 32768", at `*i`, which moves on. */
static void argument_pair(char *const *words, size_t n, size_t *i, struct strbuf *out)
{
    strbuf_reset(out);
    shell_quote(out, words[*i]);
    (*i)++;
    bool is_value = *i < n && (words[*i][0] != '-' || (words[*i][1] >= '0' && words[*i][1] <= '9'));
    if (is_value) {
        strbuf_add_char(out, ' ');
        shell_quote(out, words[(*i)++]);
    }
}

static bool has_pair(char *const *words, size_t n, const char *pair)
{
    struct strbuf other = {0};
    bool found = false;
    for (size_t i = 0; i < n && !found;) {
        argument_pair(words, n, &i, &other);
        found = strcmp(strbuf_text(&other), pair) == 0;
    }
    strbuf_clear(&other);
    return found;
}

static size_t changed(struct paper *paper, char *const *words, size_t n, char *const *others,
                      size_t n_others, const char *sign)
{
    struct strbuf pair = {0};
    size_t count = 0;
    for (size_t i = 0; i < n;) {
        argument_pair(words, n, &i, &pair);
        if (!has_pair(others, n_others, strbuf_text(&pair))) {
            struct strbuf line = {0};
            strbuf_format(&line, "%s %s", sign, strbuf_text(&pair));
            paper_text(paper, sign[0] == '+' ? INK_STRONG : INK_DIM, strbuf_text(&line));
            strbuf_clear(&line);
            count++;
        }
    }
    strbuf_clear(&pair);
    return count;
}

static void table_head(struct paper *paper, const char *title)
{
    int y = paper_y(paper);
    if (y >= 0) {
        canvas_text(paper->canvas, 2, y, -1, INK_STRONG, title);
        canvas_right(paper->canvas, 36, y, INK_DIM, "before");
        canvas_right(paper->canvas, 50, y, INK_DIM, "after");
        canvas_right(paper->canvas, 64, y, INK_DIM, "change");
    }
}

/* The device of the other side: by name. */
static const struct device_use *use_before(const struct scene *scene, int device)
{
    static const struct device_use nothing;
    int other = rig_find(scene->compare_rig, rig_name(scene->rig, device));
    return other == DEVICE_NONE ? &nothing : scene_use(scene->compare, other);
}

static void table_used(struct paper *paper, const struct scene *scene)
{
    table_head(paper, "Used, MiB");
    int n = (int)scene->rig->n_devices;
    for (int line = 0; line <= n; line++) {
        int device = line < n ? line : DEVICE_HOST;
        const struct device_use *after = scene_use(scene->held, device);
        const struct device_use *before = use_before(scene, device);
        const char *name = rig_name(scene->rig, device);
        device_row(paper, name, after->fits ? "" : "OVER", before->used, after->used,
                   after->fits ? INK_PLAIN : INK_OVER);
    }
}

static void one_device(struct paper *paper, const struct scene *scene, int device)
{
    const struct device_use *after = scene_use(scene->held, device);
    const struct device_use *before = use_before(scene, device);
    device_row(paper, rig_name(scene->rig, device), "weights", before->model, after->model,
               INK_PLAIN);
    device_row(paper, "", "context", before->context, after->context, INK_PLAIN);
    device_row(paper, "", "compute", before->compute, after->compute, INK_PLAIN);
}

static void compare_all(const struct scene *scene, struct paper *paper)
{
    table_used(paper, scene);
    paper_text(paper, INK_PLAIN, "");
    paper_text(paper, INK_STRONG, "Moved");
    moved_rows(paper, scene);
    paper_text(paper, INK_PLAIN, "");
    paper_text(paper, INK_STRONG, "Arguments");
    size_t n = changed(paper, scene->compare_arguments, scene->n_compare_arguments,
                       scene->arguments, scene->n_arguments, "-");
    n += changed(paper, scene->arguments, scene->n_arguments, scene->compare_arguments,
                 scene->n_compare_arguments, "+");
    if (n == 0) {
        paper_text(paper, INK_DIM, "the same");
    }
    paper_text(paper, INK_PLAIN, "");
    table_head(paper, "Parts, MiB");
    for (int device = 0; device < (int)scene->rig->n_devices; device++) {
        one_device(paper, scene, device);
    }
    one_device(paper, scene, DEVICE_HOST);
}

static void draw(const struct ui *ui, const struct scene *scene, struct canvas *canvas)
{
    char title[256];
    if (scene->compare == NULL) {
        screen_frame(ui, scene, canvas, "Compare", "q back");
        canvas_text(canvas, 2, 2, -1, INK_PLAIN, "nothing to compare with");
        return;
    }
    snprintf(title, sizeof title, "Compare: before = %s, after = this plan", scene->compare_name);
    screen_frame(ui, scene, canvas, title,
                 "Up Down scroll  S another snapshot  s take one  q back");
    struct paper paper = {.canvas = canvas,
                          .top = screen_list_of(ui, SCREEN_COMPARE)->cursor,
                          .height = screen_height(ui)};
    compare_all(scene, &paper);
}

static int lines(const struct ui *ui, const struct scene *scene)
{
    struct paper paper = {0};
    if (scene->compare != NULL) {
        compare_all(scene, &paper);
    }
    int last = paper.line - screen_height(ui) + 1;
    return last > 1 ? last : 1;
}

static void act(struct ui *ui, const struct scene *scene, enum action action, struct intent *intent)
{
    (void)scene;
    if (action == ACTION_SNAPSHOT) {
        snprintf(intent->command, sizeof intent->command, "snapshot");
    } else if (action == ACTION_SNAPSHOTS) {
        ui_open(ui, SCREEN_SNAPSHOTS);
    }
}

const struct screen_ops compare_screen = {draw, lines, act};
