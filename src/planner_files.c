/* The plan in files: the document, exports, and the copy kept in case of a crash. */
#include "src/planner_state.h"

#include "model/base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if __has_include("src/plan_document.h")
#include "src/plan_document.h"
#define HAVE_DOCUMENT 1
#endif

/* ---- export --------------------------------------------------------------------------------- */

static void add_arguments(const struct planner *planner, struct strbuf *out)
{
    for (size_t i = 0; i < planner->n_arguments; i++) {
        strbuf_add(out, i > 0 ? " " : "");
        shell_quote(out, planner->arguments[i]);
    }
}

static bool is_rule(const struct planner *planner, size_t i)
{
    return strcmp(planner->arguments[i], "-ot") == 0 && i + 1 < planner->n_arguments;
}

static char *export_text(const struct planner *planner, const char *format, struct error *error)
{
    struct strbuf out = {0};
    if (strcmp(format, "args") == 0) {
        add_arguments(planner, &out);
        strbuf_add_char(&out, '\n');
    } else if (strcmp(format, "ot") == 0) {
        for (size_t i = 0; i < planner->n_arguments; i++) {
            if (is_rule(planner, i)) {
                strbuf_add(&out, out.length > 0 ? "," : "");
                strbuf_add(&out, planner->arguments[++i]);
            }
        }
        strbuf_add_char(&out, '\n');
    } else if (strcmp(format, "lines") == 0) {
        strbuf_format(&out, "# %s\n", planner->model->name);
        for (size_t i = 0; i < planner->n_arguments; i++) {
            if (is_rule(planner, i)) {
                strbuf_format(&out, "-ot \"%s\"\n", planner->arguments[++i]);
            }
        }
    } else if (strcmp(format, "script") == 0) {
        const struct plan *plan = &planner->steps[planner->at].plan;
        strbuf_add(&out, "#!/bin/sh\n");
        if (planner->steps[planner->at].rig.order_uncertain) {
            strbuf_add(&out, "export CUDA_DEVICE_ORDER=PCI_BUS_ID\n");
        }
        strbuf_format(&out, "exec %s -m ", target_name(plan->settings.target));
        shell_quote(&out, planner->model->path);
        strbuf_add_char(&out, ' ');
        add_arguments(planner, &out);
        strbuf_add(&out, " \"$@\"\n");
    } else {
        error_set(error, ERROR_USAGE, "no format '%s': args, ot, lines, script, json", format);
        return NULL;
    }
    return strbuf_take(&out);
}

char *planner_export(struct planner *planner, const char *format, struct error *error)
{
    planner_verify(planner); /* nothing leaves before the read-back agrees */
    if (planner->verify != VERIFY_DONE) {
        error_set(error, ERROR_INPUT, "%s", planner->verify_error.text);
        return NULL;
    }
    return export_text(planner, format, error);
}

static bool write_file(const char *path, const char *text, bool executable, bool force,
                       struct error *error)
{
    struct stat there;
    if (!force && lstat(path, &there) == 0) {
        return error_set(error, ERROR_SYSTEM, "%s exists: write! and export! replace it", path);
    }
    char *beside = memory_format("%s.otplan-%ld", path, (long)getpid());
    FILE *file = fopen(beside, "w");
    bool fine =
        file != NULL && fputs(text, file) >= 0 && fflush(file) == 0 && fsync(fileno(file)) == 0;
    fine = fine && (!executable || fchmod(fileno(file), 0755) == 0);
    int why = errno;
    if (file != NULL && fclose(file) != 0) {
        fine = false;
        why = errno;
    }
    if (fine && rename(beside, path) != 0) {
        fine = false;
        why = errno;
    }
    if (!fine) {
        unlink(beside);
        error_set(error, ERROR_SYSTEM, "%s: cannot be written: %s", path, strerror(why));
    }
    free(beside);
    return fine;
}

bool planner_export_file(struct planner *planner, const char *format, const char *path, bool force,
                         struct error *error)
{
    char *text = planner_export(planner, format, error);
    bool fine = text != NULL && write_file(path, text, strcmp(format, "script") == 0, force, error);
    free(text);
    return fine;
}

/* ---- the document --------------------------------------------------------------------------- */

#ifdef HAVE_DOCUMENT

static bool write_document(struct planner *planner, const char *path, bool force,
                           struct error *error)
{
    struct planner_step *now = planner_now(planner);
    struct plan_document_source source = {.model = planner->model,
                                          .rig = &now->rig,
                                          .plan = &now->plan,
                                          .evaluation = &planner->held};
    return plan_document_write(path, &source, force, error);
}

