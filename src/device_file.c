#include "src/device_file.h"

#include "model/base/memory.h"
#include "src/host_memory.h"
#include "src/json_out.h"
#include "src/json_read.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_DEVICES = 128 };
static const double MOST_MIB = 1e9;

static const char *const device_keys[] = {"name",
                                          "device",
                                          "description",
                                          "total_mib",
                                          "free_mib",
                                          "pci",
                                          "context_mib",
                                          "reserve_mib",
                                          "margin_mib",
                                          "link_gb_s",
                                          "efficiency",
                                          "switch_us",
                                          "numa_node",
                                          "bandwidth_gb_s",
                                          "compute_capability",
                                          "kernels",
                                          "tflops",
                                          "bandwidth_source",
                                          "efficiency_source",
                                          "compute_efficiency",
                                          "link_efficiency",
                                          NULL};

/* Bytes from a key in MiB; a fraction of a byte is dropped. */
static bool get_mib(struct json_object *object, const char *key, const struct json_place *place,
                    uint64_t *bytes, struct error *error)
{
    double mib = -1;
    if (!json_get_number(object, key, place, 0, MOST_MIB, &mib, error)) {
        return false;
    }
    if (mib >= 0) {
        *bytes = (uint64_t)(mib * 1024.0 * 1024.0);
    }
    return true;
}

static bool read_memory(struct json_object *object, const struct json_place *place,
                        struct device *device, struct error *error)
{
    uint64_t margin = UINT64_MAX;
    if (!json_has(object, "free_mib")) {
        return json_refuse(place, "free_mib", "missing", error);
    }
    if (!get_mib(object, "free_mib", place, &device->free, error)) {
        return false;
    }
    device->total = device->free;
    bool read = get_mib(object, "total_mib", place, &device->total, error) &&
                get_mib(object, "context_mib", place, &device->context, error) &&
                get_mib(object, "reserve_mib", place, &device->reserve, error) &&
                get_mib(object, "margin_mib", place, &margin, error);
    if (!read) {
        return false;
    }
    if (device->free > device->total) {
        return json_refuse(place, "free_mib", "more than total_mib", error);
    }
    device->margin = margin == UINT64_MAX ? -1 : (int64_t)margin;
    return true;
}

/* Where a figure was taken from, as device_list_write says it; anything else is somebody's own figure. */
static bool read_source(struct json_object *object, const char *key, const struct json_place *place,
                        enum rate_source *source, struct error *error)
{
    char *name = NULL;
    bool read = json_get_text(object, key, place, &name, error);
    *source = RATE_GIVEN;
    for (int i = 0; name != NULL && i < RATE_SOURCE_COUNT; i++) {
        if (strcmp(name, rate_source_name((enum rate_source)i)) == 0) {
            *source = (enum rate_source)i;
        }
    }
    free(name);
    return read;
}

static bool read_speed(struct json_object *object, const struct json_place *place,
                       struct device *device, struct error *error)
{
    double node = -1;
    bool read =
        json_get_number(object, "bandwidth_gb_s", place, 0, 1e6, &device->bandwidth_gb_s, error) &&
        json_get_number(object, "link_gb_s", place, 0, 1e6, &device->link_gb_s, error) &&
        json_get_number(object, "efficiency", place, 0, 1, &device->efficiency, error) &&
        json_get_number(object, "switch_us", place, 0, 1e6, &device->switch_us, error) &&
        json_get_number(object, "tflops", place, 0, 1e6, &device->tflops, error) &&
        json_get_number(object, "compute_efficiency", place, 0, 4, &device->compute_efficiency,
                        error) &&
        json_get_number(object, "link_efficiency", place, 0, 4, &device->link_efficiency, error) &&
        read_source(object, "bandwidth_source", place, &device->bandwidth_source, error) &&
        read_source(object, "efficiency_source", place, &device->efficiency_source, error) &&
        json_get_number(object, "numa_node", place, -1, 1023, &node, error);
    device->numa_node = (int)node;
    return read;
}

