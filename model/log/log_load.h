/* Building the loads of a log, line by line: which load and which context a figure belongs to.
 *
 * A load goes through stages in order. A line of an early stage after one of a late stage begins the next
 * load; so do a second "offloaded" line and a second weights line for one device.
 */
#ifndef OTPLAN_MODEL_LOG_LOG_LOAD_H
#define OTPLAN_MODEL_LOG_LOG_LOAD_H

#include "model/log/log_read.h"
#include "model/log/log_scan.h"

enum log_stage {
    STAGE_NOTHING,
    STAGE_PROCESS, /* the program starts */
    STAGE_META,    /* a model's head is read */
    STAGE_TENSORS, /* homes and overrides */
    STAGE_WEIGHTS, /* model buffers */
    STAGE_CONTEXT, /* KV, compute */
    STAGE_READY,
};

struct log_reader {
    struct log *log;
    struct log_text line;
    bool rocm;                             /* ggml_cuda_init spoke of ROCm devices */
    bool draft_announced;                  /* the next load is a draft model's */
    bool new_table;                        /* a breakdown header was seen */
    unsigned prompt_column, decode_column; /* of the benchmark's table; 0: none */
    bool wrapped_alloc; /* "allocating N MiB on device D:" and then a line break */
};

struct log_load *log_load_now(struct log_reader *reader);
/* The load that a line of this stage belongs to: the current one or a new one. */
struct log_load *log_load_at(struct log_reader *reader, enum log_stage stage);
struct log_load *log_load_begin(struct log_reader *reader, bool same_process);

struct log_context *log_context_now(struct log_load *load);
struct log_context *log_context_begin(struct log_load *load);

void log_load_add_weights(struct log_reader *reader, struct log_text name, uint64_t bytes,
                          uint64_t slack);
void log_load_add_context_buffer(struct log_reader *reader, enum log_buffer_kind kind,
                                 struct log_text name, uint64_t bytes, uint64_t slack);
/* The same for figures that can only be this load's. */
void log_load_put(struct log_load *load, enum log_buffer_kind kind, struct log_text name,
                  uint64_t bytes, uint64_t slack);
struct log_device *log_load_device(struct log_load *load, struct log_text name);
void log_load_add_override(struct log_load *load, struct log_text tensor, struct log_text buffer);
void log_load_add_layer(struct log_load *load, uint64_t index, struct log_text device);
struct log_row *log_load_add_row(struct log_load *load);
void log_load_drop_rows(struct log_load *load); /* a new table begins */

/* Keeps the most telling kind, and the first words of it. */
void log_load_fail(struct log_load *load, enum log_failure_kind kind, struct log_text reason);
/* An allocation that was refused; figures of later lines about it fill what was missing. */
void log_load_refused(struct log_load *load, struct log_text buffer, uint64_t bytes,
                      enum log_memory_use use);
/* llama.cpp got round the refusal by itself. */
void log_load_recover(struct log_load *load);
void log_load_hint(struct log_load *load, enum log_hint hint, struct log_text line);
void log_text_set(char **to, struct log_text text); /* frees the old */

void log_load_clear(struct log_load *load);

#endif
