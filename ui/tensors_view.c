/* The tensors of the layer under the cursor, or those that a filter finds. */
#include "ui/figures.h"
#include "ui/parts.h"
#include "ui/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is listed ------------------------------------------------------------------------- */

static const struct scene *sorting; /* qsort takes no context */
static enum tensor_sort sorting_by;

static int compare_by(uint32_t a, uint32_t b)
{
    const struct model_tensor *x = &sorting->model->tensors[a];
    const struct model_tensor *y = &sorting->model->tensors[b];
    switch (sorting_by) {
    case SORT_NAME:
        return strcmp(x->name, y->name);
    case SORT_TYPE:
        return strcmp(x->type->name, y->type->name);
    case SORT_DEVICE:
        return sorting->held->device[a] - sorting->held->device[b];
    case SORT_SIZE:
    case SORT_COUNT:
        break;
    }
    return (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

static int compare_rows(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    int order = compare_by(x, y);
    return order != 0 ? order : (x > y) - (x < y);
}

uint32_t *tensors_listed(const struct ui *ui, const struct scene *scene, size_t *n, uint64_t *bytes)
{
    uint32_t *rows;
    if (ui->prompt.is_open && ui->prompt.kind == PROMPT_FILTER) {
        rows = selection_rows(&ui->selection, scene->map, n);
        *bytes = 0;
        return rows;
    }
    rows = layer_map_layer_rows(scene->map, ui->layer, n, bytes);
    sorting = scene;
    sorting_by = ui->sort;
    if (*n > 1) {
        qsort(rows, *n, sizeof *rows, compare_rows);
    }
    return rows;
}

/* ---- drawing -------------------------------------------------------------------------------- */

struct columns {
    int type, size_end, device, by;
};

static struct columns columns_of(const struct layout *layout)
{
    int width = layout->tensors.width;
    if (layout->arguments.y == layout->tensors.y) {
        return (struct columns){width - 31, width - 16, width - 14, width - 7};
    }
    return (struct columns){width - 35, width - 19, width - 17, width - 10};
}

static void reason(const struct scene *scene, uint32_t row, char out[32])
{
    const struct model_tensor *tensor = &scene->model->tensors[row];
    int32_t rule = scene->shown->override[row];
    const char *lock = scene->plan->locked[row] != 0 ? " L" : "";
    if (tensor->role == ROLE_SKIPPED) {
        snprintf(out, 32, "unused");
    } else if (rule >= 0) {
        snprintf(out, 32, "-ot %d%s", rule + 1, lock);
    } else {
        snprintf(out, 32, "%s%s", tensor->role == ROLE_INPUT ? "input" : "home", lock);
    }
}

static void draw_tensor(const struct ui *ui, const struct scene *scene, const struct layout *layout,
                        uint32_t row, int y, bool is_current, struct canvas *canvas)
{
    const struct model_tensor *tensor = &scene->model->tensors[row];
    struct columns columns = columns_of(layout);
    char size[FIGURE_MAX];
    char by[32];
    bool is_focused = ui->focus == FOCUS_TENSORS && is_current;
    enum ink ink = is_focused ? INK_STRONG : INK_PLAIN;
    int device = scene->shown->device[row];
    canvas_put(canvas, 0, y, is_focused ? '>' : ' ', INK_STRONG);
    canvas_text(canvas, 2, y, columns.type - 3, ink, tensor->name);
    canvas_text(canvas, columns.type, y, 8, ink, tensor->type->name);
    canvas_right(canvas, columns.size_end, y, ink, figure_size(size, tensor->bytes, ui->use_gib));
    canvas_text(canvas, columns.device, y, columns.by - columns.device - 1,
                device == scene->held->device[row] ? device_ink(device) : INK_TARGET,
                rig_name(scene->rig, device));
    reason(scene, row, by);
    canvas_text(canvas, columns.by, y, 8, ink, by);
    if (ui->selection.rows[row] != 0) {
        canvas_reverse(canvas, (struct rect){2, y, columns.type - 4, 1});
        canvas_put(canvas, 1, y, '*', INK_STRONG);
    }
}

void tensors_draw(const struct ui *ui, const struct scene *scene, const struct layout *layout,
                  struct canvas *canvas)
{
    size_t n = 0;
    uint64_t bytes = 0;
    uint32_t *rows = tensors_listed(ui, scene, &n, &bytes);
    struct columns columns = columns_of(layout);
    int y = layout->tensors.y;
    char gib[FIGURE_MAX];
    char title[96];
    static const char *const sorts[] = {"", ", by name", ", by type", ", by device"};
    if (ui->prompt.is_open && ui->prompt.kind == PROMPT_FILTER) {
        snprintf(title, sizeof title, "Tensors that match: %zu", n);
    } else if (ui->layer == scene->map->n_layer) {
        snprintf(title, sizeof title, "Tensors outside the layers: %zu, %s", n,
                 figure_gib(gib, bytes));
    } else {
        snprintf(title, sizeof title, "Tensors of layer %u: %zu, %s%s", ui->layer, n,
                 figure_gib(gib, bytes), sorts[ui->sort]);
    }
    enum ink ink = ui->focus == FOCUS_TENSORS ? INK_STRONG : INK_PLAIN;
    canvas_clip(canvas, layout->tensors);
    canvas_text(canvas, 1, y, columns.type - 2, ink, title);
    canvas_text(canvas, columns.type, y, -1, INK_PLAIN, "type");
    canvas_right(canvas, columns.size_end, y, INK_PLAIN, figure_unit(ui->use_gib));
    canvas_text(canvas, columns.device, y, -1, INK_PLAIN, "on");
    canvas_text(canvas, columns.by, y, -1, INK_PLAIN, "by");
    for (int line = 1; line < layout->tensors.height; line++) {
        size_t at = (size_t)(ui->tensors.top + line - 1);
        if (at < n) {
            draw_tensor(ui, scene, layout, rows[at], y + line, (int)at == ui->tensors.cursor,
                        canvas);
        }
    }
    canvas_unclip(canvas);
    free(rows);
}
