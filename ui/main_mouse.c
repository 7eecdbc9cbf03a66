/* The mouse on the main screen: what is under it, and what a gesture does. */
#include "ui/parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is under it ----------------------------------------------------------------------- */

static bool inside(const struct rect *rect, int x, int y)
{
    return x >= rect->x && x < rect->x + rect->width && y >= rect->y && y < rect->y + rect->height;
}

static uint32_t boundary_at(const struct scene *scene, uint32_t layer)
{
    const struct layer_place *layers = scene->held->layers;
    if (layer >= scene->map->n_layer) {
        return 0;
    }
    if (layer > 0 && layers[layer].home != layers[layer - 1].home) {
        return layer;
    }
    if (layer + 1 < scene->map->n_layer && layers[layer].home != layers[layer + 1].home) {
        return layer + 1;
    }
    return 0;
}

static void hit_map(const struct ui *ui, const struct scene *scene, const struct layout *layout,
                    int x, int y, struct hit *out)
{
    int visible = map_columns(scene, layout, ui->fold, NULL);
    int line = y - layout->map.y;
    int column = x - layout->label_cells;
    size_t row = line <= 1 ? MAP_HOME : ui->row_top + (size_t)(line - 2);
    if (row >= scene->map->n_rows) {
        return;
    }
    out->row = row;
    if (column < 0) {
        out->place = line == 0 ? PLACE_NOTHING : PLACE_LABEL;
        out->edge_x = column == -1 ? -1 : 0;
        return;
    }
    out->edge_x = column >= visible - 1 ? 1 : column == 0 ? -1 : 0;
    bool output = row == MAP_HOME && line == 1 && column > visible && column <= visible + 2;
    if (column >= visible && !output) {
        return;
    }
    uint32_t layer = (uint32_t)((ui->column_left + column) * ui->fold);
    out->layer = output ? scene->map->n_layer : layer;
    out->place = line == 0 ? PLACE_HEAD : PLACE_CELL;
    out->is_selected =
        line > 0 && selection_state(&ui->selection, scene->map, row, out->layer) == SELECTED_ALL;
    out->boundary = row == MAP_HOME && line == 1 ? boundary_at(scene, out->layer) : 0;
}

static void hit_tensor(const struct ui *ui, const struct scene *scene, const struct layout *layout,
                       int y, struct hit *out)
{
    size_t n = 0;
    uint64_t bytes = 0;
    uint32_t *rows = tensors_listed(ui, scene, &n, &bytes);
    int at = ui->tensors.top + y - layout->tensors.y - 1;
    if (y > layout->tensors.y && at >= 0 && (size_t)at < n) {
        out->place = PLACE_TENSOR;
        out->index = (uint32_t)at;
        out->is_selected = ui->selection.rows[rows[at]] != 0;
    }
    free(rows);
}

void main_hit(const struct ui *ui, const struct scene *scene, int x, int y, struct hit *out)
{
    struct layout layout;
    main_layout(ui, scene, &layout);
    *out = (struct hit){.place = PLACE_NOTHING, .device = DEVICE_NONE};
    if (layout.too_small) {
        return;
    }
    if (inside(&layout.bars, x, y)) {
        out->device = bars_hit(ui, scene, &layout, x, y);
        out->place = out->device == DEVICE_NONE ? PLACE_NOTHING : PLACE_BAR;
        out->edge_y = y == layout.bars.y ? -1 : y == layout.bars.y + layout.bar_lines - 1 ? 1 : 0;
    } else if (inside(&layout.map, x, y)) {
        hit_map(ui, scene, &layout, x, y, out);
    } else if (layout.arguments.height > 1 && inside(&layout.arguments, x, y)) {
        out->place = PLACE_ARGUMENTS;
    } else if (inside(&layout.tensors, x, y)) {
        hit_tensor(ui, scene, &layout, y, out);
    }
}

