/* What all list screens share: a heading, a list with a cursor, a foot with messages and hints. */
#include "ui/hints.h"
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

/* Hints stand two blanks apart. Where all do not fit, the last but one goes first: the last is the way back. */
static void fit_hints(const char *hints, int width, char *out, size_t n)
{
    snprintf(out, n, "%s", hints);
    while (text_width(out) > width) {
        char *last = NULL;
        char *before = NULL;
        for (char *at = strstr(out, "  "); at != NULL; at = strstr(at + 2, "  ")) {
            before = last;
            last = at;
        }
        if (before == NULL) {
            return;
        }
        memmove(before, last, strlen(last) + 1);
    }
}

/* What is to be said instead of the hints; NULL: nothing. */
static const char *foot_message(const struct ui *ui, const struct scene *scene, bool *is_error)
{
    const char *text = scene->preview_text != NULL && scene->preview_text[0] != '\0'
                           ? scene->preview_text
                       : ui->notice[0] != '\0'  ? ui->notice
                       : scene->message != NULL ? scene->message
                                                : "";
    *is_error = text == ui->notice ? ui->notice_is_error : scene->message_is_error;
    return text[0] != '\0' ? text : NULL;
}

int screen_frame(const struct ui *ui, const struct scene *scene, struct canvas *canvas,
                 const char *title, const char *hints)
{
    int x = canvas_text(canvas, 1, 0, -1, INK_TITLE, "otplan");
    canvas_text(canvas, x + 2, 0, ui->width - x - 3, INK_STRONG, title);
    bool is_error = false;
    if (foot_message(ui, scene, &is_error) == NULL) {
        char fitting[256];
        fit_hints(hints, ui->width - 2, fitting, sizeof fitting);
        hints_draw(canvas, 1, ui->height - 1, ui->width - 2, fitting);
    }
    return 2;
}

void screen_foot(const struct ui *ui, const struct scene *scene, struct canvas *canvas)
{
    bool is_error = false;
    const char *text = foot_message(ui, scene, &is_error);
    if (text == NULL) {
        return;
    }
    int width = ui->width - 2;
    int lines = text_width(text) > width ? 2 : 1;
    canvas_fill(canvas, (struct rect){0, ui->height - lines, ui->width, lines}, ' ', INK_PLAIN);
    for (int line = lines; line > 0; line--) {
        char piece[600];
        if (line > 1) {
            text_line(&text, width, piece, sizeof piece);
        } else {
            snprintf(piece, sizeof piece, "%s", text);
        }
        canvas_text(canvas, 1, ui->height - line, width, is_error ? INK_WARN : INK_STRONG, piece);
    }
}
