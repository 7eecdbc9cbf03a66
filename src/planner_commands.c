/* Commands: what `:` takes, what keys and screens give, what --commands reads from a file. */
#include "src/planner_commands.h"

#include "model/base/memory.h"
#include "model/plan/setting_list.h"
#include "ui/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool usage(const char *text, struct error *error)
{
    return error_set(error, ERROR_USAGE, "use: %s", text);
}

/* ---- moving --------------------------------------------------------------------------------- */

static bool edit_and_clear(struct planner *planner, struct edit *edit, struct error *error)
{
    bool changed = planner_edit(planner, edit);
    edit_clear(edit);
    return changed || error_set(error, ERROR_USAGE, "%s", planner->message);
}

static bool run_move(struct planner *planner, const struct words *words, struct error *error)
{
    struct edit edit = {.kind = EDIT_SEND};
    if (words->n < 3) {
        return usage("move GROUPS LAYERS DEVICE, move /PATTERN/ DEVICE, move selection DEVICE",
                     error);
    }
    const char *target = words->word[words->n - 1];
    if (strcmp(target, "home") == 0) {
        edit.kind = EDIT_RETURN;
        edit.device = DEVICE_NONE;
    } else if (!words_device(&planner_now(planner)->rig, target, &edit.device, error)) {
        return false;
    }
    if (!words_rows(planner, words, 1, words->n - 1, &edit, error)) {
        edit_clear(&edit);
        return false;
    }
    if (edit.kind == EDIT_SEND) {
        planner->ui.last_target = edit.device; /* of M and P */
    }
    return edit_and_clear(planner, &edit, error);
}

static bool run_home(struct planner *planner, const struct words *words, struct error *error)
{
    struct edit edit = {.kind = EDIT_HOMES};
    if (words->n != 3) {
        return usage("home LAYERS DEVICE", error);
    }
    if (!words_layers(planner, words->word[1], &edit.first, &edit.last, error) ||
        !words_device(&planner_now(planner)->rig, words->word[2], &edit.device, error)) {
        return false;
    }
    return edit_and_clear(planner, &edit, error);
}

static bool run_layers(struct planner *planner, const struct words *words, struct error *error)
{
    struct edit edit = {.kind = EDIT_LAYERS};
    if (words->n != 3) {
        return usage("layers LAYERS DEVICE", error);
    }
    if (!words_layers(planner, words->word[1], &edit.first, &edit.last, error) ||
        !words_device(&planner_now(planner)->rig, words->word[2], &edit.device, error) ||
        !words_rows(planner, words, 1, 2, &edit, error)) {
        edit_clear(&edit);
        return false;
    }
    return edit_and_clear(planner, &edit, error);
}

static bool lock_setting(struct planner *planner, const struct words *words)
{
    struct planner_step step;
    const struct setting *setting = setting_find(words->word[1]);
    bool lock = words->word[0][0] == 'l';
    planner_step_copy(&step, planner_now(planner));
    setting_lock(setting, &step.plan, lock);
    planner_take(planner, &step, words->rest[0]);
    planner_say(planner, false, "%s (%s) %s", setting->label, setting->flag,
                lock ? "locked: it stays, whatever the strategy" : "unlocked");
    return true;
}

static bool run_lock(struct planner *planner, const struct words *words, struct error *error)
{
    struct edit edit = {.kind = words->word[0][0] == 'u' ? EDIT_UNLOCK : EDIT_LOCK};
    if (words->n == 2 && setting_find(words->word[1]) != NULL) {
        return lock_setting(planner, words);
    }
    if (!words_rows(planner, words, 1, words->n, &edit, error)) {
        edit_clear(&edit);
        return false;
    }
    return edit_and_clear(planner, &edit, error);
}

/* The answer to "take the cache along?" */
static bool run_drop(struct planner *planner, const struct words *words, struct error *error)
{
    struct ui *ui = &planner->ui;
    struct edit edit = ui->pending;
    ui->pending = (struct edit){0};
    if (edit.kind == EDIT_NONE || words->n != 2) {
        edit_clear(&edit);
        return error_set(error, ERROR_USAGE, "nothing waits to be dropped");
    }
    bool along = strcmp(words->word[1], "with-cache") == 0;
    ui->cache_follows = along ? FOLLOW_YES : FOLLOW_NO;
    if (along && selection_span(&ui->selection, &planner->map, &edit.first, &edit.last)) {
        edit.kind = EDIT_LAYERS;
    }
    return edit_and_clear(planner, &edit, error);
}

/* ---- settings and devices ------------------------------------------------------------------- */

