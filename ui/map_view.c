/* The layer map: rows of tensor groups, columns of layers, a glyph for the device. */
#include "ui/figures.h"
#include "ui/parts.h"

#include <stdio.h>
#include <string.h>

enum { OUTPUT_CELLS = 3, HEAD_STEP = 10 };

int map_columns(const struct scene *scene, const struct layout *layout, int fold, int *total)
{
    int layers = (int)scene->map->n_layer;
    int columns = (layers + fold - 1) / fold;
    int room = layout->map.width - layout->label_cells - OUTPUT_CELLS - 1;
    if (total != NULL) {
        *total = columns;
    }
    return columns < room ? columns : room;
}

/* The device of a column: of its layers together. */
static int column_device(const struct ui *ui, const struct scene *scene, size_t row, int column)
{
    uint32_t first = (uint32_t)(column * ui->fold);
    int device = layer_map_device(scene->map, scene->shown, row, first);
    for (uint32_t il = first + 1; il < first + (uint32_t)ui->fold && il < scene->map->n_layer;
         il++) {
        int other = layer_map_device(scene->map, scene->shown, row, il);
        if (other == DEVICE_NONE || other == device) {
            continue;
        }
        if (device != DEVICE_NONE) {
            return MAP_MIXED - 1;
        }
        device = other;
    }
    return device;
}

static enum selection_state column_selected(const struct ui *ui, const struct scene *scene,
                                            size_t row, int column)
{
    uint32_t first = (uint32_t)(column * ui->fold);
    enum selection_state state = SELECTED_NONE;
    for (uint32_t il = first; il < first + (uint32_t)ui->fold && il < scene->map->n_layer; il++) {
        enum selection_state one = selection_state(&ui->selection, scene->map, row, il);
        state = one > state ? one : state;
    }
    return state;
}

/* Does the column hold a locked tensor of the row? */
static bool column_locked(const struct ui *ui, const struct scene *scene, size_t row, int column)
{
    uint32_t first = (uint32_t)(column * ui->fold);
    for (uint32_t il = first; il < first + (uint32_t)ui->fold && il < scene->map->n_layer; il++) {
        size_t n = 0;
        const uint32_t *cell = layer_map_cell(scene->map, row, il, &n);
        for (size_t i = 0; i < n; i++) {
            if (scene->plan->locked[cell[i]] != 0) {
                return true;
            }
        }
    }
    return false;
}

static void draw_cell(struct canvas *canvas, int x, int y, int device, enum selection_state state)
{
    uint32_t glyph = (uint32_t)device_glyph(device);
    enum ink ink = device_ink(device);
    if (device == MAP_MIXED - 1) {
        glyph = '+';
        ink = INK_STRONG;
    } else if (device == DEVICE_NONE) {
        glyph = 0xB7;
    }
    canvas_put(canvas, x, y, glyph, state == SELECTED_PART ? INK_PROMPT : ink);
    if (state == SELECTED_ALL) {
        canvas_reverse(canvas, (struct rect){x, y, 1, 1});
    }
}

/* ---- beside a map that leaves room: what each row holds on each device ------------------------- */

enum { TOTALS_GAP = 6, TOTAL_CELLS = 11, TOTALS_FROM = 160, TOTALS_DEVICES = 64 };

/* How many devices have a column, from the first on, besides the sum and the CPU. */
static int totals_devices(const struct ui *ui, const struct scene *scene,
                          const struct layout *layout, int *x)
{
    int columns = 0;
    *x = layout->label_cells + map_columns(scene, layout, ui->fold, &columns) + TOTALS_GAP;
    int room = ui->width < TOTALS_FROM ? 0 : (ui->width - *x - 1) / TOTAL_CELLS - 2;
    return room < (int)scene->rig->n_devices ? room : (int)scene->rig->n_devices;
}

static void draw_total(const struct ui *ui, int x, int y, uint64_t bytes, struct canvas *canvas)
{
    char size[FIGURE_MAX];
    canvas_right(canvas, x, y, bytes > 0 ? INK_PLAIN : INK_DIM,
                 bytes > 0 ? figure_size(size, bytes, ui->use_gib) : "\xC2\xB7");
}

static void draw_totals(const struct ui *ui, const struct scene *scene, const struct layout *layout,
                        size_t row, int y, struct canvas *canvas)
{
    uint64_t bytes[TOTALS_DEVICES + 1];
    uint64_t all = 0;
    int x = 0;
    size_t n = scene->rig->n_devices;
    int shown = totals_devices(ui, scene, layout, &x);
    if (shown <= 0 || n > TOTALS_DEVICES) {
        return;
    }
    layer_map_row_bytes(scene->map, scene->shown, row, n, bytes);
    for (size_t i = 0; i <= n; i++) {
        all += bytes[i];
    }
    if (row == MAP_HOME) {
        canvas_text(canvas, x, y, 2, INK_DIM, "KV");
    }
    draw_total(ui, x += TOTAL_CELLS, y, all, canvas);
    for (int i = 0; i < shown; i++) {
        draw_total(ui, x += TOTAL_CELLS, y, bytes[i], canvas);
    }
    draw_total(ui, x + TOTAL_CELLS, y, bytes[n], canvas);
}

