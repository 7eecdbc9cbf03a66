#include "src/commands.h"

#include "model/text/export.h"
#include "src/export_kobold.h"
#include "src/output.h"
#include "src/plan_json.h"
#include "src/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool find_format(const struct options *options, enum export_format *out, struct error *error)
{
    *out = EXPORT_ARGS;
    if (options->format == NULL || export_format_by_name(options->format, out)) {
        return true;
    }
    struct strbuf all = {0};
    for (int i = 0; i < EXPORT_FORMAT_COUNT; i++) {
        strbuf_format(&all, "%s%s", i > 0 ? " " : "", export_format_name((enum export_format)i));
    }
    error_set(error, ERROR_USAGE, "--format %s: must be one of: %s", options->format,
              strbuf_text(&all));
    strbuf_clear(&all);
    return false;
}

static bool make_text(enum export_format format, struct session *session,
                      const struct evaluation *evaluation, struct strbuf *out, struct error *error)
{
    const struct plan_json_source json = session_source(session, evaluation);
    if (format == EXPORT_JSON) {
        char *text = plan_json_text(&json);
        strbuf_add(out, text);
        free(text);
        return true;
    }
    struct export_source source;
    export_source_make(&source, session->model, &session->rig, &session->plan, evaluation,
                       json.model_path);
    bool written = format == EXPORT_KOBOLD ? export_kobold(&source, out, error)
                                           : export_write(format, &source, out, error);
    const char *note = export_note(format, &source);
    if (written && note != NULL) {
        fprintf(stderr, "otplan: note: %s\n", note);
    }
    export_source_clear(&source);
    return written;
}

int command_export(const struct options *options, struct error *error)
{
    enum export_format format = EXPORT_ARGS;
    if (!find_format(options, &format, error)) {
        return ERROR_USAGE;
    }
    struct session session;
    struct evaluation evaluation = {0};
    struct strbuf text = {0};
    /* nothing leaves unread: the real matcher goes over the rules once more */
    bool done = session_open(options, false, &session, error) &&
                session_evaluate(&session, options, true, &evaluation, error) &&
                evaluation_verify(session.model, &session.rig, &session.plan, &evaluation, error) &&
                make_text(format, &session, &evaluation, &text, error) &&
                output_deliver(options->output, strbuf_text(&text), text.length, options->force,
                               format == EXPORT_SCRIPT, error);
    if (done) {
        session_print_notes(&session);
    }
    bool unfit = options->check && !evaluation.all_fit;
    strbuf_clear(&text);
    evaluation_clear(&evaluation);
    session_close(&session);
    return !done ? (int)error->kind : unfit ? ERROR_UNFIT : 0;
}
