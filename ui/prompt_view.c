/* The prompt line and the question line, and completion of commands. */
#include "ui/parts.h"
#include "ui/text.h"

#include <stdio.h>
#include <string.h>

/* The answers are always in sight; the question gives way. */
static void draw_question(const struct ui *ui, int y, struct canvas *canvas)
{
    static const char cancel[] = "Esc cancel";
    const struct question *question = &ui->question;
    char name[16];
    int answers = 2 + text_width(cancel);
    for (size_t i = 0; i < question->n_answers; i++) {
        answers += 3 + text_width(keymap_key_name(question->answers[i].key, name)) +
                   text_width(question->answers[i].label);
    }
    int room = ui->width - 1 - answers;
    int x = canvas_text(canvas, 1, y, room > 0 ? room : 0, INK_STRONG, question->text);
    for (size_t i = 0; i < question->n_answers; i++) {
        x = canvas_text(canvas, x + 2, y, -1, INK_KEY,
                        keymap_key_name(question->answers[i].key, name));
        x = canvas_text(canvas, x + 1, y, -1, INK_PLAIN, question->answers[i].label);
    }
    canvas_text(canvas, x + 2, y, -1, INK_DIM, cancel);
}

/* The commands that begin as what is typed, above the line. */
static void draw_candidates(const struct ui *ui, const struct scene *scene, int y,
                            struct canvas *canvas)
{
    for (int i = 0; i < (int)scene->n_offered && y - 1 - i > 1; i++) {
        canvas_fill(canvas, (struct rect){0, y - 1 - i, ui->width, 1}, ' ', INK_PLAIN);
        canvas_text(canvas, 2, y - 1 - i, ui->width - 3, INK_KEY, scene->offered[i].name);
    }
    if (ui->prompt.kind != PROMPT_COMMAND || memchr(ui->prompt.text, ' ', ui->prompt.length)) {
        return;
    }
    int line = y - 1;
    size_t shown = 0;
    for (size_t i = 0; i < scene->n_commands && shown < 8 && line > 1; i++) {
        const struct scene_item *item = &scene->commands[i];
        if (strncmp(item->name, ui->prompt.text, ui->prompt.length) != 0) {
            continue;
        }
        canvas_fill(canvas, (struct rect){0, line, ui->width, 1}, ' ', INK_PLAIN);
        canvas_text(canvas, 2, line, 14, INK_KEY, item->name);
        canvas_text(canvas, 17, line, ui->width - 18, INK_DIM, item->detail);
        line--;
        shown++;
    }
}

void prompt_draw(const struct ui *ui, const struct scene *scene, int y, struct canvas *canvas)
{
    canvas_fill(canvas, (struct rect){0, y, ui->width, 1}, ' ', INK_PLAIN);
    if (ui->question.is_open) {
        draw_question(ui, y, canvas);
        return;
    }
    draw_candidates(ui, scene, y, canvas);
    int x = canvas_text(canvas, 1, y, ui->width / 2, INK_KEY, ui->prompt.label);
    x += ui->prompt.kind == PROMPT_VALUE ? 1 : 0;
    int room = ui->width - x - 2;
    char before[PROMPT_MAX];
    snprintf(before, sizeof before, "%.*s", (int)ui->prompt.cursor, ui->prompt.text);
    int cursor = text_width(before);
    const char *text = ui->prompt.text;
    while (cursor > room - 1 && *text != '\0') { /* the cursor stays in sight */
        uint32_t code = text_next(&text);
        cursor -= text_cells(text_sanitise(code));
    }
    canvas_text(canvas, x, y, room, INK_PROMPT, text);
    canvas->cursor_x = x + cursor;
    canvas->cursor_y = y;
    const char *beside = scene->preview_text != NULL ? scene->preview_text : "";
    if (beside[0] == '\0' && ui->prompt.kind == PROMPT_FILTER) {
        beside = ui->prompt.length == 0 ? "a pattern, as -ot takes it; Enter selects  Esc cancels"
                                        : "Enter selects  Esc cancels";
    }
    int end = x + text_width(text) + 3;
    if (end < ui->width) {
        canvas_text(canvas, end, y, ui->width - end, INK_DIM, beside);
    }
}

bool prompt_complete(struct ui *ui, const struct scene *scene)
{
    struct prompt *prompt = &ui->prompt;
    size_t start = prompt_word(prompt);
    if (prompt->kind != PROMPT_COMMAND) {
        return false;
    }
    char common[128] = "";
    size_t found = 0;
    const struct scene_item *items = start == 0 ? scene->commands : scene->words;
    size_t n = start == 0 ? scene->n_commands : scene->n_words;
    for (size_t i = 0; i < n; i++) {
        if (strncmp(items[i].name, prompt->text + start, prompt->cursor - start) != 0) {
            continue;
        }
        if (found++ == 0) {
            snprintf(common, sizeof common, "%s", items[i].name);
            continue;
        }
        size_t same = 0;
        while (common[same] != '\0' && common[same] == items[i].name[same]) {
            same++;
        }
        common[same] = '\0';
    }
    if (found == 1) {
        size_t length = strlen(common);
        snprintf(common + length, sizeof common - length, " ");
    }
    if (found > 0) {
        prompt_replace_word(prompt, common);
    }
    return found > 0;
}
