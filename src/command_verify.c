#include "model/base/strbuf.h"
#include "model/log/log_verify.h"
#include "src/commands.h"
#include "src/log_file.h"
#include "src/output.h"
#include "src/plan_document.h"
#include "src/session.h"
#include "src/verify_json.h"
#include "src/verify_text.h"

#include <stdlib.h>
#include <string.h>

/* ---- the command ---- */

static int verify(const char *path, const struct log_plan *plan, bool json, struct error *error)
{
    struct strbuf text = {0};
    struct log log;
    struct log_report report;

    if (!log_file_read(path, &text, error))
        return (int)error->kind;
    log_read(strbuf_text(&text), text.length, &log);
    strbuf_clear(&text);
    log_verify(&log, plan, &report);
    char *out = (json ? verify_json : verify_text)(&log, &report);
    int status = verify_status(report.verdict);
    if (!output_print(out, strlen(out), error))
        status = (int)error->kind;
    free(out);
    log_report_clear(&report);
    log_clear(&log);
    return status;
}

static int verify_planned(const struct options *options, const char *log, struct error *error)
{
    struct options rest = *options; /* all but the log: a plan or a model, and flags */
    struct session session;
    int status;

    rest.n_positional--;
    if (session_open(&rest, false, &session, error)) {
        struct evaluation evaluation;
        plan_evaluate(session.model, &session.rig, &session.plan, NULL, &evaluation);
        struct log_plan plan = {session.model, &session.rig, &evaluation};
        status = verify(log, &plan, options->json, error);
        evaluation_clear(&evaluation);
    } else {
        status = (int)error->kind;
    }
    session_close(&session);
    return status;
}

int command_verify(const struct options *options, struct error *error)
{
    bool planned = options->n_positional > 1 || options->plan || options->n_llama || options->after;

    if (!options->n_positional) {
        error_set(error, ERROR_USAGE, "verify: which log? otplan verify [PLAN.json] LOG");
        return ERROR_USAGE;
    }
    const char *log = options->positional[options->n_positional - 1];
    if (options->n_positional == 1 && plan_document_is_plan(log)) {
        error_set(error, ERROR_USAGE,
                  "verify: %s is a plan: which log? otplan verify PLAN.json LOG", log);
        return ERROR_USAGE;
    }
    return planned ? verify_planned(options, log, error) : verify(log, NULL, options->json, error);
}
