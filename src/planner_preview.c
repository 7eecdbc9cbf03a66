/* What is shown: the plan, or what it would be if what is carried were dropped now. */
#include "src/planner_state.h"

#include "model/base/memory.h"
#include "model/plan/setting_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void forget(struct planner *planner)
{
    planner->is_preview = false;
    planner->preview_text[0] = '\0';
    edit_clear(&planner->preview_edit);
    planner->preview_command[0] = '\0';
}

static void show_step(struct planner *planner, struct planner_step *step)
{
    planner_step_clear(&planner->preview_step);
    planner->preview_step = *step;
    evaluation_clear(&planner->preview);
    plan_evaluate(planner->model, &planner->preview_step.rig, &planner->preview_step.plan,
                  &planner->preview_decisions, &planner->preview);
    planner_find_speed(planner, planner->model, &planner->preview_step.rig, &planner->preview,
                       &planner->preview_speed, &planner->preview_prompt);
    arguments_free(&planner->preview_arguments);
    planner->preview_arguments =
        arguments_write(planner->model, &planner->preview_step.rig, &planner->preview_step.plan,
                        &planner->preview, &planner->n_preview_arguments);
    planner->is_preview = true;
}

static void preview_edit(struct planner *planner, struct edit *edit)
{
    bool same = edit->kind != EDIT_NONE && edit_equal(edit, &planner->preview_edit) &&
                planner->preview_step.id == planner_now(planner)->id;
    if (same) {
        edit_clear(edit);
        return;
    }
    forget(planner);
    struct planner_step step;
    struct edit_report report;
    planner_step_copy(&step, planner_now(planner));
    bool changed = plan_apply_edit(&step.plan, &planner->map, &step.rig, &planner->held,
                                   &planner->decisions, edit, &report);
    snprintf(planner->preview_text, sizeof planner->preview_text, "%s", report.text);
    show_step(planner, &step);
    planner->is_preview = changed;
    planner->preview_edit = *edit;
    *edit = (struct edit){0};
}

static void preview_command(struct planner *planner, const char *command)
{
    if (strcmp(command, planner->preview_command) == 0 &&
        planner->preview_step.id == planner_now(planner)->id) {
        return;
    }
    forget(planner);
    snprintf(planner->preview_command, sizeof planner->preview_command, "%s", command);
    struct planner_step step;
    struct error error = {0};
    planner_step_copy(&step, planner_now(planner));
    if (!planner_try(planner, command, &step, &error)) {
        snprintf(planner->preview_text, sizeof planner->preview_text, "%.500s", error.text);
        planner_step_clear(&step);
        return;
    }
    show_step(planner, &step);
    if (planner->preview.refused.kind != ERROR_NONE) {
        snprintf(planner->preview_text, sizeof planner->preview_text, "%.500s",
                 planner->preview.refused.text);
    }
}

/* For every device, how much of what is carried has room there. */
static void find_room(struct planner *planner, const struct scene *scene)
{
    free(planner->room);
    planner->room = NULL;
    bool carrying = planner->ui.drag.state == DRAG_CARRY || planner->ui.mode == MODE_MOVE;
    struct edit edit;
    if (!carrying || !ui_carried(&planner->ui, scene, &edit)) {
        return;
    }
    const struct rig *rig = &planner_now(planner)->rig;
    planner->room = memory_array(rig->n_devices + 1, sizeof *planner->room);
    for (size_t i = 0; i <= rig->n_devices; i++) {
        int device = i < rig->n_devices ? (int)i : DEVICE_HOST;
        plan_room_for(&planner->map, rig, &planner->held, &edit, device, &planner->room[i]);
    }
    edit_clear(&edit);
}

/* "fits 7 of 9 layers" beside what a drop would do. */
static void say_room(struct planner *planner)
{
    int target = planner->ui.carry;
    const struct rig *rig = &planner_now(planner)->rig;
    if (planner->room == NULL || target < DEVICE_HOST || target >= (int)rig->n_devices) {
        return;
    }
    const struct edit_room *room = &planner->room[target >= 0 ? (size_t)target : rig->n_devices];
    if (room->n_rows == 0 || room->n_layers == 0) {
        return;
    }
    char before[sizeof planner->preview_text];
    char which[48] = "";
    if (room->n_layers_fit == 1 && room->n_layers > 1) {
        snprintf(which, sizeof which, " (%d)", room->first_layer);
    } else if (room->n_layers_fit > 0 && room->n_layers_fit < room->n_layers) {
        snprintf(which, sizeof which, " (%d-%d)", room->first_layer, room->last_layer_fit);
    }
    snprintf(before, sizeof before, "%s", planner->preview_text);
    snprintf(planner->preview_text, sizeof planner->preview_text,
             "fits %zu of %zu layer%s%s; %.400s", room->n_layers_fit, room->n_layers,
             room->n_layers == 1 ? "" : "s", which, before);
}

void planner_preview(struct planner *planner)
{
    struct scene scene;
    struct edit edit;
    planner_scene(planner, &scene);
    find_room(planner, &scene);
    const char *command = ui_tentative_command(&planner->ui);
    if (ui_tentative_edit(&planner->ui, &scene, &edit)) {
        bool was = edit_equal(&edit, &planner->preview_edit);
        preview_edit(planner, &edit);
        if (!was) {
            say_room(planner);
        }
    } else if (command != NULL) {
        preview_command(planner, command);
    } else {
        forget(planner);
    }
}

/* ---- the scene ------------------------------------------------------------------------------ */

