#include "src/speed_json.h"

#include "model/plan/prompt_speed.h"
#include "src/json_out.h"

#include <json-c/json.h>

static void add_double(struct json_object *object, const char *key, double number)
{
    json_object_object_add(object, key, json_object_new_double(number));
}

static void add_known(struct json_object *object, const char *key, bool known, double number)
{
    json_object_object_add(object, key, known ? json_object_new_double(number) : NULL);
}

void speed_rate_json(struct json_object *object, const struct device *device)
{
    add_known(object, "bandwidth_gb_s", device->bandwidth_gb_s > 0, device->bandwidth_gb_s);
    json_out_text(object, "bandwidth_source", device_bandwidth_rests_on(device));
    add_double(object, "efficiency",
               device->efficiency > 0 ? device->efficiency : DEFAULT_EFFICIENCY);
    json_out_text(object, "efficiency_source", device_efficiency_rests_on(device));
    add_double(object, "switch_us", device->switch_us);
}

/* ---- decoding ------------------------------------------------------------------------------- */

static void add_device(struct json_object *list, const struct device *device,
                       const struct speed_use *use)
{
    struct json_object *object = json_object_new_object();
    json_out_text(object, "name", device->name);
    add_double(object, "seconds", use->seconds);
    json_out_bytes(object, "bytes_read", (uint64_t)use->bytes_read);
    speed_rate_json(object, device);
    json_object_array_add(list, object);
}

static struct json_object *per_device(const struct rig *rig, const struct speed *speed)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < rig->n_devices; i++) {
        add_device(list, &rig->devices[i], &speed->devices[i]);
    }
    add_device(list, &rig->host, &speed->host);
    return list;
}

static struct json_object *per_layer(const struct model *model, const struct speed *speed)
{
    struct json_object *list = json_object_new_array();
    for (uint32_t il = 0; il <= model->hparams.n_layer; il++) {
        struct json_object *object = json_object_new_object();
        json_out_bytes(object, "index", il);
        add_double(object, "seconds", speed->layers[il].seconds);
        json_out_bytes(object, "bytes_read", (uint64_t)speed->layers[il].bytes_read);
        json_object_array_add(list, object);
    }
    return list;
}

/* ---- prompts -------------------------------------------------------------------------------- */

static void add_prompt_device(struct json_object *list, const struct device *device,
                              const struct prompt_use *use)
{
    struct json_object *object = json_object_new_object();
    json_out_text(object, "name", device->name);
    add_double(object, "seconds", use->seconds);
    add_double(object, "copy_seconds", use->copy_seconds);
    json_out_bytes(object, "bytes_copied", (uint64_t)use->bytes_copied);
    add_known(object, "link_gb_s", device->link_gb_s > 0, device->link_gb_s);
    add_known(object, "tflops", device->tflops > 0, device->tflops);
    add_double(object, "compute_efficiency", prompt_compute_efficiency(device));
    add_double(object, "link_efficiency",
               device->link_efficiency > 0 ? device->link_efficiency : DEFAULT_EFFICIENCY);
    json_object_array_add(list, object);
}

static void add_prompt(struct json_object *object, const struct plan_json_source *source)
{
    const struct rig *rig = source->rig;
    struct prompt_speed speed;
    prompt_speed_estimate(source->model, rig, source->evaluation, source->depth, &speed);
    struct json_object *prompt = json_object_new_object();
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < rig->n_devices; i++) {
        add_prompt_device(list, &rig->devices[i], &speed.devices[i]);
    }
    add_prompt_device(list, &rig->host, &speed.host);
    json_out_bytes(prompt, "n_ubatch", speed.n_ubatch);
    json_out_text(prompt, "offload_device", rig_name(rig, speed.offload));
    json_out_text(prompt, "unknown_because", speed.known ? NULL : speed.unknown_because);
    json_object_object_add(prompt, "per_device", list);
    add_known(object, "prompt_tokens_per_second", speed.known, speed.tokens_per_second);
    json_object_object_add(object, "prompt", prompt);
    prompt_speed_clear(&speed);
}

struct json_object *speed_json(const struct plan_json_source *source)
{
    struct speed speed;
    speed_estimate(source->model, source->rig, source->evaluation, source->depth, &speed);
    struct json_object *object = speed.known ? json_object_new_object() : NULL;
    if (object != NULL) {
        add_double(object, "tokens_per_second", speed.tokens_per_second);
        add_known(object, "bound_tokens_per_second", speed.bound_known,
                  speed.bound_tokens_per_second);
        json_out_bytes(object, "depth", source->depth);
        json_out_bytes(object, "switches", speed.switches);
        add_double(object, "switch_seconds", speed.switch_seconds);
        json_object_object_add(object, "per_device", per_device(source->rig, &speed));
        json_object_object_add(object, "per_layer", per_layer(source->model, &speed));
        add_prompt(object, source);
    }
    speed_clear(&speed);
    return object;
}
