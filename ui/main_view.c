/* The main screen, put together: title, legend and panes. */
#include "ui/figures.h"
#include "ui/parts.h"
#include "ui/text.h"

#include <stdio.h>
#include <string.h>

void main_layout(const struct ui *ui, const struct scene *scene, struct layout *out)
{
    int name_cells = 0;
    for (size_t i = 0; i < scene->rig->n_devices; i++) {
        int cells = text_width(scene->rig->devices[i].name);
        name_cells = cells > name_cells ? cells : name_cells;
    }
    struct layout_input input = {
        .width = ui->width,
        .height = ui->height,
        .n_devices = scene->rig->n_devices,
        .n_map_rows = scene->map->n_rows,
        .n_map_major = scene->map->n_major,
        .name_cells = name_cells,
    };
    layout_main(&input, out);
}

const struct device_use *scene_use(const struct evaluation *evaluation, int device)
{
    return device >= 0 ? &evaluation->devices[device] : &evaluation->host;
}

const struct device *scene_device(const struct rig *rig, int device)
{
    return device >= 0 ? &rig->devices[device] : &rig->host;
}

char device_glyph(int device)
{
    static const char digits[] = "0123456789ABCDEF";
    switch (device) {
    case DEVICE_HOST:
        return 'c';
    case MAP_MIXED:
        return '*';
    case DEVICE_NONE:
        return '.';
    default:
        return device >= 0 && device < 16 ? digits[device] : '#';
    }
}

enum ink device_ink(int device)
{
    if (device >= 0) {
        return (enum ink)((int)INK_DEVICE_0 + device % 8);
    }
    return device == DEVICE_HOST ? INK_HOST : device == MAP_MIXED ? INK_STRONG : INK_DIM;
}

int device_of_key(const struct scene *scene, uint32_t key)
{
    int device = DEVICE_NONE;
    if (key == 'c') {
        return DEVICE_HOST;
    }
    if (key >= '0' && key <= '9') {
        device = (int)(key - '0');
    } else if (key >= 'A' && key <= 'F') {
        device = (int)(key - 'A') + 10;
    }
    return device >= 0 && (size_t)device < scene->rig->n_devices ? device : DEVICE_NONE;
}

static const char *cache_type(const struct scene *scene, char *out, size_t n)
{
    const struct resolved *resolved = &scene->shown->resolved;
    const struct ggml_type_info *k = ggml_type_find(resolved->type_k);
    const struct ggml_type_info *v = ggml_type_find(resolved->type_v);
    if (k == NULL || v == NULL || k == v) {
        snprintf(out, n, "%s", k != NULL ? k->name : "");
    } else {
        snprintf(out, n, "%s/%s", k->name, v->name);
    }
    return out;
}

static const char *saved_state(const struct scene *scene)
{
    if (scene->is_unsaved) {
        return "not saved";
    }
    return scene->plan_path != NULL ? scene->plan_path : "not saved";
}

static void draw_title(const struct ui *ui, const struct scene *scene, const struct layout *layout,
                       struct canvas *canvas)
{
    const struct model *model = scene->model;
    char gib[FIGURE_MAX];
    char type[64];
    char right[128];
    char facts[256];
    figure_gib(gib, model->bytes);
    cache_type(scene, type, sizeof type);
    uint32_t context = scene->shown->resolved.n_ctx;
    if (layout->is_wide) {
        snprintf(facts, sizeof facts, "%s · %u layers · %llu tensors · %s · ctx %u %s",
                 model->arch_name, model->hparams.n_layer,
                 (unsigned long long)model->gguf->n_tensors, gib, context, type);
        const char *saved = saved_state(scene);
        size_t length = strlen(saved); /* a long path shows its end */
        snprintf(right, sizeof right, "%s%s", length > 30 ? "…" : "",
                 saved + (length > 30 ? length - 29 : 0));
    } else {
        snprintf(facts, sizeof facts, "%s %u layers %s", model->arch_name, model->hparams.n_layer,
                 gib);
        snprintf(right, sizeof right, "%sctx %u", scene->is_unsaved ? "* " : "", context);
    }
    int gap = layout->is_wide ? 3 : 2;
    int y = layout->title.y;
    int x = canvas_text(canvas, 1, y, -1, INK_TITLE, "otplan") + gap;
    int room = ui->width - 1 - x - gap - text_width(facts) - gap - text_width(right);
    if (room >= 8) {
        x = canvas_text(canvas, x, y, room, INK_STRONG, model->name) + gap;
    }
    canvas_text(canvas, x, y, ui->width - 2 - text_width(right) - x, INK_PLAIN, facts);
    canvas_right(canvas, ui->width - 1, y, scene->is_unsaved ? INK_STRONG : INK_DIM, right);
}

