/* Overrides: every rule in the order llama.cpp reads them, what it takes, what is wrong with it. */
#include "ui/figures.h"
#include "ui/parts.h"

#include <stdio.h>

static size_t count(const struct scene *scene)
{
    return scene->held->rules.n + scene->plan->given->n_entries;
}

static void draw_rule(const struct ui *ui, const struct scene *scene, size_t rule, int y,
                      bool is_current, struct canvas *canvas)
{
    const struct evaluation *held = scene->held;
    bool is_ours = rule < held->rules.n;
    const struct override *given =
        is_ours ? NULL : &scene->plan->given->entries[rule - held->rules.n];
    const struct rule_use *use = &held->rule_use[rule];
    char mib[FIGURE_MAX];
    char number[32];
    enum ink ink = is_current ? INK_STRONG : INK_PLAIN;
    snprintf(number, sizeof number, "%zu", rule + 1);
    canvas_put(canvas, 0, y, is_current ? '>' : ' ', INK_STRONG);
    canvas_right(canvas, 5, y, ink, number);
    canvas_text(canvas, 7, y, 6, INK_DIM, is_ours ? "moved" : "given");
    canvas_format(canvas, 14, y, ink, "%7u", use->matches);
    canvas_right(canvas, 34, y, ink, figure_mib(mib, use->bytes));
    canvas_text(canvas, 36, y, 8, ink,
                is_ours ? rig_name(scene->rig, held->rules.rules[rule].device) : given->buffer);
    const char *pattern = is_ours ? held->rules.rules[rule].pattern : given->pattern;
    bool refused = given != NULL && given->refused != NULL;
    int x = canvas_text(canvas, 45, y, ui->width - 46, refused ? INK_OVER : ink, pattern);
    if (refused) {
        canvas_text(canvas, x + 2, y, -1, INK_WARN, given->refused);
    } else if (use->matches == 0) {
        canvas_text(canvas, x + 2, y, -1, INK_WARN, "takes nothing");
    }
}

static void draw(const struct ui *ui, const struct scene *scene, struct canvas *canvas)
{
    const struct list *list = screen_list_of(ui, SCREEN_OVERRIDES);
    size_t current = (size_t)list->cursor;
    const char *foot = "Enter selects its tensors on the map  q back";
    if (current >= scene->held->rules.n && current < count(scene)) {
        const char *why = scene->plan->given->entries[current - scene->held->rules.n].refused;
        foot = why != NULL ? why : foot;
    }
    screen_frame(ui, scene, canvas, "Overrides: the first rule that matches decides", foot);
    canvas_text(canvas, 1, 2, -1, INK_DIM, "rule from   tensors            MiB  to       pattern");
    for (int line = 0; line < screen_height(ui); line++) {
        size_t rule = (size_t)(list->top + line);
        if (rule < count(scene)) {
            draw_rule(ui, scene, rule, 3 + line, (int)rule == list->cursor, canvas);
        }
    }
    if (count(scene) == 0) {
        canvas_text(canvas, 2, 3, -1, INK_PLAIN, "no rules: every tensor is at its layer's home");
    }
}

static int lines(const struct ui *ui, const struct scene *scene)
{
    (void)ui;
    return (int)count(scene);
}

static void act(struct ui *ui, const struct scene *scene, enum action action, struct intent *intent)
{
    (void)intent;
    int32_t rule = screen_list(ui)->cursor;
    if (action != ACTION_ENTER) {
        return;
    }
    selection_reset(&ui->selection);
    for (size_t row = 0; row < scene->model->n_tensors; row++) {
        if (scene->held->override[row] == rule) {
            selection_mark_row(&ui->selection, (uint32_t)row, true);
        }
    }
    ui->depth = 0;
    ui->focus = FOCUS_MAP;
}

const struct screen_ops overrides_screen = {draw, lines, act};
