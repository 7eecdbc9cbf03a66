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

static void draw_mib(struct canvas *canvas, int end, int y, enum ink ink, uint64_t bytes)
{
    char text[FIGURE_MAX];
    canvas_right(canvas, end, y, ink, figure_mib_down(text, bytes));
}

static void draw_device(const struct ui *ui, const struct scene *scene, int device, int y,
                        bool is_current, struct canvas *canvas)
{
    const struct device *what = scene_device(scene->rig, device);
    const struct device_use *use = scene_use(scene->shown, device);
    enum ink ink = is_current ? INK_STRONG : INK_PLAIN;
    bool is_wide = ui->width >= LAYOUT_WIDE;
    int base = is_wide ? 40 : 13;
    char order[16] = "-";
    if (use->order >= 0) {
        snprintf(order, sizeof order, "%d", use->order);
    }
    canvas_put(canvas, 0, y, is_current ? '>' : ' ', INK_STRONG);
    canvas_put(canvas, 1, y, (uint32_t)device_glyph(device), device_ink(device));
    canvas_text(canvas, 3, y, is_wide ? 16 : 9, ink, what->name);
    if (is_wide) {
        canvas_text(canvas, 20, y, 19, INK_DIM, what->description);
    }
    canvas_text(canvas, base, y, -1, ink, device == DEVICE_HOST ? "" : order);
    draw_mib(canvas, base + 12, y, ink, what->total);
    draw_mib(canvas, base + 21, y, ink, what->free);
    draw_mib(canvas, base + 29, y, ink, what->context);
    draw_mib(canvas, base + 38, y, ink, what->reserve);
    draw_mib(canvas, base + 46, y, ink, use->margin - what->context - what->reserve);
    draw_mib(canvas, base + 56, y, ink, use->budget);
    char used[FIGURE_MAX];
    canvas_right(canvas, base + 66, y, use->headroom < 0 && use->used > 0 ? INK_OVER : ink,
                 figure_mib_up(used, use->used));
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
    bool is_wide = ui->width >= LAYOUT_WIDE;
    int base = is_wide ? 40 : 13;
    static const struct {
        const char *text;
        int end;
    } heads[] = {{"total", 12},  {"free", 21},   {"context", 29}, {"reserve", 38},
                 {"margin", 46}, {"budget", 56}, {"used MiB", 66}};
    canvas_text(canvas, 3, 2, -1, INK_DIM, "device");
    canvas_text(canvas, base, 2, -1, INK_DIM, "order");
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        canvas_right(canvas, base + heads[i].end, 2, INK_DIM, heads[i].text);
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
