/* The door of the screen: which screen is open, and who gets an event. */
#include "ui/parts.h"

#include "model/base/memory.h"
#include "model/override/pattern.h"
#include "ui/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct screen_ops *const screens[SCREEN_COUNT] = {
    [SCREEN_HELP] = &help_screen,           [SCREEN_SETTINGS] = &settings_screen,
    [SCREEN_DEVICES] = &devices_screen,     [SCREEN_COMPARE] = &compare_screen,
    [SCREEN_OVERRIDES] = &overrides_screen, [SCREEN_SNAPSHOTS] = &snapshots_screen,
    [SCREEN_DETAIL] = &detail_screen,       [SCREEN_EXPORT] = &export_screen,
    [SCREEN_HISTORY] = &history_screen,     [SCREEN_WARNINGS] = &warnings_screen,
    [SCREEN_VERIFY] = &verify_screen,       [SCREEN_WATCH] = &watch_screen,
};

const struct screen_ops *screen_ops_of(enum screen screen)
{
    return screens[screen];
}

void ui_init(struct ui *ui, const struct layer_map *map, bool ascii)
{
    *ui = (struct ui){
        .ascii = ascii,
        .focus = FOCUS_MAP,
        .fold = 1,
        .row = MAP_HOME,
        .row_top = 1,
        .carry = CARRY_NONE,
        .last_target = CARRY_NONE,
    };
    selection_init(&ui->selection, map);
    selection_init(&ui->base, map);
}

void ui_free(struct ui *ui)
{
    selection_free(&ui->selection);
    selection_free(&ui->base);
    edit_clear(&ui->pending);
    prompt_free(&ui->prompt);
    free(ui->pasted);
    *ui = (struct ui){0};
}

enum screen ui_screen(const struct ui *ui)
{
    return ui->stack[ui->depth];
}

void ui_open(struct ui *ui, enum screen screen)
{
    for (int i = 0; i <= ui->depth; i++) {
        if (ui->stack[i] == screen) { /* no screen twice: back to it */
            ui->depth = i;
            return;
        }
    }
    if (ui->depth + 1 < SCREEN_DEPTH) {
        main_cancel(ui);
        ui->candidate[0] = '\0';
        ui->stack[++ui->depth] = screen;
        ui->lists[screen] = (struct list){0};
    }
}

void ui_leave(struct ui *ui)
{
    ui->candidate[0] = '\0';
    ui->depth -= ui->depth > 0 ? 1 : 0;
}

void ui_ask(struct ui *ui, const char *text)
{
    ui->question = (struct question){.is_open = true};
    snprintf(ui->question.text, sizeof ui->question.text, "%s", text);
}

void ui_answer(struct ui *ui, uint32_t key, const char *label, const char *command)
{
    struct question *question = &ui->question;
    if (question->n_answers < ANSWERS_MAX) {
        question->answers[question->n_answers].key = key;
        snprintf(question->answers[question->n_answers].label, sizeof question->answers[0].label,
                 "%s", label);
        snprintf(question->answers[question->n_answers].command,
                 sizeof question->answers[0].command, "%s", command);
        question->n_answers++;
    }
}

void ui_notice(struct ui *ui, bool is_error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(ui->notice, sizeof ui->notice, format, arguments);
    va_end(arguments);
    ui->notice_is_error = is_error;
}

/* ---- keeping inside ------------------------------------------------------------------------- */

static int between(int value, int low, int high)
{
    return value > high ? (high < low ? low : high) : value < low ? low : value;
}

static void settle_list(struct list *list, int lines, int height)
{
    list->cursor = between(list->cursor, 0, lines - 1);
    if (list->top > list->cursor) {
        list->top = list->cursor;
    }
    if (height > 0 && list->cursor >= list->top + height) {
        list->top = list->cursor - height + 1;
    }
    list->top = between(list->top, 0, lines > height ? lines - height : 0);
}

static void settle_map(struct ui *ui, const struct scene *scene, const struct layout *layout)
{
    int total = 0;
    int visible = map_columns(scene, layout, ui->fold, &total);
    ui->layer = ui->layer <= scene->map->n_layer ? ui->layer : scene->map->n_layer;
    if (ui->layer == scene->map->n_layer && ui->focus == FOCUS_MAP) {
        ui->row = ui->mode == MODE_NORMAL || ui->mode == MODE_MOVE ? MAP_HOME : ui->row;
    }
    ui->row = ui->row < scene->map->n_rows ? ui->row : scene->map->n_rows - 1;
    int column = (int)ui->layer / ui->fold;
    if (ui->drag.state == DRAG_IDLE && ui->layer < scene->map->n_layer) {
        if (column < ui->column_left) {
            ui->column_left = column;
        } else if (column >= ui->column_left + visible) {
            ui->column_left = column - visible + 1;
        }
    }
    ui->column_left = between(ui->column_left, 0, total - visible);
    int shown = layout->map.height - 2;
    int n = (int)scene->map->n_rows - 1;
    int top = (int)ui->row_top;
    if (ui->row != MAP_HOME && ui->drag.state == DRAG_IDLE) {
        top = (int)ui->row < top ? (int)ui->row : top;
        top = (int)ui->row >= top + shown ? (int)ui->row - shown + 1 : top;
    } else if (ui->row == MAP_HOME) {
        top = 1;
    }
    ui->row_top = (size_t)between(top, 1, n - shown + 1);
}