static bool set_screen_option(struct planner *planner, const struct words *words, bool *is_known,
                              struct error *error)
{
    const char *name = words->word[1];
    const char *value = words->word[2];
    bool yes = strcmp(value, "yes") == 0 || strcmp(value, "on") == 0;
    bool no = strcmp(value, "no") == 0 || strcmp(value, "off") == 0;
    *is_known = true;
    if (strcmp(name, "cache-follows") == 0) {
        planner->ui.cache_follows = yes ? FOLLOW_YES : no ? FOLLOW_NO : FOLLOW_ASK;
        return true;
    }
    if (strcmp(name, "units") == 0) {
        planner->ui.use_gib = strcmp(value, "gib") == 0 || strcmp(value, "GiB") == 0;
        return true;
    }
    if (strcmp(name, "bars") == 0) {
        planner->ui.fine_bars = strcmp(value, "eighths") == 0;
        return true;
    }
    if (strcmp(name, "depth") == 0) {
        planner->depth = strtoull(value, NULL, 10);
        planner_find_speed(planner, planner->model, &planner_now(planner)->rig, &planner->held,
                           &planner->speed, &planner->prompt);
        planner_snapshots_find_speeds(planner);
        return true;
    }
    if (strcmp(name, "mouse") == 0 && (yes || no)) {
        if (planner->has_terminal) {
            terminal_mouse(yes);
        }
        return true;
    }
    if (strcmp(name, "ascii") == 0 && (yes || no)) {
        planner->ui.ascii = yes;
        return true;
    }
    *is_known = false;
    return error_set(error, ERROR_USAGE, "no setting '%s': , shows them all", name);
}

static bool try_set(const struct words *words, struct planner_step *step, struct error *error)
{
    const struct setting *setting = words->n == 3 ? setting_find(words->word[1]) : NULL;
    if (setting == NULL) {
        return words->n == 3 ? error_set(error, ERROR_USAGE, "no setting '%s': , shows them all",
                                         words->word[1])
                             : usage("set NAME VALUE", error);
    }
    return setting_set(setting, &step->plan, words->word[2], error);
}

bool planner_try(struct planner *planner, const char *line, struct planner_step *step,
                 struct error *error)
{
    struct words words;
    if (!words_split(&words, line, error)) {
        return false;
    }
    bool fine = false;
    if (words.n > 0 && strcmp(words.word[0], "set") == 0) {
        fine = try_set(&words, step, error);
    } else if (words.n > 0 && strcmp(words.word[0], "device") == 0) {
        fine = planner_device_command(planner, &words, step, error);
    }
    words_clear(&words);
    return fine;
}

static bool take_try(struct planner *planner, const struct words *words, bool is_device,
                     struct error *error)
{
    struct planner_step step;
    planner_step_copy(&step, planner_now(planner));
    bool fine = is_device ? planner_device_command(planner, words, &step, error)
                          : try_set(words, &step, error);
    if (!fine) {
        planner_step_clear(&step);
        return false;
    }
    planner_take(planner, &step, words->rest[0]);
    if (planner->held.refused.kind != ERROR_NONE) {
        planner_say(planner, true, "%s", planner->held.refused.text);
    } else {
        planner_say(planner, false, "%s", words->rest[0]);
    }
    return true;
}

static bool run_set(struct planner *planner, const struct words *words, struct error *error)
{
    if (words->n == 3 && setting_find(words->word[1]) == NULL) {
        bool is_known = false;
        return set_screen_option(planner, words, &is_known, error);
    }
    return take_try(planner, words, false, error);
}

static bool run_device(struct planner *planner, const struct words *words, struct error *error)
{
    return take_try(planner, words, true, error);
}

/* ---- history ------------------------------------------------------------------------------- */

static bool go_step(struct planner *planner, size_t at, const char *verb, struct error *error)
{
    size_t before = planner->at;
    if (!planner_go_to(planner, at)) {
        return error_set(error, ERROR_USAGE, "nothing to %s", verb);
    }
    planner_say(planner, false, "%s: %s", verb, planner->steps[at < before ? before : at].name);
    return true;
}

static bool run_undo(struct planner *planner, const struct words *words, struct error *error)
{
    (void)words;
    return planner->at > 0 ? go_step(planner, planner->at - 1, "undo", error)
                           : error_set(error, ERROR_USAGE, "nothing to undo");
}

static bool run_redo(struct planner *planner, const struct words *words, struct error *error)
{
    (void)words;
    return go_step(planner, planner->at + 1, "redo", error);
}

static bool run_step(struct planner *planner, const struct words *words, struct error *error)
{
    char *end = NULL;
    size_t at = words->n == 2 ? strtoul(words->word[1], &end, 10) : SIZE_MAX;
    if (end == NULL || *end != '\0' || !planner_go_to(planner, at)) {
        return error_set(error, ERROR_USAGE, "use: step N, as the history shows them from 0");
    }
    planner_say(planner, false, "step %zu: %s", at, planner->steps[at].name);
    return true;
}

