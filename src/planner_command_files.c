/* Commands that read and write files: export, copy, write, open, import, recover. */
#include "src/planner_commands.h"

#include "src/log_file.h"
#include "src/themes.h"
#include "ui/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool usage(const char *text, struct error *error)
{
    return error_set(error, ERROR_USAGE, "use: %s", text);
}

/* Asks before an existing file is replaced; a script gets the error. */
static bool ask_replace(struct planner *planner, const char *path, const char *command)
{
    if (!planner->has_terminal || access(path, F_OK) != 0) {
        return false;
    }
    char text[256];
    bool is_ours = planner->plan_path != NULL && strcmp(path, planner->plan_path) == 0;
    snprintf(text, sizeof text,
             is_ours ? "%.190s was changed by another program." : "%.200s exists.", path);
    ui_ask(&planner->ui, text);
    ui_answer(&planner->ui, 'r', "replace it", command);
    if (is_ours) {
        char compare[COMMAND_MAX];
        snprintf(compare, sizeof compare, "compare %s", path);
        ui_answer(&planner->ui, 'c', "compare", compare);
    }
    return true;
}

bool planner_run_export(struct planner *planner, const struct words *words, struct error *error)
{
    if (words->n < 2) {
        ui_open(&planner->ui, SCREEN_EXPORT);
        return true;
    }
    if (words->n < 3) {
        return usage("export FORMAT FILE", error);
    }
    bool force = strcmp(words->word[0], "export!") == 0;
    char again[COMMAND_MAX];
    snprintf(again, sizeof again, "export! %s", words->rest[1]);
    if (!force && ask_replace(planner, words->rest[2], again)) {
        return true;
    }
    if (!planner_export_file(planner, words->word[1], words->rest[2], force, error)) {
        return false;
    }
    planner_say(planner, false, "wrote %s", words->rest[2]);
    return true;
}

bool planner_run_report(struct planner *planner, const struct words *words, struct error *error)
{
    if (words->n < 2) {
        return usage("report FILE (.md, .svg, .html or .ansi)", error);
    }
    bool force = strcmp(words->word[0], "report!") == 0;
    char again[COMMAND_MAX];
    snprintf(again, sizeof again, "report! %s", words->rest[1]);
    if (!force && ask_replace(planner, words->rest[1], again)) {
        return true;
    }
    if (!planner_report_file(planner, words->rest[1], force, error)) {
        return false;
    }
    planner_say(planner, false, "wrote %s", words->rest[1]);
    return true;
}

bool planner_run_copy(struct planner *planner, const struct words *words, struct error *error)
{
    char *text = planner_export(planner, words->n > 1 ? words->word[1] : "args", error);
    if (text == NULL) {
        return false;
    }
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == '\n') {
        text[--length] = '\0';
    }
    if (planner->has_terminal) {
        terminal_copy(text);
    }
    planner_say(planner, false, "copied %zu characters: %s", length,
                words->n > 1 ? words->word[1] : "args");
    free(text);
    return true;
}

bool planner_run_write(struct planner *planner, const struct words *words, struct error *error)
{
    const char *path = words->n > 1 ? words->rest[1] : planner->plan_path;
    if (path == NULL) {
        prompt_open(&planner->ui.prompt, PROMPT_VALUE, "write the plan to:", "write ", "plan.json");
        return true;
    }
    bool own = planner->plan_path != NULL && strcmp(path, planner->plan_path) == 0;
    bool is_stale = own && planner_file_changed(planner);
    if (is_stale) {
        planner_say(planner, true, "%s was changed by another program since it was read", path);
    }
    bool force = (own && !is_stale) || strcmp(words->word[0], "write!") == 0;
    char again[COMMAND_MAX];
    snprintf(again, sizeof again, "write! %s", path);
    if (!force && ask_replace(planner, path, again)) {
        return true;
    }
    if (!planner_write(planner, path, force, error)) {
        return false;
    }
    planner_say(planner, false, "wrote %s", planner->plan_path);
    return true;
}

bool planner_run_open(struct planner *planner, const struct words *words, struct error *error)
{
    if (words->n < 2) {
        return usage("open FILE", error);
    }
    return planner_open_file(planner, words->rest[1], error);
}

bool planner_run_import_pasted(struct planner *planner, const struct words *words,
                               struct error *error)
{
    (void)words;
    const char *text = planner->ui.pasted;
    return text != NULL ? planner_import(planner, text, "pasted text", error)
                        : error_set(error, ERROR_USAGE, "nothing was pasted");
}

/* What llama.cpp printed, against the plan as it is. */
bool planner_run_verify(struct planner *planner, const struct words *words, struct error *error)
{
    struct strbuf text = {0};
    if (words->n < 2) {
        return usage("verify LOG", error);
    }
    if (!log_file_read(words->rest[1], &text, error)) {
        strbuf_clear(&text);
        return false;
    }
    const struct log_plan plan = {planner->model, &planner_now(planner)->rig, &planner->held};
    planner_report_forget(planner);
    log_read(strbuf_text(&text), text.length, &planner->log);
    strbuf_clear(&text);
    log_verify(&planner->log, &plan, &planner->report);
    planner->has_report = true;
    ui_open(&planner->ui, SCREEN_VERIFY);
    return true;
}

bool planner_run_recover(struct planner *planner, const struct words *words, struct error *error)
{
    (void)words;
    return planner_recover(planner, error);
}

bool planner_run_discard(struct planner *planner, const struct words *words, struct error *error)
{
    (void)words;
    (void)error;
    planner_left_discard(planner);
    planner_say(planner, false, "the plan of the session before is gone");
    return true;
}

bool planner_run_ask(struct planner *planner, const struct words *words, struct error *error)
{
    const char *what = words->n > 1 ? words->word[1] : "";
    struct prompt *prompt = &planner->ui.prompt;
    if (strcmp(what, "write") == 0) {
        const char *path = planner->plan_path != NULL ? planner->plan_path : "plan.json";
        prompt_open(prompt, PROMPT_VALUE, "write the plan to:", "write ", path);
    } else if (strcmp(what, "open") == 0) {
        prompt_open(prompt, PROMPT_VALUE, "open plan or import file:", "open ", "");
    } else if (strcmp(what, "context") == 0) {
        char value[24];
        snprintf(value, sizeof value, "%u", planner->held.resolved.n_ctx);
        prompt_open(prompt, PROMPT_VALUE, "context size (-c):", "set ctx ", value);
    } else {
        return usage("ask write, ask open or ask context", error);
    }
    return true;
}

bool planner_run_theme(struct planner *planner, const struct words *words, struct error *error)
{
    struct palette palette;
    if (words->n != 2) {
        return usage("theme NAME", error);
    }
    if (!themes_load(words->word[1], &palette, error)) {
        return false;
    }
    terminal_theme(&palette);
    planner_say(planner, false, "theme %s", words->word[1]);
    return true;
}
