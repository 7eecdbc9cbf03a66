/* Overrides: every rule in the order llama.cpp reads them with a bar of what it holds; below, what the one under
 * the cursor matches, what it was left with, and what is wrong with it.
 */
#include "ui/bar.h"
#include "ui/figures.h"
#include "ui/parts.h"
#include "ui/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct columns {
    int bar, bar_cells, mib_end, tensors_end, device, device_cells, pattern;
};

static struct columns columns_of(const struct ui *ui)
{
    int bar = ui->width >= 100 ? 24 : 12;
    return (struct columns){.bar = 8,
                            .bar_cells = bar,
                            .mib_end = 8 + bar + 11,
                            .tensors_end = 8 + bar + 17,
                            .device = 8 + bar + 19,
                            .device_cells = ui->width >= 100 ? 12 : 7,
                            .pattern = 8 + bar + 19 + (ui->width >= 100 ? 13 : 8)};
}

static size_t count(const struct scene *scene)
{
    return scene->held->rules.n + scene->plan->given->n_entries;
}

/* The given rule, NULL for those that what was moved by hand has made. */
static const struct override *given_rule(const struct scene *scene, size_t rule)
{
    size_t ours = scene->held->rules.n;
    return rule < ours || rule >= count(scene) ? NULL : &scene->plan->given->entries[rule - ours];
}

static bool is_refused(const struct scene *scene, size_t rule)
{
    const struct override *given = given_rule(scene, rule);
    return given != NULL && given->refused != NULL &&
           !(given->bad_pattern && rule - scene->held->rules.n >= scene->held->n_reached);
}

/* ---- the list ------------------------------------------------------------------------------- */

static void draw_bar(const struct ui *ui, const struct scene *scene, size_t rule, int x, int y,
                     int width, struct canvas *canvas)
{
    const struct rule_use *use = &scene->held->rule_use[rule];
    struct bar bar = {
        .bytes = {[BAR_DENSE] = use->bytes - use->experts, [BAR_EXPERTS] = use->experts},
        .total = scene->most_rule_bytes,
        .budget = BAR_NO_BUDGET,
        .fits = true};
    bool fine = ui->has_color && !ui->ascii;
    (fine ? bar_draw_fine : bar_draw)(canvas, x, y, width, &bar);
}

static void draw_rule(const struct ui *ui, const struct scene *scene, size_t rule, int y,
                      bool is_current, struct canvas *canvas)
{
    const struct evaluation *held = scene->held;
    const struct override *given = given_rule(scene, rule);
    const struct rule_use *use = &held->rule_use[rule];
    struct columns columns = columns_of(ui);
    char text[FIGURE_MAX];
    enum ink ink = is_current ? INK_STRONG : INK_PLAIN;
    bool refused = is_refused(scene, rule);
    snprintf(text, sizeof text, "%zu", rule + 1);
    canvas_put(canvas, 0, y, is_current ? '>' : ' ', INK_STRONG);
    canvas_right(canvas, 5, y, ink, text);
    canvas_put(canvas, 6, y, refused || use->matches == 0 ? '!' : ' ', INK_WARN);
    draw_bar(ui, scene, rule, columns.bar, y, columns.bar_cells, canvas);
    canvas_right(canvas, columns.mib_end, y, ink, figure_size(text, use->bytes, ui->use_gib));
    snprintf(text, sizeof text, "%u", use->matches);
    canvas_right(canvas, columns.tensors_end, y, ink, text);
    canvas_text(canvas, columns.device, y, columns.device_cells, ink,
                given == NULL ? rig_name(scene->rig, held->rules.rules[rule].device)
                              : given->buffer);
    canvas_text(canvas, columns.pattern, y, ui->width - columns.pattern - 1,
                refused ? INK_OVER : ink,
                given == NULL ? held->rules.rules[rule].pattern : given->pattern);
}

static void draw_heads(const struct ui *ui, struct canvas *canvas)
{
    struct columns columns = columns_of(ui);
    canvas_text(canvas, 1, 2, -1, INK_DIM, "rule");
    canvas_text(canvas, columns.bar, 2, -1, INK_DIM, "holds");
    canvas_right(canvas, columns.mib_end, 2, INK_DIM, figure_unit(ui->use_gib));
    canvas_right(canvas, columns.tensors_end, 2, INK_DIM, "tens.");
    canvas_text(canvas, columns.device, 2, -1, INK_DIM, "to");
    canvas_text(canvas, columns.pattern, 2, -1, INK_DIM, "pattern");
}

/* ---- the rule under the cursor --------------------------------------------------------------- */

/* Returns the line after it. */
static int draw_wrapped(struct canvas *canvas, int x, int y, int end, enum ink ink,
                        const char *text)
{
    while (*text != '\0' && y < end) {
        char line[512];
        text_line(&text, canvas->width - x - 1, line, sizeof line);
        canvas_text(canvas, x, y++, -1, ink, line);
    }
    return y;
}

static int draw_finding(const struct finding *finding, int y, int end, struct canvas *canvas)
{
    char repair[600];
    if (y < end) {
        canvas_text(canvas, 1, y++, -1, INK_WARN, finding_name(finding->code));
    }
    y = draw_wrapped(canvas, 3, y, end, INK_PLAIN, finding->message);
    if (finding->repair != NULL) {
        snprintf(repair, sizeof repair, "write %s", finding->repair);
        y = draw_wrapped(canvas, 3, y, end, INK_STRONG, repair);
    }
    return y;
}