static bool run_auto(struct planner *planner, const struct words *words, struct error *error)
{
    return planner_auto(planner, words->n > 1 ? words->word[1] : NULL, error);
}

static bool run_probe(struct planner *planner, const struct words *words, struct error *error)
{
    (void)words;
    return planner_probe(planner, error);
}

static bool run_autoprobe(struct planner *planner, const struct words *words, struct error *error)
{
    bool on = words->n == 2 && strcmp(words->word[1], "on") == 0;
    if (!on && (words->n != 2 || strcmp(words->word[1], "off") != 0)) {
        return error_set(error, ERROR_USAGE, "autoprobe on|off");
    }
    planner->probe_by_itself = on;
    planner_probe_schedule(planner);
    return true;
}

/* ---- the program ---------------------------------------------------------------------------- */

static bool run_quit(struct planner *planner, const struct words *words, struct error *error)
{
    (void)error;
    bool sure = strcmp(words->word[0], "quit!") == 0 || strcmp(words->word[0], "q!") == 0;
    if (!sure && planner_is_unsaved(planner)) {
        ui_ask(&planner->ui, "Plan not saved:");
        ui_answer(&planner->ui, 'w', "write, quit", "write-quit");
        ui_answer(&planner->ui, 'q', "quit without", "quit!");
        return true;
    }
    planner->is_done = true;
    return true;
}

static bool run_write_quit(struct planner *planner, const struct words *words, struct error *error)
{
    struct words plain = *words;
    plain.n = 1;
    if (words->n > 1 || planner->plan_path != NULL) {
        plain.n = words->n;
        if (!planner_run_write(planner, &plain, error)) {
            return false;
        }
        planner->is_done = !planner->ui.question.is_open;
        return true;
    }
    prompt_open(&planner->ui.prompt, PROMPT_VALUE, "write the plan to:", "write-quit ",
                "plan.json");
    return true;
}

static bool run_redraw(struct planner *planner, const struct words *words, struct error *error)
{
    (void)words;
    (void)error;
    if (planner->has_terminal) {
        terminal_redraw();
    }
    return true;
}

static bool run_suspend(struct planner *planner, const struct words *words, struct error *error)
{
    (void)words;
    (void)error;
    planner_autosave(planner);
    if (planner->has_terminal) {
        terminal_suspend();
    }
    return true;
}

static const struct {
    struct scene_item item; /* no detail: an alias, not listed */
    command_function *run;
} commands[] = {
    {{"move", "GROUPS LAYERS DEVICE: weights to a device; home drops overrides"}, run_move},
    {{"home", "LAYERS DEVICE: homes of layers, their caches along"}, run_home},
    {{"layers", "LAYERS DEVICE: weights and homes of whole layers"}, run_layers},
    {{"lock", "GROUPS LAYERS, or a setting (ctx): it stays"}, run_lock},
    {{"unlock", "GROUPS LAYERS, or a setting"}, run_lock},
    {{"auto", "[speed|balance|experts-cpu|aggressive|context|fit]: let the optimiser place"},
     run_auto},
    {{"probe", "ask your own llama.cpp for its figures, without loading"}, run_probe},
    {{"autoprobe", "on|off: ask it by itself once an edit has settled"}, run_autoprobe},
    {{"replan", "auto for the memory there is now (Watch reads it)"}, planner_run_replan},
    {{"forget-peaks", NULL}, planner_run_forget_peaks},
    {{"set",
      "NAME VALUE: ctx, ctk, fa, ub, ...; units gib, bars eighths, depth, mouse, cache-follows"},
     run_set},
    {{"device", "NAME free|total|reserve|margin MIB, up, down, copy, remove; add MIB"}, run_device},
    {{"repair", "N: take the repair of that rule of the overrides screen"}, planner_run_repair},
    {{"undo", "one step back"}, run_undo},
    {{"redo", "one step on"}, run_redo},
    {{"step", "N: to that step of the history"}, run_step},
    {{"snapshot", "[NAME]: keep this plan to compare with"}, planner_run_snapshot},
    {{"compare", "[BEFORE [AFTER]]: snapshots by name or number, plan files, or `now`"},
     planner_run_compare},
    {{"read", "FILE: a plan file among the snapshots, to compare with"}, planner_run_read},
    {{"restore", "NAME: make a snapshot the plan again"}, planner_run_restore},
    {{"forget", "NAME: drop a snapshot"}, planner_run_forget},
    {{"export", "FORMAT FILE: args, ot, lines, script, json (export! replaces)"},
     planner_run_export},
    {{"report", "FILE: a picture to share, .svg, .html, .md or .ansi (report! replaces)"},
     planner_run_report},
    {{"copy", "[FORMAT]: to the clipboard"}, planner_run_copy},
    {{"write", "[FILE]: the plan document (write! replaces)"}, planner_run_write},
    {{"open", "FILE: a plan document for this model"}, planner_run_open},
    {{"write-quit", "[FILE]: write, then quit"}, run_write_quit},
    {{"quit", "leave (quit! without asking)"}, run_quit},
    {{"theme", "NAME: how the screen looks: default, light, contrast, or your own"},
     planner_run_theme},
    {{"redraw", "paint the screen anew"}, run_redraw},
    {{"suspend", "back to the shell"}, run_suspend},
    {{"export!", NULL}, planner_run_export},
    {{"report!", NULL}, planner_run_report},
    {{"write!", NULL}, planner_run_write},
    {{"quit!", NULL}, run_quit},
    {{"q!", NULL}, run_quit},
    {{"q", NULL}, run_quit},
    {{"w", NULL}, planner_run_write},
    {{"wq", NULL}, run_write_quit},
    {{"mark", NULL}, planner_run_mark},
    {{"complete-file", NULL}, planner_run_complete_file},
    {{"drop", NULL}, run_drop},
    {{"ask", NULL}, planner_run_ask},
    {{"import", "FILE: -ot lines, a script, a command: its placement"}, planner_run_open},
    {{"verify", "LOG: what llama.cpp printed against this plan"}, planner_run_verify},
    {{"import-pasted", NULL}, planner_run_import_pasted},
    {{"recover", NULL}, planner_run_recover},
    {{"discard", NULL}, planner_run_discard},
};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

