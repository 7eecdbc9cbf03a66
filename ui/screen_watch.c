/* Watch: what is used now beside what is planned, while the screen is open. */
#include "ui/parts.h"
#include "ui/watch_view.h"

#include <stdio.h>

static const char *note_of(const struct scene *scene)
{
    return watch_is_alert(scene->watch) ? "a plans for the memory there is now (u undoes)" : NULL;
}

static struct rect area_of(const struct ui *ui)
{
    return (struct rect){1, 2, ui->width - 2, screen_height(ui)};
}

static void draw(const struct ui *ui, const struct scene *scene, struct canvas *canvas)
{
    char title[200];
    if (scene->watch == NULL) {
        screen_frame(ui, scene, canvas, "Watch", "q back");
        canvas_text(canvas, 2, 2, -1, INK_PLAIN, "the memory of this machine is being read");
        return;
    }
    const struct watch_sample *last = &scene->watch->last;
    snprintf(title, sizeof title, "Watch: MiB, %.0f s%s%s", last->seconds,
             last->server != 0 ? "; the server is " : "",
             last->server != 0 ? last->server_name : "");
    screen_frame(ui, scene, canvas, title, "a plan for what there is  r forget the peaks  q back");
    struct watch_view view = {.watch = scene->watch,
                              .note = note_of(scene),
                              .top = screen_list_of(ui, SCREEN_WATCH)->cursor};
    watch_view_draw(&view, area_of(ui), canvas);
}

static int lines(const struct ui *ui, const struct scene *scene)
{
    if (scene->watch == NULL) {
        return 1;
    }
    struct watch_view view = {.watch = scene->watch, .note = note_of(scene)};
    int last = watch_view_draw(&view, area_of(ui), NULL) - screen_height(ui) + 1;
    return last > 1 ? last : 1;
}

static void act(struct ui *ui, const struct scene *scene, enum action action, struct intent *intent)
{
    (void)ui;
    (void)scene;
    if (action == ACTION_AUTO) {
        snprintf(intent->command, sizeof intent->command, "replan");
    } else if (action == ACTION_FORGET) {
        snprintf(intent->command, sizeof intent->command, "forget-peaks");
    }
}

const struct screen_ops watch_screen = {draw, lines, act};
