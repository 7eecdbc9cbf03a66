/* The foot of the main screen: does it fit, what just happened, what to press. */
#include "ui/figures.h"
#include "ui/parts.h"
#include "ui/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Devices that do not fit, in words with exact bytes. False where all fit. */
static bool say_over(const struct scene *scene, char *out, size_t n)
{
    size_t more = 0;
    out[0] = '\0';
    for (int device = DEVICE_HOST; device < (int)scene->rig->n_devices; device++) {
        const struct device_use *use = scene_use(scene->shown, device);
        if (use->fits) {
            continue;
        }
        if (out[0] != '\0') {
            more++;
            continue;
        }
        char bytes[FIGURE_MAX];
        char mib[FIGURE_MAX];
        uint64_t over = (uint64_t)-use->headroom;
        snprintf(out, n, "%s over budget by %s bytes (%s MiB)", rig_name(scene->rig, device),
                 figure_grouped(bytes, over), figure_mib(mib, over));
    }
    if (more > 0) {
        size_t length = strlen(out);
        snprintf(out + length, n - length, " and %zu more", more);
    }
    return out[0] != '\0';
}

/* Where the model is only a head, that is a fact and no fault of the plan. */
static size_t count_warnings(const struct evaluation *evaluation)
{
    size_t n = 0;
    for (size_t i = 0; i < evaluation->n_warnings; i++) {
        enum warning_code code = evaluation->warnings[i].code;
        n += code != WARN_TRUNCATED_MODEL && code != WARN_OVER_BUDGET ? 1 : 0;
    }
    return n;
}

static const char *mode_name(const struct ui *ui)
{
    if (ui->drag.state == DRAG_CARRY) {
        return "CARRY";
    }
    if (ui->drag.state == DRAG_BOUNDARY) {
        return "BOUNDARY";
    }
    if (ui->drag.state == DRAG_PAINT) {
        return "PAINT";
    }
    static const char *const names[] = {"NORMAL", "BLOCK", "MOVE", "PAINT"};
    return names[ui->mode];
}

static void hints(const struct ui *ui, bool is_wide, char *out, size_t n)
{
    switch (ui->mode) {
    case MODE_MOVE:
        snprintf(out, n, "%s", is_wide ? "arrows  Enter  Esc" : "arrows Enter Esc");
        return;
    case MODE_PAINT:
        snprintf(out, n, "arrows paint  Enter take  Esc");
        return;
    case MODE_BLOCK:
        snprintf(out, n, "arrows  v done  m move  Esc");
        return;
    case MODE_NORMAL:
        break;
    }
    snprintf(out, n, "%s", is_wide ? "v select  m move  , settings  ? help" : "v select  m move");
}

static void say_selection(const struct ui *ui, const struct scene *scene, char *out, size_t n)
{
    out[0] = '\0';
    if (ui->selection.n_homes > 0) {
        snprintf(out, n, "%zu home%s selected", ui->selection.n_homes,
                 ui->selection.n_homes == 1 ? "" : "s");
    } else if (ui->selection.n_marked > 0) {
        size_t count = 0;
        uint32_t *rows = selection_rows(&ui->selection, scene->map, &count);
        uint64_t bytes = layer_map_bytes(scene->map, rows, count);
        char mib[FIGURE_MAX];
        snprintf(out, n, "selected: %zu tensor%s, %s MiB", count, count == 1 ? "" : "s",
                 figure_mib(mib, bytes));
        free(rows);
    }
}

/* The message for the moment: preview, what went wrong or right, the selection. */
static enum ink moment(const struct ui *ui, const struct scene *scene, char *out, size_t n)
{
    if (scene->preview_text != NULL && scene->preview_text[0] != '\0') {
        snprintf(out, n, "%s", scene->preview_text);
        return INK_STRONG;
    }
    if (ui->mode == MODE_MOVE && ui->notice[0] == '\0') {
        snprintf(out, n, "to which device? its key, c CPU, . home; or arrows and Enter; Esc");
        return INK_STRONG;
    }
    if (ui->notice[0] != '\0') {
        snprintf(out, n, "%s", ui->notice);
        return ui->notice_is_error ? INK_WARN : INK_STRONG;
    }
    if (scene->message != NULL && scene->message[0] != '\0') {
        snprintf(out, n, "%s", scene->message);
        return scene->message_is_error ? INK_WARN : INK_STRONG;
    }
    say_selection(ui, scene, out, n);
    return INK_PLAIN;
}

static void draw_help_line(const struct ui *ui, int y, enum ink ink, const char *text,
                           struct canvas *canvas)
{
    static const char line[] =
        "? help  : command  / filter  u undo  , settings  s snapshot  e export  q quit";
    bool has_text = text[0] != '\0';
    canvas_text(canvas, 1, y, ui->width - 1, has_text ? ink : INK_DIM, has_text ? text : line);
}

