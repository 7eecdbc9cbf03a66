/* `verify --json`: the keys of interface.md section 4, and beside them what the log says of itself. */
#include "src/verify_json.h"

#include "src/json_out.h"

#include <json-c/json.h>

static struct json_object *text_or_null(const char *text)
{
    return text && *text ? json_object_new_string(text) : NULL;
}

static struct json_object *number(uint64_t value)
{
    return json_object_new_uint64(value);
}

static struct json_object *number_or_null(uint64_t value)
{
    return value ? number(value) : NULL;
}

static void put(struct json_object *object, const char *key, struct json_object *value)
{
    json_object_object_add(object, key, value);
}

static struct json_object *check_json(const struct log_check *check)
{
    struct json_object *object = json_object_new_object();

    put(object, "what", json_object_new_string(check->what));
    put(object, "planned", check->has_planned ? number(check->planned) : NULL);
    put(object, "actual", number(check->actual));
    put(object, "ok", json_object_new_boolean(check->ok));
    return object;
}

static void add_checks(struct json_object *list, const struct load_report *load)
{
    for (size_t i = 0; i < load->n_checks; i++)
        json_object_array_add(list, check_json(&load->checks[i]));
}

static void add_findings(struct json_object *list, const struct load_report *load)
{
    for (size_t i = 0; i < load->n_findings; i++) {
        struct json_object *object = json_object_new_object();
        put(object, "code", json_object_new_string(load->findings[i].code));
        put(object, "message", json_object_new_string(load->findings[i].message));
        json_object_array_add(list, object);
    }
}

static struct json_object *devices_json(const struct log_load *load)
{
    struct json_object *list = json_object_new_array();

    for (size_t i = 0; i < load->n_devices; i++) {
        const struct log_device *device = &load->devices[i];
        struct json_object *object = json_object_new_object();
        put(object, "name", json_object_new_string(device->name));
        put(object, "description", text_or_null(device->description));
        put(object, "compute_capability", text_or_null(device->capability));
        put(object, "total", number_or_null(device->total));
        put(object, "free", number_or_null(device->free));
        json_object_array_add(list, object);
    }
    return list;
}

static struct json_object *refused_json(const struct log_failure *failure)
{
    if (failure->kind != FAILURE_ALLOCATION)
        return NULL;
    struct json_object *object = json_object_new_object();
    put(object, "device", text_or_null(failure->buffer));
    put(object, "bytes", number_or_null(failure->bytes));
    put(object, "what", json_object_new_string(log_memory_use_name(failure->use)));
    return object;
}

static struct json_object *offloaded_json(const struct log_load *load)
{
    if (!load->has_offloaded)
        return NULL;
    struct json_object *pair = json_object_new_array();
    json_object_array_add(pair, number(load->offloaded));
    json_object_array_add(pair, number(load->offloadable));
    return pair;
}

static struct json_object *context_json(const struct log_context *context)
{
    if (!context)
        return NULL;
    struct json_object *object = json_object_new_object();
    put(object, "n_ctx", number_or_null(context->n_ctx));
    put(object, "n_batch", number_or_null(context->n_batch));
    put(object, "n_ubatch", number_or_null(context->n_ubatch));
    put(object, "flash_attn",
        context->flash_attn < 0 ? NULL : json_object_new_boolean(context->flash_attn));
    put(object, "pipeline_parallel", json_object_new_boolean(context->pipeline_parallel));
    put(object, "splits", number_or_null(context->splits));
    put(object, "splits_decode", number_or_null(context->splits_decode));
    return object;
}

static struct json_object *speed_json(double tokens_per_second)
{
    return tokens_per_second > 0 ? json_object_new_double(tokens_per_second) : NULL;
}

static struct json_object *load_json(const struct log_load *load, const struct load_report *report)
{
    struct json_object *object = json_object_new_object();
    struct json_object *checks = json_object_new_array(), *findings = json_object_new_array();

    add_checks(checks, report);
    add_findings(findings, report);
    put(object, "verdict", json_object_new_string(log_verdict_name(report->verdict)));
    put(object, "checks", checks);
    put(object, "findings", findings);
    put(object, "model", text_or_null(load->model));
    put(object, "devices", devices_json(load));
    put(object, "offloaded", offloaded_json(load));
    put(object, "overridden_tensors", number(load->n_overrides));
    put(object, "out_of_memory", refused_json(&load->failure));
    put(object, "context", context_json(log_load_main_context(load)));
    put(object, "prompt_tokens_per_second", speed_json(load->speed.prompt));
    put(object, "tokens_per_second", speed_json(load->speed.decode));
    return object;
}

char *verify_json(const struct log *log, const struct log_report *report)
{
    struct json_object *object = json_object_new_object();
    struct json_object *loads = json_object_new_array();
    struct json_object *checks = json_object_new_array(), *findings = json_object_new_array();

    for (size_t i = 0; i < report->n_loads; i++) {
        json_object_array_add(loads, load_json(&log->loads[i], &report->loads[i]));
        add_checks(checks, &report->loads[i]);
        add_findings(findings, &report->loads[i]);
    }
    put(object, "verdict", json_object_new_string(log_verdict_name(report->verdict)));
    put(object, "loads", loads);
    put(object, "checks", checks);
    put(object, "findings", findings);
    put(object, "engine", json_object_new_string(log_engine_name(log->engine)));
    put(object, "command", text_or_null(log->command));
    return json_out_take(object);
}
