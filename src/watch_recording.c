#include "src/watch_recording.h"

#include "model/base/memory.h"
#include "model/base/plain_text.h"
#include "model/base/strbuf.h"
#include "src/json_out.h"
#include "src/json_read.h"
#include "src/output.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 256 << 20, MOST_DEVICES = 256 };

/* ---- reading -------------------------------------------------------------------------------- */

static bool get_bytes(struct json_object *object, const char *key, uint64_t *out)
{
    struct json_object *value = NULL;
    bool has = json_object_object_get_ex(object, key, &value) &&
               json_object_is_type(value, json_type_int) && json_object_get_int64(value) >= 0;
    *out = has ? json_object_get_uint64(value) : 0;
    return has;
}

static struct recorded_device *device_of(struct recording *recording, const char *name)
{
    for (size_t i = 0; i < recording->n_devices; i++) {
        if (strcmp(recording->devices[i].name, name) == 0) {
            return &recording->devices[i];
        }
    }
    if (recording->n_devices >= MOST_DEVICES) {
        return NULL;
    }
    recording->devices =
        memory_resize(recording->devices, recording->n_devices + 1, sizeof *recording->devices);
    struct recorded_device *device = &recording->devices[recording->n_devices++];
    *device = (struct recorded_device){.least_free = UINT64_MAX};
    snprintf(device->name, sizeof device->name, "%s", name);
    return device;
}

static void raise_to(uint64_t *most, uint64_t value)
{
    *most = value > *most ? value : *most;
}

static void take_device(struct recording *recording, struct json_object *item)
{
    struct json_object *name = NULL;
    uint64_t used = 0;
    uint64_t value = 0;
    if (!json_object_object_get_ex(item, "name", &name) || !get_bytes(item, "used", &used)) {
        return;
    }
    char plain[64];
    snprintf(plain, sizeof plain, "%s", json_object_get_string(name));
    plain_text(plain);
    struct recorded_device *device = device_of(recording, plain);
    if (device == NULL) {
        return;
    }
    device->n++;
    device->sum += (double)used;
    device->used_mean = (uint64_t)(device->sum / (double)device->n);
    raise_to(&device->used_peak, used);
    get_bytes(item, "server", &value);
    raise_to(&device->server_peak, value);
    get_bytes(item, "others", &value);
    raise_to(&device->others_peak, value);
    get_bytes(item, "total", &device->total);
    if (get_bytes(item, "free", &value) && value < device->least_free) {
        device->least_free = value;
    }
    if (get_bytes(item, "planned", &value)) {
        device->planned = value;
        device->is_planned = true;
    }
}

static void take_sample(struct recording *recording, struct json_object *sample)
{
    struct json_object *value = NULL;
    recording->n_samples++;
    if (json_object_object_get_ex(sample, "seconds", &value)) {
        recording->seconds = json_object_get_double(value);
    }
    if (json_object_object_get_ex(sample, "alerts", &value) &&
        json_object_is_type(value, json_type_array)) {
        recording->n_alerts += json_object_array_length(value) > 0 ? 1 : 0;
    }
    if (json_object_object_get_ex(sample, "devices", &value) &&
        json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            take_device(recording, json_object_array_get_idx(value, i));
        }
    }
    if (json_object_object_get_ex(sample, "host", &value)) {
        take_device(recording, value);
    }
}

static bool take_line(struct recording *recording, const char *line, size_t bytes, size_t number,
                      struct error *error)
{
    struct json_object *object = NULL;
    struct json_object *mark = NULL;
    struct error why = {0};
    bool read = json_read_text(recording->path, line, bytes, &object, &why);
    bool ours = read && json_object_is_type(object, json_type_object) &&
                json_object_object_get_ex(object, "otplan_watch", &mark);
    if (ours) {
        take_sample(recording, object);
    }
    json_object_put(object);
    return ours ||
           error_set(error, ERROR_INPUT, "%s: not a recording of otplan watch --record (line %zu)",
                     recording->path, number);
}

bool recording_read(const char *path, struct recording *out, struct error *error)
{
    char *text = NULL;
    size_t bytes = 0;
    size_t number = 1;
    *out = (struct recording){.path = memory_text(path)};
    if (!input_read_file(path, MOST_BYTES, &text, &bytes, error)) {
        return false;
    }
    bool fine = true;
    for (char *at = text; fine && at < text + bytes; number++) {
        char *newline = memchr(at, '\n', (size_t)(text + bytes - at));
        if (newline == NULL && out->n_samples > 0) {
            break; /* it was cut off while it was written */
        }
        size_t length = newline != NULL ? (size_t)(newline - at) : (size_t)(text + bytes - at);
        at[length] = '\0'; /* input_read_file leaves room */
        fine = length == 0 || take_line(out, at, length, number, error);
        at += length + 1;
    }
    free(text);
    if (fine && out->n_samples == 0) {
        fine = error_set(error, ERROR_INPUT, "%s: an empty recording", path);
    }
    return fine;
}

void recording_clear(struct recording *recording)
{
    free(recording->path);
    free(recording->devices);
    *recording = (struct recording){0};
}

/* ---- side by side --------------------------------------------------------------------------- */

static const struct {
    const char *key, *words;
    size_t place;
} figures[] = {
    {"used_mean", "used, mean", offsetof(struct recorded_device, used_mean)},
    {"used_peak", "used, peak", offsetof(struct recorded_device, used_peak)},
    {"server_peak", "server, peak", offsetof(struct recorded_device, server_peak)},
    {"others_peak", "others, peak", offsetof(struct recorded_device, others_peak)},
    {"least_free", "least free", offsetof(struct recorded_device, least_free)},
    {"planned", "planned", offsetof(struct recorded_device, planned)},
};
enum { FIGURES = sizeof figures / sizeof figures[0] };

