#include "src/planner_state.h"
#include "src/themes.h"
#include "ui/terminal.h"

#include "model/base/memory.h"
#include "src/beside.h"
#include "ui/figures.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- steps ---------------------------------------------------------------------------------- */

void planner_step_copy(struct planner_step *to, const struct planner_step *from)
{
    *to = (struct planner_step){.id = from->id, .name = memory_text(from->name)};
    plan_copy(&to->plan, &from->plan);
    rig_copy(&to->rig, &from->rig);
}

void planner_step_clear(struct planner_step *step)
{
    if (step->plan.given != NULL) {
        plan_clear(&step->plan);
    }
    rig_clear(&step->rig);
    free(step->name);
    *step = (struct planner_step){0};
}

struct planner_step *planner_now(struct planner *planner)
{
    return &planner->steps[planner->at];
}

void planner_say(struct planner *planner, bool is_error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(planner->message, sizeof planner->message, format, arguments);
    va_end(arguments);
    planner->message_is_error = is_error;
}

void planner_find_speed(struct planner *planner, const struct model *model, const struct rig *rig,
                        const struct evaluation *evaluation, struct speed *speed,
                        struct prompt_speed *prompt)
{
    speed_clear(speed);
    prompt_speed_clear(prompt);
    speed_estimate(model, rig, evaluation, planner->depth, speed);
    prompt_speed_estimate(model, rig, evaluation, planner->depth, prompt);
}

static void evaluate(struct planner *planner)
{
    struct planner_step *now = planner_now(planner);
    struct error beside = {0};
    struct error before = planner->held.refused;
    evaluation_clear(&planner->held);
    if (planner->options->facts != NULL) {
        struct strbuf told_at_start = {0};
        beside_weigh(planner->model, &now->plan, planner->options->facts, &now->rig, &told_at_start,
                     &beside);
        strbuf_clear(&told_at_start);
    }
    plan_evaluate(planner->model, &now->rig, &now->plan, &planner->decisions, &planner->held);
    if (beside.kind != ERROR_NONE && planner->held.refused.kind == ERROR_NONE) {
        planner->held.refused = beside;
        if (strcmp(before.text, beside.text) != 0) {
            planner_say(planner, true, "%s", beside.text);
        }
    }
    planner_probe_cancel(planner);
    planner_probe_apply(planner);
    planner_probe_schedule(planner);
    planner_find_speed(planner, planner->model, &now->rig, &planner->held, &planner->speed,
                       &planner->prompt);
    arguments_free(&planner->arguments);
    planner->arguments = arguments_write(planner->model, &now->rig, &now->plan, &planner->held,
                                         &planner->n_arguments);
    planner->verify = VERIFY_PENDING;
    planner->verify_error = (struct error){0};
}

void planner_take(struct planner *planner, struct planner_step *step, const char *name)
{
    for (size_t i = planner->at + 1; i < planner->n_steps; i++) {
        planner_step_clear(&planner->steps[i]);
    }
    planner->n_steps = planner->n_steps == 0 ? 0 : planner->at + 1;
    planner->steps = memory_resize(planner->steps, planner->n_steps + 1, sizeof *planner->steps);
    free(step->name);
    step->name = memory_text(name);
    step->id = ++planner->next_id;
    planner->at = planner->n_steps;
    planner->steps[planner->n_steps++] = *step;
    *step = (struct planner_step){0};
    evaluate(planner);
}

bool planner_go_to(struct planner *planner, size_t at)
{
    if (at >= planner->n_steps || at == planner->at) {
        return false;
    }
    planner->at = at;
    evaluate(planner);
    return true;
}

bool planner_edit(struct planner *planner, const struct edit *edit)
{
    struct edit_report report;
    struct planner_step next;
    planner_step_copy(&next, planner_now(planner));
    bool changed = plan_apply_edit(&next.plan, &planner->map, &next.rig, &planner->held,
                                   &planner->decisions, edit, &report);
    if (changed) {
        planner_take(planner, &next, report.text);
    } else {
        planner_step_clear(&next);
    }
    planner_say(planner, !changed, "%s", report.text);
    return changed;
}