static bool read_words(struct json_object *object, const struct json_place *place,
                       struct device *device, struct error *error)
{
    char *kernels = NULL;
    bool read =
        json_get_text(object, "name", place, &device->name, error) &&
        json_get_text(object, "device", place, &device->device_name, error) &&
        json_get_text(object, "description", place, &device->description, error) &&
        json_get_text(object, "pci", place, &device->pci, error) &&
        json_get_text(object, "compute_capability", place, &device->compute_capability, error) &&
        json_get_text(object, "kernels", place, &kernels, error);
    if (read && kernels != NULL && strcmp(kernels, "none") != 0) {
        read = json_refuse(place, "kernels", "only \"none\" has a meaning", error);
    }
    device->has_kernels = kernels == NULL;
    free(kernels);
    return read;
}

static bool read_any(struct json_object *object, const struct json_place *place,
                     struct device *device, struct error *error)
{
    if (!json_object_is_type(object, json_type_object)) {
        return json_refuse(place, "", "must be an object in braces", error);
    }
    return json_check_keys(object, device_keys, place, error) &&
           read_words(object, place, device, error) && read_memory(object, place, device, error) &&
           read_speed(object, place, device, error);
}

static bool read_device(struct json_object *object, const struct json_place *place, struct rig *rig,
                        struct error *error)
{
    struct device *device = &rig->devices[rig->n_devices++];
    *device = (struct device){.margin = -1, .numa_node = -1};
    if (!read_any(object, place, device, error)) {
        return false;
    }
    if (device->name == NULL || device->name[0] == '\0') {
        return json_refuse(place, "name", "missing", error);
    }
    if (strcmp(device->name, "CPU") == 0) {
        return json_refuse(place, "name",
                           "CPU is the host, which has a place of its own (\"host\")", error);
    }
    for (size_t i = 0; i + 1 < rig->n_devices; i++) {
        if (strcmp(rig->devices[i].name, device->name) == 0) {
            return json_refuse(place, "name", "there is a device of that name already", error);
        }
    }
    if (device->device_name == NULL) {
        device->device_name = memory_text(device->name);
    }
    if (device->description == NULL) {
        device->description = memory_text("");
    }
    device->backend = backend_of_name(device->name);
    return true;
}

static bool read_devices(struct json_object *object, struct json_place *place, struct rig *rig,
                         struct error *error)
{
    struct json_object *list = NULL;
    if (!json_object_object_get_ex(object, "devices", &list)) {
        return json_refuse(place, "devices", "missing (a list, empty for a machine without cards)",
                           error);
    }
    if (!json_object_is_type(list, json_type_array)) {
        return json_refuse(place, "devices", "must be a list in brackets", error);
    }
    size_t n = json_object_array_length(list);
    if (n > MOST_DEVICES) {
        return json_refuse(place, "devices", "more than 128 devices", error);
    }
    rig->devices = memory_array(n, sizeof *rig->devices);
    for (size_t i = 0; i < n; i++) {
        snprintf(place->inside, sizeof place->inside, "devices[%zu]", i);
        if (!read_device(json_object_array_get_idx(list, i), place, rig, error)) {
            return false;
        }
    }
    place->inside[0] = '\0';
    return true;
}

static bool read_host(struct json_object *object, struct json_place *place, struct rig *rig,
                      struct error *error)
{
    struct json_object *host = NULL;
    host_memory_read(&rig->host);
    if (!json_object_object_get_ex(object, "host", &host)) {
        return true; /* this machine's own memory */
    }
    snprintf(place->inside, sizeof place->inside, "host");
    if (!read_any(host, place, &rig->host, error)) {
        return false;
    }
    free(rig->host.name);
    free(rig->host.found_by);
    rig->host.found_by = NULL;
    rig->host.name = memory_text("CPU");
    rig->host.backend = BACKEND_CPU;
    return true;
}

