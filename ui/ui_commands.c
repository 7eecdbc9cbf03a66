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

bool ui_command(struct ui *ui, const struct scene *scene, const char *command, struct error *error)
{
    char verb[32];
    size_t n = strcspn(command, " ");
    snprintf(verb, sizeof verb, "%.*s", (int)(n < 31 ? n : 31), command);
    const char *rest = command + n + strspn(command + n, " ");
    if (strcmp(verb, "screen") == 0) {
        bool fine = open_by_name(ui, rest, error);
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
