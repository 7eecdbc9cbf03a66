/* Going about the main screen: cursors of map, bars and lists, and what follows them. */
#include "ui/parts.h"

static void step_layer(struct ui *ui, const struct scene *scene, int columns)
{
    long long last = scene->map->n_layer;
    long long layer = (long long)ui->layer + (long long)columns * ui->fold;
    if (ui->layer == scene->map->n_layer && columns < 0) {
        layer = last - 1 + (columns + 1LL) * ui->fold; /* from the output column */
    }
    bool to_output = ui->row == MAP_HOME || ui->layer == scene->map->n_layer || columns == 1;
    long long limit = to_output ? last : last - 1;
    layer = layer < 0 ? 0 : layer > limit ? limit : layer;
    ui->layer = (uint32_t)layer;
}

static void step_row(struct ui *ui, const struct scene *scene, int rows)
{
    long long row = (long long)ui->row + rows;
    long long last = (long long)scene->map->n_rows - 1;
    ui->row = (size_t)(row < 0 ? 0 : row > last ? last : row);
}

static void step_device(struct ui *ui, const struct scene *scene, int lines)
{
    int n = (int)scene->rig->n_devices; /* the host stands last: n */
    int at = (ui->device == DEVICE_HOST ? n : ui->device) + lines;
    at = at < 0 ? 0 : at > n ? n : at;
    ui->device = at == n ? DEVICE_HOST : at;
}

/* Bars under a carried selection, in the order on screen. */
static void step_carry(struct ui *ui, const struct scene *scene, int lines)
{
    int n = (int)scene->rig->n_devices;
    int at = ui->carry == DEVICE_HOST ? n : ui->carry;
    if (ui->carry < DEVICE_HOST) {
        at = lines > 0 ? -1 : n + 1;
    }
    at += lines;
    at = at < 0 ? 0 : at > n ? n : at;
    ui->carry = at == n ? DEVICE_HOST : at;
    ui->device = ui->carry;
}

static void step_list(struct list *list, int lines)
{
    list->cursor += lines;
}

static void extend_block(struct ui *ui, const struct scene *scene)
{
    selection_copy(&ui->selection, &ui->base);
    selection_rectangle(&ui->selection, scene->map, ui->anchor_row, ui->anchor_layer, ui->row,
                        ui->layer);
}

static void extend_layers(struct ui *ui, const struct scene *scene)
{
    selection_copy(&ui->selection, &ui->base);
    uint32_t first = ui->anchor_layer < ui->layer ? ui->anchor_layer : ui->layer;
    uint32_t last = ui->anchor_layer < ui->layer ? ui->layer : ui->anchor_layer;
    for (uint32_t layer = first; layer <= last; layer++) {
        selection_mark_layer(&ui->selection, scene->map, layer);
    }
}

void main_after_step(struct ui *ui, const struct scene *scene)
{
    if (ui->focus == FOCUS_MAP) {
        ui->tensors = (struct list){0};
    }
    if (ui->mode == MODE_BLOCK) {
        if (ui->base.whole_layers || ui->selection.whole_layers) {
            extend_layers(ui, scene);
        } else {
            extend_block(ui, scene);
        }
    } else if (ui->mode == MODE_PAINT) {
        selection_mark(&ui->selection, scene->map, ui->row, ui->layer, true);
    }
}

void main_go(struct ui *ui, const struct scene *scene, int columns, int lines)
{
    if (ui->mode == MODE_MOVE) {
        step_carry(ui, scene, lines != 0 ? lines : columns);
        return;
    }
    switch (ui->focus) {
    case FOCUS_DEVICES:
        step_device(ui, scene, lines);
        break;
    case FOCUS_MAP:
        if (columns != 0) {
            step_layer(ui, scene, columns);
        }
        if (lines != 0) {
            step_row(ui, scene, lines);
        }
        break;
    case FOCUS_TENSORS:
        if (columns != 0) {
            step_layer(ui, scene, columns);
            ui->tensors = (struct list){0};
        }
        step_list(&ui->tensors, lines);
        return;
    case FOCUS_ARGUMENTS:
        ui->arguments.top += lines;
        return;
    case FOCUS_COUNT:
        break;
    }
    main_after_step(ui, scene);
}

static void page(struct ui *ui, const struct scene *scene, int direction, int share)
{
    int step = ui->focus == FOCUS_MAP ? 10 : 8;
    step = step / share > 0 ? step / share : 1;
    main_go(ui, scene, ui->focus == FOCUS_MAP ? direction * step : 0,
            ui->focus == FOCUS_MAP ? 0 : direction * step);
}

static void go_end(struct ui *ui, const struct scene *scene, bool last)
{
    if (ui->focus == FOCUS_MAP) {
        ui->layer = last ? scene->map->n_layer - (scene->map->n_layer > 0 ? 1 : 0) : 0;
        main_after_step(ui, scene);
    } else {
        main_go(ui, scene, 0, last ? 1 << 20 : -(1 << 20));
    }
}

static void go_edge(struct ui *ui, const struct scene *scene, bool bottom)
{
    if (ui->focus == FOCUS_MAP && ui->mode != MODE_MOVE) {
        ui->row = bottom ? scene->map->n_rows - 1 : 0;
        main_after_step(ui, scene);
    } else {
        main_go(ui, scene, 0, bottom ? 1 << 20 : -(1 << 20));
    }
}

static void next_pane(struct ui *ui, const struct scene *scene, int step)
{
    struct layout layout;
    main_layout(ui, scene, &layout);
    int focus = (int)ui->focus;
    do {
        focus = (focus + step + FOCUS_COUNT) % FOCUS_COUNT;
    } while ((focus == FOCUS_TENSORS && layout.tensors.height < 2) ||
             (focus == FOCUS_ARGUMENTS && layout.arguments.height < 2));
    ui->focus = (enum focus)focus;
}

bool main_go_action(struct ui *ui, const struct scene *scene, enum action action)
{
    switch (action) {
    case ACTION_UP:
        main_go(ui, scene, 0, -1);
        return true;
    case ACTION_DOWN:
        main_go(ui, scene, 0, 1);
        return true;
    case ACTION_LEFT:
        main_go(ui, scene, -1, 0);
        return true;
    case ACTION_RIGHT:
        main_go(ui, scene, 1, 0);
        return true;
    case ACTION_PAGE_UP:
        page(ui, scene, -1, 1);
        return true;
    case ACTION_PAGE_DOWN:
        page(ui, scene, 1, 1);
        return true;
    case ACTION_HALF_UP:
        page(ui, scene, -1, 2);
        return true;
    case ACTION_HALF_DOWN:
        page(ui, scene, 1, 2);
        return true;
    case ACTION_FIRST:
        go_end(ui, scene, false);
        return true;
    case ACTION_LAST:
        go_end(ui, scene, true);
        return true;
    case ACTION_TOP:
        go_edge(ui, scene, false);
        return true;
    case ACTION_BOTTOM:
        go_edge(ui, scene, true);
        return true;
    case ACTION_NEXT_PANE:
        next_pane(ui, scene, 1);
        return true;
    case ACTION_PREVIOUS_PANE:
        next_pane(ui, scene, -1);
        return true;
    default:
        return false;
    }
}
