#include "src/run_progress.h"

#include "model/base/memory.h"
#include "model/base/plain_text.h"

#include <stdlib.h>
#include <string.h>

enum { MODEL, CONTEXT, COMPUTE, MOST_SEEN = 256 };

static struct run_seen *seen_of(struct run_progress *progress, const char *name)
{
    for (size_t i = 0; i < progress->n_seen; i++) {
        if (strcmp(progress->seen[i].name, name) == 0) {
            return &progress->seen[i];
        }
    }
    if (progress->n_seen >= MOST_SEEN) {
        return NULL;
    }
    progress->seen = memory_resize(progress->seen, progress->n_seen + 1, sizeof *progress->seen);
    progress->seen[progress->n_seen] = (struct run_seen){.name = memory_text(name)};
    return &progress->seen[progress->n_seen++];
}

static const struct device_use *planned(const struct log_plan *plan, const char *name)
{
    int device = rig_find(plan->rig, name);
    return device >= 0             ? &plan->evaluation->devices[device]
           : device == DEVICE_HOST ? &plan->evaluation->host
                                   : NULL;
}

static void add_buffer(struct run_progress *progress, const struct log_buffer *buffer,
                       struct strbuf *out)
{
    static const char *const words[] = {"model", "cache", "compute"};
    int column = buffer->kind == LOG_BUFFER_MODEL                                 ? MODEL
                 : buffer->kind == LOG_BUFFER_KV || buffer->kind == LOG_BUFFER_RS ? CONTEXT
                                                                                  : COMPUTE;
    const char *name = log_buffer_on_host(buffer->name) ? "CPU" : buffer->name;
    struct run_seen *seen = seen_of(progress, name);
    const struct device_use *use = planned(&progress->plan, name);
    if (seen == NULL || buffer->kind == LOG_BUFFER_OUTPUT) {
        return;
    }
    seen->bytes[column] += buffer->bytes;
    strbuf_add(out, "otplan: ");
    strbuf_add_plain(out, name);
    strbuf_format(out, " %s %.2f MiB", words[column], (double)seen->bytes[column] / 1048576.0);
    if (use == NULL) {
        strbuf_add(out, ", a device that the plan does not have\n");
        return;
    }
    uint64_t bytes = column == MODEL ? use->model : column == CONTEXT ? use->context : use->compute;
    strbuf_format(out, " of %.2f planned\n", (double)bytes / 1048576.0);
}

void run_progress_line(struct run_progress *progress, const char *line, struct strbuf *out)
{
    struct log log;
    if (strstr(line, "buffer size") == NULL && strstr(line, "offloaded ") == NULL) {
        return;
    }
    log_read(line, strlen(line), &log);
    for (size_t i = 0; i < log.n_loads; i++) {
        const struct log_load *load = &log.loads[i];
        for (size_t k = 0; k < load->n_buffers; k++) {
            add_buffer(progress, &load->buffers[k], out);
        }
        for (size_t c = 0; c < load->n_contexts; c++) {
            for (size_t k = 0; k < load->contexts[c].n_buffers; k++) {
                add_buffer(progress, &load->contexts[c].buffers[k], out);
            }
        }
    }
    log_clear(&log);
}

void run_progress_clear(struct run_progress *progress)
{
    for (size_t i = 0; i < progress->n_seen; i++) {
        free(progress->seen[i].name);
    }
    free(progress->seen);
    *progress = (struct run_progress){0};
}
