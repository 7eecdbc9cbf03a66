#include "src/plan_save.h"

#include "model/text/export.h"
#include "src/output.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool save_params(const struct options *options, const struct plan_json_source *source,
                        struct error *error)
{
    struct export_source export;
    export_source_make(&export, source->model, source->rig, source->plan, source->evaluation,
                       source->model_path);
    struct strbuf text = {0};
    bool saved = export_write(EXPORT_LINES, &export, &text, error) &&
                 output_write_file(PLAN_SAVE_PARAMS, strbuf_text(&text), text.length,
                                   options->force, false, error);
    strbuf_clear(&text);
    export_source_clear(&export);
    return saved;
}

static bool save_analysis(const struct options *options, const struct plan_json_source *source,
                          struct error *error)
{
    char *text = plan_json_text(source);
    bool saved =
        output_write_file(PLAN_SAVE_ANALYSIS, text, strlen(text), options->force, false, error);
    free(text);
    return saved;
}

/* Both are asked before either is written. */
static bool is_free(const struct options *options, const char *path, struct error *error)
{
    return options->force || access(path, F_OK) != 0 ||
           error_set(error, ERROR_SYSTEM,
                     "%s: exists already, and the settings say to save there (--force replaces it, "
                     "--dry-run writes nothing)",
                     path);
}

bool plan_save(const struct options *options, const struct session *session,
               const struct plan_json_source *source, struct error *error)
{
    bool analysis = session->config.save_analysis_json && !options->dry_run;
    bool params = session->config.save_override_params && !options->dry_run;
    return (!analysis || is_free(options, PLAN_SAVE_ANALYSIS, error)) &&
           (!params || is_free(options, PLAN_SAVE_PARAMS, error)) &&
           (!analysis || save_analysis(options, source, error)) &&
           (!params || save_params(options, source, error));
}
