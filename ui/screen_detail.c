/* Detail: every term of a device's bytes; or a tensor. */
#include "model/base/strbuf.h"
#include "model/net/compute_memory.h"
#include "model/plan/advice.h"
#include "ui/figures.h"
#include "ui/parts.h"
#include "ui/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHEET_LINES = 100 };

/* What is written, from the top of a canvas that is high enough for all. */
struct sheet {
    struct canvas *canvas;
    int y;
    bool use_gib;
};

/* The note stands beside the figures, or below them where it is too long for that. */
static void row(struct sheet *sheet, enum ink ink, const char *label, uint64_t bytes,
                const char *note)
{
    char exact[FIGURE_MAX];
    char size[FIGURE_MAX];
    struct canvas *canvas = sheet->canvas;
    int y = sheet->y++;
    canvas_text(canvas, 2, y, 32, ink, label);
    canvas_right(canvas, 52, y, ink, figure_grouped(exact, bytes));
    canvas_right(canvas, 66, y, ink, figure_size(size, bytes, sheet->use_gib));
    if (text_width(note) <= canvas->width - 69) {
        canvas_text(canvas, 68, y, -1, INK_DIM, note);
    } else {
        canvas_text(canvas, 6, sheet->y++, canvas->width - 7, INK_DIM, note);
    }
}

/* What decoding one token reads, how long that takes, and which part of the token's time it is. */
static void read_row(struct sheet *sheet, const struct speed *speed, const struct speed_use *use)
{
    char label[64];
    double ms = 1000 * use->seconds;
    int digits = ms < 10 ? 3 : ms < 1000 ? 1 : 0;
    if (speed->known && speed->seconds > 0) {
        snprintf(label, sizeof label, "a token reads (%.*f ms, %.1f%%)", digits, ms,
                 100 * use->seconds / speed->seconds);
    } else {
        snprintf(label, sizeof label, "a token reads");
    }
    row(sheet, INK_PLAIN, label, (uint64_t)use->bytes_read, "");
}

static int device_of(const struct ui *ui, const struct scene *scene)
{
    if (ui->focus == FOCUS_DEVICES) {
        return ui->device;
    }
    if (ui->focus == FOCUS_TENSORS) {
        size_t n = 0;
        uint64_t bytes = 0;
        uint32_t *rows = tensors_listed(ui, scene, &n, &bytes);
        int device = (size_t)ui->tensors.cursor < n ? scene->held->device[rows[ui->tensors.cursor]]
                                                    : DEVICE_HOST;
        free(rows);
        return device >= DEVICE_HOST ? device : DEVICE_HOST;
    }
    int device = layer_map_device(scene->map, scene->held, ui->row, ui->layer);
    return device >= DEVICE_HOST ? device : scene->held->layers[ui->layer].home;
}

static void draw_tensor(const struct ui *ui, const struct scene *scene, struct sheet *sheet)
{
    size_t n = 0;
    uint64_t bytes = 0;
    uint32_t *rows = tensors_listed(ui, scene, &n, &bytes);
    if (ui->focus == FOCUS_TENSORS && (size_t)ui->tensors.cursor < n) {
        const struct model_tensor *tensor = &scene->model->tensors[rows[ui->tensors.cursor]];
        canvas_format(sheet->canvas, 2, sheet->y++, INK_STRONG, "%s", tensor->name);
        canvas_format(sheet->canvas, 2, sheet->y++, INK_PLAIN, "%s, %llu x %llu x %llu, group %s",
                      tensor->type->name, (unsigned long long)tensor->ne[0],
                      (unsigned long long)tensor->ne[1], (unsigned long long)tensor->ne[2],
                      tensor_group_name(tensor->group));
        row(sheet, INK_PLAIN, "size", tensor->bytes, "");
        sheet->y++;
    } else if (ui->focus == FOCUS_MAP && ui->layer < scene->map->n_layer) {
        const struct layer_place *place = &scene->held->layers[ui->layer];
        canvas_format(sheet->canvas, 2, sheet->y++, INK_STRONG, "layer %u: home %s, cache %s",
                      ui->layer, rig_name(scene->rig, place->home),
                      place->cache == DEVICE_NONE ? "none" : rig_name(scene->rig, place->cache));
        row(sheet, INK_PLAIN, "cache of this layer", place->context, "");
        row(sheet, INK_PLAIN, "tensors of this layer", bytes, "");
        if (scene->speed != NULL && scene->speed->layers != NULL) {
            read_row(sheet, scene->speed, &scene->speed->layers[ui->layer]);
        }
        sheet->y++;
    }
    free(rows);
}

