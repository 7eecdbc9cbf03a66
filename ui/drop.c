/* What is picked up and what dropping it means. */
#include "ui/parts.h"

#include "model/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* One row, or the rows of the cell under the cursor. */
static uint32_t *rows_under_cursor(const struct ui *ui, const struct scene *scene, size_t *n)
{
    *n = 0;
    if (ui->focus == FOCUS_TENSORS) {
        uint64_t bytes = 0;
        size_t listed = 0;
        uint32_t *rows = tensors_listed(ui, scene, &listed, &bytes);
        if ((size_t)ui->tensors.cursor < listed) {
            rows[0] = rows[ui->tensors.cursor];
            *n = 1;
        }
        return rows;
    }
    const uint32_t *rows = layer_map_cell(scene->map, ui->row, ui->layer, n);
    return memory_copy(rows != NULL ? rows : (const uint32_t[]){0}, *n * sizeof *rows);
}

bool ui_carried(const struct ui *ui, const struct scene *scene, struct edit *edit)
{
    *edit = (struct edit){0};
    if (ui->selection.n_homes > 0) {
        edit->kind = EDIT_HOMES;
        return selection_span(&ui->selection, scene->map, &edit->first, &edit->last);
    }
    edit->kind = EDIT_SEND;
    if (ui->selection.n_marked > 0) {
        edit->rows = selection_rows(&ui->selection, scene->map, &edit->n_rows);
        return edit->n_rows > 0;
    }
    if (ui->focus != FOCUS_TENSORS && ui->row == MAP_HOME) {
        edit->kind = EDIT_HOMES;
        edit->first = edit->last = ui->layer;
        return true;
    }
    edit->rows = rows_under_cursor(ui, scene, &edit->n_rows);
    if (edit->n_rows == 0) {
        edit_clear(edit);
        return false;
    }
    return true;
}

bool drop_build(const struct ui *ui, const struct scene *scene, int target, struct edit *edit)
{
    if (target == CARRY_NONE || !ui_carried(ui, scene, edit)) {
        *edit = (struct edit){0};
        return false;
    }
    if (target == CARRY_HOME) {
        edit->kind = EDIT_RETURN;
        edit->device = DEVICE_NONE;
        if (edit->n_rows == 0) {
            edit_clear(edit); /* homes are at home */
            return false;
        }
        return true;
    }
    edit->device = target;
    bool layers = ui->selection.whole_layers && edit->kind == EDIT_SEND;
    if (layers && ui->cache_follows == FOLLOW_YES &&
        selection_span(&ui->selection, scene->map, &edit->first, &edit->last)) {
        edit->kind = EDIT_LAYERS;
    }
    return true;
}

void drop_take(struct ui *ui, const struct scene *scene, int target, struct intent *intent)
{
    struct edit edit;
    ui->carry = CARRY_NONE;
    if (ui->mode == MODE_MOVE) {
        ui->mode = MODE_NORMAL;
    }
    if (!drop_build(ui, scene, target, &edit)) {
        ui_notice(ui, true, "nothing to move here");
        return;
    }
    if (target != CARRY_HOME) {
        ui->last_target = target;
    }
    ui->selection.is_spent = true;
    if (ui->selection.whole_layers && edit.kind == EDIT_SEND && ui->cache_follows == FOLLOW_ASK) {
        edit_clear(&ui->pending);
        ui->pending = edit;
        ui_ask(ui, "take the cache along? (moves homes)");
        ui_answer(ui, 'y', "yes", "drop with-cache");
        ui_answer(ui, 'n', "no, weights only", "drop weights");
        return;
    }
    intent->edit = edit;
}

bool ui_tentative_edit(const struct ui *ui, const struct scene *scene, struct edit *edit)
{
    *edit = (struct edit){0};
    if (ui->drag.state == DRAG_BOUNDARY && ui->boundary.kind != EDIT_NONE) {
        edit_copy(edit, &ui->boundary);
        return true;
    }
    if (ui->drag.state == DRAG_PAINT || ui->mode == MODE_PAINT) {
        return ui->selection.n_marked + ui->selection.n_homes > 0 &&
               drop_build(ui, scene, ui->last_target, edit);
    }
    if (ui->drag.state != DRAG_CARRY && ui->mode != MODE_MOVE) {
        return false;
    }
    return drop_build(ui, scene, ui->carry, edit);
}
