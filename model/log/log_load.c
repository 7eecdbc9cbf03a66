#include "model/log/log_load.h"

#include "model/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Makes room for one more of a list that doubles; the new element is zeroed. */
static void *list_grow(void *list, size_t *n, size_t element)
{
    size_t had = *n;
    bool full = (had & (had - 1)) == 0; /* 0, 1, 2, 4, 8 ... */

    if (full)
        list = memory_resize(list, had ? had * 2 : 1, element);
    memset((char *)list + had * element, 0, element);
    *n = had + 1;
    return list;
}

void log_text_set(char **to, struct log_text text)
{
    free(*to);
    *to = memory_text_n(text.text, text.length);
}

/* ---- loads ---- */

struct log_load *log_load_now(struct log_reader *reader)
{
    struct log *log = reader->log;

    return log->n_loads ? &log->loads[log->n_loads - 1] : log_load_begin(reader, false);
}

static void device_copy(struct log_load *to, const struct log_device *from)
{
    to->devices = list_grow(to->devices, &to->n_devices, sizeof *to->devices);
    struct log_device *device = &to->devices[to->n_devices - 1];

    *device = *from;
    device->name = memory_text(from->name);
    device->description = memory_text(from->description);
    device->capability = memory_text(from->capability);
    device->in_use = false;
}

/* What the process said before its first load holds for the next ones too. */
static void load_inherit(struct log_load *load, const struct log_load *from)
{
    static const enum log_hint lasting[] = {HINT_CPU_BUILD, HINT_NO_DRIVER,
                                            HINT_NO_DEVICE, HINT_NO_PERMISSION,
                                            HINT_MASKED,    HINT_BACKEND_FAILED};

    for (size_t i = 0; i < from->n_devices; i++)
        device_copy(load, &from->devices[i]);
    for (size_t i = 0; i < sizeof lasting / sizeof *lasting; i++)
        load->hints[lasting[i]] = memory_text(from->hints[lasting[i]]);
    load->features = memory_text(from->features);
}

struct log_load *log_load_begin(struct log_reader *reader, bool same_process)
{
    struct log *log = reader->log;

    log->loads = list_grow(log->loads, &log->n_loads, sizeof *log->loads);
    struct log_load *load = &log->loads[log->n_loads - 1];
    if (same_process && log->n_loads > 1)
        load_inherit(load, load - 1);
    load->draft = same_process && reader->draft_announced;
    reader->draft_announced = false;
    reader->new_table = false;
    return load;
}

struct log_load *log_load_at(struct log_reader *reader, enum log_stage stage)
{
    struct log_load *load = log_load_now(reader);
    bool over = load->stage >= STAGE_WEIGHTS || load->failure.kind != FAILURE_NONE;

    if (stage <= STAGE_TENSORS && over)
        load = log_load_begin(reader, stage != STAGE_PROCESS);
    if ((int)stage > load->stage)
        load->stage = (int)stage;
    return load;
}

/* ---- contexts ---- */

struct log_context *log_context_begin(struct log_load *load)
{
    load->contexts = list_grow(load->contexts, &load->n_contexts, sizeof *load->contexts);
    struct log_context *context = &load->contexts[load->n_contexts - 1];
    context->flash_attn = -1;
    return context;
}

struct log_context *log_context_now(struct log_load *load)
{
    return load->n_contexts ? &load->contexts[load->n_contexts - 1] : log_context_begin(load);
}

static bool context_has(const struct log_context *context, enum log_buffer_kind kind)
{
    for (size_t i = 0; i < context->n_buffers; i++)
        if (context->buffers[i].kind == kind)
            return true;
    return false;
}

/* Caches come before compute buffers, and the output buffer comes once: anything else is the next
 * context. */
static struct log_context *context_for(struct log_load *load, enum log_buffer_kind kind)
{
    struct log_context *context = log_context_now(load);
    bool cache = kind == LOG_BUFFER_KV || kind == LOG_BUFFER_RS;

    if (cache && context_has(context, LOG_BUFFER_COMPUTE))
        return log_context_begin(load);
    if (kind == LOG_BUFFER_OUTPUT && context_has(context, LOG_BUFFER_OUTPUT))
        return log_context_begin(load);
    return context;
}

/* ---- buffers ---- */

static struct log_buffer *buffer_get(struct log_buffer **list, size_t *n, enum log_buffer_kind kind,
                                     struct log_text name)
{
    for (size_t i = 0; i < *n; i++)
        if ((*list)[i].kind == kind && log_text_is(name, (*list)[i].name))
            return &(*list)[i];
    *list = list_grow(*list, n, sizeof **list);
    struct log_buffer *buffer = &(*list)[*n - 1];
    buffer->kind = kind;
    log_text_set(&buffer->name, name);
    return buffer;
}

static void buffer_add(struct log_buffer *buffer, uint64_t bytes, uint64_t slack)
{
    if (__builtin_add_overflow(buffer->bytes, bytes, &buffer->bytes))
        buffer->bytes = UINT64_MAX;
    buffer->slack += slack;
    buffer->lines++;
}

/* Weights of one device come in one buffer; only host memory and mapped files are printed in pieces. */
static bool weights_repeat(const struct log_load *load, struct log_text name)
{
    for (size_t i = 0; i < load->n_buffers; i++) {
        const char *had = load->buffers[i].name;
        if (log_text_is(name, had))
            return !log_buffer_on_host(had) && !log_buffer_mapped(had);
    }
    return false;
}

void log_load_add_weights(struct log_reader *reader, struct log_text name, uint64_t bytes,
                          uint64_t slack)
{
    struct log_load *load = log_load_now(reader);

    if (load->stage >= STAGE_CONTEXT || weights_repeat(load, name))
        load = log_load_begin(reader, true);
    load->stage = STAGE_WEIGHTS;
    buffer_add(buffer_get(&load->buffers, &load->n_buffers, LOG_BUFFER_MODEL, name), bytes, slack);
}

