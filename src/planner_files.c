/* The plan in files: the document and exports. */
#include "src/planner_state.h"

#include "model/base/memory.h"
#include "model/text/export.h"
#include "src/accelerator_data.h"
#include "src/model_file.h"
#include "src/output.h"
#include "src/plan_document.h"
#include "src/plan_json.h"
#include "src/report.h"
#include "src/rig_calibration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The file to name in exports: the model's first part. */
static const char *model_path(const struct planner *planner)
{
    const struct model_file *file = planner->options->file;
    return file != NULL ? file->first_path : planner->model->path;
}

/* ---- export --------------------------------------------------------------------------------- */

static struct plan_json_source source_of(struct planner *planner)
{
    const struct planner_step *now = planner_now(planner);
    return (struct plan_json_source){.model = planner->model,
                                     .rig = &now->rig,
                                     .plan = &now->plan,
                                     .evaluation = &planner->held,
                                     .model_path = model_path(planner)};
}

static char *export_json(struct planner *planner)
{
    const struct plan_json_source source = source_of(planner);
    return plan_json_text(&source);
}

bool planner_report_file(struct planner *planner, const char *path, bool force, struct error *error)
{
    struct report_style style = {.ascii = planner->ui.ascii, .color = true};
    struct plan_json_source source = source_of(planner);
    struct strbuf out = {0};
    source.depth = planner->depth;
    bool written = report_format_find(NULL, path, &style.format, error);
    if (written) {
        report_plan(&source, &style, &out);
        written = output_write_file(path, strbuf_text(&out), out.length, force, false, error);
    }
    strbuf_clear(&out);
    return written;
}

static char *export_text(struct planner *planner, const char *name, struct error *error)
{
    enum export_format format;
    if (!export_format_by_name(name, &format)) {
        error_set(error, ERROR_USAGE, "no format '%s': the export screen (e) lists them", name);
        return NULL;
    }
    if (format == EXPORT_JSON) {
        return export_json(planner);
    }
    const struct planner_step *now = planner_now(planner);
    struct export_source source;
    export_source_make(&source, planner->model, &now->rig, &now->plan, &planner->held,
                       model_path(planner));
    struct strbuf out = {0};
    bool written = export_write(format, &source, &out, error);
    export_source_clear(&source);
    if (!written) {
        strbuf_clear(&out);
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

bool planner_export_file(struct planner *planner, const char *format, const char *path, bool force,
                         struct error *error)
{
    char *text = planner_export(planner, format, error);
    bool executable = strcmp(format, "script") == 0;
    bool fine =
        text != NULL && output_write_file(path, text, strlen(text), force, executable, error);
    free(text);
    return fine;
}

/* ---- the document --------------------------------------------------------------------------- */

bool planner_write_document(struct planner *planner, const char *path, bool force,
                            struct error *error)
{
    struct planner_step *now = planner_now(planner);
    struct plan_document_source source = {.model = planner->model,
                                          .rig = &now->rig,
                                          .plan = &now->plan,
                                          .evaluation = &planner->held,
                                          .model_path = model_path(planner),
                                          .notes = planner->plan_notes};
    if (planner->options->file != NULL) {
        source.head_hash = model_file_head_hash(planner->options->file);
    }
    return plan_document_write(path, &source, force, error);
}

bool planner_read_document(struct planner *planner, const struct plan_document *document,
                           struct planner_step *step, struct error *error)
{
    struct argument_facts facts = {0};
    *step = (struct planner_step){0};
    plan_init(&step->plan, planner->model);
    step->plan.settings.target = document->target;
    bool read = arguments_read(&step->plan, &facts, (const char *const *)document->args,
                               document->n_args, NULL, error);
    argument_facts_clear(&facts);
    if (!read) {
        planner_step_clear(step);
        return false;
    }
    rig_copy(&step->rig, document->has_devices ? &document->rig : &planner_now(planner)->rig);
    accelerator_fill_bandwidths(&step->rig);
    calibration_apply(&step->rig);
    plan_document_apply_locks(document, planner->model, &step->plan);
    return true;
}

static bool take_document(struct planner *planner, const struct plan_document *document,
                          const char *path, struct error *error)
{
    struct planner_step step;
    if (document->model_n_tensors != 0 &&
        document->model_n_tensors != planner->model->gguf->n_tensors) {
        return error_set(error, ERROR_INPUT, "%s is a plan for another model (%s): otplan %s", path,
                         document->model_name != NULL ? document->model_name : "?", path);
    }
    if (!planner_read_document(planner, document, &step, error)) {
        return false;
    }
    char *name = memory_format("open %s", path);
    planner_take(planner, &step, name);
    planner_say(planner, false, "%s", name);
    free(name);
    free(planner->plan_notes);
    planner->plan_notes = memory_text(document->notes);
    return true;
}

enum { IMPORT_MOST = 1 << 24 };

static bool import_file(struct planner *planner, const char *path, struct error *error)
{
    char *text = NULL;
    size_t bytes = 0;
    bool fine = input_read_file(path, IMPORT_MOST, &text, &bytes, error) &&
                planner_import(planner, text, path, error);
    free(text);
    return fine;
}

bool planner_open_file(struct planner *planner, const char *path, struct error *error)
{
    if (!plan_document_is_json(path)) {
        return import_file(planner, path, error);
    }
    struct plan_document document = {0};
    bool fine = plan_document_read(path, &document, error) &&
                take_document(planner, &document, path, error);
    plan_document_clear(&document);
    if (fine) {
        free(planner->plan_path);
        planner->plan_path = memory_text(path);
        planner_file_known(planner);
        planner->saved_id = planner_now(planner)->id;
    }
    return fine;
}

/* Time of the last change, in nanoseconds; 0 where there is no file. */
static int64_t stamp_of(const char *path)
{
    struct stat there;
    if (path == NULL || stat(path, &there) != 0) {
        return 0;
    }
    return (int64_t)there.st_mtim.tv_sec * 1000000000 + there.st_mtim.tv_nsec;
}

bool planner_file_changed(const struct planner *planner)
{
    return planner->plan_stamp != 0 && stamp_of(planner->plan_path) != planner->plan_stamp;
}

void planner_file_known(struct planner *planner)
{
    planner->plan_stamp = stamp_of(planner->plan_path);
}

bool planner_write(struct planner *planner, const char *path, bool force, struct error *error)
{
    if (!planner_write_document(planner, path, force, error)) {
        return false;
    }
    char *kept = memory_text(path);
    free(planner->plan_path);
    planner->plan_path = kept;
    planner_file_known(planner);
    planner->saved_id = planner_now(planner)->id;
    planner_autosave_forget(planner);
    return true;
}