static bool take_document(struct planner *planner, const struct plan_document *document,
                          const char *path, struct error *error)
{
    if (document->model_n_tensors != 0 &&
        document->model_n_tensors != planner->model->gguf->n_tensors) {
        return error_set(error, ERROR_INPUT, "%s is a plan for another model (%s): otplan %s", path,
                         document->model_name != NULL ? document->model_name : "?", path);
    }
    struct planner_step step = {0};
    struct argument_facts facts = {0};
    plan_init(&step.plan, planner->model);
    step.plan.settings.target = document->target;
    if (!arguments_read(&step.plan, &facts, (const char *const *)document->args, document->n_args,
                        NULL, error)) {
        argument_facts_clear(&facts);
        planner_step_clear(&step);
        return false;
    }
    argument_facts_clear(&facts);
    rig_copy(&step.rig, document->has_devices ? &document->rig : &planner_now(planner)->rig);
    for (size_t i = 0; i < document->n_locks; i++) {
        int64_t row = model_find_tensor(planner->model, document->locks[i]);
        if (row >= 0) {
            step.plan.locked[row] = 1;
        }
    }
    char *name = memory_format("open %s", path);
    planner_take(planner, &step, name);
    planner_say(planner, false, "%s", name);
    free(name);
    return true;
}

bool planner_open_file(struct planner *planner, const char *path, struct error *error)
{
    struct plan_document document = {0};
    bool fine = plan_document_read(path, &document, error) &&
                take_document(planner, &document, path, error);
    plan_document_clear(&document);
    if (fine) {
        free(planner->plan_path);
        planner->plan_path = memory_text(path);
        planner->saved_id = planner_now(planner)->id;
    }
    return fine;
}

#else

static bool write_document(struct planner *planner, const char *path, bool force,
                           struct error *error)
{
    (void)planner;
    (void)force;
    return error_set(error, ERROR_SYSTEM, "%s: plan documents are not in this build", path);
}

bool planner_open_file(struct planner *planner, const char *path, struct error *error)
{
    return write_document(planner, path, false, error);
}

#endif

bool planner_write(struct planner *planner, const char *path, bool force, struct error *error)
{
    if (!write_document(planner, path, force, error)) {
        return false;
    }
    char *kept = memory_text(path);
    free(planner->plan_path);
    planner->plan_path = kept;
    planner->saved_id = planner_now(planner)->id;
    planner_autosave_forget(planner);
    return true;
}

/* ---- the copy kept in case of a crash -------------------------------------------------------- */

/* $XDG_STATE_HOME/otplan/MODEL-HASH.json; one for each model's path. */
static char *autosave_name(const struct planner *planner)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    char *folder = state != NULL && state[0] == '/' ? memory_format("%s/otplan", state)
                   : home != NULL && home[0] == '/' ? memory_format("%s/.local/state/otplan", home)
                                                    : NULL;
    if (folder == NULL) {
        return NULL;
    }
    uint64_t hash = 0xCBF29CE484222325U;
    for (const char *at = planner->model->path; at != NULL && *at != '\0'; at++) {
        hash = (hash ^ (unsigned char)*at) * 0x100000001B3U;
    }
    for (char *slash = folder + 1; slash != NULL;) { /* every folder on the way */
        slash = strchr(slash, '/');
        if (slash != NULL) {
            *slash = '\0';
        }
        mkdir(folder, 0700);
        if (slash != NULL) {
            *slash++ = '/';
        }
    }
    char *path = memory_format("%s/autosave-%016llx.json", folder, (unsigned long long)hash);
    free(folder);
    return path;
}

void planner_autosave_find(struct planner *planner)
{
    struct stat there;
    planner->autosave_path = autosave_name(planner);
    if (planner->autosave_path != NULL && stat(planner->autosave_path, &there) == 0) {
        ui_ask(&planner->ui, "A session on this model ended without saving.");
        ui_answer(&planner->ui, 'r', "recover");
        ui_answer(&planner->ui, 'x', "discard");
    }
}

void planner_autosave(struct planner *planner)
{
    uint64_t id = planner_now(planner)->id;
    if (planner->autosave_path == NULL || planner->autosaved_id == id ||
        !planner_is_unsaved(planner)) {
        return;
    }
    planner->autosaved_id = id;
    write_document(planner, planner->autosave_path, true, NULL);
}

void planner_autosave_forget(struct planner *planner)
{
    if (planner->autosave_path != NULL) {
        unlink(planner->autosave_path);
    }
    planner->autosaved_id = planner_now(planner)->id;
}

bool planner_recover(struct planner *planner, struct error *error)
{
    char *plan_path = memory_text(planner->plan_path);
    uint64_t saved = planner->saved_id;
    bool fine =
        planner->autosave_path != NULL && planner_open_file(planner, planner->autosave_path, error);
    free(planner->plan_path);
    planner->plan_path = plan_path;
    planner->saved_id = saved;
    if (fine) {
        planner_say(planner, false, "recovered; w writes it to a file");
    }
    return fine;
}