void log_load_add_context_buffer(struct log_reader *reader, enum log_buffer_kind kind,
                                 struct log_text name, uint64_t bytes, uint64_t slack)
{
    struct log_load *load = log_load_at(reader, STAGE_CONTEXT);
    struct log_context *context = context_for(load, kind);
    struct log_buffer *buffer = buffer_get(&context->buffers, &context->n_buffers, kind, name);

    if (kind == LOG_BUFFER_COMPUTE) { /* reserved again: the last one counts */
        buffer->bytes = 0;
        buffer->slack = 0;
    }
    buffer_add(buffer, bytes, slack);
}

void log_load_put(struct log_load *load, enum log_buffer_kind kind, struct log_text name,
                  uint64_t bytes, uint64_t slack)
{
    if (kind == LOG_BUFFER_MODEL) {
        buffer_add(buffer_get(&load->buffers, &load->n_buffers, kind, name), bytes, slack);
        return;
    }
    struct log_context *context = log_context_now(load);
    buffer_add(buffer_get(&context->buffers, &context->n_buffers, kind, name), bytes, slack);
}

/* ---- the rest ---- */

struct log_device *log_load_device(struct log_load *load, struct log_text name)
{
    for (size_t i = 0; i < load->n_devices; i++)
        if (log_text_is(name, load->devices[i].name))
            return &load->devices[i];
    load->devices = list_grow(load->devices, &load->n_devices, sizeof *load->devices);
    struct log_device *device = &load->devices[load->n_devices - 1];
    log_text_set(&device->name, name);
    device->description = memory_text("");
    device->capability = memory_text("");
    return device;
}

void log_load_add_override(struct log_load *load, struct log_text tensor, struct log_text buffer)
{
    load->overrides = list_grow(load->overrides, &load->n_overrides, sizeof *load->overrides);
    log_text_set(&load->overrides[load->n_overrides - 1].tensor, tensor);
    log_text_set(&load->overrides[load->n_overrides - 1].buffer, buffer);
}

void log_load_add_layer(struct log_load *load, uint64_t index, struct log_text device)
{
    load->layers = list_grow(load->layers, &load->n_layers, sizeof *load->layers);
    load->layers[load->n_layers - 1].index = index;
    log_text_set(&load->layers[load->n_layers - 1].device, device);
}

struct log_row *log_load_add_row(struct log_load *load)
{
    load->rows = list_grow(load->rows, &load->n_rows, sizeof *load->rows);
    return &load->rows[load->n_rows - 1];
}

void log_load_fail(struct log_load *load, enum log_failure_kind kind, struct log_text reason)
{
    struct log_failure *failure = &load->failure;

    if (kind <= failure->kind)
        return;
    failure->kind = kind;
    if (reason.length)
        log_text_set(&failure->reason, reason);
}

static bool same_figure(uint64_t rounded, uint64_t exact)
{
    return (rounded > exact ? rounded - exact : exact - rounded) <= UINT64_C(1) << 20;
}

void log_load_refused(struct log_load *load, struct log_text buffer, uint64_t bytes,
                      enum log_memory_use use)
{
    struct log_failure *failure = &load->failure;
    bool first = failure->kind != FAILURE_ALLOCATION;

    failure->kind = FAILURE_ALLOCATION;
    if (buffer.length && (first || !failure->buffer))
        log_text_set(&failure->buffer, buffer);
    if (bytes && (first || !failure->bytes || same_figure(failure->bytes, bytes)))
        failure->bytes = bytes; /* the later line says it to the byte */
    if (use != LOG_USE_UNKNOWN)
        failure->use = use;
}

static void failure_clear(struct log_failure *failure)
{
    free(failure->buffer);
    free(failure->reason);
    *failure = (struct log_failure){0};
}

void log_load_recover(struct log_load *load)
{
    failure_clear(&load->failure);
}

void log_load_hint(struct log_load *load, enum log_hint hint, struct log_text line)
{
    if (!load->hints[hint])
        log_text_set(&load->hints[hint], log_text_trim(line));
}

static void buffers_clear(struct log_buffer *buffers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(buffers[i].name);
    free(buffers);
}

static void devices_clear(struct log_load *load)
{
    for (size_t i = 0; i < load->n_devices; i++) {
        free(load->devices[i].name);
        free(load->devices[i].description);
        free(load->devices[i].capability);
    }
    free(load->devices);
}

void log_load_drop_rows(struct log_load *load)
{
    for (size_t i = 0; i < load->n_rows; i++) {
        free(load->rows[i].name);
        free(load->rows[i].description);
    }
    free(load->rows);
    load->rows = NULL;
    load->n_rows = 0;
}

static void lists_clear(struct log_load *load)
{
    for (size_t i = 0; i < load->n_overrides; i++) {
        free(load->overrides[i].tensor);
        free(load->overrides[i].buffer);
    }
    for (size_t i = 0; i < load->n_layers; i++)
        free(load->layers[i].device);
    free(load->overrides);
    free(load->layers);
    log_load_drop_rows(load);
}

void log_load_clear(struct log_load *load)
{
    buffers_clear(load->buffers, load->n_buffers);
    for (size_t i = 0; i < load->n_contexts; i++)
        buffers_clear(load->contexts[i].buffers, load->contexts[i].n_buffers);
    free(load->contexts);
    devices_clear(load);
    lists_clear(load);
    for (size_t i = 0; i < HINT_COUNT; i++)
        free(load->hints[i]);
    failure_clear(&load->failure);
    free(load->model);
    free(load->arch);
    free(load->features);
    *load = (struct log_load){0};
}
