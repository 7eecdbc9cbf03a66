/* Keys of the main screen. */
#include "ui/parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void command(struct intent *intent, const char *text)
{
    snprintf(intent->command, sizeof intent->command, "%s", text);
}

/* ---- selecting ------------------------------------------------------------------------------ */

static void fresh_selection(struct ui *ui)
{
    if (ui->selection.is_spent) {
        selection_reset(&ui->selection);
    }
}

static void begin_block(struct ui *ui, const struct scene *scene, bool layers)
{
    fresh_selection(ui);
    if (layers || ui->selection.whole_layers) {
        selection_reset(&ui->selection);
    }
    ui->selection.whole_layers = layers;
    selection_copy(&ui->base, &ui->selection);
    ui->focus = FOCUS_MAP;
    ui->mode = MODE_BLOCK;
    ui->anchor_row = ui->row;
    ui->anchor_layer = ui->layer;
    main_after_step(ui, scene);
}

static void extend(struct ui *ui, const struct scene *scene, int columns, int lines)
{
    if (ui->mode != MODE_BLOCK) {
        begin_block(ui, scene, false);
    }
    main_go(ui, scene, columns, lines);
}

static void mark(struct ui *ui, const struct scene *scene)
{
    fresh_selection(ui);
    ui->selection.whole_layers = false;
    if (ui->focus == FOCUS_TENSORS) {
        size_t n = 0;
        uint64_t bytes = 0;
        uint32_t *rows = tensors_listed(ui, scene, &n, &bytes);
        if ((size_t)ui->tensors.cursor < n) {
            uint32_t row = rows[ui->tensors.cursor];
            selection_mark_row(&ui->selection, row, ui->selection.rows[row] == 0);
        }
        free(rows);
        ui->tensors.cursor++;
        return;
    }
    bool on = selection_state(&ui->selection, scene->map, ui->row, ui->layer) != SELECTED_ALL;
    selection_mark(&ui->selection, scene->map, ui->row, ui->layer, on);
}

void main_cancel(struct ui *ui)
{
    if (ui->mode == MODE_MOVE) {
        ui->mode = MODE_NORMAL;
        ui->carry = CARRY_NONE;
        return;
    }
    if (ui->mode == MODE_BLOCK || ui->mode == MODE_PAINT) {
        selection_copy(&ui->selection, &ui->base);
        ui->mode = MODE_NORMAL;
        return;
    }
    selection_reset(&ui->selection);
}

/* ---- sending -------------------------------------------------------------------------------- */

static void begin_move(struct ui *ui, const struct scene *scene)
{
    struct edit edit;
    if (ui->mode == MODE_BLOCK) {
        ui->mode = MODE_NORMAL;
    }
    if (!ui_carried(ui, scene, &edit)) {
        ui_notice(ui, true, "nothing to move here: no such tensor in this layer");
        return;
    }
    edit_clear(&edit);
    ui->mode = MODE_MOVE;
    ui->carry = CARRY_NONE;
}

static void send_again(struct ui *ui, const struct scene *scene, struct intent *intent)
{
    if (ui->last_target == CARRY_NONE) {
        ui_notice(ui, true, "no target yet: m and a device key first");
        return;
    }
    ui->mode = MODE_NORMAL;
    drop_take(ui, scene, ui->last_target, intent);
}

static void begin_paint(struct ui *ui, const struct scene *scene, struct intent *intent)
{
    if (ui->mode == MODE_PAINT) {
        send_again(ui, scene, intent);
        return;
    }
    if (ui->last_target == CARRY_NONE) {
        ui_notice(ui, true, "no target yet: m and a device key first");
        return;
    }
    selection_reset(&ui->selection);
    selection_copy(&ui->base, &ui->selection);
    ui->mode = MODE_PAINT;
    ui->focus = FOCUS_MAP;
    main_after_step(ui, scene);
}

static void move_boundary(struct ui *ui, const struct scene *scene, int step, struct intent *intent)
{
    uint32_t *at = malloc(((size_t)scene->map->n_layer + 1) * sizeof *at);
    if (at == NULL) {
        return;
    }
    size_t n = plan_boundaries(scene->map, scene->held, at);
    uint32_t best = 0;
    uint32_t distance = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        uint32_t away = at[i] > ui->layer ? at[i] - ui->layer : ui->layer - at[i];
        if (away < distance) {
            distance = away;
            best = at[i];
        }
    }
    free(at);
    if (best == 0 || (step < 0 && best < 1)) {
        ui_notice(ui, true, "no boundary between homes: m moves homes to a device");
        return;
    }
    intent->edit = plan_boundary_edit(scene->map, scene->held, best, (uint32_t)((int)best + step));
    ui->layer = (uint32_t)((int)ui->layer + step > 0 ? (int)ui->layer + step : 0);
}

static void lock(struct ui *ui, const struct scene *scene, struct intent *intent)
{
    struct edit edit;
    if (!ui_carried(ui, scene, &edit) || edit.n_rows == 0) {
        ui_notice(ui, true, "nothing to lock here: homes are not locked, weights are");
        edit_clear(&edit);
        return;
    }
    bool all = true;
    for (size_t i = 0; i < edit.n_rows; i++) {
        all = all && scene->plan->locked[edit.rows[i]] != 0;
    }
    edit.kind = all ? EDIT_UNLOCK : EDIT_LOCK;
    intent->edit = edit;
}