static void settle_bars(struct ui *ui, const struct scene *scene, const struct layout *layout)
{
    int n = (int)scene->rig->n_devices;
    int shown = layout->bar_lines * layout->bars_a_line;
    int wanted = ui->carry >= 0 ? ui->carry : ui->device;
    int top = (int)ui->device_top;
    bool follow = (ui->focus == FOCUS_DEVICES || ui->mode == MODE_MOVE) &&
                  ui->drag.state == DRAG_IDLE && wanted >= 0;
    if (follow) {
        top = wanted < top ? wanted : top;
        top = wanted >= top + shown ? wanted - shown + 1 : top;
    }
    top -= top % layout->bars_a_line;
    ui->device_top = (size_t)between(top, 0, n > shown ? n - shown : 0);
}

/* Devices come and go, by undo too; also while the window is too small to show them. */
static void settle_targets(struct ui *ui, const struct scene *scene)
{
    int n = (int)scene->rig->n_devices;
    ui->device = between(ui->device, DEVICE_HOST, n - 1);
    ui->carry = ui->carry < n ? ui->carry : CARRY_NONE;
    ui->last_target = ui->last_target < n ? ui->last_target : CARRY_NONE;
}

void main_settle(struct ui *ui, const struct scene *scene)
{
    struct layout layout;
    settle_targets(ui, scene);
    main_layout(ui, scene, &layout);
    if (layout.too_small) {
        return;
    }
    ui->bars_above = layout.bar_lines + 1;
    settle_map(ui, scene, &layout);
    settle_bars(ui, scene, &layout);
    size_t n = 0;
    uint64_t bytes = 0;
    free(tensors_listed(ui, scene, &n, &bytes));
    settle_list(&ui->tensors, (int)n, layout.tensors.height - 1);
    int lines = arguments_lines(scene, layout.arguments.width - 1);
    int height = layout.arguments.height - 1;
    ui->arguments.top = between(ui->arguments.top, 0, lines > height ? lines - height : 0);
}

void ui_settle(struct ui *ui, const struct scene *scene)
{
    main_settle(ui, scene);
    const struct screen_ops *ops = screens[ui_screen(ui)];
    if (ops != NULL && ops->lines != NULL) {
        settle_list(screen_list(ui), ops->lines(ui, scene), screen_height(ui));
    }
}

void ui_resize(struct ui *ui, const struct scene *scene, int width, int height)
{
    ui->width = width;
    ui->height = height;
    drag_cancel(&ui->drag);
    ui->carry = ui->mode == MODE_MOVE ? ui->carry : CARRY_NONE;
    ui_settle(ui, scene);
}

/* ---- events --------------------------------------------------------------------------------- */

/* Marks what matches on top of `base`: a pattern as -ot takes it, or else plain text. */
static void filter_mark(struct ui *ui, const struct scene *scene, const char *text,
                        struct error *error)
{
    struct pattern *pattern = NULL;
    bool compiled = pattern_compile(text, &pattern, error);
    for (size_t row = 0; row < scene->model->n_tensors; row++) {
        const char *name = scene->model->tensors[row].name;
        bool found = compiled ? pattern_found(pattern, name) : strstr(name, text) != NULL;
        if (found && scene->model->tensors[row].role != ROLE_SKIPPED) {
            selection_mark_row(&ui->selection, (uint32_t)row, true);
        }
    }
    pattern_free(&pattern);
}

bool ui_filter(struct ui *ui, const struct scene *scene, const char *text, struct error *error)
{
    selection_reset(&ui->selection);
    filter_mark(ui, scene, text, error);
    return error == NULL || error->kind == ERROR_NONE;
}

static void filter_changed(struct ui *ui, const struct scene *scene)
{
    struct error error = {0};
    selection_copy(&ui->selection, &ui->base);
    if (ui->prompt.length > 0) {
        filter_mark(ui, scene, ui->prompt.text, &error);
    }
    if (error.kind != ERROR_NONE) {
        ui_notice(ui, true, "%.500s", error.text);
    }
}

static void handle_prompt(struct ui *ui, const struct scene *scene, const struct event *event,
                          struct intent *intent)
{
    struct prompt *prompt = &ui->prompt;
    bool filter = prompt->kind == PROMPT_FILTER;
    switch (prompt_event(prompt, event)) {
    case PROMPT_OPEN:
        break;
    case PROMPT_COMPLETE:
        if (!prompt_complete(ui, scene)) {
            snprintf(intent->command, sizeof intent->command, "complete-file");
        }
        break;
    case PROMPT_CHANGED:
        if (filter) {
            filter_changed(ui, scene);
        }
        break;
    case PROMPT_ENTERED:
        prompt_remember(prompt);
        prompt_close(prompt);
        if (filter) {
            ui->selection.is_spent = false;
            ui_notice(ui, false, "%zu tensor%s match", ui->selection.n_marked,
                      ui->selection.n_marked == 1 ? "" : "s");
        } else {
            snprintf(intent->command, sizeof intent->command, "%s%s", prompt->prefix, prompt->text);
        }
        break;
    case PROMPT_CANCELLED:
        prompt_close(prompt);
        if (filter) {
            selection_copy(&ui->selection, &ui->base);
        }
        break;
    }
}

