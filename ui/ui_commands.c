/* Commands that only concern the screen. */
#include "ui/parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool open_by_name(struct ui *ui, const char *name, struct error *error)
{
    for (int screen = 0; screen < SCREEN_COUNT; screen++) {
        if (strcmp(screen_name((enum screen)screen), name) == 0) {
            if (screen == SCREEN_MAIN) {
                ui->depth = 0;
            } else {
                ui_open(ui, (enum screen)screen);
            }
            return true;
        }
    }
    return error_set(error, ERROR_USAGE, "no screen '%s'", name);
}

static bool fold(struct ui *ui, const char *value, struct error *error)
{
    long layers = strtol(value, NULL, 10);
    if (layers != 1 && layers != 2 && layers != 4 && layers != 8) {
        return error_set(error, ERROR_USAGE, "fold 1, 2, 4 or 8");
    }
    ui->fold = (int)layers;
    return true;
}

static bool sort(struct ui *ui, const char *by, struct error *error)
{
    static const char *const names[SORT_COUNT] = {"size", "name", "type", "device"};
    for (int i = 0; i < SORT_COUNT; i++) {
        if (strcmp(names[i], by) == 0) {
            ui->sort = (enum tensor_sort)i;
            return true;
        }
    }
    return error_set(error, ERROR_USAGE, "sort size, name, type or device");
}

static bool go_to_device(struct ui *ui, const struct scene *scene, const char *name)
{
    for (int device = DEVICE_HOST; device < (int)scene->rig->n_devices; device++) {
        if (strcmp(rig_name(scene->rig, device), name) == 0) {
            ui->focus = FOCUS_DEVICES;
            ui->device = device;
            return true;
        }
    }
    return false;
}

static bool go_to_row(struct ui *ui, const struct scene *scene, const char *name)
{
    for (size_t row = 0; row < scene->map->n_rows; row++) {
        bool is_group =
            row != MAP_HOME && strcmp(tensor_group_name(scene->map->groups[row]), name) == 0;
        if (is_group || strcmp(layer_map_label(scene->map, row, false), name) == 0) {
            ui->focus = FOCUS_MAP;
            ui->row = row;
            return true;
        }
    }
    return false;
}

static bool go_to_layer(struct ui *ui, const struct scene *scene, const char *name)
{
    char *end = NULL;
    unsigned long layer = strtoul(name, &end, 10);
    if (name[0] < '0' || name[0] > '9' || *end != '\0' || layer >= scene->map->n_layer) {
        return false;
    }
    ui->focus = FOCUS_MAP;
    ui->layer = (uint32_t)layer;
    ui->tensors = (struct list){0};
    return true;
}

static bool go_to_pane(struct ui *ui, const char *name)
{
    static const char *const panes[FOCUS_COUNT] = {[FOCUS_DEVICES] = "devices",
                                                   [FOCUS_MAP] = "map",
                                                   [FOCUS_TENSORS] = "tensors",
                                                   [FOCUS_ARGUMENTS] = "arguments"};
    for (int pane = 0; pane < FOCUS_COUNT; pane++) {
        if (strcmp(panes[pane], name) == 0) {
            ui->focus = (enum focus)pane;
            return true;
        }
    }
    return false;
}

/* Where the cursor is, for what asks for it: detail, overrides, lock, help. */
static bool go(struct ui *ui, const struct scene *scene, const char *words, struct error *error)
{
    bool found = *words != '\0';
    while (*words != '\0' && found) {
        char word[64];
        size_t n = strcspn(words, " ");
        snprintf(word, sizeof word, "%.*s", (int)(n < 63 ? n : 63), words);
        words += n + strspn(words + n, " ");
        found = go_to_layer(ui, scene, word) || go_to_pane(ui, word) ||
                go_to_device(ui, scene, word) || go_to_row(ui, scene, word);
    }
    return found || error_set(error, ERROR_USAGE,
                              "use: go LAYER, a row, a device, map, tensors or arguments");
}

bool ui_command(struct ui *ui, const struct scene *scene, const char *command, struct error *error)
{
    char verb[32];
    size_t n = strcspn(command, " ");
    snprintf(verb, sizeof verb, "%.*s", (int)(n < 31 ? n : 31), command);
    const char *rest = command + n + strspn(command + n, " ");
    if (strcmp(verb, "screen") == 0) {
        bool fine = open_by_name(ui, rest, error);
        if (ui_screen(ui) == SCREEN_HISTORY) {
            ui->lists[SCREEN_HISTORY].cursor = (int)scene->history_at; /* where the plan is */
        }
        ui_settle(ui, scene);
        return fine;
    }
    if (strcmp(verb, "help") == 0) {
        ui_open(ui, SCREEN_HELP);
        return true;
    }
    if (strcmp(verb, "fold") == 0) {
        bool fine = fold(ui, rest, error);
        ui_settle(ui, scene);
        return fine;
    }
    if (strcmp(verb, "go") == 0) {
        bool fine = go(ui, scene, rest, error);
        ui_settle(ui, scene);
        return fine;
    }
    if (strcmp(verb, "sort") == 0) {
        return sort(ui, rest, error);
    }
    if (strcmp(verb, "invert") == 0) {
        selection_invert(&ui->selection, scene->map);
        return true;
    }
    if (strcmp(verb, "unselect") == 0) {
        selection_reset(&ui->selection);
        return true;
    }
    if (strcmp(verb, "filter") == 0) {
        return ui_filter(ui, scene, rest, error);
    }
    return false;
}
