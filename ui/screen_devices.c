/* Devices: what the machine has, and what of it the plan may use. */
#include "ui/figures.h"
#include "ui/parts.h"

#include "model/base/strbuf.h"

#include <stdio.h>
#include <string.h>

static int device_at(const struct scene *scene, int line)
{
    return line >= 0 && (size_t)line < scene->rig->n_devices ? line : DEVICE_HOST;
}

/* Where the figures begin: the description takes what is left beside them. */
static int figures_from(const struct ui *ui)
{
    enum { FIGURES = 68, MOST = 60 };
    int base = ui->width - FIGURES;
    return ui->width < LAYOUT_WIDE ? 13 : base < MOST ? base : MOST;
}

enum column { TOTAL, FREE, CONTEXT, RESERVE, MARGIN, BUDGET, USED, COLUMNS };

/* Where a column ends, from there; 0: no room for it below 80 columns. */
static int column_end(const struct ui *ui, enum column column)
{
    static const int ends[] = {12, 21, 29, 38, 46, 56, 66};
    static const int narrow[] = {11, 19, 0, 0, 27, 36, 45};
    return ui->width >= 80 ? ends[column] : narrow[column];
}

static void draw_device(const struct ui *ui, const struct scene *scene, int device, int y,
                        bool is_current, struct canvas *canvas)
{
    const struct device *what = scene_device(scene->rig, device);
    const struct device_use *use = scene_use(scene->shown, device);
    enum ink ink = is_current ? INK_STRONG : INK_PLAIN;
    bool is_wide = ui->width >= LAYOUT_WIDE;
    int base = figures_from(ui);
    char order[16] = "-";
    if (use->order >= 0) {
        snprintf(order, sizeof order, "%d", use->order);
    }
    canvas_put(canvas, 0, y, is_current ? '>' : ' ', INK_STRONG);
    canvas_put(canvas, 1, y, (uint32_t)device_glyph(device), device_ink(device));
    canvas_text(canvas, 3, y, is_wide ? 16 : 9, ink, what->name);
    if (is_wide) {
        canvas_text(canvas, 20, y, base - 21, INK_DIM, what->description);
    }
    canvas_text(canvas, base, y, -1, ink, device == DEVICE_HOST ? "" : order);
    const uint64_t bytes[COLUMNS] = {
        [TOTAL] = what->total,
        [FREE] = what->free,
        [CONTEXT] = what->context,
        [RESERVE] = what->reserve,
        [BUDGET] = use->budget,
        [USED] = use->used,
        [MARGIN] = use->margin - what->context - what->reserve,
    };
    bool over = use->headroom < 0 && use->used > 0;
    for (enum column column = TOTAL; column < COLUMNS; column++) {
        char text[FIGURE_MAX];
        int end = column_end(ui, column);
        if (end > 0) {
            canvas_right(canvas, base + end, y, column == USED && over ? INK_OVER : ink,
                         column == USED ? figure_mib_up(text, bytes[column])
                                        : figure_mib_down(text, bytes[column]));
        }
    }
}

/* Under the list: how fast the device under the cursor is taken to be, and what that rests on. */
static void draw_rate(const struct ui *ui, const struct scene *scene, struct canvas *canvas)
{
    const struct list *list = screen_list_of(ui, SCREEN_DEVICES);
    int below = lines_of_devices(scene) - list->top + 1;
    if (below >= screen_height(ui)) {
        return;
    }
    const struct device *device = scene_device(scene->rig, device_at(scene, list->cursor));
    struct strbuf text = {0};
    speed_rate_text(device, &text);
    canvas_format(canvas, 3, 3 + below, INK_DIM, "%s: %s", device->name, strbuf_text(&text));
    strbuf_clear(&text);
}

static void draw(const struct ui *ui, const struct scene *scene, struct canvas *canvas)
{
    const struct list *list = screen_list_of(ui, SCREEN_DEVICES);
    char title[160];
    snprintf(title, sizeof title, "Devices%s%s", scene->rig->found_by != NULL ? ", found by " : "",
             scene->rig->found_by != NULL ? scene->rig->found_by : "");
    screen_frame(
        ui, scene, canvas, title,
        ui->width >= LAYOUT_WIDE
            ? "f free  t total  r reserve  m margin  a add  c copy  x remove  < > order  "
              "u undo  q back"
            : "f free t total  r reserve m margin  a add c copy  x remove  < > order  q back");
    int base = figures_from(ui);
    static const char *const heads[COLUMNS] = {"total",  "free",   "context", "reserve",
                                               "margin", "budget", "used MiB"};
    canvas_text(canvas, 3, 2, -1, INK_DIM, "device");
    canvas_text(canvas, base, 2, -1, INK_DIM, "order");
    for (enum column column = TOTAL; column < COLUMNS; column++) {
        int end = column_end(ui, column);
        if (end > 0) {
            canvas_right(canvas, base + end, 2, INK_DIM, heads[column]);
        }
    }
    int n = lines_of_devices(scene);
    for (int line = 0; line < screen_height(ui) && list->top + line < n; line++) {
        draw_device(ui, scene, device_at(scene, list->top + line), 3 + line,
                    list->top + line == list->cursor, canvas);
    }
    draw_rate(ui, scene, canvas);
}

int lines_of_devices(const struct scene *scene)
{
    return (int)scene->rig->n_devices + 1;
}

static int lines(const struct ui *ui, const struct scene *scene)
{
    (void)ui;
    return lines_of_devices(scene);
}

static void ask(struct ui *ui, const struct device *device, const char *what, uint64_t now)
{
    char label[80];
    char prefix[160];
    char value[32];
    snprintf(label, sizeof label, "%s: %s MiB:", device->name, what);
    snprintf(prefix, sizeof prefix, "device %s %s ", device->name, what);
    snprintf(value, sizeof value, "%llu", (unsigned long long)(now >> 20));
    prompt_open(&ui->prompt, PROMPT_VALUE, label, prefix, value);
}

static void act(struct ui *ui, const struct scene *scene, enum action action, struct intent *intent)
{
    struct list *list = screen_list(ui);
    int index = device_at(scene, list->cursor);
    const struct device *device = scene_device(scene->rig, index);
    const struct device_use *use = scene_use(scene->held, index);
    const char *verb = NULL;
    switch (action) {
    case ACTION_ENTER:
    case ACTION_FREE:
        ask(ui, device, "free", device->free);
        return;
    case ACTION_TOTAL:
        ask(ui, device, "total", device->total);
        return;
    case ACTION_RESERVE:
        ask(ui, device, "reserve", device->reserve);
        return;
    case ACTION_MARGIN:
        ask(ui, device, "margin", use->margin - device->context - device->reserve);
        return;
    case ACTION_ADD:
        prompt_open(&ui->prompt, PROMPT_VALUE, "new device, free MiB:", "device add ", "24576");
        return;
    case ACTION_DUPLICATE:
        verb = "copy";
        break;
    case ACTION_REMOVE:
        verb = "remove";
        break;
    case ACTION_MOVE_UP:
        verb = "up";
        break;
    case ACTION_MOVE_DOWN:
        verb = "down";
        break;
    default:
        return;
    }
    if (index == DEVICE_HOST) {
        ui_notice(ui, true, "the host is always there, and always last");
        return;
    }
    snprintf(intent->command, sizeof intent->command, "device %s %s", device->name, verb);
}

const struct screen_ops devices_screen = {draw, lines, act};
