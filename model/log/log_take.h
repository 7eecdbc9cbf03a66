/* What each known line does to the log: one handler per kind of line, for the table in log_lines.c. */
#ifndef OTPLAN_MODEL_LOG_LOG_TAKE_H
#define OTPLAN_MODEL_LOG_LOG_TAKE_H

#include "model/log/log_load.h"

typedef void line_handler(struct log_reader *reader, const struct log_captures *captures, int what);

/* log_take.c: the program, its devices, the model, what it is told */
line_handler take_process, take_build, take_verbosity, take_engine, take_command, take_cuda_init,
    take_cuda_device, take_vulkan_device, take_sycl_device, take_named_device, take_used_device,
    take_listed_device, take_backend_names, take_features, take_model, take_arch, take_n_layer,
    take_no_alloc, take_stage, take_draft, take_offloaded, take_ollama_layers, take_override,
    take_layer;

/* log_take_memory.c: buffers, contexts, the breakdown, speeds */
line_handler take_weights, take_buffer, take_ollama_buffer, take_context_start, take_n_ctx,
    take_setting, take_flash, take_pipeline, take_pipeline_retry, take_splits, take_table, take_row,
    take_ready, take_speed, take_bench_speed, take_kobold_speed, take_cli_speed, take_rate,
    take_sweep_header, take_sweep_row;
enum { SETTING_SEQ_MAX, SETTING_BATCH, SETTING_UBATCH };

/* log_take_trouble.c: refusals, failures, hints */
line_handler take_refused, take_cuda_malloc, take_current_device, take_refused_bytes,
    take_load_failed, take_context_failed, take_abort, take_pinned, take_hint, take_fit,
    take_killed, take_no_kernel;

#endif