static void draw_rate(const struct device *device, struct sheet *sheet)
{
    struct strbuf text = {0};
    speed_rate_text(device, &text);
    canvas_format(sheet->canvas, 4, sheet->y++, INK_DIM, "%s%s",
                  device->bandwidth_gb_s > 0 ? "at " : "", strbuf_text(&text));
    strbuf_clear(&text);
}

/* "prompt, 512 tokens: 13 ms, of it 5 ms for 260 226.6 MiB over the link" */
static void draw_prompt(const struct prompt_speed *prompt, int device, struct sheet *sheet)
{
    char size[FIGURE_MAX];
    const struct prompt_use *use = device == DEVICE_HOST ? &prompt->host : &prompt->devices[device];
    if (!prompt->known) {
        canvas_format(sheet->canvas, 2, sheet->y++, INK_PLAIN, "prompt: not known, %s",
                      prompt->unknown_because);
    } else if (use->bytes_copied > 0) {
        canvas_format(sheet->canvas, 2, sheet->y++, INK_PLAIN,
                      "prompt, %u tokens: %.0f ms, of it %.0f ms for %s %s over the link",
                      prompt->n_ubatch, 1000 * use->seconds, 1000 * use->copy_seconds,
                      figure_size(size, (uint64_t)use->bytes_copied, sheet->use_gib),
                      figure_unit(sheet->use_gib));
    } else {
        canvas_format(sheet->canvas, 2, sheet->y++, INK_PLAIN, "prompt, %u tokens: %.1f ms",
                      prompt->n_ubatch, 1000 * use->seconds);
    }
}

static void draw_speed(const struct scene *scene, int device, struct sheet *sheet)
{
    const struct speed *speed = scene->speed;
    if (speed == NULL || speed->layers == NULL) {
        return;
    }
    read_row(sheet, speed, device == DEVICE_HOST ? &speed->host : &speed->devices[device]);
    draw_rate(scene_device(scene->rig, device), sheet);
    if (scene->prompt != NULL && scene->prompt->devices != NULL) {
        draw_prompt(scene->prompt, device, sheet);
    }
}

static const char *source_note(const struct scene *scene, enum figure_source source)
{
    if (source == FIGURE_PROBE) {
        return scene->probe_text != NULL ? scene->probe_text : figure_source_name(source);
    }
    return source == FIGURE_EXACT ? "" : figure_source_name(source);
}

/* What limits the optimiser's plan here, and what would help. */
static void draw_advice(const struct scene *scene, int device, struct sheet *sheet)
{
    const struct advice *advice = scene->advice;
    if (advice == NULL || device < 0 || (size_t)device >= advice->n_cards) {
        return;
    }
    struct strbuf text = {0};
    advice_limit_text(scene->model, scene->rig, advice, (size_t)device, &text);
    const char *rest = strstr(strbuf_text(&text), "; ");
    if (rest != NULL && (int)text.length + 2 > sheet->canvas->width) { /* what did not fit, whole */
        canvas_format(sheet->canvas, 2, sheet->y++, INK_PLAIN, "%.*s",
                      (int)(rest + 1 - strbuf_text(&text)), strbuf_text(&text));
        canvas_text(sheet->canvas, 4, sheet->y++, -1, INK_PLAIN, rest + 2);
    } else {
        canvas_text(sheet->canvas, 2, sheet->y++, -1, INK_PLAIN, strbuf_text(&text));
    }
    strbuf_reset(&text);
    advice_gib_text(scene->rig, advice, (size_t)device, &text);
    if (advice->with_q8_cache > 0) {
        strbuf_add(&text, text.length > 0 ? "; " : "");
        advice_cache_text(advice, &text);
    }
    if (text.length > 0) {
        canvas_text(sheet->canvas, 2, sheet->y++, -1, INK_PLAIN, strbuf_text(&text));
    }
    strbuf_clear(&text);
}

