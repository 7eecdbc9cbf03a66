#include "model/watch/watch.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void watch_sample_clear(struct watch_sample *sample)
{
    free(sample->devices);
    *sample = (struct watch_sample){0};
}

void watch_init(struct watch *watch, uint64_t threshold)
{
    *watch = (struct watch){.threshold = threshold};
}

void watch_clear(struct watch *watch)
{
    watch_sample_clear(&watch->last);
    free(watch->lines);
    *watch = (struct watch){0};
}

/* ---- a sample ------------------------------------------------------------------------------- */

static bool same_devices(const struct watch *watch, const struct watch_sample *sample)
{
    if (watch->n_lines != sample->n_devices + 1) {
        return false;
    }
    for (size_t i = 0; i < watch->n_lines; i++) {
        if (strcmp(watch->lines[i].name, sample->devices[i].name) != 0 ||
            watch->lines[i].total != sample->devices[i].total) {
            return false;
        }
    }
    return true;
}

static void start_lines(struct watch *watch, const struct watch_sample *sample)
{
    free(watch->lines);
    watch->n_lines = sample->n_devices + 1;
    watch->lines = memory_array(watch->n_lines, sizeof *watch->lines);
    for (size_t i = 0; i < watch->n_lines; i++) {
        struct watch_line *line = &watch->lines[i];
        const struct watch_device *device = &sample->devices[i];
        snprintf(line->name, sizeof line->name, "%s", device->name);
        snprintf(line->description, sizeof line->description, "%s", device->description);
        line->total = device->total;
        line->least_free = UINT64_MAX;
    }
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void add_processes(const struct watch_device *device, struct watch_line *line)
{
    for (size_t i = 0; i < device->n_processes; i++) {
        const struct watch_process *process = &device->processes[i];
        uint64_t room = line->used - line->server - line->others;
        uint64_t bytes = process->is_known && process->bytes < room ? process->bytes : room;
        bytes = process->is_known ? bytes : 0;
        line->server += process->is_server ? bytes : 0;
        line->others += process->is_server ? 0 : bytes;
        line->knows_server = line->knows_server || (process->is_server && process->is_known);
    }
}

static void take_device(const struct watch *watch, const struct watch_device *device,
                        struct watch_line *line)
{
    line->free = device->free < device->total ? device->free : device->total;
    line->used = line->total - line->free;
    line->server = line->others = 0;
    line->knows_server = false;
    add_processes(device, line);
    line->available = line->free + line->server;
    line->peak = larger(line->peak, line->used);
    line->peak_server = larger(line->peak_server, line->server);
    line->least_free = line->free < line->least_free ? line->free : line->least_free;
    line->is_low = line->free < watch->threshold;
}

void watch_take(struct watch *watch, struct watch_sample *sample)
{
    if (!same_devices(watch, sample)) {
        start_lines(watch, sample);
    }
    watch_sample_clear(&watch->last);
    watch->last = *sample;
    *sample = (struct watch_sample){0};
    for (size_t i = 0; i < watch->n_lines; i++) {
        take_device(watch, &watch->last.devices[i], &watch->lines[i]);
    }
    watch->n_samples++;
}

void watch_forget_peaks(struct watch *watch)
{
    for (size_t i = 0; i < watch->n_lines; i++) {
        watch->lines[i].peak = watch->lines[i].used;
        watch->lines[i].peak_server = watch->lines[i].server;
        watch->lines[i].least_free = watch->lines[i].free;
    }
}

/* ---- the plan beside it --------------------------------------------------------------------- */

/* The watched device that one of the rig is; SIZE_MAX: none. */
static size_t find_device(const struct watch *watch, const struct device *device)
{
    for (size_t i = 0; device->pci != NULL && i + 1 < watch->n_lines; i++) {
        if (strcmp(watch->last.devices[i].pci, device->pci) == 0) {
            return i;
        }
    }
    for (size_t i = 0; device->name != NULL && i < watch->n_lines; i++) {
        if (strcmp(watch->lines[i].name, device->name) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* A server that runs is held against what it needs, one to be started also against its margin. Where one runs
 * and its bytes are not told, nobody knows what it would give back. */
static uint64_t find_missing(const struct watch *watch, const struct device *device,
                             const struct device_use *use, const struct watch_line *line)
{
    uint64_t needed = 0;
    bool runs = watch->last.server != 0;
    if (device->free == 0 || use->used == 0 || (runs && !line->knows_server) ||
        __builtin_add_overflow(use->used, runs ? 0 : use->margin, &needed)) {
        return 0;
    }
    return needed > line->available ? needed - line->available : 0;
}

static void plan_line(const struct watch *watch, const struct device *device,
                      const struct device_use *use, struct watch_line *line)
{
    line->is_planned = true;
    line->parts[WATCH_DENSE] = use->model - use->experts + use->beside;
    line->parts[WATCH_EXPERTS] = use->experts;
    line->parts[WATCH_CACHE] = use->context;
    line->parts[WATCH_COMPUTE] = use->compute;
    line->planned = use->used;
    line->budget = use->budget;
    line->missing = find_missing(watch, device, use, line);
}

void watch_plan(struct watch *watch, const struct rig *rig, const struct evaluation *evaluation)
{
    for (size_t i = 0; i < watch->n_lines; i++) {
        watch->lines[i].is_planned = false;
        watch->lines[i].missing = 0;
    }
    for (size_t i = 0; i <= rig->n_devices; i++) {
        bool is_host = i == rig->n_devices;
        const struct device *device = is_host ? &rig->host : &rig->devices[i];
        const struct device_use *use = is_host ? &evaluation->host : &evaluation->devices[i];
        size_t at = find_device(watch, device);
        if (at == SIZE_MAX) {
            continue;
        }
        plan_line(watch, device, use, &watch->lines[at]);
        if (is_host && evaluation->resolved.load_mode == LOAD_MMAP) {
            watch->lines[at].missing = 0; /* a file's pages are read again where memory is short */
        }
    }
}

/* ---- alerts --------------------------------------------------------------------------------- */

bool watch_is_alert(const struct watch *watch)
{
    for (size_t i = 0; i < watch->n_lines; i++) {
        if (watch->lines[i].is_low || watch->lines[i].missing > 0) {
            return true;
        }
    }
    return false;
}

static unsigned long long mib(uint64_t bytes)
{
    return (unsigned long long)(bytes >> 20);
}

void watch_alerts(const struct watch *watch, struct strbuf *out)
{
    for (size_t i = 0; i < watch->n_lines; i++) {
        const struct watch_line *line = &watch->lines[i];
        if (line->is_low) {
            strbuf_format(out, "%s: %llu MiB free, under the threshold of %llu\n", line->name,
                          mib(line->free), mib(watch->threshold));
        }
        if (line->missing > 0) {
            strbuf_format(out,
                          "%s: the plan needs %llu MiB more than there is (%llu free or the "
                          "server's own)\n",
                          line->name, mib(line->missing + (1U << 20) - 1), mib(line->available));
        }
    }
}

static void apply_line(const struct watch *watch, const struct watch_line *line,
                       struct device *device)
{
    int64_t margin = device->margin >= 0 ? device->margin : (int64_t)DEVICE_MARGIN_MIB << 20;
    device->total = line->total;
    device->free = line->available;
    if (line->is_planned &&
        line->server > line->planned) { /* its contexts, and what no plan knows */
        uint64_t beyond = line->server - line->planned;
        device->context = larger(device->context, beyond);
    }
    if (margin < (int64_t)watch->threshold) {
        device->margin = (int64_t)watch->threshold;
    }
}

bool watch_apply(const struct watch *watch, struct rig *rig)
{
    bool any = false;
    for (size_t i = 0; i <= rig->n_devices; i++) {
        struct device *device = i == rig->n_devices ? &rig->host : &rig->devices[i];
        size_t at = find_device(watch, device);
        if (at != SIZE_MAX) {
            apply_line(watch, &watch->lines[at], device);
            any = any || i < rig->n_devices;
        }
    }
    return any;
}