/* The screen's own commands are listed with them. */
static const struct scene_item screen_commands[] = {
    {"screen", "NAME: main, settings, devices, compare, overrides, ..."},
    {"go", "LAYER, a row, a device, map, tensors or arguments: where the cursor is"},
    {"select", "GROUPS LAYERS, /PATTERN/ or a tensor"},
    {"unselect", "clear the selection"},
    {"filter", "PATTERN: select what matches"},
    {"invert", "what is selected is not, the rest is"},
    {"sort", "size, name, type or device: the tensor list"},
    {"fold", "1, 2, 4 or 8 layers a cell"},
};

const struct scene_item *planner_command_items(size_t *n)
{
    static struct scene_item items[N_COMMANDS + sizeof screen_commands / sizeof *screen_commands];
    *n = 0;
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (commands[i].item.detail != NULL) {
            items[(*n)++] = commands[i].item;
        }
    }
    for (size_t i = 0; i < sizeof screen_commands / sizeof *screen_commands; i++) {
        items[(*n)++] = screen_commands[i];
    }
    return items;
}

static bool run_select(struct planner *planner, const struct words *words, struct error *error)
{
    struct edit edit = {0};
    bool fine = words_rows(planner, words, 1, words->n, &edit, error);
    if (fine) {
        selection_reset(&planner->ui.selection);
        for (size_t i = 0; i < edit.n_rows; i++) {
            selection_mark_row(&planner->ui.selection, edit.rows[i], true);
        }
    }
    edit_clear(&edit);
    return fine;
}

bool planner_command(struct planner *planner, const char *line, struct error *error)
{
    struct words words;
    if (!words_split(&words, line, error)) {
        return false;
    }
    bool fine = true;
    bool known = words.n == 0 || words.word[0][0] == '#';
    if (!known && strcmp(words.word[0], "select") == 0) {
        fine = run_select(planner, &words, error);
        known = true;
    }
    for (size_t i = 0; i < N_COMMANDS && !known; i++) {
        if (strcmp(commands[i].item.name, words.word[0]) == 0) {
            fine = commands[i].run(planner, &words, error);
            known = true;
        }
    }
    if (!known) {
        struct scene scene;
        planner_scene(planner, &scene);
        fine = ui_command(&planner->ui, &scene, line, error) ||
               error_set(error, ERROR_USAGE, "no command '%s': ? lists them", words.word[0]);
    }
    words_clear(&words);
    return fine;
}

bool planner_commands_file(struct planner *planner, const char *path, struct error *error)
{
    bool is_input = strcmp(path, "-") == 0;
    FILE *file = is_input ? stdin : fopen(path, "r");
    if (file == NULL) {
        return error_set(error, ERROR_INPUT, "%s: cannot be read", path);
    }
    char *line = NULL;
    size_t capacity = 0;
    size_t number = 0;
    bool fine = true;
    while (fine && !planner->is_done && getline(&line, &capacity, file) >= 0) {
        struct error why = {0};
        number++;
        line[strcspn(line, "\r\n")] = '\0';
        fine = planner_command(planner, line + strspn(line, " \t:"), &why) ||
               error_set(error, ERROR_INPUT, "%s: line %zu: %.800s", path, number, why.text);
    }
    free(line);
    if (!is_input) {
        fclose(file);
    }
    return fine;
}