/* The map cell nearest to the mouse, for gestures that left the map. */
static void nearest_cell(const struct ui *ui, const struct scene *scene, const struct mouse *mouse,
                         size_t *row, uint32_t *layer)
{
    struct layout layout;
    main_layout(ui, scene, &layout);
    int visible = map_columns(scene, &layout, ui->fold, NULL);
    int column = mouse->x - layout.label_cells;
    int line = mouse->y - layout.map.y - 1;
    column = column < 0 ? 0 : column >= visible ? visible - 1 : column;
    line = line < 0 ? 0 : line > layout.map.height - 2 ? layout.map.height - 2 : line;
    *row = line == 0 ? MAP_HOME : ui->row_top + (size_t)line - 1;
    *row = *row < scene->map->n_rows ? *row : scene->map->n_rows - 1;
    uint32_t at = (uint32_t)((ui->column_left + (column > 0 ? column : 0)) * ui->fold);
    *layer = at < scene->map->n_layer ? at : scene->map->n_layer;
}

/* ---- gestures ------------------------------------------------------------------------------- */

static void scroll_at_edge(struct ui *ui, const struct scene *scene)
{
    const struct hit *now = &ui->drag.now;
    struct layout layout;
    int total = 0;
    main_layout(ui, scene, &layout);
    int visible = map_columns(scene, &layout, ui->fold, &total);
    int column_before = ui->column_left;
    size_t device_before = ui->device_top;
    int left = ui->column_left + now->edge_x;
    ui->column_left = left < 0 ? 0 : left > total - visible ? total - visible : left;
    size_t shown = (size_t)layout.bar_lines * (size_t)layout.bars_a_line;
    if (now->place == PLACE_BAR && now->edge_y < 0 && ui->device_top > 0) {
        ui->device_top--;
    } else if (now->place == PLACE_BAR && now->edge_y > 0 &&
               ui->device_top + shown < scene->rig->n_devices) {
        ui->device_top++;
    }
    ui->is_scrolling = ui->column_left != column_before || ui->device_top != device_before;
}

static void rectangle(struct ui *ui, const struct scene *scene, const struct mouse *mouse)
{
    const struct hit *start = &ui->drag.start;
    size_t row;
    uint32_t layer;
    nearest_cell(ui, scene, mouse, &row, &layer);
    if (ui->drag.now.place == PLACE_CELL) {
        layer = ui->drag.now.layer;
    }
    selection_copy(&ui->selection, &ui->base);
    uint32_t first = start->layer;
    uint32_t last = layer;
    uint32_t whole = (uint32_t)ui->fold - 1; /* folded columns are taken whole */
    if (last >= first) {
        last = last + whole < scene->map->n_layer ? last + whole : scene->map->n_layer - 1;
    } else {
        first = first + whole < scene->map->n_layer ? first + whole : scene->map->n_layer - 1;
    }
    if (layer == scene->map->n_layer || start->layer == scene->map->n_layer) {
        first = start->layer;
        last = layer;
    }
    selection_rectangle(&ui->selection, scene->map, start->row, first, row, last);
    ui->row = start->row == MAP_HOME ? MAP_HOME : row == MAP_HOME ? 1 : row;
    ui->layer = layer;
}

static void begin_rectangle(struct ui *ui, const struct mouse *mouse)
{
    bool adds = mouse->shift || mouse->control;
    if (!adds || ui->selection.is_spent || ui->selection.whole_layers) {
        selection_reset(&ui->selection);
    }
    selection_copy(&ui->base, &ui->selection);
    ui->focus = FOCUS_MAP;
    ui->mode = MODE_NORMAL;
    ui->tensors = (struct list){0};
}

