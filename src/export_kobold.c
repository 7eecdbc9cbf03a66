#include "src/export_kobold.h"

#include "model/gguf/ggml_types.h"
#include "model/plan/homes.h"
#include "model/text/export_parts.h"
#include "src/json_out.h"

#include <json-c/json.h>
#include <stdlib.h>

/* --quantkv: 0 f16, 1 q8_0, 2 q4_0, 3 bf16; one value for keys and values. */
static int quantkv(uint32_t type)
{
    return type == GGML_F16    ? 0
           : type == GGML_Q8_0 ? 1
           : type == GGML_Q4_0 ? 2
           : type == GGML_BF16 ? 3
                               : -1;
}

static bool check(const struct export_source *source, struct error *error)
{
    const struct settings *settings = &source->plan->settings;
    if (settings->type_k != settings->type_v || quantkv(settings->type_k) < 0) {
        return error_set(
            error, ERROR_INPUT,
            "--format kobold: KoboldCpp's cache is f16, bf16, q8_0 or q4_0 for keys and "
            "values alike");
    }
    if (source->plan->devices != NULL) {
        return error_set(
            error, ERROR_INPUT,
            "--format kobold: KoboldCpp has no -dev; use CUDA_VISIBLE_DEVICES and leave "
            "-dev out");
    }
    return true;
}

static void add_split(const struct export_source *source, struct json_object *object)
{
    const struct evaluation *evaluation = source->evaluation;
    if (evaluation->n_in_use < 2) {
        return;
    }
    struct json_object *list = json_object_new_array();
    for (size_t k = 0; k < evaluation->n_in_use; k++) {
        json_object_array_add(list, json_object_new_int64(evaluation->runs[1 + k]));
    }
    json_object_object_add(object, "tensor_split", list);
}

static void add_backend(const struct export_source *source, struct json_object *object)
{
    const struct rig *rig = source->rig;
    if (rig->n_devices == 0 || rig->devices[0].backend != BACKEND_CUDA) {
        return;
    }
    struct json_object *list = json_object_new_array();
    json_object_array_add(list, json_object_new_string("normal"));
    if (source->plan->settings.split_mode == SPLIT_NONE) {
        json_object_array_add(list, json_out_string((const char[]){
                                        (char)('0' + source->plan->settings.main_gpu % 10), '\0'}));
    }
    json_object_object_add(object, "usecuda", list);
}

bool export_kobold(const struct export_source *source, struct strbuf *out, struct error *error)
{
    if (!check(source, error)) {
        return false;
    }
    const struct evaluation *evaluation = source->evaluation;
    const struct settings *settings = &source->plan->settings;
    struct json_object *object = json_object_new_object();
    struct strbuf rules = {0};
    export_rules(source, ",", &rules);
    json_out_text(object, "model_param", source->model_path);
    json_out_bytes(object, "contextsize", evaluation->resolved.n_ctx);
    json_out_bytes(object, "gpulayers",
                   homes_offloaded(source->model, source->plan, evaluation->n_in_use));
    add_split(source, object);
    add_backend(source, object);
    json_out_text(object, "overridetensors", strbuf_text(&rules));
    json_out_signed(object, "quantkv", quantkv(settings->type_k));
    json_out_bool(object, "flashattention", evaluation->resolved.flash_attn);
    json_out_bytes(object, "blasbatchsize", evaluation->resolved.n_ubatch);
    json_out_bool(object, "lowvram", !settings->offload_kqv);
    json_out_bool(object, "usemmap",
                  settings->load_mode == LOAD_AUTO || settings->load_mode == LOAD_MMAP ||
                      settings->load_mode == LOAD_MMAP_MLOCK);
    json_out_bool(object, "usemlock",
                  settings->load_mode == LOAD_MLOCK || settings->load_mode == LOAD_MMAP_MLOCK);
    strbuf_clear(&rules);
    char *text = json_out_take(object);
    strbuf_add(out, text);
    free(text);
    return true;
}
