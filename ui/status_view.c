/* The foot of the main screen: does it fit, what just happened, what to press. */
#include "ui/figures.h"
#include "ui/hints.h"
#include "ui/parts.h"
#include "ui/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How much is said of the fit where a message wants the room. */
enum brevity { FULL, WITHOUT_NOUGHT, SHORTEST };

/* Devices that do not fit, in words with exact bytes. False where all fit. */
static bool say_over(const struct ui *ui, const struct scene *scene, enum brevity brevity,
                     char *out, size_t n)
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
        char size[FIGURE_MAX];
        uint64_t over = (uint64_t)-use->headroom;
        const char *name = rig_name(scene->rig, device);
        figure_size(size, over, ui->use_gib);
        if (brevity == SHORTEST || (brevity == WITHOUT_NOUGHT && scene->is_preview)) {
            snprintf(out, n, "%s %s by %s %s", name, brevity == SHORTEST ? "OVER" : "over budget",
                     size, figure_unit(ui->use_gib));
        } else {
            snprintf(out, n, "%s over budget by %s bytes (%s %s)", name,
                     figure_grouped(bytes, over), size, figure_unit(ui->use_gib));
        }
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

static bool is_over(const struct scene *scene)
{
    for (int device = DEVICE_HOST; device < (int)scene->rig->n_devices; device++) {
        if (!scene_use(scene->shown, device)->fits) {
            return true;
        }
    }
    return false;
}