static void write_term(struct sheet *sheet, enum compute_term term, uint64_t bytes)
{
    char label[80];
    char note[120];
    const char *remedy = compute_term_remedy(term);
    snprintf(label, sizeof label, "  %s", compute_term_name(term));
    snprintf(note, sizeof note, "%s%s", remedy[0] != '\0' ? "less with " : "", remedy);
    row(sheet, INK_DIM, label, bytes, note);
}

/* Returns the lines used. */
static int write_sheet(const struct ui *ui, const struct scene *scene, struct canvas *canvas)
{
    int device = device_of(ui, scene);
    const struct device *what = scene_device(scene->rig, device);
    const struct device_use *use = scene_use(scene->held, device);
    struct sheet page = {.canvas = canvas, .use_gib = ui->use_gib};
    struct sheet *sheet = &page;
    draw_tensor(ui, scene, sheet);
    canvas_format(canvas, 2, sheet->y, INK_STRONG, "%s", what->name);
    canvas_right(canvas, 52, sheet->y, INK_DIM, "bytes");
    canvas_right(canvas, 66, sheet->y++, INK_DIM, figure_unit(ui->use_gib));
    row(sheet, INK_PLAIN, "weights", use->model, source_note(scene, use->model_source));
    row(sheet, INK_DIM, "  of them routed experts", use->experts, "");
    row(sheet, INK_PLAIN, "context (KV cache, state)", use->context,
        source_note(scene, use->context_source));
    row(sheet, INK_PLAIN, "compute buffer", use->compute, source_note(scene, use->compute_source));
    for (int term = 0; term < COMPUTE_TERM_COUNT; term++) {
        if (use->terms.bytes[term] > 0) {
            write_term(sheet, (enum compute_term)term, use->terms.bytes[term]);
        }
    }
    if (use->beside > 0) {
        row(sheet, INK_PLAIN, "beside the model", use->beside, "draft model, multimodal projector");
    }
    row(sheet, INK_STRONG, "used", use->used, "");
    sheet->y++;
    row(sheet, INK_PLAIN, "total memory", what->total, "");
    row(sheet, INK_PLAIN, "free before llama.cpp starts", what->free, "");
    row(sheet, INK_PLAIN, "context, reserve and margin", use->margin, "kept free");
    row(sheet, INK_STRONG, "budget", use->budget, "");
    uint64_t distance = use->headroom < 0 ? (uint64_t)-use->headroom : (uint64_t)use->headroom;
    row(sheet, use->headroom < 0 ? INK_OVER : INK_OK,
        use->headroom < 0 ? "OVER BUDGET BY" : "room left", distance, "");
    draw_advice(scene, device, sheet);
    draw_speed(scene, device, sheet);
    return sheet->y;
}

static void draw(const struct ui *ui, const struct scene *scene, struct canvas *canvas)
{
    const struct device *what = scene_device(scene->rig, device_of(ui, scene));
    int top = screen_list_of(ui, SCREEN_DETAIL)->cursor;
    struct canvas sheet;
    char title[256];
    snprintf(title, sizeof title, "Detail: %s %s", what->name, what->description);
    canvas_init(&sheet, canvas->width, SHEET_LINES, canvas->ascii);
    int lines = write_sheet(ui, scene, &sheet);
    bool is_longer = lines > screen_height(ui);
    int y = screen_frame(ui, scene, canvas, title, is_longer ? "Up Down scroll  q back" : "q back");
    for (int line = 0; line < screen_height(ui) && top + line < lines; line++) {
        size_t width = (size_t)canvas->width;
        memcpy(canvas->cells + (size_t)(y + line) * width,
               sheet.cells + (size_t)(top + line) * width, width * sizeof *canvas->cells);
    }
    canvas_clear(&sheet);
}

/* The cursor is the first line shown. */
static int lines(const struct ui *ui, const struct scene *scene)
{
    struct canvas sheet;
    canvas_init(&sheet, ui->width, SHEET_LINES, false);
    int last = write_sheet(ui, scene, &sheet) - screen_height(ui) + 1;
    canvas_clear(&sheet);
    return last > 1 ? last : 1;
}

const struct screen_ops detail_screen = {draw, lines, NULL};
