#include "src/commands.h"

#include "model/base/memory.h"
#include "model/base/plain_text.h"
#include "model/plan/speed.h"
#include "src/accelerator_data.h"
#include "src/device_file.h"
#include "src/host_memory.h"
#include "src/json_out.h"
#include "src/llama_devices.h"
#include "src/llama_program.h"
#include "src/measure_bandwidth.h"
#include "src/output.h"
#include "src/plan_summary.h"
#include "src/rig_calibration.h"
#include "src/session.h"
#include "src/watch_json.h"
#include "src/watch_source.h"

#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add_line(const struct device *device, struct strbuf *out)
{
    strbuf_add_plain(out, device->name);
    for (size_t width = strlen(device->name); width < 9; width++) {
        strbuf_add(out, " ");
    }
    summary_add_mib(out, device->free, 11);
    strbuf_add(out, " of");
    summary_add_mib(out, device->total, 11);
    strbuf_add(out, " MiB free");
    if (device->description[0] != '\0') {
        strbuf_add(out, "  ");
        strbuf_add_plain(out, device->description);
    }
    if (device->compute_capability != NULL) {
        strbuf_add(out, "  compute ");
        strbuf_add_plain(out, device->compute_capability);
    }
    if (device->bandwidth_gb_s > 0) {
        strbuf_add(out, "  ");
        speed_rate_text(device, out);
    }
    if (device->context > 0) {
        strbuf_format(out, "  context %llu MiB", (unsigned long long)(device->context >> 20));
    }
    if (device->pci != NULL) {
        strbuf_add(out, "  ");
        strbuf_add_plain(out, device->pci);
    }
    if (device->numa_node >= 0) {
        strbuf_format(out, "  NUMA node %d", device->numa_node);
    }
    strbuf_add(out, "\n");
    if (device->found_by != NULL) {
        strbuf_add(out, "         from ");
        strbuf_add_plain(out, device->found_by);
        strbuf_add(out, "\n");
    }
}

/* Only where there is a choice. */
static void add_nodes(struct strbuf *out)
{
    size_t n = 0;
    struct numa_node *nodes = host_numa_nodes(&n);
    for (size_t i = 0; i < n && n > 1; i++) {
        strbuf_format(out, "  node %-2u", nodes[i].number);
        summary_add_mib(out, nodes[i].free, 11);
        strbuf_add(out, " of");
        summary_add_mib(out, nodes[i].total, 11);
        strbuf_add(out, " MiB free\n");
    }
    free(nodes);
}

/* Who holds memory on it, as the driver lists them. */
static void add_processes(const struct watch_sample *now, const char *name, struct strbuf *out)
{
    for (size_t i = 0; i < now->n_devices; i++) {
        const struct watch_device *device = &now->devices[i];
        for (size_t k = 0; strcmp(device->name, name) == 0 && k < device->n_processes; k++) {
            const struct watch_process *process = &device->processes[k];
            strbuf_format(out, "         process %lld", (long long)process->pid);
            strbuf_add(out, process->name[0] != '\0' ? " " : "");
            strbuf_add_plain(out, process->name);
            if (process->is_known) {
                strbuf_format(out, ": %llu MiB", (unsigned long long)(process->bytes >> 20));
            }
            strbuf_add(out, "\n");
        }
    }
}

static void add_table(const struct rig *rig, const struct watch_sample *now,
                      const struct strbuf *changes, struct strbuf *out)
{
    strbuf_add(out, "found by ");
    strbuf_add_plain(out, rig->found_by != NULL ? rig->found_by : "a device file");
    strbuf_add(out, "\n");
    for (size_t i = 0; i < rig->n_devices; i++) {
        add_line(&rig->devices[i], out);
        add_processes(now, rig->devices[i].name, out);
    }
    add_line(&rig->host, out);
    if (!rig->simulated) {
        add_nodes(out);
    }
    if (changes->length > 0) {
        strbuf_add(out, "llama.cpp's own answer differs from what was detected, and wins:\n");
        for (const char *at = strbuf_text(changes); *at != '\0'; at += strcspn(at, "\n") + 1) {
            char *line = memory_text_n(at, strcspn(at, "\n"));
            strbuf_add(out, "  ");
            strbuf_add_plain(out, line);
            strbuf_add(out, "\n");
            free(line);
        }
    }
    if (rig->order_uncertain) {
        strbuf_add(out,
                   "device-order: these cards differ and CUDA_DEVICE_ORDER is not PCI_BUS_ID, so "
                   "CUDA may number them otherwise; exports set it\n");
    }
    if (rig->n_devices == 0) {
        strbuf_add(out, "No devices. Describe yours in a file and give it with --devices FILE:\n"
                        "  {\"devices\": [{\"name\": \"CUDA0\", \"free_mib\": 24000}], \"host\": "
                        "{\"free_mib\": 64000}}\n");
    }
}

static void add_nodes_json(struct json_object *object)
{
    size_t n = 0;
    struct numa_node *nodes = host_numa_nodes(&n);
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        struct json_object *node = json_object_new_object();
        json_out_signed(node, "node", nodes[i].number);
        json_out_bytes(node, "total", nodes[i].total);
        json_out_bytes(node, "free", nodes[i].free);
        json_object_array_add(list, node);
    }
    json_object_object_add(object, "numa_nodes", list);
    free(nodes);
}

static void add_processes_json(const struct watch_sample *now, const char *name,
                               struct json_object *object)
{
    for (size_t i = 0; i < now->n_devices; i++) {
        if (strcmp(now->devices[i].name, name) == 0) {
            json_object_object_add(object, "processes", watch_processes_json(&now->devices[i]));
        }
    }
}

