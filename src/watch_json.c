#include "src/watch_json.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "src/json_out.h"

#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void add_time(struct json_object *object)
{
    char stamp[40] = "";
    time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc) != NULL) {
        strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &utc);
    }
    json_out_text(object, "time", stamp);
}

static void add_seconds(struct json_object *object, double seconds)
{
    json_object_object_add(object, "seconds", json_object_new_double(round(seconds * 1000) / 1000));
}

struct json_object *watch_processes_json(const struct watch_device *device)
{
    if (!device->has_processes) {
        return NULL;
    }
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < device->n_processes; i++) {
        const struct watch_process *process = &device->processes[i];
        struct json_object *item = json_object_new_object();
        json_out_signed(item, "pid", process->pid);
        json_out_text(item, "name", process->name);
        if (process->is_known) {
            json_out_bytes(item, "bytes", process->bytes);
        } else {
            json_out_null(item, "bytes");
        }
        json_out_bool(item, "server", process->is_server);
        json_object_array_add(list, item);
    }
    return list;
}

static void add_bytes_if(struct json_object *object, const char *key, bool known, uint64_t bytes)
{
    if (known) {
        json_out_bytes(object, key, bytes);
    } else {
        json_out_null(object, key);
    }
}

static struct json_object *line_json(const struct watch_line *line,
                                     const struct watch_device *device)
{
    struct json_object *item = json_object_new_object();
    json_out_text(item, "name", line->name);
    json_out_text(item, "description", line->description);
    json_out_bytes(item, "total", line->total);
    json_out_bytes(item, "used", line->used);
    json_out_bytes(item, "free", line->free);
    add_bytes_if(item, "server", line->knows_server, line->server);
    add_bytes_if(item, "others", device->has_processes, line->others);
    json_out_bytes(item, "peak", line->peak);
    add_bytes_if(item, "peak_server", line->peak_server > 0, line->peak_server);
    json_out_bytes(item, "least_free", line->least_free);
    add_bytes_if(item, "planned", line->is_planned, line->planned);
    add_bytes_if(item, "missing", line->is_planned, line->missing);
    json_out_bool(item, "low", line->is_low);
    json_object_object_add(item, "processes", watch_processes_json(device));
    return item;
}

static struct json_object *alerts_json(const struct watch *watch)
{
    struct json_object *list = json_object_new_array();
    struct strbuf text = {0};
    watch_alerts(watch, &text);
    for (const char *at = strbuf_text(&text); *at != '\0'; at += strcspn(at, "\n") + 1) {
        char *line = memory_text_n(at, strcspn(at, "\n"));
        json_object_array_add(list, json_out_string(line));
        free(line);
    }
    strbuf_clear(&text);
    return list;
}

char *watch_json(const struct watch *watch, const char *replan)
{
    struct json_object *root = json_object_new_object();
    struct json_object *devices = json_object_new_array();
    json_out_signed(root, "otplan_watch", 1);
    add_time(root);
    add_seconds(root, watch->last.seconds);
    if (watch->last.server != 0) {
        struct json_object *server = json_object_new_object();
        json_out_signed(server, "pid", watch->last.server);
        json_out_text(server, "name", watch->last.server_name);
        json_object_object_add(root, "server", server);
    } else {
        json_out_null(root, "server");
    }
    for (size_t i = 0; i + 1 < watch->n_lines; i++) {
        json_object_array_add(devices, line_json(&watch->lines[i], &watch->last.devices[i]));
    }
    json_object_object_add(root, "devices", devices);
    if (watch->n_lines > 0) {
        size_t host = watch->n_lines - 1;
        json_object_object_add(root, "host",
                               line_json(&watch->lines[host], &watch->last.devices[host]));
    }
    json_object_object_add(root, "alerts", alerts_json(watch));
    json_out_text(root, "replan", replan);
    return json_out_take_line(root);
}