/* What stands at the right end: the rig, the mode, and hints where there is room for them. */
static void say_mode(const struct ui *ui, const struct scene *scene, const struct layout *layout,
                     bool with_hints, char *out, size_t n)
{
    char keys[96] = "";
    if (with_hints) {
        hints(ui, layout->is_wide, keys, sizeof keys);
    }
    snprintf(out, n, "%s%s%s%s", scene->rig->simulated ? "SIM  " : "", mode_name(ui),
             with_hints ? (layout->is_wide ? "  " : "   ") : "", keys);
}

/* "45.2 t/s", and where there is room the bound and what it rests on; "" where it is not known. */
static void say_speed(const struct scene *scene, bool is_wide, bool with_prompt, char *out,
                      size_t n)
{
    const struct speed *speed = scene->speed;
    out[0] = '\0';
    if (speed == NULL || !speed->known) {
        return;
    }
    size_t used = (size_t)snprintf(out, n, "   %.1f t/s", speed->tokens_per_second);
    if (is_wide && speed->bound_known && used < n) {
        used += (size_t)snprintf(out + used, n - used, " of at most %.1f",
                                 speed->bound_tokens_per_second);
    }
    if (with_prompt && scene->prompt != NULL && scene->prompt->known && used < n) {
        snprintf(out + used, n - used, "   prompt %.0f t/s", scene->prompt->tokens_per_second);
    }
}

struct fit_text {
    char over[400], fits[96], warnings[48], speed[120];
    bool any_warning, is_slow;
    int cells;
};

static void say_fit(const struct scene *scene, bool is_wide, bool with_prompt, struct fit_text *out)
{
    const struct device_use *host = &scene->shown->host;
    *out = (struct fit_text){0};
    snprintf(out->fits, sizeof out->fits, "%s",
             scene->rig->n_devices > 0 ? "all cards fit" : "fits");
    out->is_slow = host->headroom < 0;
    if (out->is_slow) { /* it runs, but from disk */
        char mib[FIGURE_MAX];
        snprintf(out->fits, sizeof out->fits, "%sCPU over by %s MiB, read from disk",
                 scene->rig->n_devices > 0 ? "all cards fit, " : "",
                 figure_mib_up(mib, (uint64_t)-host->headroom));
    }
    if (say_over(scene, out->over, sizeof out->over)) {
        out->cells = text_width(out->over);
        return;
    }
    size_t n = count_warnings(scene->shown);
    out->any_warning = n > 0;
    snprintf(out->warnings, sizeof out->warnings, "   %zu warning%s", n, n == 1 ? "" : "s");
    say_speed(scene, is_wide, with_prompt, out->speed, sizeof out->speed);
    out->cells = text_width(out->fits) + text_width(out->warnings) + text_width(out->speed);
}

static int draw_fit(const struct fit_text *fit, int y, int room, struct canvas *canvas)
{
    if (fit->over[0] != '\0') {
        return canvas_text(canvas, 1, y, room, INK_OVER, fit->over);
    }
    int x = canvas_text(canvas, 1, y, room, fit->is_slow ? INK_WARN : INK_OK, fit->fits);
    x = canvas_text(canvas, x, y, room - x, fit->any_warning ? INK_WARN : INK_PLAIN, fit->warnings);
    return canvas_text(canvas, x, y, room - x, INK_PLAIN, fit->speed);
}

void status_draw(const struct ui *ui, const struct scene *scene, const struct layout *layout,
                 struct canvas *canvas)
{
    int y = layout->status.y;
    char text[600];
    char right[128];
    enum ink ink = moment(ui, scene, text, sizeof text);
    bool has_help = layout->help.height > 0;
    int end = ui->width - (layout->is_wide ? 1 : 2);
    say_mode(ui, scene, layout, true, right, sizeof right);
    struct fit_text fit;
    bool has_room = layout->is_wide && text[0] == '\0';
    say_fit(scene, has_room, has_room, &fit);
    if (has_room && fit.cells + 3 > end - text_width(right)) {
        say_fit(scene, true, false, &fit); /* hints come before the speed of prompts */
    }
    int wanted = fit.cells + 3;
    wanted += !has_help && text[0] != '\0' ? text_width(text) + 3 : 0;
    if (wanted > end - text_width(right)) {
        say_mode(ui, scene, layout, false, right,
                 sizeof right); /* what is said comes before hints */
    }
    int room = end - text_width(right) - 2;
    bool gives_way = !has_help && ink == INK_WARN && fit.over[0] == '\0' && wanted > room;
    int x = gives_way ? -2 : draw_fit(&fit, y, room, canvas);
    canvas_right(canvas, end, y, INK_PLAIN, right);
    if (has_help) {
        draw_help_line(ui, layout->help.y, ink, text, canvas);
    } else {
        canvas_text(canvas, x + 3, y, room - x - 2, ink, text);
    }
    if (ui->prompt.is_open || ui->question.is_open) {
        prompt_draw(ui, scene, has_help ? layout->help.y : y, canvas);
    }
}
