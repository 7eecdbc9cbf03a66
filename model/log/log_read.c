#include "model/log/log_read.h"

#include "model/log/log_lines.h"

#include <stdlib.h>
#include <string.h>

const char *log_engine_name(enum log_engine engine)
{
    static const char *const names[] = {"unknown",          "llama.cpp", "ik_llama.cpp",
                                        "llama-cpp-python", "KoboldCpp", "ollama"};

    return names[engine];
}

const char *log_buffer_kind_name(enum log_buffer_kind kind)
{
    static const char *const names[] = {"model", "KV", "RS", "compute", "output"};

    return kind < LOG_BUFFER_KINDS ? names[kind] : "any";
}

const char *log_memory_use_name(enum log_memory_use use)
{
    static const char *const names[] = {"memory", "weights", "KV cache", "compute buffer"};

    return names[use];
}

/* ---- buffers by name ---- */

bool log_buffer_on_host(const char *name)
{
    static const char *const exact[] = {"AMX", "BLAS", "Host", "KleidiAI", "ZenDNN"};

    if (strncmp(name, "CPU", 3) == 0 || strstr(name, "_Host"))
        return true;
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++)
        if (strcmp(name, exact[i]) == 0)
            return true;
    return false;
}

bool log_buffer_mapped(const char *name)
{
    return strstr(name, "_Mapped") || strcmp(name, "Metal") == 0;
}

static bool buffer_fits(const struct log_buffer *buffer, enum log_buffer_kind kind,
                        const char *name)
{
    return (kind == LOG_BUFFER_KINDS || buffer->kind == kind) &&
           (!name || strcmp(buffer->name, name) == 0);
}

uint64_t log_buffers_bytes(const struct log_buffer *buffers, size_t n, enum log_buffer_kind kind,
                           const char *name)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        if (buffer_fits(&buffers[i], kind, name) &&
            __builtin_add_overflow(sum, buffers[i].bytes, &sum))
            return UINT64_MAX;
    return sum;
}

const struct log_buffer *log_buffer_find(const struct log_buffer *buffers, size_t n,
                                         enum log_buffer_kind kind, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (buffer_fits(&buffers[i], kind, name))
            return &buffers[i];
    return NULL;
}

/* ---- loads that are none ---- */

static bool load_said_nothing(const struct log_load *load)
{
    return !load->has_offloaded && !load->n_buffers && !load->n_contexts && !load->n_overrides &&
           !load->n_layers && !load->n_rows && load->failure.kind == FAILURE_NONE && !load->ready;
}

/* --fit loads the model without allocating, several times, before the real load. */
static bool load_is_trial(const struct log_load *load)
{
    bool all_zero = load->n_buffers > 0 &&
                    log_buffers_bytes(load->buffers, load->n_buffers, LOG_BUFFER_MODEL, NULL) == 0;

    return load->failure.kind == FAILURE_NONE && (load->no_alloc || all_zero);
}

static void load_drop(struct log *log, size_t at)
{
    log_load_clear(&log->loads[at]);
    log->n_loads--;
    memmove(&log->loads[at], &log->loads[at + 1], (log->n_loads - at) * sizeof *log->loads);
}

static bool devices_name(const struct log_load *devices, const struct log_buffer *buffers, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool found = log_buffer_on_host(buffers[i].name);
        for (size_t k = 0; k < devices->n_devices && !found; k++)
            found = strcmp(devices->devices[k].name, buffers[i].name) == 0;
        if (!found)
            return false;
    }
    return true;
}

/* Devices named at the end of an excerpt belong to what came before, if they can: all of its buffers
 * are on them. */
static void devices_hand_back(struct log *log, size_t from)
{
    struct log_load *load = &log->loads[from], *before = &log->loads[from - 1];
    bool same = devices_name(load, before->buffers, before->n_buffers);

    for (size_t i = 0; i < before->n_contexts && same; i++)
        same = devices_name(load, before->contexts[i].buffers, before->contexts[i].n_buffers);
    if (!same || before->n_devices || !load->n_devices)
        return;
    before->devices = load->devices;
    before->n_devices = load->n_devices;
    load->devices = NULL;
    load->n_devices = 0;
}

static void drop_trials(struct log *log)
{
    for (size_t i = log->n_loads; i-- > 0 && log->n_loads > 1;)
        if (load_is_trial(&log->loads[i]))
            load_drop(log, i);
    for (size_t i = log->n_loads; i-- > 1;)
        if (load_said_nothing(&log->loads[i])) {
            devices_hand_back(log, i);
            load_drop(log, i);
        }
}

