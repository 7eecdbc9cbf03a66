/* Help: the key table, the screen you came from first, and the commands. */
#include "ui/parts.h"
#include "ui/text.h"

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
    {"bar, list", "click to look at it, wheel to scroll; double click: Enter"},
    {"hint in the last line", "click: its key"},
    {"Shift and drag", "the terminal's own text selection"},
};

static const char *const glyph_help[][2] = {
    {"0-9 A-F c", "device, CPU"},
    {"*", "one cell on several devices"},
    {"+", "folded layers that differ"},
    {"dot", "no such tensor in this layer"},
    {"home row", "where -ngl and -ts put the layer and its cache"},
    {"other rows", "where the weights are: home, or an -ot rule"},
    {"underlined, L", "locked: the optimiser and later moves leave it"},
    {"o at the row's end", "home of the output layer"},
    {"by: home, -ot 2", "why a tensor is there: its layer's home, or that rule"},
    {"SIM", "the devices are from a file or a rig in words, not this machine's"},
    {"verified", "the arguments were read back and give exactly this plan"},
    {"OVER, !!, !", "more than the budget: llama.cpp would fail to load"},
};

static const char *device_word(const struct scene *scene, int device)
{
    return device == DEVICE_NONE ? "no such tensor"
           : device == MAP_MIXED ? "on several devices"
                                 : rig_name(scene->rig, device);
}

struct help {
    struct canvas *canvas;        /* NULL: only count */
    int top, height, width, line; /* width: of a column */
};

/* A wide screen has two columns: the page goes on in the second. */
static int columns_of(const struct ui *ui)
{
    return ui->width >= 160 ? 2 : 1;
}

/* The right part takes as many lines as it needs. */
static void help_line(struct help *help, enum ink ink, const char *left, const char *right)
{
    do {
        char piece[256];
        int at = help->line++ - help->top;
        int y = at >= 0 ? at % help->height : -1;
        int x = at >= 0 ? at / help->height * help->width : 0;
        text_line(&right, help->width - 28, piece, sizeof piece);
        if (help->canvas != NULL && y >= 0 && x < help->canvas->width) {
            canvas_text(help->canvas, x + 2, 2 + y, right[0] == '\0' && piece[0] == '\0' ? -1 : 24,
                        ink, left);
            canvas_text(help->canvas, x + 27, 2 + y, help->width - 28, INK_PLAIN, piece);
        }
        left = "";
    } while (*right != '\0');
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

/* What each screen is for; the main screen says what is under its cursor instead. */
static const char *const about[SCREEN_COUNT] = {
    [SCREEN_HELP] = "the keys of the screen below, the mouse, the signs, the commands",
    [SCREEN_SETTINGS] = "llama.cpp's flags; Left Right try a value, Enter takes it",
    [SCREEN_DEVICES] = "the machine: what each device has and what is kept free",
    [SCREEN_COMPARE] = "two plans: sums, bars, what moved, arguments; S chooses others",
    [SCREEN_OVERRIDES] = "every -ot rule in llama.cpp's order, what it takes and what is wrong",
    [SCREEN_SNAPSHOTS] = "plans kept to compare with: Enter with this one, Space marks one of two",
    [SCREEN_DETAIL] = "every term of a device's bytes, and of what is under the cursor",
    [SCREEN_EXPORT] = "the plan for a shell, a script or another program",
    [SCREEN_HISTORY] = "every step since the start; t goes to one",
    [SCREEN_WARNINGS] = "what llama.cpp would do that may surprise",
    [SCREEN_VERIFY] = "what a log says was done, beside the plan",
    [SCREEN_WATCH] = "memory as the driver tells it, beside the planned",
};

/* A line at 80 columns: where the cursor is, and the keys that matter there. */
static void here_on_main(const struct ui *ui, const struct scene *scene, struct help *help)
{
    char text[160];
    const char *on = "";
    const char *keys = "v and arrows a block, V layers; m and a device key sends; o its rule";
    switch (ui->focus) {
    case FOCUS_DEVICES:
        snprintf(text, sizeof text, "the bar of %s", rig_name(scene->rig, ui->device));
        keys = "i every term of its bytes; d the machine; Tab to the map";
        break;
    case FOCUS_TENSORS:
        snprintf(text, sizeof text, "the tensors of layer %u", ui->layer);
        keys = "Space marks; m and a device key sends; i detail; o its rule; F6 sorts";
        break;
    case FOCUS_ARGUMENTS:
        snprintf(text, sizeof text, "the arguments for llama.cpp");
        keys = "y copies; e exports; o the rules one by one";
        break;
    case FOCUS_MAP:
    case FOCUS_COUNT:
        on = device_word(scene, layer_map_device(scene->map, scene->held, ui->row, ui->layer));
        snprintf(text, sizeof text, "row %s, layer %u%s%s",
                 layer_map_label(scene->map, ui->row, true), ui->layer, on[0] != '\0' ? ", " : "",
                 on);
        keys = ui->row == MAP_HOME
                   ? "< > move the boundary; m and a device key moves homes and caches"
                   : keys;
        break;
    }
    help_line(help, INK_STRONG, "You are on", text);
    help_line(help, INK_PLAIN, "", keys);
    if (ui->selection.n_marked + ui->selection.n_homes > 0) {
        help_line(help, INK_PLAIN, "", "cells are selected: m sends them, L locks them, U clears");
    }
}

static void help_all(const struct ui *ui, const struct scene *scene, struct help *help)
{
    char title[80];
    snprintf(title, sizeof title, "Keys of the %s screen", screen_name(below(ui)));
    help_line(help, INK_TITLE, title, "");
    if (below(ui) == SCREEN_MAIN) {
        here_on_main(ui, scene, help);
    } else {
        help_line(help, INK_PLAIN, "", about[below(ui)]);
    }
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
                        .width = ui->width / columns_of(ui)};
    help_all(ui, scene, &help);
}

static int lines(const struct ui *ui, const struct scene *scene)
{
    struct help help = {.width = ui->width / columns_of(ui), .height = screen_height(ui)};
    help_all(ui, scene, &help);
    int last =
        help.line - columns_of(ui) * screen_height(ui) + 1; /* the cursor is the first line shown */
    return last > 1 ? last : 1;
}

const struct screen_ops help_screen = {draw, lines, NULL};
