/* The device bars of the main screen. CPU stays at the foot; the others scroll above it. */
#include "ui/bar.h"
#include "ui/figures.h"
#include "ui/parts.h"
#include "ui/text.h"

#include <stdio.h>
#include <string.h>

enum { FIGURES_CELLS = 23, WIDE_TAIL = 9, NARROW_TAIL = 3 };

/* "NVIDIA GeForce RTX 5090" is "RTX 5090" to its owner. */
static const char *short_description(const char *description)
{
    static const char *const makers[] = {"NVIDIA ", "GeForce ",  "AMD ",
                                         "Radeon ", "Intel(R) ", "Apple "};
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++) {
        size_t n = strlen(makers[i]);
        description += strncmp(description, makers[i], n) == 0 ? n : 0;
    }
    return description;
}

static void draw_label(const struct scene *scene, const struct layout *layout, int x, int y,
                       int device, enum ink ink, struct canvas *canvas)
{
    const struct device *what = scene_device(scene->rig, device);
    canvas_put(canvas, x + 1, y, (uint32_t)device_glyph(device), device_ink(device));
    canvas_text(canvas, x + 3, y, layout->name_cells, ink, what->name);
    if (layout->description_cells == 0) {
        return;
    }
    char text[64];
    snprintf(text, sizeof text, "%s", short_description(what->description));
    if (device == DEVICE_HOST) {
        snprintf(text, sizeof text, "%llu GiB", (unsigned long long)(what->total >> 30));
    }
    canvas_text(canvas, x + 4 + layout->name_cells, y, layout->description_cells, INK_DIM, text);
}

/* How much of what is carried fits here; NULL where nothing is, or nothing of it would move. */
static const struct edit_room *room_of(const struct scene *scene, int device)
{
    const struct edit_room *room =
        scene->room == NULL ? NULL
                            : &scene->room[device >= 0 ? (size_t)device : scene->rig->n_devices];
    return room != NULL && room->n_rows > 0 ? room : NULL;
}

/* Behind the percentage where "fits 9/9" has room there, else in its place, as long as the device is not the
 * target itself: "fits 5 of 12", "fits 5/9" or "5/12". Returns false where it left the percentage to be drawn. */
static bool draw_room(const struct edit_room *room, bool is_wide, bool is_target, int tail, int y,
                      struct canvas *canvas)
{
    enum { PERCENT = 6 };
    enum ink ink = room->n_layers_fit == room->n_layers ? INK_OK : INK_WARN;
    int after = is_wide ? WIDE_TAIL : NARROW_TAIL;
    char text[64];
    snprintf(text, sizeof text, "fits %zu/%zu", room->n_layers_fit, room->n_layers);
    if (is_wide && text_width(text) < after) {
        canvas_text(canvas, tail + 1, y, -1, ink, text);
        return false;
    }
    if (is_target) {
        return false;
    }
    if (is_wide) {
        snprintf(text, sizeof text, "fits %zu of %zu", room->n_layers_fit, room->n_layers);
    }
    int cells = PERCENT + after - 1;
    if (text_width(text) > cells) {
        snprintf(text, sizeof text, "fit %zu/%zu", room->n_layers_fit, room->n_layers);
    }
    canvas_text(canvas, tail - PERCENT + 1, y, cells, ink,
                text_width(text) <= cells ? text : text + strlen("fit "));
    return true;
}

