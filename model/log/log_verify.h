/* Did llama.cpp do what was planned? (Without a plan: what did it do?) interface.md section 4.
 *
 * When a figure is as planned:
 *   weights, caches     the same, up to the digits that llama.cpp prints
 *   compute buffers     within 10 % or 16 MiB: ours are an estimate, and a build may differ
 *   mapped weights      planned <= printed <= size of the model's files: the span of a file is printed
 * Layers, overrides and the offloaded count are compared wherever the log is talkative enough.
 *
 * Loads of another model in the same log (a draft model) are judged as if there were no plan.
 */
#ifndef OTPLAN_MODEL_LOG_LOG_VERIFY_H
#define OTPLAN_MODEL_LOG_LOG_VERIFY_H

#include "model/log/log_read.h"
#include "model/plan/evaluation.h"

enum log_verdict { /* from the worst to the least telling */
                   VERDICT_FAILED,
                   VERDICT_CPU_FALLBACK,
                   VERDICT_DIFFERS,
                   VERDICT_AS_PLANNED,
                   VERDICT_LOADED,
                   VERDICT_INCONCLUSIVE,
};
const char *log_verdict_name(enum log_verdict verdict);     /* "cpu-fallback" */
const char *log_verdict_describe(enum log_verdict verdict); /* one line for people */

struct log_check {
    char *what; /* owned: "CUDA0 model buffer" */
    bool has_planned;
    uint64_t planned; /* bytes, or a count */
    uint64_t actual;
    bool is_count;
    bool ok;
};

struct log_finding {
    const char *code; /* a name from log_findings.c */
    char *message;    /* owned, one line */
};

struct load_report {
    enum log_verdict verdict;
    struct log_check *checks;
    size_t n_checks;
    struct log_finding *findings;
    size_t n_findings;
};

struct log_report {
    enum log_verdict verdict;  /* the worst of the loads */
    struct load_report *loads; /* as many as the log has */
    size_t n_loads;
};

struct log_plan { /* what was planned; all borrowed */
    const struct model *model;
    const struct rig *rig;
    const struct evaluation *evaluation;
};

/* `plan` may be NULL. Free with log_report_clear. */
void log_verify(const struct log *log, const struct log_plan *plan, struct log_report *out);
void log_report_clear(struct log_report *report);

/* ---- shared by the files of this part ---- */

struct log_check *log_report_check(struct load_report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* new, ok, without a plan */
void log_report_finding(struct load_report *report, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* log_check.c: planned | actual, row by row */
void log_load_checks(const struct log_load *load, const struct log_plan *plan,
                     struct load_report *report);
bool log_load_is_planned_model(const struct log_load *load, const struct log_plan *plan);
/* The context that a plan speaks of: the first with buffers. NULL without. */
const struct log_context *log_load_main_context(const struct log_load *load);

/* log_findings.c: why */
void log_load_findings(const struct log *log, const struct log_load *load,
                       const struct log_plan *plan, struct load_report *report);

#endif