static void draw_counts(const struct ui *ui, const struct entry_explanation *explained, int y,
                        struct canvas *canvas)
{
    char size[FIGURE_MAX];
    char left[FIGURE_MAX];
    const char *unit = figure_unit(ui->use_gib);
    char text[400];
    int n = snprintf(text, sizeof text, "matches %u tensor%s, %s %s", explained->matches,
                     explained->matches == 1 ? "" : "s",
                     figure_size(size, explained->match_bytes, ui->use_gib), unit);
    if (explained->left != explained->matches) {
        snprintf(text + n, sizeof text - (size_t)n, "; earlier rules leave it %u, %s %s",
                 explained->left, figure_size(left, explained->left_bytes, ui->use_gib), unit);
    }
    int x = canvas_text(canvas, 1, y, -1, INK_PLAIN, text);
    const char *layers =
        explained->left > 0 || explained->matches == 0 ? explained->left_layers : explained->layers;
    if (layers[0] != '\0') {
        snprintf(text, sizeof text, "; layers %s", layers);
        canvas_text(canvas, x, y, canvas->width - x - 1, INK_DIM, text);
    }
}

static void draw_selected(const struct ui *ui, const struct scene *scene, size_t rule,
                          struct canvas *canvas)
{
    int y = ui->height - 1 - OVERRIDES_BELOW;
    int end = ui->height - 1;
    canvas_fill(canvas, (struct rect){0, y, ui->width, 1}, 0x2500, INK_DIM);
    canvas_format(canvas, 2, y++, INK_STRONG, " rule %zu, %s ", rule + 1,
                  given_rule(scene, rule) == NULL ? "of what was moved here" : "as given");
    if (given_rule(scene, rule) == NULL) {
        canvas_text(canvas, 1, y, -1, INK_PLAIN, "it stands in front of the given rules; u undoes");
        return;
    }
    if (scene->explained == NULL || scene->explained_rule != rule) {
        return;
    }
    draw_counts(ui, scene->explained, y++, canvas);
    const struct findings *findings = &scene->explained->findings;
    for (size_t i = 0; i < findings->n && y < end; i++) {
        y = draw_finding(&findings->items[i], y, end, canvas);
    }
}

/* ---- the screen ------------------------------------------------------------------------------ */

static void draw(const struct ui *ui, const struct scene *scene, struct canvas *canvas)
{
    const struct list *list = screen_list_of(ui, SCREEN_OVERRIDES);
    screen_frame(ui, scene, canvas, "Overrides: the first rule that matches decides",
                 "Enter selects its tensors on the map  r takes the repair  u undo  q back");
    draw_heads(ui, canvas);
    for (int line = 0; line < screen_height(ui); line++) {
        size_t rule = (size_t)list->top + (size_t)line;
        if (rule < count(scene)) {
            draw_rule(ui, scene, rule, 3 + line, (int)rule == list->cursor, canvas);
        }
    }
    if (count(scene) == 0) {
        canvas_text(canvas, 2, 3, -1, INK_PLAIN, "no rules: every tensor is at its layer's home");
    } else if (screen_lines_below(SCREEN_OVERRIDES, ui) > 0) {
        draw_selected(ui, scene, (size_t)list->cursor, canvas);
    }
}

static int lines(const struct ui *ui, const struct scene *scene)
{
    (void)ui;
    return (int)count(scene);
}

static void act(struct ui *ui, const struct scene *scene, enum action action, struct intent *intent)
{
    int32_t rule = screen_list(ui)->cursor;
    if (action == ACTION_REPAIR) {
        snprintf(intent->command, sizeof intent->command, "repair %d", rule + 1);
        return;
    }
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

/* ---- from a tensor to its rule ---------------------------------------------------------------- */

/* The rule of the tensor under the cursor; in a map's cell of the largest that has one. -1: none does. */
static int32_t rule_here(const struct ui *ui, const struct scene *scene)
{
    if (ui->focus == FOCUS_TENSORS) {
        size_t n = 0;
        uint64_t bytes = 0;
        uint32_t *rows = tensors_listed(ui, scene, &n, &bytes);
        int32_t rule =
            (size_t)ui->tensors.cursor < n ? scene->held->override[rows[ui->tensors.cursor]] : -1;
        free(rows);
        return rule;
    }
    size_t n = 0;
    const uint32_t *rows =
        ui->focus == FOCUS_MAP ? layer_map_cell(scene->map, ui->row, ui->layer, &n) : NULL;
    for (size_t i = 0; i < n; i++) {
        if (scene->held->override[rows[i]] >= 0) {
            return scene->held->override[rows[i]];
        }
    }
    return -1;
}

long ui_overrides_rule(const struct ui *ui)
{
    return ui_screen(ui) == SCREEN_OVERRIDES ? ui->lists[SCREEN_OVERRIDES].cursor : -1;
}

void overrides_open_here(struct ui *ui, const struct scene *scene)
{
    int32_t rule = rule_here(ui, scene);
    ui_open(ui, SCREEN_OVERRIDES);
    if (rule >= 0) {
        ui->lists[SCREEN_OVERRIDES].cursor = rule;
    }
    ui_settle(ui, scene);
}
