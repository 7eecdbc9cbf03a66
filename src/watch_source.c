#include "src/watch_source.h"

#include "model/base/memory.h"
#include "model/base/plain_text.h"
#include "src/detect.h"
#include "src/kfd_processes.h"
#include "src/watch_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct watch_source {
    struct nvml *nvml; /* or NULL */
    int64_t server;
    struct timespec begin;
};

static double seconds_since(const struct timespec *begin)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - begin->tv_sec) + (double)(now.tv_nsec - begin->tv_nsec) / 1e9;
}

struct watch_source *watch_source_open(int64_t server)
{
    struct watch_source *source = memory_new(sizeof *source);
    source->nvml = nvml_open();
    source->server = server;
    clock_gettime(CLOCK_MONOTONIC, &source->begin);
    return source;
}

void watch_source_close(struct watch_source *source)
{
    if (source != NULL) {
        nvml_close(source->nvml);
        free(source);
    }
}

/* ---- a sample ------------------------------------------------------------------------------- */

static void copy_plain(char *to, size_t n, const char *text)
{
    snprintf(to, n, "%s", text != NULL ? text : "");
    plain_text(to);
}

static void read_device(const struct device *device, struct watch_device *out)
{
    copy_plain(out->name, sizeof out->name, device->name);
    copy_plain(out->description, sizeof out->description, device->description);
    copy_plain(out->pci, sizeof out->pci, device->pci);
    out->total = device->total;
    out->free = device->free;
}

static void read_processes(const struct card_process *list, size_t n, struct watch_device *out)
{
    for (size_t i = 0; i < n && i < WATCH_PROCESSES; i++) {
        struct watch_process *process = &out->processes[out->n_processes++];
        process->pid = list[i].pid;
        process->is_known = list[i].bytes != UINT64_MAX;
        process->bytes = process->is_known ? list[i].bytes : 0;
        watch_process_name(process->pid, process->name, sizeof process->name);
    }
}

/* NVIDIA's library lists them, and the kernel those of AMD cards. */
static void find_processes(const struct card *card, const struct device *device,
                           struct watch_device *out)
{
    struct card_process list[CARD_PROCESSES];
    size_t n = 0;
    if (card != NULL) {
        out->has_processes = card->has_processes;
        read_processes(card->processes, card->n_processes, out);
    } else if (device->pci != NULL && kfd_processes(device->pci, list, &n)) {
        out->has_processes = true;
        read_processes(list, n, out);
    }
}

static int64_t find_server(const struct watch_source *source, const struct watch_sample *sample)
{
    int64_t remembered = source->server == 0 ? watch_server_remembered() : 0;
    if (source->server != 0 || remembered != 0) {
        int64_t server = source->server != 0 ? source->server : remembered;
        return watch_process_runs(server) ? server : 0;
    }
    for (size_t i = 0; i < sample->n_devices; i++) {
        for (size_t k = 0; k < sample->devices[i].n_processes; k++) {
            if (watch_is_server_name(sample->devices[i].processes[k].name)) {
                return sample->devices[i].processes[k].pid;
            }
        }
    }
    return 0;
}

/* Memory of the server that is no file's page: the host's line shows it like a card's. */
static void read_host_server(struct watch_sample *sample)
{
    struct watch_device *host = &sample->devices[sample->n_devices];
    host->has_processes = true;
    if (sample->server == 0) {
        return;
    }
    struct watch_process *process = &host->processes[host->n_processes++];
    process->pid = sample->server;
    process->is_server = true;
    process->is_known = watch_process_memory(sample->server, &process->bytes);
    watch_process_name(process->pid, process->name, sizeof process->name);
}

static void mark_server(struct watch_sample *sample)
{
    for (size_t i = 0; sample->server != 0 && i < sample->n_devices; i++) {
        for (size_t k = 0; k < sample->devices[i].n_processes; k++) {
            struct watch_process *process = &sample->devices[i].processes[k];
            process->is_server = watch_is_within(process->pid, sample->server);
        }
    }
    if (sample->server != 0) {
        watch_process_name(sample->server, sample->server_name, sizeof sample->server_name);
    }
}

void watch_source_read(struct watch_source *source, struct watch_sample *out)
{
    struct rig rig;
    size_t n_cards = 0;
    struct card *cards = detect_read(source->nvml, (const char *const *)environ, &rig, &n_cards);
    *out =
        (struct watch_sample){.seconds = seconds_since(&source->begin), .n_devices = rig.n_devices};
    out->devices = memory_array(rig.n_devices + 1, sizeof *out->devices);
    for (size_t i = 0; i < rig.n_devices; i++) {
        read_device(&rig.devices[i], &out->devices[i]);
        find_processes(i < n_cards ? &cards[i] : NULL, &rig.devices[i], &out->devices[i]);
    }
    read_device(&rig.host, &out->devices[rig.n_devices]);
    out->server = find_server(source, out);
    mark_server(out);
    read_host_server(out);
    free(cards);
    rig_clear(&rig);
}
