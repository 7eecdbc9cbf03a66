/* What all list screens share: a heading, a list with a cursor, a foot with messages and hints. */
#include "ui/parts.h"
#include "ui/text.h"

#include <stdio.h>
#include <string.h>

struct list *screen_list(struct ui *ui)
{
    return &ui->lists[ui_screen(ui)];
}

const struct list *screen_list_of(const struct ui *ui, enum screen screen)
{
    return &ui->lists[screen];
}

/* Lines above the list: the heading, and on screens that show them the device bars. */
int screen_first_line(enum screen screen, const struct ui *ui)
{
    switch (screen) {
    case SCREEN_SETTINGS:
        return 2 + ui->bars_above;
    case SCREEN_DEVICES:
    case SCREEN_OVERRIDES:
        return 3;
    default:
        return 2;
    }
}

int screen_lines_below(enum screen screen, const struct ui *ui)
{
    return screen == SCREEN_OVERRIDES && ui->height >= 16 ? OVERRIDES_BELOW : 0;
}

int screen_height(const struct ui *ui)
{
    enum screen screen = ui_screen(ui);
    int height = ui->height - screen_first_line(screen, ui) - screen_lines_below(screen, ui) - 1;
    return height > 1 ? height : 1;
}

int screen_frame(const struct ui *ui, const struct scene *scene, struct canvas *canvas,
                 const char *title, const char *hints)
{
    int x = canvas_text(canvas, 1, 0, -1, INK_TITLE, "otplan");
    canvas_text(canvas, x + 2, 0, ui->width - x - 3, INK_STRONG, title);
    int y = ui->height - 1;
    const char *text = scene->preview_text != NULL && scene->preview_text[0] != '\0'
                           ? scene->preview_text
                       : ui->notice[0] != '\0'  ? ui->notice
                       : scene->message != NULL ? scene->message
                                                : "";
    bool is_error = text == ui->notice ? ui->notice_is_error : scene->message_is_error;
    if (text[0] != '\0') {
        canvas_text(canvas, 1, y, ui->width - 2, is_error ? INK_WARN : INK_STRONG, text);
    } else {
        canvas_text(canvas, 1, y, ui->width - 2, INK_DIM, hints);
    }
    return 2;
}