static void heads(struct ui *ui, const struct scene *scene, const struct mouse *mouse)
{
    size_t row;
    uint32_t layer;
    nearest_cell(ui, scene, mouse, &row, &layer);
    uint32_t first = ui->drag.start.layer < layer ? ui->drag.start.layer : layer;
    uint32_t last = ui->drag.start.layer < layer ? layer : ui->drag.start.layer;
    last += (uint32_t)ui->fold - 1;
    selection_reset(&ui->selection);
    for (uint32_t il = first; il <= last && il < scene->map->n_layer; il++) {
        selection_mark_layer(&ui->selection, scene->map, il);
    }
    ui->layer = layer;
    ui->focus = FOCUS_MAP;
}

static void click(struct ui *ui, const struct scene *scene)
{
    const struct hit *at = &ui->drag.start;
    switch (at->place) {
    case PLACE_BAR:
        ui->focus = FOCUS_DEVICES;
        ui->device = at->device;
        break;
    case PLACE_CELL:
        ui->focus = FOCUS_MAP;
        ui->row = at->row;
        ui->layer = at->layer;
        ui->tensors = (struct list){0};
        break;
    case PLACE_TENSOR: {
        ui->focus = FOCUS_TENSORS;
        ui->tensors.cursor = (int)at->index;
        if (at->is_selected) {
            break;
        }
        size_t n = 0;
        uint64_t bytes = 0;
        uint32_t *rows = tensors_listed(ui, scene, &n, &bytes);
        selection_reset(&ui->selection);
        if (at->index < n) {
            selection_mark_row(&ui->selection, rows[at->index], true);
        }
        free(rows);
        break;
    }
    case PLACE_ARGUMENTS:
        ui->focus = FOCUS_ARGUMENTS;
        break;
    default:
        break;
    }
}

static void label(struct ui *ui, const struct scene *scene)
{
    size_t row = ui->drag.start.row;
    selection_reset(&ui->selection);
    for (uint32_t il = 0; il < scene->map->n_layer; il++) {
        selection_mark(&ui->selection, scene->map, row, il, true);
    }
    ui->row = row;
    ui->focus = FOCUS_MAP;
}

static void boundary(struct ui *ui, const struct scene *scene, const struct mouse *mouse)
{
    size_t row;
    uint32_t layer;
    uint32_t at = ui->drag.start.boundary;
    nearest_cell(ui, scene, mouse, &row, &layer);
    uint32_t to =
        ui->drag.start.layer < at ? layer + 1 : layer; /* taken by its left or right cell */
    ui->boundary = plan_boundary_edit(scene->map, scene->held, at, to);
}

static void paint(struct ui *ui, const struct scene *scene)
{
    const struct hit *now = &ui->drag.now;
    if (ui->last_target == CARRY_NONE) {
        ui_notice(ui, true, "no target yet: move something first, then paint with it");
        ui->drag.state = DRAG_IDLE;
        return;
    }
    if (now->place == PLACE_CELL && (now->row == MAP_HOME) == (ui->drag.start.row == MAP_HOME)) {
        /* a quick mouse leaves cells out: those between belong to the stroke */
        const struct hit *before = &ui->drag.before;
        uint32_t from = before->place == PLACE_CELL ? before->layer : now->layer;
        uint32_t first = from < now->layer ? from : now->layer;
        uint32_t last = from < now->layer ? now->layer : from;
        for (uint32_t il = first; il < last + (uint32_t)ui->fold; il++) {
            selection_mark(&ui->selection, scene->map, now->row, il, true);
        }
    }
}

static void wheel(struct ui *ui, const struct scene *scene)
{
    int step = ui->drag.amount * 3;
    switch (ui->drag.now.place) {
    case PLACE_BAR:
        ui->device_top =
            step < 0 && ui->device_top == 0 ? 0 : ui->device_top + (size_t)(step < 0 ? -1 : 1);
        break;
    case PLACE_TENSOR:
        ui->tensors.cursor += step;
        break;
    case PLACE_ARGUMENTS:
        ui->arguments.top += step;
        break;
    case PLACE_CELL:
    case PLACE_LABEL:
    case PLACE_HEAD: {
        struct layout layout;
        main_layout(ui, scene, &layout);
        size_t visible = (size_t)layout.map.height - 2;
        if (1 + visible < scene->map->n_rows) {
            ui->row_top =
                step < 0 && ui->row_top <= 1 ? 1 : ui->row_top + (size_t)(step < 0 ? -1 : 1);
            size_t top = scene->map->n_rows - visible;
            ui->row_top = ui->row_top > top ? top : ui->row_top;
            ui->row = ui->row >= ui->row_top ? ui->row : ui->row_top;
            ui->row = ui->row < ui->row_top + visible ? ui->row : ui->row_top + visible - 1;
        } else {
            long long layer = (long long)ui->layer + step;
            ui->layer = (uint32_t)(layer < 0 ? 0 : layer);
        }
        break;
    }
    default:
        break;
    }
}

