/* Plain lists: snapshots, history, warnings, and the export screen's formats. */
#include "ui/figures.h"
#include "ui/parts.h"
#include "ui/text.h"

#include "model/text/export.h"

#include <stdio.h>
#include <string.h>

static void draw_items(const struct ui *ui, enum screen screen, const struct scene_item *items,
                       size_t n, int name_cells, struct canvas *canvas)
{
    const struct list *list = screen_list_of(ui, screen);
    for (int line = 0; line < screen_height(ui); line++) {
        size_t at = (size_t)list->top + (size_t)line;
        if (at >= n) {
            break;
        }
        bool is_current = (int)at == list->cursor;
        canvas_put(canvas, 0, 2 + line, is_current ? '>' : ' ', INK_STRONG);
        canvas_text(canvas, 2, 2 + line, name_cells, is_current ? INK_STRONG : INK_PLAIN,
                    items[at].name);
        canvas_text(canvas, 4 + name_cells, 2 + line, ui->width - 5 - name_cells, INK_DIM,
                    items[at].detail);
    }
}

/* ---- snapshots ------------------------------------------------------------------------------ */

static void draw_snapshots(const struct ui *ui, const struct scene *scene, struct canvas *canvas)
{
    const struct list *list = screen_list_of(ui, SCREEN_SNAPSHOTS);
    const char *hints =
        scene->snapshot_marked >= 0
            ? "Enter compare the marked one with this  Space unmark  q back"
            : "Enter compare  Space mark  I file  t restore  s take one  x remove  q back";
    screen_frame(ui, scene, canvas, "Snapshots: plans kept to compare with", hints);
    int names = ui->width >= 100 ? 44 : 24;
    for (int line = 0; line < screen_height(ui); line++) {
        size_t at = (size_t)list->top + (size_t)line;
        if (at >= scene->n_snapshots) {
            break;
        }
        bool is_current = (int)at == list->cursor;
        char number[24];
        int y = 2 + line;
        snprintf(number, sizeof number, "%zu", at);
        canvas_put(canvas, 0, y, is_current ? '>' : ' ', INK_STRONG);
        canvas_put(canvas, 1, y, (long)at == scene->snapshot_marked ? '*' : ' ', INK_STRONG);
        canvas_right(canvas, 4, y, INK_DIM, number);
        canvas_text(canvas, 6, y, names, is_current ? INK_STRONG : INK_PLAIN,
                    scene->snapshots[at].name);
        canvas_text(canvas, 8 + names, y, ui->width - 9 - names, INK_DIM,
                    scene->snapshots[at].detail);
    }
    if (scene->n_snapshots == 0) {
        canvas_text(canvas, 2, 2, -1, INK_PLAIN, "none yet: s takes one, I reads a plan file");
    }
}

static int lines_snapshots(const struct ui *ui, const struct scene *scene)
{
    (void)ui;
    return (int)scene->n_snapshots;
}

/* Enter, with one marked: that one and this, else this and the plan as it is. */
static void compare_here(const struct scene *scene, long at, struct intent *intent)
{
    const char *here = scene->snapshots[at].name;
    const char *marked = scene->snapshot_marked >= 0 && scene->snapshot_marked != at
                             ? scene->snapshots[scene->snapshot_marked].name
                             : NULL;
    snprintf(intent->command, sizeof intent->command, "compare %.500s%s%.500s",
             marked != NULL ? marked : here, marked != NULL ? " " : "", marked != NULL ? here : "");
}

static void act_snapshots(struct ui *ui, const struct scene *scene, enum action action,
                          struct intent *intent)
{
    int at = screen_list(ui)->cursor;
    bool is_one = at >= 0 && (size_t)at < scene->n_snapshots;
    const char *verb = action == ACTION_TAKE     ? "restore"
                       : action == ACTION_REMOVE ? "forget"
                       : action == ACTION_MARK   ? "mark"
                                                 : NULL;
    if (action == ACTION_SNAPSHOT) {
        snprintf(intent->command, sizeof intent->command, "snapshot");
    } else if (action == ACTION_IMPORT) {
        prompt_open(&ui->prompt, PROMPT_VALUE, "plan file to compare with:", "read ", "");
    } else if (is_one && (action == ACTION_ENTER || action == ACTION_COMPARE)) {
        compare_here(scene, at, intent);
    } else if (is_one && verb != NULL) {
        snprintf(intent->command, sizeof intent->command, "%s %s", verb, scene->snapshots[at].name);
    }
}

const struct screen_ops snapshots_screen = {draw_snapshots, lines_snapshots, act_snapshots};

/* ---- history -------------------------------------------------------------------------------- */

static void draw_history(const struct ui *ui, const struct scene *scene, struct canvas *canvas)
{
    screen_frame(ui, scene, canvas, "History",
                 "Enter or t go to that step  u undo  Ctrl-r redo  q back");
    draw_items(ui, SCREEN_HISTORY, scene->history, scene->n_history, 10, canvas);
}

static int lines_history(const struct ui *ui, const struct scene *scene)
{
    (void)ui;
    return (int)scene->n_history;
}

static void act_history(struct ui *ui, const struct scene *scene, enum action action,
                        struct intent *intent)
{
    (void)scene;
    if (action == ACTION_ENTER || action == ACTION_TAKE) {
        snprintf(intent->command, sizeof intent->command, "step %d", screen_list(ui)->cursor);
    }
}

const struct screen_ops history_screen = {draw_history, lines_history, act_history};

/* ---- warnings ------------------------------------------------------------------------------- */