bool device_list_read(struct json_object *object, const char *path, struct rig *rig,
                      struct error *error)
{
    struct json_place place = {.path = path};
    *rig = (struct rig){.simulated = true};
    if (!json_object_is_type(object, json_type_object)) {
        return json_refuse(&place, "", "must be an object in braces", error);
    }
    if (!read_devices(object, &place, rig, error) || !read_host(object, &place, rig, error)) {
        rig_clear(rig);
        return false;
    }
    return true;
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* `--devices CUDA0,CUDA1` is what someone writes who means llama.cpp's -dev. */
static bool looks_like_names(const char *path)
{
    return strchr(path, '/') == NULL && strchr(path, '.') == NULL &&
           (backend_of_name(path) != BACKEND_OTHER || strcmp(path, "none") == 0);
}

bool device_file_read(const char *path, struct rig *rig, struct error *error)
{
    if (access(path, F_OK) != 0 && looks_like_names(path)) {
        return error_set(error, ERROR_USAGE,
                         "--devices %s: it takes a device file; to choose among the devices there "
                         "are, write -dev %s",
                         path, path);
    }
    struct json_object *object = NULL;
    if (!json_read_file(path, &object, error)) {
        return false;
    }
    bool read = device_list_read(object, path, rig, error);
    json_object_put(object);
    if (read) {
        rig->found_by = memory_format("device file %s", file_name(path));
    }
    return read;
}

/* ---- writing -------------------------------------------------------------------------------- */

static struct json_object *mib(uint64_t bytes)
{
    uint64_t whole = bytes >> 20;
    bool exact = (bytes & ((1U << 20) - 1)) == 0;
    return exact ? json_object_new_uint64(whole)
                 : json_object_new_double((double)bytes / 1048576.0);
}

static void add_text(struct json_object *object, const char *key, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        json_object_object_add(object, key, json_out_string(text));
    }
}

static void add_mib(struct json_object *object, const char *key, uint64_t bytes)
{
    if (bytes > 0) {
        json_object_object_add(object, key, mib(bytes));
    }
}

static void add_number(struct json_object *object, const char *key, double number)
{
    if (number > 0) {
        json_object_object_add(object, key, json_object_new_double(number));
    }
}

/* A figure and where it is from, where that is not this file itself. */
static void add_rate(struct json_object *object, const char *key, const char *source_key,
                     double number, enum rate_source source)
{
    add_number(object, key, number);
    if (number > 0 && source != RATE_GIVEN) {
        add_text(object, source_key, rate_source_name(source));
    }
}

static struct json_object *device_write(const struct device *device, bool host)
{
    struct json_object *object = json_object_new_object();
    if (!host) {
        add_text(object, "name", device->name);
        if (strcmp(device->name, device->device_name) != 0) {
            add_text(object, "device", device->device_name);
        }
    }
    add_text(object, "description", device->description);
    json_object_object_add(object, "total_mib", mib(device->total));
    json_object_object_add(object, "free_mib", mib(device->free));
    add_rate(object, "bandwidth_gb_s", "bandwidth_source", device->bandwidth_gb_s,
             device->bandwidth_source);
    add_text(object, "compute_capability", device->compute_capability);
    add_text(object, "pci", device->pci);
    add_mib(object, "context_mib", device->context);
    add_mib(object, "reserve_mib", device->reserve);
    if (device->margin >= 0) {
        json_object_object_add(object, "margin_mib", mib((uint64_t)device->margin));
    }
    add_number(object, "link_gb_s", device->link_gb_s);
    add_number(object, "tflops", device->tflops);
    add_number(object, "compute_efficiency", device->compute_efficiency);
    add_number(object, "link_efficiency", device->link_efficiency);
    add_rate(object, "efficiency", "efficiency_source", device->efficiency,
             device->efficiency_source);
    add_number(object, "switch_us", device->switch_us);
    if (device->numa_node >= 0) {
        json_object_object_add(object, "numa_node", json_object_new_int(device->numa_node));
    }
    if (!device->has_kernels && !host) {
        add_text(object, "kernels", "none");
    }
    return object;
}

void device_list_write(const struct rig *rig, struct json_object *object)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < rig->n_devices; i++) {
        json_object_array_add(list, device_write(&rig->devices[i], false));
    }
    json_object_object_add(object, "devices", list);
    json_object_object_add(object, "host", device_write(&rig->host, true));
}