static void draw_totals_head(const struct ui *ui, const struct scene *scene,
                             const struct layout *layout, struct canvas *canvas)
{
    int x = 0;
    int y = layout->map.y;
    int shown = totals_devices(ui, scene, layout, &x);
    if (shown <= 0 || scene->rig->n_devices > TOTALS_DEVICES) {
        return;
    }
    char title[16];
    snprintf(title, sizeof title, "all, %s", figure_unit(ui->use_gib));
    canvas_right(canvas, x += TOTAL_CELLS, y, INK_DIM, title);
    for (int i = 0; i < shown; i++) {
        canvas_right(canvas, x += TOTAL_CELLS, y, device_ink(i), scene->rig->devices[i].name);
    }
    canvas_right(canvas, x + TOTAL_CELLS, y, INK_HOST, scene->rig->host.name);
}

/* ---- rows -------------------------------------------------------------------------------------- */

static void draw_row(const struct ui *ui, const struct scene *scene, const struct layout *layout,
                     size_t row, int y, bool any_locked, struct canvas *canvas)
{
    int visible = map_columns(scene, layout, ui->fold, NULL);
    bool is_current = ui->focus == FOCUS_MAP && ui->row == row;
    canvas_text(canvas, layout->is_wide ? 2 : 1, y, layout->label_cells - 2,
                is_current ? INK_STRONG : INK_PLAIN,
                layer_map_label(scene->map, row, layout->is_wide));
    for (int i = 0; i < visible; i++) {
        int column = ui->column_left + i;
        draw_cell(canvas, layout->label_cells + i, y, column_device(ui, scene, row, column),
                  column_selected(ui, scene, row, column));
        if (any_locked && column_locked(ui, scene, row, column)) {
            canvas_underline(canvas, (struct rect){layout->label_cells + i, y, 1, 1});
        }
    }
    draw_totals(ui, scene, layout, row, y, canvas);
    if (row == MAP_HOME) {
        int x = layout->label_cells + visible + 1;
        canvas_put(canvas, x, y, 'o', INK_DIM);
        draw_cell(canvas, x + 1, y, scene->shown->layers[scene->map->n_layer].home,
                  selection_state(&ui->selection, scene->map, MAP_HOME, scene->map->n_layer));
    }
}

static void draw_head(const struct ui *ui, const struct scene *scene, const struct layout *layout,
                      struct canvas *canvas)
{
    int total = 0;
    int visible = map_columns(scene, layout, ui->fold, &total);
    int y = layout->map.y;
    canvas_text(canvas, 1, y, -1, ui->focus == FOCUS_MAP ? INK_STRONG : INK_PLAIN, "Map");
    if (ui->fold > 1 && layout->is_wide) {
        canvas_format(canvas, 6, y, INK_DIM, "%d a cell", ui->fold);
    }
    for (int i = 0; i < visible; i++) {
        int column = ui->column_left + i;
        if (column % HEAD_STEP == 0) {
            canvas_format(canvas, layout->label_cells + i, y, INK_DIM, "%d", column * ui->fold);
        }
    }
    if (ui->column_left > 0) {
        canvas_put(canvas, layout->label_cells - 1, y, 0x2039, INK_STRONG);
    }
    if (ui->column_left + visible < total) {
        canvas_put(canvas, layout->label_cells + visible, y, 0x203A, INK_STRONG);
    }
    size_t hidden = scene->map->n_rows - 1 - (size_t)(layout->map.height - 2);
    bool below = ui->row_top - 1 < hidden;
    if (hidden > 0) {
        canvas_put(canvas, 5, y, below ? 0x2193 : 0x2191, INK_DIM);
    }
}

static void place_cursor(const struct ui *ui, const struct scene *scene,
                         const struct layout *layout, struct canvas *canvas)
{
    int visible = map_columns(scene, layout, ui->fold, NULL);
    int x = layout->label_cells + (int)ui->layer / ui->fold - ui->column_left;
    if (ui->layer == scene->map->n_layer) {
        x = layout->label_cells + visible + 2;
    }
    int y = layout->map.y + 1;
    y += ui->row == MAP_HOME ? 0 : (int)(ui->row - ui->row_top) + 1;
    if (ui->focus == FOCUS_MAP && !ui->prompt.is_open && !ui->question.is_open) {
        canvas->cursor_x = x;
        canvas->cursor_y = y;
        canvas_tint(canvas, (struct rect){x, y, 1, 1}, INK_CURSOR);
    }
}

void map_draw(const struct ui *ui, const struct scene *scene, const struct layout *layout,
              struct canvas *canvas)
{
    const struct plan *plan = scene->plan;
    bool any_locked = plan->n_rows > 0 && memchr(plan->locked, 1, plan->n_rows) != NULL;
    draw_head(ui, scene, layout, canvas);
    draw_totals_head(ui, scene, layout, canvas);
    draw_row(ui, scene, layout, MAP_HOME, layout->map.y + 1, any_locked, canvas);
    for (int line = 2; line < layout->map.height; line++) {
        size_t row = ui->row_top + (size_t)(line - 2);
        if (row < scene->map->n_rows) {
            draw_row(ui, scene, layout, row, layout->map.y + line, any_locked, canvas);
        }
    }
    place_cursor(ui, scene, layout, canvas);
}
