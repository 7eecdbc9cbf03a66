/* The memory tables that llama.cpp prints, line by line. */
#ifndef OTPLAN_SRC_PROBE_TABLE_H
#define OTPLAN_SRC_PROBE_TABLE_H

#include "src/probe.h"

enum probe_line {
    PROBE_LINE_OTHER,
    PROBE_LINE_BEGIN,   /* the announcement of the first measurement */
    PROBE_LINE_ROW,     /* a row of the table; added to the probe */
    PROBE_LINE_LOADING, /* weights are being allocated: the table did not come */
    PROBE_LINE_REFUSED, /* llama.cpp says what is wrong */
};

/* What a line of llama-server's log is; with `inside` a row is added to `probe`. */
enum probe_line probe_read_log_line(const char *line, bool inside, struct probe *probe);

/* A line of `llama-fit-params -fitp on`: "CUDA0 9622 1600 228 ". */
bool probe_read_print_line(const char *line, struct probe *probe);

#endif
