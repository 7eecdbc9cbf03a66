/* What a load has allocated so far beside what the plan says, said as the lines come. */
#ifndef OTPLAN_SRC_RUN_PROGRESS_H
#define OTPLAN_SRC_RUN_PROGRESS_H

#include "model/base/strbuf.h"
#include "model/log/log_verify.h"

struct run_seen {
    char *name;        /* owned: device, "CPU" for all host buffers */
    uint64_t bytes[3]; /* model, context, compute */
};

struct run_progress {
    struct log_plan plan;
    struct run_seen *seen; /* owned */
    size_t n_seen;
};

/* Appends a line to `out` where `line` says that memory was allocated. */
void run_progress_line(struct run_progress *progress, const char *line, struct strbuf *out);
void run_progress_clear(struct run_progress *progress);

#endif