void planner_verify(struct planner *planner)
{
    if (planner->verify != VERIFY_PENDING) {
        return;
    }
    struct planner_step *now = planner_now(planner);
    bool same = evaluation_verify(planner->model, &now->rig, &now->plan, &planner->held,
                                  &planner->verify_error);
    planner->verify = same ? VERIFY_DONE : VERIFY_FAILED;
}

bool planner_is_unsaved(const struct planner *planner)
{
    return planner->steps[planner->at].id != planner->saved_id;
}

void planner_report_forget(struct planner *planner)
{
    if (planner->has_report) {
        log_report_clear(&planner->report);
        log_clear(&planner->log);
        planner->has_report = false;
    }
}

/* ---- opening and closing -------------------------------------------------------------------- */

void planner_open(struct planner *planner, const struct planner_options *options)
{
    *planner = (struct planner){
        .options = options,
        .model = options->model,
        .plan_path = memory_text(options->plan_path),
        .plan_notes = memory_text(options->plan_notes),
        .probe_by_itself = !options->no_auto_probe,
        .after = SNAPSHOT_NOW,
        .marked = SNAPSHOT_NOW,
    };
    layer_map_build(&planner->map, options->model);
    struct planner_step start = {0};
    plan_copy(&start.plan, options->plan);
    rig_copy(&start.rig, options->rig);
    planner_take(planner, &start, "start");
    planner->saved_id = planner->autosaved_id = planner_now(planner)->id;
    planner_snapshot_take(planner, "start");
    planner_file_known(planner);
    watch_init(&planner->watch, (uint64_t)WATCH_THRESHOLD_MIB << 20);
    ui_init(&planner->ui, &planner->map, options->ascii);
    planner->themes = themes_list(&planner->n_themes);
    if (options->notice != NULL) {
        planner_say(planner, false, "%s", options->notice);
    }
    struct palette palette;
    struct error error = {0};
    if (options->theme != NULL && themes_load(options->theme, &palette, &error)) {
        terminal_theme(&palette);
    } else if (options->theme != NULL) {
        planner_say(planner, true, "%.590s", error.text);
    }
}

void planner_close(struct planner *planner)
{
    planner_auto_cancel(planner);
    planner_listing_close(planner);
    planner_watch_close(planner);
    planner_report_forget(planner);
    planner_offered_forget(planner);
    advice_clear(&planner->advice);
    speed_clear(&planner->speed);
    speed_clear(&planner->preview_speed);
    prompt_speed_clear(&planner->prompt);
    prompt_speed_clear(&planner->preview_prompt);
    for (size_t i = 0; i < planner->n_steps; i++) {
        planner_step_clear(&planner->steps[i]);
    }
    planner_snapshots_close(planner);
    free(planner->steps);
    free(planner->snapshot_items);
    free(planner->history_items);
    for (size_t i = 0; i < planner->n_themes; i++) {
        free(planner->themes[i]);
    }
    free(planner->themes);
    free(planner->words);
    free(planner->room);
    free(planner->plan_path);
    free(planner->plan_notes);
    free(planner->autosave_path);
    free(planner->left_path);
    free(planner->exported);
    entry_explanation_clear(&planner->explained);
    evaluation_clear(&planner->held);
    evaluation_clear(&planner->preview);
    decisions_clear(&planner->decisions);
    decisions_clear(&planner->preview_decisions);
    planner_step_clear(&planner->preview_step);
    edit_clear(&planner->preview_edit);
    arguments_free(&planner->arguments);
    arguments_free(&planner->preview_arguments);
    layer_map_clear(&planner->map);
    ui_free(&planner->ui);
    canvas_clear(&planner->canvas);
}