static void list_words(struct planner *planner)
{
    const struct rig *rig = &planner_now(planner)->rig;
    static const char *const others[] = {"CPU", "home", "selection", "experts", "all"};
    size_t n_others = sizeof others / sizeof *others;
    size_t room = setting_count() + rig->n_devices + planner->map.n_rows + n_others + SCREEN_COUNT +
                  planner->n_snapshots + planner->n_themes;
    planner->words = memory_resize(planner->words, room, sizeof *planner->words);
    size_t n = 0;
    for (size_t i = 0; i < setting_count(); i++) {
        planner->words[n++] = (struct scene_item){setting_at(i)->name, setting_at(i)->label};
    }
    for (size_t i = 0; i < rig->n_devices; i++) {
        planner->words[n++] = (struct scene_item){rig->devices[i].name, "device"};
    }
    for (size_t row = 1; row < planner->map.n_rows; row++) {
        planner->words[n++] =
            (struct scene_item){tensor_group_name(planner->map.groups[row]), "group"};
    }
    for (size_t i = 0; i < n_others; i++) {
        planner->words[n++] = (struct scene_item){others[i], ""};
    }
    for (int screen = 0; screen < SCREEN_COUNT; screen++) {
        planner->words[n++] = (struct scene_item){screen_name((enum screen)screen), "screen"};
    }
    for (size_t i = 0; i < planner->n_snapshots; i++) {
        planner->words[n++] = (struct scene_item){planner->snapshots[i].name, "snapshot"};
    }
    for (size_t i = 0; i < planner->n_themes; i++) {
        planner->words[n++] = (struct scene_item){planner->themes[i], "theme"};
    }
    planner->n_words = n;
}

static void list_items(struct planner *planner)
{
    planner->snapshot_items = memory_resize(planner->snapshot_items, planner->n_snapshots + 1,
                                            sizeof *planner->snapshot_items);
    for (size_t i = 0; i < planner->n_snapshots; i++) {
        planner->snapshot_items[i] =
            (struct scene_item){planner->snapshots[i].name, planner->snapshots[i].detail};
    }
    planner->history_items =
        memory_resize(planner->history_items, planner->n_steps, sizeof *planner->history_items);
    for (size_t i = 0; i < planner->n_steps; i++) {
        planner->history_items[i] = (struct scene_item){i == planner->at  ? "now"
                                                        : i < planner->at ? "done"
                                                                          : "undone",
                                                        planner->steps[i].name};
    }
}

static uint64_t most_rule_bytes(const struct evaluation *evaluation, size_t n_given)
{
    uint64_t most = 0;
    for (size_t i = 0; evaluation->rule_use != NULL && i < evaluation->rules.n + n_given; i++) {
        most = evaluation->rule_use[i].bytes > most ? evaluation->rule_use[i].bytes : most;
    }
    return most;
}

static struct scene_side side_of(struct planner *planner, size_t index)
{
    if (index >= planner->n_snapshots) {
        const struct planner_step *now = planner_now(planner);
        return (struct scene_side){"this plan",      planner->model,     &now->rig,
                                   &now->plan,       &planner->held,     &planner->speed,
                                   &planner->prompt, planner->arguments, planner->n_arguments};
    }
    const struct planner_snapshot *other = &planner->snapshots[index];
    return (struct scene_side){other->name,       other->model,       &other->step.rig,
                               &other->step.plan, &other->evaluation, &other->speed,
                               &other->prompt,    other->arguments,   other->n_arguments};
}

void planner_scene(struct planner *planner, struct scene *scene)
{
    struct planner_step *now = planner_now(planner);
    list_items(planner);
    list_words(planner);
    *scene = (struct scene){
        .model = planner->model,
        .map = &planner->map,
        .rig = planner->is_preview ? &planner->preview_step.rig : &now->rig,
        .plan = &now->plan,
        .shown = planner->is_preview ? &planner->preview : &planner->held,
        .held = &planner->held,
        .speed = planner->is_preview ? &planner->preview_speed : &planner->speed,
        .held_speed = &planner->speed,
        .prompt = planner->is_preview ? &planner->preview_prompt : &planner->prompt,
        .is_preview = planner->is_preview,
        .preview_text = planner->preview_text,
        .arguments = planner->is_preview ? planner->preview_arguments : planner->arguments,
        .n_arguments = planner->is_preview ? planner->n_preview_arguments : planner->n_arguments,
        .verify = planner->verify,
        .verify_text = planner->verify_error.text,
        .advice = planner->advice_id == planner_now(planner)->id ? &planner->advice : NULL,
        .message = planner->message[0] != '\0' ? planner->message
                   : planner->job != NULL      ? planner_auto_progress(planner)
                                               : planner_probe_progress(planner),
        .message_is_error = planner->message[0] != '\0' && planner->message_is_error,
        .is_unsaved = planner_is_unsaved(planner),
        .plan_path = planner->plan_path,
        .snapshots = planner->snapshot_items,
        .n_snapshots = planner->n_snapshots,
        .history = planner->history_items,
        .n_history = planner->n_steps,
        .history_at = planner->at,
        .room = planner->room,
        .words = planner->words,
        .n_words = planner->n_words,
        .offered = planner->offered,
        .n_offered = planner->n_offered,
        .watch = planner_watch_now(planner),
        .report = planner->has_report ? &planner->report : NULL,
        .exported = planner->exported,
    };
    scene->explained = planner->has_explained ? &planner->explained : NULL;
    scene->explained_rule = planner->explained_rule;
    scene->most_rule_bytes = most_rule_bytes(&planner->held, now->plan.given->n_entries);
    const struct planner_answer *answer = planner_probe_answer(planner);
    scene->probe_text = answer != NULL ? answer->text : NULL;
    scene->commands = planner_command_items(&scene->n_commands);
    scene->snapshot_marked = planner->marked == SNAPSHOT_NOW ? -1 : (long)planner->marked;
    scene->before = side_of(planner, planner->before);
    scene->after = side_of(planner, planner->after);
}