static int target_under(const struct ui *ui)
{
    return ui->drag.now.place == PLACE_BAR ? ui->drag.now.device : CARRY_NONE;
}

void main_mouse(struct ui *ui, const struct scene *scene, const struct mouse *mouse,
                uint64_t time_ms, struct intent *intent)
{
    struct hit hit;
    main_hit(ui, scene, mouse->x, mouse->y, &hit);
    bool was_idle = ui->drag.state == DRAG_IDLE;
    ui->mouse = *mouse;
    ui->is_scrolling = false;
    enum gesture gesture = drag_event(&ui->drag, mouse, &hit, time_ms);
    switch (gesture) {
    case GESTURE_NONE:
        if (mouse->action == MOUSE_RELEASE && ui->drag.start.place == PLACE_BAR &&
            (hit.place != PLACE_BAR || hit.device != ui->drag.start.device)) {
            ui_notice(ui, false,
                      "a bar takes what is dropped on it: drag selected cells of the map here");
        }
        break;
    case GESTURE_RECTANGLE:
    case GESTURE_RECTANGLE_DONE:
        if (was_idle || ui->drag.start.boundary > 0) {
            begin_rectangle(ui, mouse);
        }
        scroll_at_edge(ui, scene);
        rectangle(ui, scene, mouse);
        break;
    case GESTURE_CLICK:
        click(ui, scene);
        break;
    case GESTURE_DOUBLE:
        if (hit.place == PLACE_TENSOR) {
            overrides_open_here(ui, scene);
            break;
        }
        selection_reset(&ui->selection);
        selection_mark_layer(&ui->selection, scene->map, hit.layer);
        ui->layer = hit.layer;
        break;
    case GESTURE_CARRY:
        ui->mode = MODE_NORMAL;
        scroll_at_edge(ui, scene);
        ui->carry = target_under(ui);
        break;
    case GESTURE_DROP:
        if (target_under(ui) != CARRY_NONE) {
            drop_take(ui, scene, target_under(ui), intent);
        } else {
            ui_notice(ui, false, "dropped on no bar: nothing moved");
        }
        ui->carry = CARRY_NONE;
        break;
    case GESTURE_BOUNDARY:
        boundary(ui, scene, mouse);
        break;
    case GESTURE_BOUNDARY_DONE:
        boundary(ui, scene, mouse);
        edit_copy(&intent->edit, &ui->boundary);
        ui->boundary = (struct edit){0};
        break;
    case GESTURE_PAINT:
        if (was_idle) {
            selection_reset(&ui->selection);
            selection_copy(&ui->base, &ui->selection);
        }
        paint(ui, scene);
        break;
    case GESTURE_PAINT_DONE:
        drop_take(ui, scene, ui->last_target, intent);
        break;
    case GESTURE_HEADS:
    case GESTURE_HEADS_DONE:
        heads(ui, scene, mouse);
        break;
    case GESTURE_LABEL:
        label(ui, scene);
        break;
    case GESTURE_CANCEL:
        ui->carry = CARRY_NONE;
        ui->boundary = (struct edit){0};
        ui_notice(ui, false, "cancelled");
        break;
    case GESTURE_WHEEL:
        wheel(ui, scene);
        break;
    }
}
