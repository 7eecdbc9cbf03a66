/* Settings: what llama.cpp's flags are, and what every bar would say if one were changed. Left and
 * right try a value, Enter takes it. */
#include "ui/figures.h"
#include "ui/parts.h"

#include "model/base/strbuf.h"
#include "model/plan/setting_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void draw_effect(const struct ui *ui, const struct scene *scene, int y,
                        struct canvas *canvas)
{
    struct layout layout;
    main_layout(ui, scene, &layout);
    layout.bars = (struct rect){0, y, ui->width, layout.bar_lines + 1};
    bars_draw(ui, scene, &layout, canvas);
}

/* "  CUDA0 +576", or "  0 +576" where room is short, where the device would hold another amount. */
static bool say_change(const struct ui *ui, const struct scene *scene, int device,
                       struct strbuf *out)
{
    int64_t before = (int64_t)scene_use(scene->held, device)->used;
    int64_t after = (int64_t)scene_use(scene->shown, device)->used;
    double unit = ui->use_gib ? 1024.0 * 1024 * 1024 : 1024.0 * 1024;
    if (before != after) {
        char glyph[2] = {device_glyph(device), '\0'};
        const char *name = ui->width >= LAYOUT_WIDE ? rig_name(scene->rig, device) : glyph;
        strbuf_format(out, "  %s %+.*f", name, ui->use_gib ? 2 : 0,
                      (double)(after - before) / unit);
    }
    return before != after;
}

/* The CPU last, as above. False where no device would hold more or less. */
static bool say_changes(const struct ui *ui, const struct scene *scene, struct strbuf *out)
{
    bool any = false;
    for (int device = 0; device < (int)scene->rig->n_devices; device++) {
        any = say_change(ui, scene, device, out) || any;
    }
    any = say_change(ui, scene, DEVICE_HOST, out) || any;
    if (any) {
        strbuf_format(out, " %s", figure_unit(ui->use_gib));
    }
    return any;
}

/* In the line between bars and list: what taking the value would do; else what the setting is. */
static void draw_effect_text(const struct ui *ui, const struct scene *scene, int y,
                             struct canvas *canvas)
{
    const struct speed *before = scene->held_speed;
    const struct speed *after = scene->speed;
    struct strbuf text = {0};
    if (!scene->is_preview || scene->shown->refused.kind != ERROR_NONE) {
        if (ui->width < LAYOUT_WIDE) { /* a wide screen has the words beside each setting */
            int at = screen_list_of(ui, SCREEN_SETTINGS)->cursor;
            canvas_text(canvas, 2, y, ui->width - 3, INK_DIM, setting_at((size_t)at)->help);
        }
        return;
    }
    bool fits = scene->shown->all_fit;
    strbuf_add(&text, fits ? "would fit" : "would be OVER");
    if (before != NULL && after != NULL && before->known && after->known) {
        strbuf_format(&text, "  %.1f -> %.1f t/s", before->tokens_per_second,
                      after->tokens_per_second);
    }
    if (!say_changes(ui, scene, &text)) {
        strbuf_add(&text, "  no device holds more or less");
    }
    canvas_text(canvas, 1, y, ui->width - 2, fits ? INK_TARGET : INK_OVER, strbuf_text(&text));
    strbuf_clear(&text);
}

static void draw(const struct ui *ui, const struct scene *scene, struct canvas *canvas)
{
    const struct list *list = screen_list_of(ui, SCREEN_SETTINGS);
    bool is_wide = ui->width >= LAYOUT_WIDE;
    screen_frame(ui, scene, canvas, "Settings",
                 "Left Right try a value  Enter take or type  L lock  u undo  q back");
    draw_effect(ui, scene, 1, canvas);
    draw_effect_text(ui, scene, 1 + ui->bars_above, canvas);
    int y = screen_first_line(SCREEN_SETTINGS, ui);
    for (int line = 0; line < screen_height(ui); line++) {
        size_t index = (size_t)list->top + (size_t)line;
        if (index >= setting_count()) {
            break;
        }
        const struct setting *setting = setting_at(index);
        bool is_current = (int)index == list->cursor;
        char value[SETTING_TEXT];
        setting_value(setting, scene->plan, scene->held, value);
        enum ink ink = is_current ? INK_STRONG : INK_PLAIN;
        canvas_put(canvas, 0, y + line, is_current ? '>' : ' ', INK_STRONG);
        canvas_text(canvas, 2, y + line, 26, ink, setting->label);
        canvas_text(canvas, 29, y + line, 16, INK_DIM, setting->flag);
        int x = canvas_text(canvas, 46, y + line, 24, ink, value);
        if (setting_is_locked(setting, scene->plan)) {
            x = canvas_text(canvas, x, y + line, 2, ink, " L"); /* as for weights */
        }
        if (is_current && ui->candidate[0] != '\0') {
            const char *tried = strrchr(ui->candidate, ' ');
            x = canvas_format(canvas, x + 1, y + line, INK_TARGET, "-> %s", tried + 1);
            canvas_text(canvas, x + 2, y + line, -1, INK_DIM, "Enter takes it");
        } else if (is_wide) {
            canvas_text(canvas, x + 2 > 64 ? x + 2 : 64, y + line, -1, INK_DIM, setting->help);
        }
    }
}

