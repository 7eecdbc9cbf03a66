/* An event in, a frame out: the planner without its terminal. */
#include "src/planner_state.h"

#include "model/base/memory.h"
#include "ui/hints.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- events --------------------------------------------------------------------------------- */

static void apply(struct planner *planner, struct intent *intent)
{
    if (intent->edit.kind != EDIT_NONE) {
        planner_edit(planner, &intent->edit);
    }
    edit_clear(&intent->edit);
    if (intent->command[0] != '\0') {
        struct error error = {0};
        if (!planner_command(planner, intent->command, &error)) {
            planner_say(planner, true, "%.590s", error.text);
        }
    }
}

/* A click on a hint in the last line, or on an answer there, is its key. */
static bool is_hint(const struct planner *planner, const struct event *event, struct event *key)
{
    const struct mouse *mouse = &event->mouse;
    bool is_click =
        event->kind == EVENT_MOUSE && mouse->action == MOUSE_PRESS && mouse->button == 0;
    if (!is_click || planner->ui.prompt.is_open || mouse->y != planner->canvas.height - 1) {
        return false;
    }
    *key = (struct event){.kind = EVENT_KEY,
                          .key = hints_key_at(&planner->canvas, mouse->x, mouse->y)};
    return key->key != 0;
}

void planner_handle(struct planner *planner, const struct event *event, uint64_t time_ms)
{
    struct scene scene;
    struct event key;
    if (is_hint(planner, event, &key)) {
        planner_handle(planner, &key, time_ms);
        return;
    }
    struct intent intent;
    bool is_motion = event->kind == EVENT_MOUSE && event->mouse.action != MOUSE_PRESS;
    if (!is_motion) {
        planner_offered_forget(planner);
        planner->message[0] = '\0';
    }
    bool is_escape = event->kind == EVENT_KEY && event->key == PRESS_ESCAPE;
    if (is_escape && planner->job != NULL) {
        planner_auto_cancel(planner);
        return;
    }
    if (is_escape && planner_probe_cancel(planner)) {
        planner_say(planner, false, "probe cancelled");
        return;
    }
    planner->is_preview = false; /* handlers see the plan as it is */
    planner_scene(planner, &scene);
    ui_handle(&planner->ui, &scene, event, time_ms, &intent);
    apply(planner, &intent);
}

/* ---- frames --------------------------------------------------------------------------------- */

/* The export screen's text, once the read-back has agreed. */
static void prepare_export(struct planner *planner)
{
    const char *format = ui_export_format(&planner->ui);
    if (format == NULL || planner->verify == VERIFY_PENDING) {
        return;
    }
    uint64_t id = planner_now(planner)->id;
    if (planner->exported != NULL && planner->exported_id == id &&
        strcmp(format, planner->export_format) == 0) {
        return;
    }
    struct error error = {0};
    free(planner->exported);
    planner->exported = planner_export(planner, format, &error);
    if (planner->exported == NULL) {
        planner->exported = memory_text(error.text);
    }
    planner->exported_id = id;
    snprintf(planner->export_format, sizeof planner->export_format, "%s", format);
}

/* What the overrides screen says of the rule under its cursor. */
static void prepare_explained(struct planner *planner)
{
    struct planner_step *now = planner_now(planner);
    long rule = ui_overrides_rule(&planner->ui);
    size_t ours = planner->held.rules.n;
    if (rule < (long)ours || (size_t)rule - ours >= now->plan.given->n_entries) {
        planner->has_explained = false;
        return;
    }
    if (planner->has_explained && planner->explained_id == now->id &&
        planner->explained_rule == (size_t)rule) {
        return;
    }
    entry_explanation_clear(&planner->explained);
    override_explain(planner->model, &now->rig, now->plan.given, &planner->held,
                     (size_t)rule - ours, &planner->explained);
    planner->has_explained = true;
    planner->explained_id = now->id;
    planner->explained_rule = (size_t)rule;
}

void planner_draw(struct planner *planner, int width, int height)
{
    struct scene scene;
    if (width != planner->ui.width || height != planner->ui.height) {
        planner_scene(planner, &scene);
        ui_resize(&planner->ui, &scene, width,
                  height); /* what was carried is let go: before the preview */
    }
    planner_preview(planner);
    prepare_export(planner);
    prepare_explained(planner);
    planner_scene(planner, &scene);
    ui_settle(&planner->ui, &scene);
    ui_draw(&planner->ui, &scene, &planner->canvas);
}
