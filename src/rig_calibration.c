#include "src/rig_calibration.h"

#include "model/base/memory.h"
#include "src/json_out.h"
#include "src/json_read.h"
#include "src/output.h"
#include "src/user_folder.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- which rig ------------------------------------------------------------------------------ */

/* "NVIDIA GeForce RTX 3090" and the database's "GeForce RTX 3090" are one. */
static const char *without_maker(const char *description)
{
    static const char *const makers[] = {"NVIDIA ", "AMD ", "Intel(R) ", "Apple "};
    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
        size_t n = strlen(makers[i]);
        if (strncmp(description, makers[i], n) == 0) {
            return description + n;
        }
    }
    return description;
}

char *calibration_kind(const struct rig *rig, int device)
{
    if (device == DEVICE_HOST) {
        return memory_text(rig->host.name);
    }
    const struct device *of = &rig->devices[device];
    const char *name = of->description[0] != '\0' ? without_maker(of->description) : of->name;
    unsigned long long gib = (of->total + (1ULL << 29)) >> 30; /* drivers differ in the last MiB */
    return memory_format("%s, %llu GiB", name, gib);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char *calibration_path(const struct rig *rig)
{
    uint64_t hash = USER_HASH;
    char **kinds = memory_array(rig->n_devices, sizeof *kinds);
    if (rig->n_devices == 0) {
        uint64_t gib = (rig->host.total + (1ULL << 29)) >> 30;
        hash = user_hash(hash, &gib, sizeof gib);
    }
    for (size_t i = 0; i < rig->n_devices; i++) {
        kinds[i] = calibration_kind(rig, (int)i);
    }
    qsort(kinds, rig->n_devices, sizeof *kinds, by_text);
    for (size_t i = 0; i < rig->n_devices; i++) {
        hash = user_hash(hash, kinds[i], strlen(kinds[i]) + 1);
        free(kinds[i]);
    }
    free(kinds);
    char *name = memory_format("rigs/%016llx.json", (unsigned long long)hash);
    char *path = user_path(USER_CONFIG, name);
    free(name);
    return path;
}

void calibrations_clear(struct calibrations *calibrations)
{
    for (size_t i = 0; i < calibrations->n; i++) {
        free(calibrations->list[i].kind);
    }
    free(calibrations->list);
    *calibrations = (struct calibrations){0};
}

/* ---- reading -------------------------------------------------------------------------------- */

static bool read_one(struct json_object *object, struct json_place *place, struct calibration *out)
{
    return json_object_is_type(object, json_type_object) &&
           json_get_text(object, "kind", place, &out->kind, NULL) &&
           json_get_number(object, "efficiency", place, 0, 1, &out->efficiency, NULL) &&
           json_get_number(object, "compute_efficiency", place, 0, 4, &out->compute_efficiency,
                           NULL) &&
           json_get_number(object, "link_efficiency", place, 0, 4, &out->link_efficiency, NULL) &&
           out->kind != NULL;
}

static void read_all(const char *path, struct calibrations *out)
{
    struct json_object *object = NULL;
    struct json_object *list = NULL;
    struct json_place place = {.path = path};
    if (access(path, F_OK) != 0 || !json_read_file(path, &object, NULL)) {
        return;
    }
    size_t n = json_object_object_get_ex(object, "kinds", &list) &&
                       json_object_is_type(list, json_type_array)
                   ? json_object_array_length(list)
                   : 0;
    out->list = memory_array(n, sizeof *out->list);
    for (size_t i = 0; i < n; i++) {
        struct calibration one = {0};
        if (read_one(json_object_array_get_idx(list, i), &place, &one)) {
            out->list[out->n++] = one;
        } else {
            free(one.kind);
        }
    }
    json_object_put(object);
}

static void apply_one(const struct rig *rig, int index, struct device *device,
                      const struct calibrations *found)
{
    char *kind = calibration_kind(rig, index);
    bool is_set = device->efficiency > 0 && device->efficiency_source != RATE_CALIBRATED;
    for (size_t i = 0; i < found->n; i++) {
        const struct calibration *one = &found->list[i];
        if (strcmp(one->kind, kind) != 0) {
            continue;
        }
        if (!is_set && one->efficiency > 0) {
            device->efficiency = one->efficiency;
            device->efficiency_source = RATE_CALIBRATED;
        }
        if (one->compute_efficiency > 0) {
            device->compute_efficiency = one->compute_efficiency;
        }
        if (one->link_efficiency > 0) {
            device->link_efficiency = one->link_efficiency;
        }
    }
    free(kind);
}

void calibration_apply(struct rig *rig)
{
    struct calibrations found = {0};
    char *path = calibration_path(rig);
    if (path != NULL) {
        read_all(path, &found);
    }
    for (size_t i = 0; i < rig->n_devices; i++) {
        apply_one(rig, (int)i, &rig->devices[i], &found);
    }
    apply_one(rig, DEVICE_HOST, &rig->host, &found);
    calibrations_clear(&found);
    free(path);
}

/* ---- writing -------------------------------------------------------------------------------- */

static void add_efficiency(struct json_object *object, const char *key, double efficiency)
{
    if (efficiency > 0) {
        json_object_object_add(object, key, json_object_new_double(efficiency));
    }
}

static char *text_of(const struct calibrations *calibrations)
{
    struct json_object *object = json_object_new_object();
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < calibrations->n; i++) {
        struct json_object *one = json_object_new_object();
        json_out_text(one, "kind", calibrations->list[i].kind);
        add_efficiency(one, "efficiency", calibrations->list[i].efficiency);
        add_efficiency(one, "compute_efficiency", calibrations->list[i].compute_efficiency);
        add_efficiency(one, "link_efficiency", calibrations->list[i].link_efficiency);
        json_object_array_add(list, one);
    }
    json_out_text(object, "otplan", OTPLAN_VERSION);
    json_object_object_add(object, "kinds", list);
    return json_out_take(object);
}

static bool no_home(struct error *error)
{
    return error_set(error, ERROR_SYSTEM,
                     "nowhere to keep efficiencies: neither XDG_CONFIG_HOME nor HOME is set");
}

bool calibration_keep(const struct rig *rig, const struct calibrations *calibrations,
                      struct error *error)
{
    char *path = calibration_path(rig);
    if (path == NULL) {
        return no_home(error);
    }
    char *text = text_of(calibrations);
    user_make_folders(path); /* where that fails, writing says why */
    bool kept = output_write_file(path, text, strlen(text), true, false, error);
    free(text);
    free(path);
    return kept;
}

bool calibration_forget(const struct rig *rig, bool *existed, struct error *error)
{
    char *path = calibration_path(rig);
    *existed = path != NULL && unlink(path) == 0;
    bool forgotten = *existed || path == NULL || errno == ENOENT || errno == ENOTDIR ||
                     error_set(error, ERROR_SYSTEM, "%s: cannot remove: %s", path, strerror(errno));
    free(path);
    return forgotten;
}