static const struct recorded_device *find(const struct recording *recording, const char *name)
{
    for (size_t i = 0; i < recording->n_devices; i++) {
        if (strcmp(recording->devices[i].name, name) == 0) {
            return &recording->devices[i];
        }
    }
    return NULL;
}

/* False: there is no such figure in the recording. */
static bool figure(const struct recorded_device *device, size_t i, uint64_t *out)
{
    *out = 0;
    if (device == NULL || (strcmp(figures[i].key, "planned") == 0 && !device->is_planned)) {
        return false;
    }
    memcpy(out, (const char *)device + figures[i].place, sizeof *out);
    return true;
}

static void add_cell(struct strbuf *out, bool has, double mib, bool is_change)
{
    if (has) {
        strbuf_format(out, is_change ? "  %+12.1f" : "  %12.1f", mib);
    } else {
        strbuf_format(out, "  %12s", "-");
    }
}

static void add_figure(struct strbuf *out, size_t i, const struct recorded_device *before,
                       const struct recorded_device *after)
{
    uint64_t a = 0;
    uint64_t b = 0;
    bool has_a = figure(before, i, &a);
    bool has_b = figure(after, i, &b);
    if ((!has_a && !has_b) || (a == 0 && b == 0)) {
        return;
    }
    strbuf_format(out, "  %-14s", figures[i].words);
    add_cell(out, has_a, (double)a / 1048576.0, false);
    add_cell(out, has_b, (double)b / 1048576.0, false);
    add_cell(out, has_a && has_b, ((double)b - (double)a) / 1048576.0, true);
    strbuf_add(out, "\n");
}

static void add_recording(struct strbuf *out, const char *what, const struct recording *recording)
{
    strbuf_format(out, "%s: ", what);
    strbuf_add_plain(out, recording->path);
    strbuf_format(out, ": %zu sample%s over %.1f s, %zu with an alert\n", recording->n_samples,
                  recording->n_samples == 1 ? "" : "s", recording->seconds, recording->n_alerts);
}

static void add_device(struct strbuf *out, const char *name, const struct recorded_device *before,
                       const struct recorded_device *after)
{
    strbuf_format(out, "%-16s  %12s  %12s  %12s\n", name, before != NULL ? "before" : "-",
                  after != NULL ? "after" : "-", "change");
    for (size_t i = 0; i < FIGURES; i++) {
        add_figure(out, i, before, after);
    }
}

char *recordings_text(const struct recording *before, const struct recording *after)
{
    struct strbuf out = {0};
    add_recording(&out, "before", before);
    add_recording(&out, "after", after);
    strbuf_add(&out, "MiB\n");
    for (size_t i = 0; i < before->n_devices; i++) {
        const char *name = before->devices[i].name;
        add_device(&out, name, &before->devices[i], find(after, name));
    }
    for (size_t i = 0; i < after->n_devices; i++) {
        if (find(before, after->devices[i].name) == NULL) {
            add_device(&out, after->devices[i].name, NULL, &after->devices[i]);
        }
    }
    return strbuf_take(&out);
}

static struct json_object *side_json(const struct recorded_device *device)
{
    struct json_object *object = device != NULL ? json_object_new_object() : NULL;
    for (size_t i = 0; device != NULL && i < FIGURES; i++) {
        uint64_t value = 0;
        if (figure(device, i, &value)) {
            json_out_bytes(object, figures[i].key, value);
        } else {
            json_out_null(object, figures[i].key);
        }
    }
    return object;
}

static struct json_object *change_json(const struct recorded_device *before,
                                       const struct recorded_device *after)
{
    struct json_object *object = json_object_new_object();
    for (size_t i = 0; i < FIGURES; i++) {
        uint64_t a = 0;
        uint64_t b = 0;
        if (figure(before, i, &a) && figure(after, i, &b)) {
            json_out_signed(object, figures[i].key, (int64_t)b - (int64_t)a);
        }
    }
    return object;
}

static void add_device_json(struct json_object *list, const char *name,
                            const struct recorded_device *before,
                            const struct recorded_device *after)
{
    struct json_object *item = json_object_new_object();
    json_out_text(item, "name", name);
    json_object_object_add(item, "before", side_json(before));
    json_object_object_add(item, "after", side_json(after));
    json_object_object_add(item, "change", change_json(before, after));
    json_object_array_add(list, item);
}

static struct json_object *recording_json(const struct recording *recording)
{
    struct json_object *object = json_object_new_object();
    json_out_text(object, "path", recording->path);
    json_out_bytes(object, "samples", recording->n_samples);
    json_out_bytes(object, "samples_with_alert", recording->n_alerts);
    json_object_object_add(object, "seconds", json_object_new_double(recording->seconds));
    return object;
}

char *recordings_json(const struct recording *before, const struct recording *after)
{
    struct json_object *root = json_object_new_object();
    struct json_object *devices = json_object_new_array();
    json_object_object_add(root, "before", recording_json(before));
    json_object_object_add(root, "after", recording_json(after));
    for (size_t i = 0; i < before->n_devices; i++) {
        const char *name = before->devices[i].name;
        add_device_json(devices, name, &before->devices[i], find(after, name));
    }
    for (size_t i = 0; i < after->n_devices; i++) {
        if (find(before, after->devices[i].name) == NULL) {
            add_device_json(devices, after->devices[i].name, NULL, &after->devices[i]);
        }
    }
    json_object_object_add(root, "devices", devices);
    return json_out_take(root);
}
