#include "model/base/strbuf.h"
#include "model/log/log_verify.h"
#include "src/commands.h"
#include "src/log_file.h"
#include "src/output.h"
#include "src/session.h"
#include "src/verify_json.h"

#include <stdlib.h>
#include <string.h>

/* ---- for people ---- */

static void add_figure(struct strbuf *out, uint64_t value, bool is_count)
{
    if (is_count)
        strbuf_format(out, "%12llu    ", (unsigned long long)value);
    else
        strbuf_format(out, "%12.2f MiB", (double)value / (1 << 20));
}

static void add_check(struct strbuf *out, const struct log_check *check)
{
    strbuf_format(out, "%-44.60s ", check->what);
    if (check->has_planned)
        add_figure(out, check->planned, check->is_count);
    else
        strbuf_format(out, "%16s", "-");
    strbuf_add(out, "  ");
    add_figure(out, check->actual, check->is_count);
    strbuf_format(out, "  %s\n", !check->has_planned ? "-" : check->ok ? "ok" : "differs");
}

static void add_load(struct strbuf *out, const struct log_load *load,
                     const struct load_report *report)
{
    if (report->n_checks)
        strbuf_format(out, "%-44s %16s  %16s  %s\n", "", "planned", "actual", "verdict");
    for (size_t i = 0; i < report->n_checks; i++)
        add_check(out, &report->checks[i]);
    if (load->has_offloaded)
        strbuf_format(out, "offloaded %llu/%llu layers\n", (unsigned long long)load->offloaded,
                      (unsigned long long)load->offloadable);
    for (size_t i = 0; i < report->n_findings; i++)
        strbuf_format(out, "%s: %s\n", report->findings[i].code, report->findings[i].message);
}

static char *report_text(const struct log *log, const struct log_report *report)
{
    struct strbuf out = {0};

    for (size_t i = 0; i < report->n_loads; i++) {
        const struct log_load *load = &log->loads[i];
        if (report->n_loads > 1)
            strbuf_format(&out, "%sload %zu of %zu: %s%s%s\n", i ? "\n" : "", i + 1,
                          report->n_loads, log_verdict_name(report->loads[i].verdict),
                          load->model ? ": " : "", load->model ? load->model : "");
        add_load(&out, load, &report->loads[i]);
    }
    strbuf_format(&out, "%s: %s\n", log_verdict_name(report->verdict),
                  log_verdict_describe(report->verdict));
    return strbuf_take(&out);
}

/* ---- the command ---- */

static int exit_status(enum log_verdict verdict)
{
    return verdict <= VERDICT_DIFFERS ? ERROR_UNFIT : ERROR_NONE;
}

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
    char *out = (json ? verify_json : report_text)(&log, &report);
    int status = exit_status(report.verdict);
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
    return planned ? verify_planned(options, log, error) : verify(log, NULL, options->json, error);
}