static char *devices_json(const struct rig *rig, const struct watch_sample *now,
                          const struct strbuf *changes)
{
    struct json_object *object = json_object_new_object();
    struct json_object *list = NULL;
    struct json_object *host = NULL;
    device_list_write(rig, object);
    json_object_object_get_ex(object, "devices", &list);
    for (size_t i = 0; i < rig->n_devices; i++) {
        struct json_object *device = json_object_array_get_idx(list, i);
        json_out_text(device, "found_by", rig->devices[i].found_by);
        add_processes_json(now, rig->devices[i].name, device);
    }
    if (json_object_object_get_ex(object, "host", &host)) {
        json_out_text(host, "found_by", rig->host.found_by);
    }
    if (!rig->simulated) {
        add_nodes_json(object);
    }
    json_out_text(object, "found_by", rig->found_by);
    json_out_bool(object, "order_uncertain", rig->order_uncertain);
    struct json_object *differences = json_object_new_array();
    for (const char *at = strbuf_text(changes); *at != '\0'; at += strcspn(at, "\n") + 1) {
        char *line = memory_text_n(at, strcspn(at, "\n"));
        json_object_array_add(differences, json_out_string(line));
        free(line);
    }
    json_object_object_add(object, "changed_by_llama_cpp", differences);
    return json_out_take(object);
}

static const char *rpc_servers(const struct options *options)
{
    const char *servers = NULL;
    for (size_t i = 0; i + 1 < options->n_llama; i++) {
        servers = strcmp(options->llama[i], "--rpc") == 0 ? options->llama[i + 1] : servers;
    }
    return servers;
}

/* Asks the user's own llama.cpp where there is one. A build that does not answer changes nothing. */
static bool ask_llama(const struct options *options, struct rig *rig, struct strbuf *changes,
                      struct error *error)
{
    static const char *const names[] = {"llama-server", "llama-cli", NULL};
    char *program = llama_program_find(options, names, error);
    if (program == NULL) {
        return options->llama_bin == NULL;
    }
    struct llama_devices answer;
    bool asked = llama_devices_ask(program, rpc_servers(options), NULL, &answer, NULL);
    if (asked && answer.answered) {
        llama_devices_merge(&answer, rig, changes);
        accelerator_fill_bandwidths(rig);
        calibration_apply(rig);
        char *found = memory_format("%s --list-devices%s, beside %s", program,
                                    answer.kept ? " (kept from before)" : "", rig->found_by);
        free(rig->found_by);
        rig->found_by = found;
    } else {
        strbuf_format(changes, "%s --list-devices gave no list: otplan doctor says why\n", program);
    }
    llama_devices_clear(&answer);
    free(program);
    return true;
}

static bool measure(const struct options *options, struct rig *rig, struct error *error)
{
    struct measured_bandwidth measured;
    struct rig here = {0};
    if (!options->measure) {
        return true;
    }
    host_memory_read(&here.host); /* of this machine, whatever a device file says */
    bool done = measure_bandwidth(here.host.free, &measured, error);
    if (done) {
        struct device *host = &rig->host;
        char *found = memory_format("%s%sbandwidth measured: %u threads reading %llu MiB, median "
                                    "of %u runs (%.1f to %.1f GB/s)",
                                    host->found_by != NULL ? host->found_by : "",
                                    host->found_by != NULL ? "; " : "", measured.n_threads,
                                    (unsigned long long)(measured.bytes >> 20), measured.n_runs,
                                    measured.least, measured.most);
        free(host->found_by);
        host->found_by = found;
        host->bandwidth_gb_s = round(measured.gb_s * 10) / 10;
        host->bandwidth_source = RATE_MEASURED;
    }
    rig_clear(&here);
    return done;
}

/* A device file says what a machine is, not what happens to run on it. */
static bool save(const struct options *options, const struct rig *rig, const struct strbuf *changes,
                 struct error *error)
{
    struct watch_sample nothing = {0};
    char *text = devices_json(rig, &nothing, changes);
    bool saved = output_write_file(options->save, text, strlen(text), options->force, false, error);
    free(text);
    return saved;
}

int command_devices(const struct options *options, struct error *error)
{
    if (options->n_positional > 0) {
        error_set(error, ERROR_USAGE,
                  "%s: otplan devices takes no file; a device file is given with "
                  "--devices",
                  options->positional[0]);
        return ERROR_USAGE;
    }
    struct rig rig = {0};
    if (!session_find_devices(options, (const char *const *)environ, &rig, error)) {
        return (int)error->kind;
    }
    struct strbuf out = {0};
    struct strbuf changes = {0};
    struct watch_sample now = {0};
    if ((!rig.simulated && !ask_llama(options, &rig, &changes, error)) ||
        !measure(options, &rig, error) ||
        (options->save != NULL && !save(options, &rig, &changes, error))) {
        strbuf_clear(&changes);
        rig_clear(&rig);
        return (int)error->kind;
    }
    if (!rig.simulated) {
        struct watch_source *source = watch_source_open(0);
        watch_source_read(source, &now);
        watch_source_close(source);
    }
    if (options->json) {
        char *text = devices_json(&rig, &now, &changes);
        strbuf_add(&out, text);
        free(text);
    } else {
        add_table(&rig, &now, &changes, &out);
    }
    bool printed = output_print(strbuf_text(&out), out.length, error);
    strbuf_clear(&out);
    strbuf_clear(&changes);
    watch_sample_clear(&now);
    rig_clear(&rig);
    return printed ? 0 : (int)error->kind;
}
