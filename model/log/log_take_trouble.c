#include "model/log/log_take.h"

#include <stdio.h>
#include <string.h>

static const struct log_text nothing = {"", 0};

/* What the memory was for: the graph allocator serves compute buffers; before the first weights line it
 * can only be weights, and afterwards the cache. */
static enum log_memory_use use_guess(const struct log_reader *reader, const struct log_load *load)
{
    if (log_text_has(reader->line, "gallocr"))
        return LOG_USE_COMPUTE;
    if (load->stage < STAGE_WEIGHTS)
        return LOG_USE_WEIGHTS;
    return log_text_has(reader->line, "alloc_tensor_range") ? LOG_USE_KV : LOG_USE_UNKNOWN;
}

static enum log_memory_use use_in_words(struct log_text reason)
{
    if (log_text_has(reason, "kv cache") || log_text_has(reason, "KV cache"))
        return LOG_USE_KV;
    return log_text_has(reason, "compute") ? LOG_USE_COMPUTE : LOG_USE_UNKNOWN;
}

/* "failed to allocate CUDA0 buffer of size 4364328960" */
void take_refused(struct log_reader *reader, const struct log_captures *c, int what)
{
    struct log_load *load = log_load_now(reader);
    enum log_memory_use use = use_guess(reader, load);

    (void)what;
    if (log_text_has(reader->line, "llama_model_load"))
        use = LOG_USE_WEIGHTS;
    log_load_refused(load, c->at[0].text, c->at[1].whole, use);
}

static bool load_has_rocm(const struct log_reader *reader, const struct log_load *load)
{
    for (size_t i = 0; i < load->n_devices; i++)
        if (strncmp(load->devices[i].name, "ROCm", 4) == 0)
            return true;
    return reader->rocm;
}

/* "CUDA0" or "ROCm0" for a device's number. */
static void refused_on(struct log_reader *reader, struct log_text number, uint64_t bytes)
{
    struct log_load *load = log_load_now(reader);
    char name[16];

    if (number.length > 3)
        return;
    snprintf(name, sizeof name, "%s%.*s", load_has_rocm(reader, load) ? "ROCm" : "CUDA",
             (int)number.length, number.text);
    log_load_refused(load, (struct log_text){name, strlen(name)}, bytes, LOG_USE_UNKNOWN);
}

/* "allocating 4162.15 MiB on device 0: cudaMalloc failed: out of memory", HIP builds say the same */
void take_cuda_malloc(struct log_reader *reader, const struct log_captures *c, int what)
{
    uint64_t slack, bytes = log_figure_bytes(&c->at[0], 20, &slack);

    (void)what;
    refused_on(reader, c->at[1].text, bytes);
}

/* "  current device: 1, in function alloc at ...", behind "CUDA error: out of memory" */
void take_current_device(struct log_reader *reader, const struct log_captures *c, int what)
{
    (void)what;
    if (log_load_now(reader)->failure.kind == FAILURE_ALLOCATION)
        refused_on(reader, c->at[0].text, 0);
}

/* Refusals that name a size and no buffer type; `what` 20: the size is in MiB. */
void take_refused_bytes(struct log_reader *reader, const struct log_captures *c, int what)
{
    struct log_load *load = log_load_now(reader);
    uint64_t slack, bytes = log_figure_bytes(&c->at[0], (unsigned)what, &slack);
    bool host = log_text_has(reader->line, "ggml_backend_cpu");
    bool metal = log_text_has(reader->line, "ggml_backend_metal") ||
                 log_text_has(reader->line, "ggml_metal");

    log_load_refused(load,
                     host    ? (struct log_text){"CPU", 3}
                     : metal ? (struct log_text){"Metal", 5}
                             : nothing,
                     bytes, use_guess(reader, load));
}

/* "unable to allocate CUDA0 buffer", "unable to allocate backend buffer" */
static struct log_text buffer_in_words(struct log_text reason)
{
    struct log_captures captures;

    if (!log_scan(reason, "allocate %s buffer", &captures) ||
        log_text_is(captures.at[0].text, "backend"))
        return nothing;
    return captures.at[0].text;
}

void take_load_failed(struct log_reader *reader, const struct log_captures *c, int what)
{
    struct log_load *load = log_load_now(reader);
    struct log_text reason = c->n ? log_text_trim(c->at[0].text) : log_text_trim(reader->line);

    (void)what;
    log_load_fail(load, FAILURE_LOAD, reason);
    if (log_text_has(reason, "allocate"))
        log_load_refused(load, buffer_in_words(reason), 0, LOG_USE_WEIGHTS);
}

void take_context_failed(struct log_reader *reader, const struct log_captures *c, int what)
{
    struct log_load *load = log_load_now(reader);
    struct log_text reason = c->n ? log_text_trim(c->at[0].text) : log_text_trim(reader->line);
    enum log_memory_use use = use_in_words(reason);

    (void)what;
    if (use != LOG_USE_UNKNOWN)
        load->failure.use = use;
    log_load_fail(load, FAILURE_CONTEXT, reason);
}

void take_abort(struct log_reader *reader, const struct log_captures *c, int what)
{
    struct log_load *load = log_load_now(reader);
    struct log_text line = log_text_trim(reader->line);

    (void)c;
    (void)what;
    if (log_text_has(line, "no kernel image"))
        log_load_hint(load, HINT_NO_KERNEL, line);
    log_load_fail(load, FAILURE_ABORT, line);
    if (log_text_has(line, "out of memory") || log_text_has(line, "OutOfMemory"))
        log_load_refused(load, nothing, 0, LOG_USE_UNKNOWN);
}

/* Ended from outside, for want of host memory most often: "Killed" alone on its line, or words of systemd, docker
 * and the kernel. */
void take_killed(struct log_reader *reader, const struct log_captures *c, int by_words)
{
    struct log_load *load = log_load_now(reader);
    struct log_text line = log_text_trim(reader->line);
    bool alone = log_text_ends(line, "Killed") || log_text_has(line, "Killed  ");

    (void)c;
    if (!by_words && !alone)
        return;
    if (load->failure.kind == FAILURE_NONE)
        log_load_hint(load, HINT_KILLED, line);
    log_load_fail(load, FAILURE_ABORT, line);
}

void take_no_kernel(struct log_reader *reader, const struct log_captures *c, int what)
{
    struct log_load *load = log_load_now(reader);
    struct log_text line = log_text_trim(reader->line);

    (void)c;
    (void)what;
    log_load_hint(load, HINT_NO_KERNEL, line);
    log_load_fail(load, FAILURE_ABORT, line);
}

void take_pinned(struct log_reader *reader, const struct log_captures *c, int what)
{
    struct log_load *load = log_load_now(reader);
    uint64_t slack, bytes = log_figure_bytes(&c->at[0], 20, &slack);

    (void)what;
    log_load_hint(load, HINT_PINNED_FAILED, reader->line);
    if (bytes > load->pinned_bytes)
        load->pinned_bytes = bytes;
}

void take_hint(struct log_reader *reader, const struct log_captures *c, int hint)
{
    (void)c;
    log_load_hint(log_load_now(reader), (enum log_hint)hint, reader->line);
}

void take_fit(struct log_reader *reader, const struct log_captures *c, int what)
{
    (void)c;
    (void)what;
    log_load_now(reader)->fit_lines = true;
}
