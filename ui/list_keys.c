/* Keys and mouse of all list screens: the cursor, choosing, leaving; the rest goes to the screen itself. */
#include "ui/parts.h"

#include <stdio.h>

void ui_no_such_key(struct ui *ui, uint32_t key)
{
    char name[16];
    bool has_name = key < 0x80 || (key >= PRESS_UP && key <= PRESS_F12);
    if (key != PRESS_ESCAPE) {
        ui_notice(ui, false, "%s does nothing here; ? shows the keys",
                  has_name ? keymap_key_name(key, name) : "that key");
    }
}

void list_key(struct ui *ui, const struct scene *scene, uint32_t key, struct intent *intent)
{
    const struct screen_ops *ops = screen_ops_of(ui_screen(ui));
    enum action action = keymap_find(ui_screen(ui), key);
    struct list *list = screen_list(ui);
    int page = screen_height(ui) > 2 ? screen_height(ui) - 1 : 1;
    switch (action) {
    case ACTION_UP:
    case ACTION_DOWN:
        ui->candidate[0] = '\0';
        list->cursor += action == ACTION_UP ? -1 : 1;
        break;
    case ACTION_PAGE_UP:
    case ACTION_PAGE_DOWN:
        list->cursor += action == ACTION_PAGE_UP ? -page : page;
        break;
    case ACTION_HALF_UP:
    case ACTION_HALF_DOWN:
        list->cursor += (action == ACTION_HALF_UP ? -page : page) / 2;
        break;
    case ACTION_FIRST:
    case ACTION_TOP:
        list->cursor = 0;
        break;
    case ACTION_LAST:
    case ACTION_BOTTOM:
        list->cursor = 1 << 20;
        break;
    case ACTION_LEAVE:
        if (ui->candidate[0] != '\0') {
            ui->candidate[0] = '\0'; /* first the value that was only tried */
        } else {
            ui_leave(ui);
        }
        break;
    case ACTION_COMMAND:
        prompt_open(&ui->prompt, PROMPT_COMMAND, ":", "", "");
        break;
    case ACTION_UNDO:
        snprintf(intent->command, sizeof intent->command, "undo");
        break;
    case ACTION_REDO:
        snprintf(intent->command, sizeof intent->command, "redo");
        break;
    case ACTION_REDRAW:
        snprintf(intent->command, sizeof intent->command, "redraw");
        break;
    case ACTION_SUSPEND:
        snprintf(intent->command, sizeof intent->command, "suspend");
        break;
    case ACTION_QUIT:
        snprintf(intent->command, sizeof intent->command, "quit");
        break;
    case ACTION_HELP:
        ui_open(ui, SCREEN_HELP);
        break;
    case ACTION_NONE:
        ui_no_such_key(ui, key);
        break;
    default:
        if (ops != NULL && ops->act != NULL) {
            ops->act(ui, scene, action, intent);
        }
        break;
    }
}

/* A click puts the cursor on a line, a double click is Enter there. Screens without a choice only scroll. */
static void press_line(struct ui *ui, const struct scene *scene, int line, uint64_t time_ms,
                       struct intent *intent)
{
    enum { DOUBLE_CLICK_MS = 400 };
    struct list *list = screen_list(ui);
    const struct screen_ops *ops = screen_ops_of(ui_screen(ui));
    bool chooses = keymap_find(ui_screen(ui), PRESS_ENTER) == ACTION_ENTER;
    if (!chooses || line < 0 || line >= screen_height(ui) ||
        list->top + line >= ops->lines(ui, scene)) {
        return;
    }
    bool is_double = list->cursor == list->top + line && ui->list_press_ms != 0 &&
                     time_ms - ui->list_press_ms <= DOUBLE_CLICK_MS;
    ui->list_press_ms = is_double ? 0 : time_ms;
    if (is_double) {
        ops->act(ui, scene, ACTION_ENTER, intent);
    } else if (list->cursor != list->top + line) {
        ui->candidate[0] = '\0';
        list->cursor = list->top + line;
    }
}

void list_mouse(struct ui *ui, const struct scene *scene, const struct mouse *mouse,
                uint64_t time_ms, struct intent *intent)
{
    if (mouse->action == MOUSE_WHEEL_UP || mouse->action == MOUSE_WHEEL_DOWN) {
        screen_list(ui)->cursor += mouse->action == MOUSE_WHEEL_UP ? -3 : 3;
    } else if (mouse->action == MOUSE_PRESS && mouse->button == 0) {
        press_line(ui, scene, mouse->y - screen_first_line(ui_screen(ui), ui), time_ms, intent);
    }
}