/* ---- the breakdown in place of the buffers ---- */

enum { FLOORED = (1 << 20) - 1 }; /* the table shows whole MiB, rounded down */

/* Below zero everywhere: a trial, nothing was allocated (or a stand-in, which has its own lines). */
static bool rows_are_real(const struct log_load *load)
{
    for (size_t i = 0; i < load->n_rows; i++)
        if (load->rows[i].device && load->rows[i].unaccounted < 0)
            return false;
    return load->n_rows > 0 && !load->no_alloc;
}

static uint64_t mib_bytes(uint64_t mib)
{
    return mib > UINT64_MAX >> 20 ? UINT64_MAX : mib << 20;
}

static void row_use(struct log_load *load, const struct log_row *row)
{
    struct log_text name = {row->name, strlen(row->name)};

    log_load_put(load, LOG_BUFFER_MODEL, name, mib_bytes(row->model), FLOORED);
    log_load_put(load, LOG_BUFFER_KV, name, mib_bytes(row->context), FLOORED);
    log_load_put(load, LOG_BUFFER_COMPUTE, name, mib_bytes(row->compute), FLOORED);
}

/* A log cut down to its end still has the table printed at exit. */
static void rows_for_buffers(struct log_load *load)
{
    bool empty = !load->n_buffers && !load->n_contexts && load->failure.kind == FAILURE_NONE;

    for (size_t i = 0; empty && rows_are_real(load) && i < load->n_rows; i++)
        row_use(load, &load->rows[i]);
}

/* ---- devices that only figures name ---- */

/* "RPC0[host:port]" is a buffer type of the device RPC0; older ones are "RPC[host:port]" all the way. */
static struct log_text device_of_buffer(const char *name)
{
    const char *bracket = strchr(name, '[');
    bool numbered = strncmp(name, "RPC", 3) == 0 && bracket && bracket > name + 3;

    return (struct log_text){name, numbered ? (size_t)(bracket - name) : strlen(name)};
}

enum { MOST_DEVICES = 256 }; /* a log with more is no log */

static void device_seen(struct log_load *load, const char *name)
{
    if (name && *name && !log_buffer_on_host(name) && load->n_devices < MOST_DEVICES)
        log_load_device(load, device_of_buffer(name));
}

static void devices_complete(struct log_load *load)
{
    for (size_t i = 0; i < load->n_rows; i++)
        if (load->rows[i].device) {
            struct log_text name = {load->rows[i].name, strlen(load->rows[i].name)};
            struct log_device *device = log_load_device(load, name);
            if (!device->total)
                device->total = mib_bytes(load->rows[i].total);
        }
    for (size_t i = 0; i < load->n_buffers; i++)
        device_seen(load, load->buffers[i].name);
    for (size_t i = 0; i < load->n_contexts; i++)
        for (size_t k = 0; k < load->contexts[i].n_buffers; k++)
            device_seen(load, load->contexts[i].buffers[k].name);
    for (size_t i = 0; i < load->n_overrides; i++)
        if (i == 0 || strcmp(load->overrides[i].buffer, load->overrides[i - 1].buffer) != 0)
            device_seen(load, load->overrides[i].buffer);
    device_seen(load, load->failure.buffer);
}

/* ---- reading ---- */

/* Notes that people and archives put in front: not the program's words. */
static bool is_note(struct log_text line)
{
    return line.length > 1 && line.text[0] == '#' && line.text[1] == ' ' &&
           !log_text_has(line, "# command:");
}

void log_read(const char *text, size_t length, struct log *out)
{
    struct log_reader reader = {.log = out};
    struct log_text rest = {text, length};
    char buffer[MAX_LOG_LINE];

    *out = (struct log){.verbosity = -1};
    log_load_now(&reader);
    while (log_next_line(&rest, buffer, &reader.line)) {
        out->n_lines++;
        if (!is_note(reader.line))
            log_line_take(&reader);
    }
    drop_trials(out);
    for (size_t i = 0; i < out->n_loads; i++) {
        rows_for_buffers(&out->loads[i]);
        devices_complete(&out->loads[i]);
    }
}

void log_clear(struct log *log)
{
    for (size_t i = 0; i < log->n_loads; i++)
        log_load_clear(&log->loads[i]);
    free(log->loads);
    free(log->command);
    free(log->build);
    *log = (struct log){0};
}
