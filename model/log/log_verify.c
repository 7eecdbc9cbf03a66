#include "model/log/log_verify.h"

#include "model/base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *log_verdict_name(enum log_verdict verdict)
{
    static const char *const names[] = {"failed",     "cpu-fallback", "differs",
                                        "as-planned", "loaded",       "inconclusive"};

    return names[verdict];
}

const char *log_verdict_describe(enum log_verdict verdict)
{
    static const char *const lines[] = {
        "the load, the context or an allocation failed, or the process aborted",
        "it runs, but on the CPU",
        "it loaded, but not as planned",
        "llama.cpp did what was planned",
        "it loaded; no plan was given to compare with",
        "the log is too quiet to tell",
    };

    return lines[verdict];
}

/* ---- building a report ---- */

enum { MAX_WORDS = 1024 };

struct log_check *log_report_check(struct load_report *report, const char *format, ...)
{
    char text[MAX_WORDS];
    va_list arguments;

    report->checks = memory_resize(report->checks, report->n_checks + 1, sizeof *report->checks);
    struct log_check *check = &report->checks[report->n_checks++];
    *check = (struct log_check){.ok = true};
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    check->what = memory_text(text);
    return check;
}

void log_report_finding(struct load_report *report, const char *code, const char *format, ...)
{
    char text[MAX_WORDS];
    va_list arguments;

    report->findings =
        memory_resize(report->findings, report->n_findings + 1, sizeof *report->findings);
    struct log_finding *finding = &report->findings[report->n_findings++];
    finding->code = code;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    finding->message = memory_text(text);
}

/* ---- the verdict ---- */

static bool weights_all_on_host(const struct log_load *load)
{
    for (size_t i = 0; i < load->n_buffers; i++)
        if (!log_buffer_on_host(load->buffers[i].name) && load->buffers[i].bytes)
            return false;
    return load->n_buffers > 0;
}

/* Did a device take part in anything that was shown? Weights, or without them caches and compute. */
static bool load_shows_a_device(const struct log_load *load)
{
    if (load->n_buffers)
        return true;
    for (size_t i = 0; i < load->n_contexts; i++)
        for (size_t k = 0; k < load->contexts[i].n_buffers; k++)
            if (!log_buffer_on_host(load->contexts[i].buffers[k].name))
                return true;
    return load->has_offloaded && load->offloaded > 0;
}

static bool plan_uses_devices(const struct log_plan *plan)
{
    for (size_t i = 0; i < plan->rig->n_devices; i++)
        if (plan->evaluation->devices[i].model)
            return true;
    return false;
}

static bool plan_offloads(const struct log_plan *plan)
{
    return plan->evaluation->n_in_use && plan->evaluation->runs[0] <= plan->model->hparams.n_layer;
}

/* A plan that wanted it so makes no fallback of it. */
static bool fell_back(const struct log_load *load, const struct log_plan *plan)
{
    bool none_offloaded = load->has_offloaded && load->offloaded == 0;

    return (none_offloaded && (!plan || plan_offloads(plan))) ||
           (weights_all_on_host(load) && (!plan || plan_uses_devices(plan)));
}

static bool checks_ok(const struct load_report *report)
{
    for (size_t i = 0; i < report->n_checks; i++)
        if (!report->checks[i].ok)
            return false;
    return true;
}

static enum log_verdict load_verdict(const struct log_load *load, const struct log_plan *plan,
                                     const struct load_report *report)
{
    if (load->failure.kind != FAILURE_NONE)
        return VERDICT_FAILED;
    if (fell_back(load, plan))
        return VERDICT_CPU_FALLBACK;
    if (!load_shows_a_device(load))
        return VERDICT_INCONCLUSIVE;
    if (!plan)
        return VERDICT_LOADED;
    return checks_ok(report) ? VERDICT_AS_PLANNED : VERDICT_DIFFERS;
}

/* ---- which loads the plan speaks of ---- */

static bool any_planned_load(const struct log *log, const struct log_plan *plan)
{
    for (size_t i = 0; i < log->n_loads; i++)
        if (log_load_is_planned_model(&log->loads[i], plan))
            return true;
    return false;
}

static void load_judge(const struct log *log, const struct log_load *load,
                       const struct log_plan *plan, struct load_report *report)
{
    log_load_checks(load, plan, report);
    report->verdict = load_verdict(load, plan, report);
    log_load_findings(log, load, plan, report);
}

void log_verify(const struct log *log, const struct log_plan *plan, struct log_report *out)
{
    bool found = plan && any_planned_load(log, plan);

    out->n_loads = log->n_loads;
    out->loads = memory_array(log->n_loads, sizeof *out->loads);
    out->verdict = VERDICT_INCONCLUSIVE;
    for (size_t i = 0; i < log->n_loads; i++) {
        const struct log_load *load = &log->loads[i];
        bool planned = plan && (!found || log_load_is_planned_model(load, plan));
        load_judge(log, load, planned ? plan : NULL, &out->loads[i]);
        if (out->loads[i].verdict < out->verdict)
            out->verdict = out->loads[i].verdict;
    }
}

void log_report_clear(struct log_report *report)
{
    for (size_t i = 0; i < report->n_loads; i++) {
        struct load_report *load = &report->loads[i];
        for (size_t k = 0; k < load->n_checks; k++)
            free(load->checks[k].what);
        for (size_t k = 0; k < load->n_findings; k++)
            free(load->findings[k].message);
        free(load->checks);
        free(load->findings);
    }
    free(report->loads);
    *report = (struct log_report){0};
}