static void draw_figures(const struct ui *ui, const struct scene *scene,
                         const struct layout *layout, int x, int y, int device,
                         struct canvas *canvas)
{
    const struct device_use *use = scene_use(scene->shown, device);
    const struct edit_room *room = room_of(scene, device);
    char used[FIGURE_MAX];
    char budget[FIGURE_MAX];
    char percent[FIGURE_MAX];
    char text[2 * FIGURE_MAX];
    bool over = use->headroom < 0 && use->used > 0;
    bool is_wide = layout->is_wide && layout->bars_a_line == 1;
    enum ink ink = over ? INK_OVER : INK_PLAIN;
    snprintf(text, sizeof text, "%c%7s/%7s", over ? '!' : ' ',
             ui->use_gib ? figure_gib_up(used, use->used) : figure_mib_up(used, use->used),
             ui->use_gib ? figure_gib_down(budget, use->budget)
                         : figure_mib_down(budget, use->budget));
    canvas_text(canvas, x, y, -1, ink, text);
    int tail = x + FIGURES_CELLS;
    bool has_room =
        room != NULL && !over && draw_room(room, is_wide, ui->carry == device, tail, y, canvas);
    if (!has_room) {
        snprintf(text, sizeof text, " %6s", figure_percent(percent, use->used, use->budget));
        canvas_right(canvas, tail, y, ink, text);
    }
    if (over) {
        canvas_text(canvas, tail, y, -1, INK_OVER, layout->is_wide ? " OVER" : "!!");
    }
}

static void draw_bar(const struct ui *ui, const struct scene *scene, const struct layout *layout,
                     int x, int y, int width, int device, struct canvas *canvas)
{
    const struct device_use *use = scene_use(scene->shown, device);
    const struct device *what = scene_device(scene->rig, device);
    struct bar bar = {
        .bytes = {[BAR_DENSE] = use->model - use->experts + use->beside,
                  [BAR_EXPERTS] = use->experts,
                  [BAR_CACHE] = use->context,
                  [BAR_COMPUTE] = use->compute},
        .total = what->total > 0 ? what->total : what->free,
        .elsewhere = what->total > what->free ? what->total - what->free : 0,
        .budget = use->budget,
        .fits = use->headroom >= 0,
    };
    bool is_target = ui->carry == device;
    bool is_focused = ui->focus == FOCUS_DEVICES && ui->device == device;
    int tail = layout->is_wide && layout->bars_a_line == 1 ? WIDE_TAIL : NARROW_TAIL;
    int bar_width = width - layout->bar_label_cells - FIGURES_CELLS - tail;
    draw_label(scene, layout, x, y, device, is_focused ? INK_STRONG : INK_PLAIN, canvas);
    bool fine = ui->fine_bars && ui->has_color && !ui->ascii;
    (fine ? bar_draw_fine : bar_draw)(canvas, x + layout->bar_label_cells, y, bar_width, &bar);
    draw_figures(ui, scene, layout, x + layout->bar_label_cells + bar_width, y, device, canvas);
    if (is_target || is_focused) {
        canvas_put(canvas, x, y, is_target ? 0x25B6 : '>', INK_STRONG);
    }
    if (is_target) {
        canvas_tint(canvas, (struct rect){x, y, layout->bar_label_cells - 1, 1}, INK_TARGET);
    }
}

void bars_draw(const struct ui *ui, const struct scene *scene, const struct layout *layout,
               struct canvas *canvas)
{
    int width = layout->bars.width / layout->bars_a_line;
    size_t device = ui->device_top;
    for (int line = 0; line < layout->bar_lines; line++) {
        for (int column = 0; column < layout->bars_a_line; column++, device++) {
            if (device < scene->rig->n_devices) {
                draw_bar(ui, scene, layout, column * width, layout->bars.y + line, width,
                         (int)device, canvas);
            }
        }
    }
    draw_bar(ui, scene, layout, 0, layout->bars.y + layout->bar_lines, layout->bars.width,
             DEVICE_HOST, canvas);
}

int bars_hit(const struct ui *ui, const struct scene *scene, const struct layout *layout, int x,
             int y)
{
    int line = y - layout->bars.y;
    if (line == layout->bar_lines) {
        return DEVICE_HOST;
    }
    if (line < 0 || line > layout->bar_lines) {
        return DEVICE_NONE;
    }
    int column = x / (layout->bars.width / layout->bars_a_line);
    column = column < layout->bars_a_line ? column : layout->bars_a_line - 1;
    size_t device = ui->device_top + (size_t)(line * layout->bars_a_line + column);
    return device < scene->rig->n_devices ? (int)device : DEVICE_NONE;
}
