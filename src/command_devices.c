#include "src/commands.h"

#include "src/device_file.h"
#include "src/json_out.h"
#include "src/output.h"
#include "src/plan_summary.h"
#include "src/session.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add_line(const struct device *device, struct strbuf *out)
{
    strbuf_format(out, "%-8s ", device->name);
    summary_add_mib(out, device->free, 11);
    strbuf_add(out, " of");
    summary_add_mib(out, device->total, 11);
    strbuf_add(out, " MiB free");
    if (device->description[0] != '\0') {
        strbuf_add(out, "  ");
        summary_add_safe(out, device->description);
    }
    if (device->compute_capability != NULL) {
        strbuf_format(out, "  compute %s", device->compute_capability);
    }
    if (device->bandwidth_gb_s > 0) {
        strbuf_format(out, "  %.0f GB/s", device->bandwidth_gb_s);
    }
    if (device->pci != NULL) {
        strbuf_format(out, "  %s", device->pci);
    }
    strbuf_add(out, "\n");
}

static void add_table(const struct rig *rig, struct strbuf *out)
{
    strbuf_add(out, "found by ");
    summary_add_safe(out, rig->found_by != NULL ? rig->found_by : "a device file");
    strbuf_add(out, "\n");
    for (size_t i = 0; i < rig->n_devices; i++) {
        add_line(&rig->devices[i], out);
    }
    add_line(&rig->host, out);
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

static char *devices_json(const struct rig *rig)
{
    struct json_object *object = json_object_new_object();
    device_list_write(rig, object);
    json_out_text(object, "found_by", rig->found_by);
    json_out_bool(object, "order_uncertain", rig->order_uncertain);
    return json_out_take(object);
}

static bool save(const struct options *options, const struct rig *rig, struct error *error)
{
    char *text = devices_json(rig);
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
    if (options->save != NULL && !save(options, &rig, error)) {
        rig_clear(&rig);
        return (int)error->kind;
    }
    if (options->json) {
        char *text = devices_json(&rig);
        strbuf_add(&out, text);
        free(text);
    } else {
        add_table(&rig, &out);
    }
    bool printed = output_print(strbuf_text(&out), out.length, error);
    strbuf_clear(&out);
    rig_clear(&rig);
    return printed ? 0 : (int)error->kind;
}
