#include "model/plan/device.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"

#include <stdlib.h>
#include <string.h>

enum backend backend_of_name(const char *buffer_name)
{
    static const struct {
        const char *prefix;
        enum backend backend;
    } table[] = {
        {"CUDA", BACKEND_CUDA},   {"ROCm", BACKEND_CUDA},     {"MUSA", BACKEND_CUDA},
        {"SYCL", BACKEND_SYCL},   {"Vulkan", BACKEND_VULKAN}, {"MTL", BACKEND_METAL},
        {"Metal", BACKEND_METAL}, {"RPC", BACKEND_RPC},       {"CPU", BACKEND_CPU},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strncmp(buffer_name, table[i].prefix, strlen(table[i].prefix)) == 0) {
            return table[i].backend;
        }
    }
    return BACKEND_OTHER;
}

const char *device_rpc_server(const struct device *device, size_t *length)
{
    const char *open = strchr(device->name, '[');
    const char *close = strrchr(device->name, ']');
    if (device->backend != BACKEND_RPC || open == NULL || close == NULL || close <= open + 1) {
        return NULL;
    }
    *length = (size_t)(close - open - 1);
    return open + 1;
}

static void device_copy(struct device *to, const struct device *from)
{
    *to = *from;
    to->name = memory_text(from->name);
    to->device_name = memory_text(from->device_name);
    to->description = memory_text(from->description);
    to->pci = memory_text(from->pci);
    to->compute_capability = memory_text(from->compute_capability);
    to->found_by = memory_text(from->found_by);
}

void device_clear(struct device *device)
{
    free(device->name);
    free(device->device_name);
    free(device->description);
    free(device->pci);
    free(device->compute_capability);
    free(device->found_by);
    *device = (struct device){0};
}

void rig_copy(struct rig *to, const struct rig *from)
{
    *to = *from;
    to->devices = memory_array(from->n_devices, sizeof *to->devices);
    for (size_t i = 0; i < from->n_devices; i++) {
        device_copy(&to->devices[i], &from->devices[i]);
    }
    device_copy(&to->host, &from->host);
    to->found_by = memory_text(from->found_by);
}

void rig_clear(struct rig *rig)
{
    for (size_t i = 0; i < rig->n_devices; i++) {
        device_clear(&rig->devices[i]);
    }
    free(rig->devices);
    device_clear(&rig->host);
    free(rig->found_by);
    *rig = (struct rig){0};
}

void rig_init_host(struct device *host, uint64_t total, uint64_t free_bytes)
{
    *host = (struct device){
        .name = memory_text("CPU"),
        .device_name = memory_text("CPU"),
        .description = memory_text(""),
        .backend = BACKEND_CPU,
        .has_kernels = true,
        .total = total,
        .free = free_bytes,
        .margin = -1,
        .numa_node = -1,
    };
}

const char *rate_source_name(enum rate_source source)
{
    static const char *const names[RATE_SOURCE_COUNT] = {
        [RATE_DRIVER] = "driver",     [RATE_GIVEN] = "device file",
        [RATE_SPEC] = "--rig",        [RATE_DATABASE] = "database",
        [RATE_MEASURED] = "measured", [RATE_CALIBRATED] = "calibrated",
    };
    return names[source];
}

const char *device_bandwidth_rests_on(const struct device *device)
{
    return device->bandwidth_gb_s > 0 ? rate_source_name(device->bandwidth_source) : "unknown";
}

const char *device_efficiency_rests_on(const struct device *device)
{
    return device->efficiency > 0 ? rate_source_name(device->efficiency_source) : "default";
}

int rig_find(const struct rig *rig, const char *buffer_name)
{
    for (size_t i = 0; i < rig->n_devices; i++) {
        if (strcmp(rig->devices[i].name, buffer_name) == 0) {
            return (int)i;
        }
    }
    return strcmp(buffer_name, "CPU") == 0 ? DEVICE_HOST : DEVICE_NONE;
}

const char *rig_name(const struct rig *rig, int device)
{
    if (device >= 0 && (size_t)device < rig->n_devices) {
        return rig->devices[device].name;
    }
    return device == DEVICE_HOST ? "CPU" : "-";
}

void rig_list_names(const struct rig *rig, struct strbuf *out)
{
    strbuf_add(out, "CPU");
    for (size_t i = 0; i < rig->n_devices; i++) {
        strbuf_format(out, ", %s", rig->devices[i].name);
    }
}