static void handle_question(struct ui *ui, uint32_t key, struct intent *intent)
{
    struct question *question = &ui->question;
    for (size_t i = 0; i < question->n_answers; i++) {
        if (question->answers[i].key == key) {
            question->is_open = false;
            snprintf(intent->command, sizeof intent->command, "%s", question->answers[i].command);
            return;
        }
    }
    if (key == PRESS_ESCAPE || key == ('g' & PRESS_CONTROL)) {
        question->is_open = false;
        edit_clear(&ui->pending);
    }
}

/* Pasted text is never taken as keys: it is kept for Import, which asks first. */
static void handle_paste(struct ui *ui, const struct event *event)
{
    free(ui->pasted);
    ui->pasted = memory_text(event->text);
    ui_ask(ui, "Take the placement from the pasted text?");
    ui_answer(ui, 'y', "yes", "import-pasted");
    ui_answer(ui, 'n', "no", "");
}

static bool is_too_small(const struct ui *ui)
{
    return ui->width < LAYOUT_MIN_WIDTH || ui->height < LAYOUT_MIN_HEIGHT;
}

void ui_handle(struct ui *ui, const struct scene *scene, const struct event *event,
               uint64_t time_ms, struct intent *intent)
{
    *intent = (struct intent){0};
    bool is_motion = event->kind == EVENT_MOUSE && event->mouse.action != MOUSE_PRESS;
    if (!is_motion) {
        ui->notice[0] = '\0';
    }
    if (event->kind == EVENT_FOCUS_LOST) {
        if (drag_cancel(&ui->drag) == GESTURE_CANCEL) {
            ui->carry = CARRY_NONE;
            ui->boundary = (struct edit){0};
        }
    } else if (event->kind == EVENT_MOUSE) {
        if (ui->prompt.is_open || ui->question.is_open || is_too_small(ui)) {
            return;
        }
        if (ui_screen(ui) == SCREEN_MAIN) {
            main_mouse(ui, scene, &event->mouse, time_ms, intent);
        } else {
            list_mouse(ui, scene, &event->mouse, time_ms, intent);
        }
    } else if (ui->question.is_open) {
        if (event->kind == EVENT_KEY) {
            handle_question(ui, event->key, intent);
        }
    } else if (ui->prompt.is_open) {
        handle_prompt(ui, scene, event, intent);
    } else if (event->kind == EVENT_PASTE) {
        handle_paste(ui, event);
    } else if (ui_screen(ui) != SCREEN_MAIN) {
        list_key(ui, scene, event->key, intent);
    } else if (event->key == PRESS_ESCAPE && ui->drag.state != DRAG_IDLE) {
        drag_cancel(&ui->drag);
        ui->carry = CARRY_NONE;
        ui->boundary = (struct edit){0};
    } else {
        main_action(ui, scene, keymap_find(SCREEN_MAIN, event->key), event->key, intent);
    }
    ui_settle(ui, scene);
}

int ui_scroll_wait_ms(const struct ui *ui, struct event *event)
{
    enum { SCROLL_MS = 60 };
    bool holds = ui->is_scrolling && ui->drag.state != DRAG_IDLE && ui_screen(ui) == SCREEN_MAIN;
    *event = (struct event){.kind = EVENT_MOUSE, .mouse = ui->mouse};
    event->mouse.action = MOUSE_MOVE;
    return holds ? SCROLL_MS : -1;
}

const char *ui_tentative_command(const struct ui *ui)
{
    static char command[COMMAND_MAX]; /* one at a time; read before the next call */
    if (ui->prompt.is_open && ui->prompt.kind == PROMPT_VALUE && ui->prompt.length > 0 &&
        (strncmp(ui->prompt.prefix, "set ", 4) == 0 ||
         (strncmp(ui->prompt.prefix, "device ", 7) == 0 &&
          strncmp(ui->prompt.prefix, "device add", 10) != 0))) {
        snprintf(command, sizeof command, "%s%s", ui->prompt.prefix, ui->prompt.text);
        return command;
    }
    return ui->candidate[0] != '\0' ? ui->candidate : NULL;
}

void ui_draw(const struct ui *ui, const struct scene *scene, struct canvas *canvas)
{
    canvas->ascii = ui->ascii;
    canvas_reset(canvas, ui->width, ui->height);
    const struct screen_ops *ops = screens[ui_screen(ui)];
    if (ops == NULL || is_too_small(ui)) {
        main_draw(ui, scene, canvas);
        return;
    }
    ops->draw(ui, scene, canvas);
    screen_foot(ui, scene, canvas);
    if (ui->prompt.is_open || ui->question.is_open) {
        prompt_draw(ui, scene, ui->height - 1, canvas);
    }
}