static int lines(const struct ui *ui, const struct scene *scene)
{
    (void)ui;
    (void)scene;
    return (int)setting_count();
}

static void ask_number(struct ui *ui, const struct scene *scene, const struct setting *setting)
{
    char prefix[64];
    char label[80];
    char value[SETTING_TEXT];
    setting_given(setting, scene->plan, value);
    snprintf(prefix, sizeof prefix, "set %s ", setting->name);
    snprintf(label, sizeof label, "%s (%s):", setting->label, setting->flag);
    prompt_open(&ui->prompt, PROMPT_VALUE, label, prefix, value);
}

/* The next number worth trying: double or half. */
static void try_number(struct ui *ui, const struct setting *setting, const char *now, int step)
{
    long long value = strtoll(now, NULL, 10);
    value = value <= 0 ? 1 : step > 0 ? value * 2 : value / 2;
    value = value < 1 ? 1 : value > 1 << 24 ? 1 << 24 : value;
    snprintf(ui->candidate, sizeof ui->candidate, "set %s %lld", setting->name, value);
}

static void try_choice(struct ui *ui, const struct setting *setting, const char *now, int step)
{
    int n = 0;
    int at = 0;
    for (; setting->choices[n] != NULL; n++) {
        at = strcmp(setting->choices[n], now) == 0 ? n : at;
    }
    if (n > 0) {
        snprintf(ui->candidate, sizeof ui->candidate, "set %s %s", setting->name,
                 setting->choices[(at + step + n) % n]);
    }
}

static void act(struct ui *ui, const struct scene *scene, enum action action, struct intent *intent)
{
    const struct setting *setting = setting_at((size_t)screen_list(ui)->cursor);
    char now[SETTING_TEXT];
    setting_given(setting, scene->plan, now);
    const char *tried = ui->candidate[0] != '\0' ? strrchr(ui->candidate, ' ') : NULL;
    if (tried != NULL) {
        snprintf(now, sizeof now, "%s", tried + 1);
    }
    if (setting == setting_find("ctx") && strcmp(now, "0") == 0) {
        snprintf(now, sizeof now, "%u", scene->held->resolved.n_ctx);
    }
    switch (action) {
    case ACTION_LEFT:
    case ACTION_RIGHT:
        if (setting->is_number) {
            try_number(ui, setting, now, action == ACTION_RIGHT ? 1 : -1);
        } else {
            try_choice(ui, setting, now, action == ACTION_RIGHT ? 1 : -1);
        }
        break;
    case ACTION_ENTER:
        if (ui->candidate[0] != '\0') {
            snprintf(intent->command, sizeof intent->command, "%s", ui->candidate);
            ui->candidate[0] = '\0';
        } else if (setting->is_number) {
            ask_number(ui, scene, setting);
        } else {
            try_choice(ui, setting, now, 1);
        }
        break;
    case ACTION_LOCK:
        ui->candidate[0] = '\0';
        snprintf(intent->command, sizeof intent->command, "%s %s",
                 setting_is_locked(setting, scene->plan) ? "unlock" : "lock", setting->name);
        break;
    case ACTION_CONTEXT:
        ask_number(ui, scene, setting_find("ctx"));
        break;
    default:
        break;
    }
}

const struct screen_ops settings_screen = {draw, lines, act};
