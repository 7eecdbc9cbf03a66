/* Help: the key table, the screen you came from first, and the commands. */
#include "ui/parts.h"

#include <stdio.h>
#include <string.h>

static enum screen below(const struct ui *ui)
{
    return ui->depth > 0 ? ui->stack[ui->depth - 1] : SCREEN_MAIN;
}

static const char *const mouse_help[][2] = {
    {"drag on the map", "select a block; Shift or Ctrl adds to the selection"},
    {"drag the selection", "onto a bar: move it there; bars preview"},
    {"right button", "paint with the last target"},
    {"home boundary", "drag it: layers change home, caches go along"},
    {"column head, row label", "whole layer, whole row; double click: the cell's layer"},
    {"tensor", "double click: the rule that put it there"},
    {"bar, list", "click to look at it, wheel to scroll"},
    {"Shift and drag", "the terminal's own text selection"},
};

static const char *const glyph_help[][2] = {
    {"0-9 A-F c", "device, CPU"},
    {"*", "one cell on several devices"},
    {"+", "folded layers that differ"},
    {"dot", "no such tensor in this layer"},
    {"home row", "where -ngl and -ts put the layer and its cache"},
    {"other rows", "where the weights are: home, or an -ot rule"},
};

struct help {
    struct canvas *canvas; /* NULL: only count */
    int top, height, width, line;
};

static void help_line(struct help *help, enum ink ink, const char *left, const char *right)
{
    int y = help->line - help->top;
    if (help->canvas != NULL && y >= 0 && y < help->height) {
        canvas_text(help->canvas, 2, 2 + y, 24, ink, left);
        canvas_text(help->canvas, 27, 2 + y, help->width - 28, INK_PLAIN, right);
    }
    help->line++;
}

static void help_screen_keys(struct help *help, enum screen screen)
{
    const char *group = "";
    for (size_t i = 0; i < keymap_length; i++) {
        if ((keymap[i].where & 1U << screen) == 0) {
            continue;
        }
        if (strcmp(group, keymap[i].group) != 0) {
            group = keymap[i].group;
            help_line(help, INK_PLAIN, "", "");
            help_line(help, INK_STRONG, group, "");
        }
        char keys[64];
        keymap_keys(&keymap[i], keys, sizeof keys);
        help_line(help, INK_KEY, keys, keymap[i].help);
    }
}

static void help_all(const struct ui *ui, const struct scene *scene, struct help *help)
{
    char title[80];
    snprintf(title, sizeof title, "Keys of the %s screen", screen_name(below(ui)));
    help_line(help, INK_TITLE, title, "");
    help_screen_keys(help, below(ui));
    help_line(help, INK_PLAIN, "", "");
    help_line(help, INK_STRONG, "After m",
              "0-9 A-F a device, c CPU, . home; arrows walk over the bars");
    help_line(help, INK_PLAIN, "", "");
    help_line(help, INK_STRONG, "Mouse", "");
    for (size_t i = 0; i < sizeof mouse_help / sizeof *mouse_help; i++) {
        help_line(help, INK_KEY, mouse_help[i][0], mouse_help[i][1]);
    }
    help_line(help, INK_PLAIN, "", "");
    help_line(help, INK_STRONG, "The map", "");
    for (size_t i = 0; i < sizeof glyph_help / sizeof *glyph_help; i++) {
        help_line(help, INK_KEY, glyph_help[i][0], glyph_help[i][1]);
    }
    help_line(help, INK_PLAIN, "", "");
    help_line(help, INK_STRONG, "Commands", "after :");
    for (size_t i = 0; i < scene->n_commands; i++) {
        help_line(help, INK_KEY, scene->commands[i].name, scene->commands[i].detail);
    }
}

static void draw(const struct ui *ui, const struct scene *scene, struct canvas *canvas)
{
    screen_frame(ui, scene, canvas, "Help", "Up Down PgUp PgDn scroll  q back");
    struct help help = {.canvas = canvas,
                        .top = screen_list_of(ui, SCREEN_HELP)->cursor,
                        .height = screen_height(ui),
                        .width = ui->width};
    help_all(ui, scene, &help);
}

static int lines(const struct ui *ui, const struct scene *scene)
{
    struct help help = {0};
    help_all(ui, scene, &help);
    int last = help.line - screen_height(ui) + 1; /* the cursor is the first line shown */
    return last > 1 ? last : 1;
}

const struct screen_ops help_screen = {draw, lines, NULL};