static void hints(const struct ui *ui, const struct scene *scene, bool is_wide, char *out, size_t n)
{
    if (ui->drag.state != DRAG_IDLE) {
        snprintf(out, n, "%s", ui->drag.state == DRAG_CARRY ? "drop on a bar  Esc" : "let go  Esc");
        return;
    }
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
    if (is_over(scene) && is_wide) {
        snprintf(out, n, "a auto makes it fit  u undo  ? help");
        return;
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
        char size[FIGURE_MAX];
        snprintf(out, n, "selected: %zu tensor%s, %s %s", count, count == 1 ? "" : "s",
                 figure_size(size, bytes, ui->use_gib), figure_unit(ui->use_gib));
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
        snprintf(out, n, "to which device? its key, c CPU, . home; arrows Enter; Esc");
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

static void draw_help_line(const struct ui *ui, bool over, int y, enum ink ink, const char *text,
                           struct canvas *canvas)
{
    const char *line =
        over ? "a auto makes it fit  u undo  W what is wrong  i every byte  ? help  q quit"
             : "? help  : command  / filter  u undo  , settings  s snapshot  e export  q quit";
    bool has_text = text[0] != '\0';
    if (has_text) {
        canvas_text(canvas, 1, y, ui->width - 1, ink, text);
    } else {
        hints_draw(canvas, 1, y, ui->width - 1, line);
    }
}

/* What stands at the right end: the rig and the mode, and hints where there is room for them. */
struct end_text {
    char mode[32], hints[96];
    int cells;
};

static void say_mode(const struct ui *ui, const struct scene *scene, const struct layout *layout,
                     bool with_hints, struct end_text *out)
{
    *out = (struct end_text){0};
    if (with_hints) {
        hints(ui, scene, layout->is_wide, out->hints, sizeof out->hints);
    }
    snprintf(out->mode, sizeof out->mode, "%s%s%s", scene->rig->simulated ? "SIM  " : "",
             mode_name(ui), with_hints ? (layout->is_wide ? "  " : "   ") : "");
    out->cells = text_width(out->mode) + text_width(out->hints);
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
    bool from_disk = scene->shown->host.headroom < 0; /* which the figure leaves out */
    size_t used =
        (size_t)snprintf(out, n, "   %s%.1f t/s", from_disk ? "<" : "", speed->tokens_per_second);
    if (is_wide && speed->bound_known && used < n) {
        used += (size_t)snprintf(out + used, n - used, " of at most %.1f",
                                 speed->bound_tokens_per_second);
    }
    if (with_prompt && scene->prompt != NULL && scene->prompt->known && used < n) {
        snprintf(out + used, n - used, "   prompt %.0f t/s", scene->prompt->tokens_per_second);
    }
}

/* Tensors that stay where they are. */
static size_t count_locked(const struct plan *plan)
{
    size_t n = 0;
    const uint8_t *at = plan->n_rows > 0 ? memchr(plan->locked, 1, plan->n_rows) : NULL;
    for (; at != NULL && at < plan->locked + plan->n_rows; at++) {
        n += *at != 0 ? 1 : 0;
    }
    return n;
}

struct fit_text {
    char over[400], fits[96], warnings[48], locked[48], speed[120];
    bool any_warning, is_slow;
    int cells;
};

static void say_fit(const struct ui *ui, const struct scene *scene, enum brevity brevity,
                    bool is_wide, bool with_prompt, struct fit_text *out)
{
    const struct device_use *host = &scene->shown->host;
    *out = (struct fit_text){0};
    snprintf(out->fits, sizeof out->fits, "%s",
             scene->rig->n_devices == 0 ? "fits"
             : brevity == FULL          ? "all cards fit"
                                        : "all fit");
    out->is_slow = host->headroom < 0;
    if (out->is_slow) { /* it runs, but from disk */
        char mib[FIGURE_MAX];
        snprintf(out->fits, sizeof out->fits, "%sCPU over by %s MiB, read from disk",
                 scene->rig->n_devices > 0 ? "all cards fit, " : "",
                 figure_mib_up(mib, (uint64_t)-host->headroom));
    }
    if (say_over(ui, scene, brevity, out->over, sizeof out->over)) {
        out->cells = text_width(out->over);
        return;
    }
    size_t n = count_warnings(scene->shown);
    out->any_warning = n > 0;
    if (n > 0 || brevity == FULL) {
        snprintf(out->warnings, sizeof out->warnings, "   %zu warning%s", n, n == 1 ? "" : "s");
    }
    size_t locked = count_locked(scene->plan);
    if (locked > 0 && brevity == FULL) {
        snprintf(out->locked, sizeof out->locked, "   %zu locked", locked);
    }
    say_speed(scene, is_wide, with_prompt, out->speed, sizeof out->speed);
    out->cells = text_width(out->fits) + text_width(out->warnings) + text_width(out->locked) +
                 text_width(out->speed);
}

static int cells(int room)
{
    return room > 0 ? room : 0;
}

static int draw_fit(const struct fit_text *fit, int y, int room, struct canvas *canvas)
{
    if (fit->over[0] != '\0') {
        return canvas_text(canvas, 1, y, room, INK_OVER, fit->over);
    }
    int x = canvas_text(canvas, 1, y, room, fit->is_slow ? INK_WARN : INK_OK, fit->fits);
    x = canvas_text(canvas, x, y, cells(room - x), fit->any_warning ? INK_WARN : INK_PLAIN,
                    fit->warnings);
    x = canvas_text(canvas, x, y, cells(room - x), INK_PLAIN, fit->locked);
    return canvas_text(canvas, x, y, cells(room - x), INK_PLAIN, fit->speed);
}

/* The fit as fully as there is room for beside a message of `message` cells. */
static void say_fit_beside(const struct ui *ui, const struct scene *scene, bool is_wide,
                           int message, int room, struct fit_text *fit)
{
    bool has_room = is_wide && message == 0;
    say_fit(ui, scene, FULL, has_room, has_room, fit);
    if (has_room && fit->cells > room) {
        say_fit(ui, scene, FULL, true, false, fit); /* hints come before the speed of prompts */
    }
    if (message > 0 && fit->cells + 3 + message > room) {
        say_fit(ui, scene, is_wide ? WITHOUT_NOUGHT : SHORTEST, false, false, fit);
    }
}

void status_draw(const struct ui *ui, const struct scene *scene, const struct layout *layout,
                 struct canvas *canvas)
{
    int y = layout->status.y;
    char text[600];
    struct end_text right;
    enum ink ink = moment(ui, scene, text, sizeof text);
    bool has_help = layout->help.height > 0;
    int end = ui->width - (layout->is_wide ? 1 : 2);
    say_mode(ui, scene, layout, true, &right);
    struct fit_text fit;
    bool is_above = !has_help && layout->tensors.height == 1 && text[0] != '\0';
    int message = has_help || is_above ? 0 : text_width(text);
    bool is_wide = layout->is_wide && text[0] == '\0';
    say_fit_beside(ui, scene, is_wide, 0, end - right.cells - 3, &fit);
    int wanted = fit.cells + 3 + (message > 0 ? message + 3 : 0);
    if (wanted > end - right.cells) {
        say_mode(ui, scene, layout, false, &right); /* what is said comes before hints */
    }
    int room = end - right.cells - 2;
    if (message > 0) {
        say_fit_beside(ui, scene, layout->is_wide, message, room, &fit);
    }
    bool gives_way = ink == INK_WARN && fit.over[0] == '\0' && message > 0 && wanted > room;
    int x = gives_way ? -2 : draw_fit(&fit, y, room, canvas);
    int after = canvas_text(canvas, end - right.cells, y, -1, INK_PLAIN, right.mode);
    hints_draw(canvas, after, y, end - after, right.hints);
    if (is_above) { /* in place of a heading without its list */
        canvas_fill(canvas, layout->tensors, ' ', INK_PLAIN);
        canvas_text(canvas, 1, layout->tensors.y, ui->width - 2, ink, text);
    } else if (has_help) {
        draw_help_line(ui, is_over(scene), layout->help.y, ink, text, canvas);
    } else {
        canvas_text(canvas, x + 3, y, cells(room - x - 2), ink, text);
    }
    if (ui->prompt.is_open || ui->question.is_open) {
        prompt_draw(ui, scene, has_help ? layout->help.y : y, canvas);
    }
}