static void focus_bar(struct ui *ui, const struct scene *scene, uint32_t key)
{
    int device = device_of_key(scene, key);
    if (device == DEVICE_NONE) {
        ui_notice(ui, true, "no device %c", (char)key);
        return;
    }
    ui->focus = FOCUS_DEVICES;
    ui->device = device;
}

/* ---- between m and the device --------------------------------------------------------------- */

static bool target_key(struct ui *ui, const struct scene *scene, uint32_t key,
                       struct intent *intent)
{
    if (key == '.') {
        drop_take(ui, scene, CARRY_HOME, intent);
        return true;
    }
    if (key == PRESS_ENTER) {
        if (ui->carry == CARRY_NONE) {
            ui_notice(ui, true, "choose a bar with the arrows, or press its key");
            return true;
        }
        drop_take(ui, scene, ui->carry, intent);
        return true;
    }
    int device = device_of_key(scene, key);
    if (device != DEVICE_NONE) {
        drop_take(ui, scene, device, intent);
        return true;
    }
    bool digit = (key >= '0' && key <= '9') || (key >= 'A' && key <= 'F');
    if (digit) {
        ui_notice(ui, true, "no device %c on this machine", (char)key);
    }
    return digit;
}

static void select_action(struct ui *ui, const struct scene *scene, enum action action)
{
    switch (action) {
    case ACTION_BLOCK:
    case ACTION_LAYERS:
        if (ui->mode == MODE_BLOCK) {
            ui->mode = MODE_NORMAL;
        } else {
            begin_block(ui, scene, action == ACTION_LAYERS);
        }
        break;
    case ACTION_EXTEND_UP:
        extend(ui, scene, 0, -1);
        break;
    case ACTION_EXTEND_DOWN:
        extend(ui, scene, 0, 1);
        break;
    case ACTION_EXTEND_LEFT:
        extend(ui, scene, -1, 0);
        break;
    case ACTION_EXTEND_RIGHT:
        extend(ui, scene, 1, 0);
        break;
    case ACTION_MARK:
        mark(ui, scene);
        break;
    case ACTION_FILTER:
        fresh_selection(ui);
        selection_copy(&ui->base, &ui->selection);
        prompt_open(&ui->prompt, PROMPT_FILTER, "filter /", "", "");
        break;
    case ACTION_INVERT:
        selection_invert(&ui->selection, scene->map);
        break;
    case ACTION_CLEAR:
        main_cancel(ui);
        break;
    default:
        break;
    }
}

static const struct {
    enum action action;
    const char *command;
} commands[] = {
    {ACTION_UNDO, "undo"},
    {ACTION_REDO, "redo"},
    {ACTION_AUTO, "auto"},
    {ACTION_PROBE, "probe"},
    {ACTION_SNAPSHOT, "snapshot"},
    {ACTION_COPY, "copy"},
    {ACTION_REDRAW, "redraw"},
    {ACTION_SUSPEND, "suspend"},
    {ACTION_QUIT, "quit"},
    {ACTION_SETTINGS, "screen settings"},
    {ACTION_DEVICES, "screen devices"},
    {ACTION_DETAIL, "screen detail"},
    {ACTION_WARNINGS, "screen warnings"},
    {ACTION_SNAPSHOTS, "screen snapshots"},
    {ACTION_COMPARE, "compare"},
    {ACTION_HISTORY, "screen history"},
    {ACTION_WATCH, "screen watch"},
    {ACTION_EXPORT, "screen export"},
    {ACTION_HELP, "screen help"},
    {ACTION_WRITE, "ask write"},
    {ACTION_IMPORT, "ask open"},
    {ACTION_CONTEXT, "ask context"},
};

void main_action(struct ui *ui, const struct scene *scene, enum action action, uint32_t key,
                 struct intent *intent)
{
    if (ui->mode == MODE_MOVE && target_key(ui, scene, key, intent)) {
        return;
    }
    if (ui->mode == MODE_PAINT && key == PRESS_ENTER) {
        send_again(ui, scene, intent);
        return;
    }
    if (main_go_action(ui, scene, action)) {
        return;
    }
    if (ui->mode == MODE_MOVE && action != ACTION_NONE) {
        main_cancel(ui);
        if (action == ACTION_CLEAR) {
            return;
        }
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (commands[i].action == action) {
            command(intent, commands[i].command);
            return;
        }
    }
    switch (action) {
    case ACTION_FOCUS_BAR:
        focus_bar(ui, scene, key);
        break;
    case ACTION_OVERRIDES:
        overrides_open_here(ui, scene);
        break;
    case ACTION_FOLD:
        ui->fold = ui->fold == 8 ? 1 : ui->fold * 2;
        break;
    case ACTION_SORT:
        ui->sort = (enum tensor_sort)((ui->sort + 1) % SORT_COUNT);
        break;
    case ACTION_SEND:
        begin_move(ui, scene);
        break;
    case ACTION_SEND_AGAIN:
        send_again(ui, scene, intent);
        break;
    case ACTION_PAINT:
        begin_paint(ui, scene, intent);
        break;
    case ACTION_BOUNDARY_LEFT:
        move_boundary(ui, scene, -1, intent);
        break;
    case ACTION_BOUNDARY_RIGHT:
        move_boundary(ui, scene, 1, intent);
        break;
    case ACTION_LOCK:
        lock(ui, scene, intent);
        break;
    case ACTION_COMMAND:
        prompt_open(&ui->prompt, PROMPT_COMMAND, ":", "", "");
        break;
    case ACTION_NONE:
        ui_no_such_key(ui, key);
        break;
    default:
        select_action(ui, scene, action);
        break;
    }
}