/* Writes a warning from line `y` on (NULL canvas: only counts); returns how many lines it takes. */
static int write_warning(const struct warning *warning, int width, int y, int end,
                         struct canvas *canvas)
{
    enum { NAME = 25 };
    int lines = 0;
    if (canvas != NULL) {
        canvas_text(canvas, 1, y, NAME - 1, INK_WARN, warning_name(warning->code));
    }
    for (const char *text = warning->message; *text != '\0' || lines == 0; lines++) {
        char piece[512];
        text_line(&text, width - NAME - 2, piece, sizeof piece);
        if (canvas != NULL && y + lines < end) {
            canvas_text(canvas, 1 + NAME, y + lines, -1, INK_PLAIN, piece);
        }
    }
    return lines;
}

/* The cursor is the first warning shown. */
static void draw_warnings(const struct ui *ui, const struct scene *scene, struct canvas *canvas)
{
    const struct list *list = screen_list_of(ui, SCREEN_WARNINGS);
    const struct evaluation *shown = scene->shown;
    screen_frame(ui, scene, canvas, "Warnings",
                 shown->n_warnings > 1 ? "Up Down scroll  u undo  q back" : "u undo  q back");
    int y = 2;
    for (size_t i = (size_t)list->cursor; i < shown->n_warnings && y < ui->height - 1; i++) {
        y += write_warning(&shown->warnings[i], ui->width, y, ui->height - 1, canvas);
    }
    if (shown->n_warnings == 0) {
        canvas_text(canvas, 2, 2, -1, INK_PLAIN, "none");
    }
}

static int lines_warnings(const struct ui *ui, const struct scene *scene)
{
    int lines = 0;
    int room = ui->height - 3;
    size_t at = scene->shown->n_warnings;
    while (at > 0 && lines <= room) { /* so many at the end fit one screen */
        lines += write_warning(&scene->shown->warnings[at - 1], ui->width, 0, 0, NULL);
        at -= lines <= room ? 1 : 0;
    }
    return (int)at + 1;
}

const struct screen_ops warnings_screen = {draw_warnings, lines_warnings, NULL};

/* ---- export --------------------------------------------------------------------------------- */

static const char *format_help(enum export_format format)
{
    static const struct {
        const char *name, *help;
    } rows[] = {
        {"args", "one line, shell-quoted, without program and model"},
        {"ot", "one line, unquoted: what follows one -ot"},
        {"lines", "a comment header, then one -ot a line"},
        {"script", "a POSIX shell script that starts llama.cpp"},
        {"json", "everything, as plan --json prints it"},
        {"env", "LLAMA_ARG_X=value lines, for docker --env-file"},
        {"ini", "a section for --models-preset"},
        {"bench", "arguments of llama-bench"},
        {"ik", "arguments of ik_llama.cpp"},
        {"kobold", "a .kcpps file"},
        {"llama-swap", "an entry of models:"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].name, export_format_name(format)) == 0) {
            return rows[i].help;
        }
    }
    return "";
}

static void draw_export(const struct ui *ui, const struct scene *scene, struct canvas *canvas)
{
    const struct list *list = screen_list_of(ui, SCREEN_EXPORT);
    screen_frame(ui, scene, canvas,
                 scene->held->all_fit ? "Export"
                                      : "Export: over budget, llama.cpp would fail to load this",
                 "Up Down choose  Enter write to a file  y copy  q back");
    for (int i = 0; i < (int)EXPORT_FORMAT_COUNT; i++) {
        bool is_current = i == list->cursor;
        canvas_put(canvas, 0, 2 + i, is_current ? '>' : ' ', INK_STRONG);
        canvas_text(canvas, 2, 2 + i, 10, is_current ? INK_STRONG : INK_PLAIN,
                    export_format_name((enum export_format)i));
        canvas_text(canvas, 13, 2 + i, -1, INK_DIM, format_help((enum export_format)i));
    }
    int y = 3 + EXPORT_FORMAT_COUNT;
    const char *text = scene->exported != NULL ? scene->exported : "verifying";
    while (*text != '\0' && y < ui->height - 1) {
        size_t n = strcspn(text, "\n");
        size_t width = (size_t)(ui->width - 2);
        char line[1024];
        size_t part = n < width ? n : width;
        part = part < sizeof line ? part : sizeof line - 1;
        snprintf(line, sizeof line, "%.*s", (int)part, text);
        canvas_text(canvas, 1, y++, -1, INK_PLAIN, line);
        text += part;
        text += *text == '\n' ? 1 : 0;
    }
}

static int lines_export(const struct ui *ui, const struct scene *scene)
{
    (void)ui;
    (void)scene;
    return EXPORT_FORMAT_COUNT;
}

static void act_export(struct ui *ui, const struct scene *scene, enum action action,
                       struct intent *intent)
{
    (void)scene;
    const char *format = export_format_name((enum export_format)screen_list(ui)->cursor);
    if (action == ACTION_ENTER) {
        char prefix[64];
        char label[64];
        snprintf(prefix, sizeof prefix, "export %s ", format);
        snprintf(label, sizeof label, "export %s to file:", format);
        prompt_open(&ui->prompt, PROMPT_VALUE, label, prefix, "");
    } else if (action == ACTION_COPY) {
        snprintf(intent->command, sizeof intent->command, "copy %s", format);
    }
}

const struct screen_ops export_screen = {draw_export, lines_export, act_export};

const char *ui_export_format(const struct ui *ui)
{
    int at = screen_list_of(ui, SCREEN_EXPORT)->cursor;
    return ui_screen(ui) == SCREEN_EXPORT && at >= 0 && at < (int)EXPORT_FORMAT_COUNT
               ? export_format_name((enum export_format)at)
               : NULL;
}