struct legend_entry {
    enum ink ink;
    const char *glyph, *brief, *text;
};

static void draw_legend(const struct ui *ui, const struct scene *scene, const struct layout *layout,
                        struct canvas *canvas)
{
    static const struct legend_entry entries[] = {
        {INK_DENSE, "█", "dense", "dense"},
        {INK_EXPERTS, "▓", "experts", "experts"},
        {INK_CACHE, "▒", "KV", "KV cache"},
        {INK_COMPUTE, "░", "compute", "compute"},
        {INK_BUDGET, "╎", "budget", "budget"},
        {INK_ELSEWHERE, "╱", "in use elsewhere", "in use elsewhere"},
    };
    int y = layout->legend.y;
    size_t devices = scene->rig->n_devices;
    size_t shown = (size_t)layout->bar_lines * (size_t)layout->bars_a_line;
    int x = canvas_text(canvas, 1, y, -1, ui->focus == FOCUS_DEVICES ? INK_STRONG : INK_PLAIN,
                        "Devices");
    if (shown < devices) {
        x = canvas_format(canvas, x + 1, y, INK_DIM, "%zu of %zu", shown, devices);
    }
    x += layout->is_wide ? 3 : 1;
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        x = canvas_text(canvas, x, y, -1, entries[i].ink, entries[i].glyph);
        x += layout->is_wide ? 1 : 0;
        x = canvas_text(canvas, x, y, -1, INK_PLAIN,
                        layout->is_wide ? entries[i].text : entries[i].brief);
        x += layout->is_wide ? 2 : 1;
    }
    char units[32];
    snprintf(units, sizeof units, layout->is_wide ? "used / budget %s" : "used/budget %s",
             scene->room != NULL && !layout->is_wide ? "fits" : figure_unit(ui->use_gib));
    int at = ui->width - (layout->is_wide ? 1 : 0) - text_width(units);
    if (at > x - 1) {
        canvas_text(canvas, at, y, -1, INK_PLAIN, units);
    }
}

static void draw_too_small(const struct ui *ui, struct canvas *canvas)
{
    canvas_format(canvas, 0, 0, INK_STRONG, "otplan needs %dx%d", LAYOUT_MIN_WIDTH,
                  LAYOUT_MIN_HEIGHT);
    canvas_format(canvas, 0, 1, INK_PLAIN, "this is %dx%d; q quits", ui->width, ui->height);
}

void main_draw(const struct ui *ui, const struct scene *scene, struct canvas *canvas)
{
    struct layout layout;
    main_layout(ui, scene, &layout);
    if (layout.too_small) {
        draw_too_small(ui, canvas);
        return;
    }
    draw_title(ui, scene, &layout, canvas);
    if (layout.legend.height > 0) {
        draw_legend(ui, scene, &layout, canvas);
    }
    bars_draw(ui, scene, &layout, canvas);
    map_draw(ui, scene, &layout, canvas);
    if (layout.tensors.height > 0) {
        tensors_draw(ui, scene, &layout, canvas);
    }
    arguments_draw(ui, scene, &layout, canvas);
    status_draw(ui, scene, &layout, canvas);
}
