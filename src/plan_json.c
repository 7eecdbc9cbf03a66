#include "src/plan_json.h"

#include "model/base/memory.h"
#include "model/net/row_facts.h"
#include "model/plan/advice.h"
#include "model/text/argument_values.h"
#include "model/text/export.h"
#include "src/json_out.h"
#include "src/speed_json.h"

#include <json-c/json.h>
#include <stdlib.h>

struct json_object *plan_json_model(const struct model *model)
{
    const struct hparams *hparams = &model->hparams;
    struct json_object *object = json_object_new_object();
    json_out_text(object, "path", model->path);
    json_out_text(object, "name", model->name);
    json_out_text(object, "arch", model->arch_name);
    json_out_bytes(object, "n_layer", hparams->n_layer);
    json_out_bytes(object, "n_tensors", model->gguf->n_tensors);
    json_out_bytes(object, "bytes", model->bytes);
    json_out_bytes(object, "n_expert", hparams->n_expert);
    json_out_bytes(object, "n_expert_used", hparams->n_expert_used);
    json_out_bytes(object, "n_ctx_train", hparams->n_ctx_train);
    json_out_bool(object, "complete", model->complete);
    return object;
}

static struct json_object *settings_json(const struct plan *plan,
                                         const struct evaluation *evaluation)
{
    const struct settings *given = &plan->settings;
    const struct resolved *resolved = &evaluation->resolved;
    struct json_object *object = json_object_new_object();
    json_out_bytes(object, "n_ctx", resolved->n_ctx);
    json_out_bytes(object, "n_ctx_seq", resolved->n_ctx_seq);
    json_out_bytes(object, "n_seq", resolved->n_seq);
    json_out_bool(object, "kv_unified", resolved->kv_unified);
    json_out_text(object, "type_k", argument_cache_type_name(resolved->type_k));
    json_out_text(object, "type_v", argument_cache_type_name(resolved->type_v));
    json_out_bool(object, "flash_attn", resolved->flash_attn);
    json_out_text(object, "flash_attn_arg", argument_flash_attn_name(given->flash_attn));
    json_out_bytes(object, "n_batch", resolved->n_batch);
    json_out_bytes(object, "n_ubatch", resolved->n_ubatch);
    json_out_text(object, "split_mode", argument_split_mode_name(given->split_mode));
    json_out_signed(object, "main_gpu", given->main_gpu);
    json_out_bool(object, "offload_kqv", resolved->offload_kqv);
    json_out_bool(object, "op_offload", resolved->op_offload);
    json_out_bool(object, "swa_full", resolved->swa_full);
    json_out_text(object, "load_mode", argument_load_mode_name(resolved->load_mode));
    json_out_bool(object, "repack", resolved->repack);
    json_out_text(object, "target", target_name(given->target));
    json_out_bool(object, "pipeline_parallel", evaluation->pipeline_parallel);
    json_out_bytes(object, "n_outputs", resolved->n_outputs);
    return object;
}

static void add_use(struct json_object *object, const struct device *device,
                    const struct device_use *use)
{
    json_out_bytes(object, "total", device->total);
    json_out_bytes(object, "free", device->free);
    json_out_bytes(object, "margin", use->margin);
    json_out_bytes(object, "model", use->model);
    json_out_bytes(object, "context", use->context);
    json_out_bytes(object, "compute", use->compute);
    json_out_bytes(object, "beside", use->beside);
    json_out_bytes(object, "used", use->used);
    json_out_signed(object, "headroom", use->headroom);
    json_out_bool(object, "fits", device->backend == BACKEND_CPU ? use->fits : use->headroom >= 0);
    speed_rate_json(object, device);
    json_out_text(object, "model_source", figure_source_name(use->model_source));
    json_out_text(object, "context_source", figure_source_name(use->context_source));
    json_out_text(object, "compute_source", figure_source_name(use->compute_source));
    json_out_text(object, "beside_source",
                  figure_source_name(use->beside > 0 ? FIGURE_ESTIMATE : FIGURE_EXACT));
}

static struct json_object *devices_json(const struct rig *rig, const struct evaluation *evaluation)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < rig->n_devices; i++) {
        const struct device_use *use = &evaluation->devices[i];
        struct json_object *object = json_object_new_object();
        json_out_text(object, "name", rig->devices[i].name);
        if (use->order >= 0) {
            json_out_signed(object, "order", use->order);
        } else {
            json_out_null(object, "order");
        }
        add_use(object, &rig->devices[i], use);
        json_object_array_add(list, object);
    }
    return list;
}

static struct json_object *host_json(const struct rig *rig, const struct evaluation *evaluation)
{
    struct json_object *object = json_object_new_object();
    json_out_text(object, "name", rig->host.name);
    add_use(object, &rig->host, &evaluation->host);
    return object;
}

static void add_device(struct json_object *object, const char *key, const struct rig *rig,
                       int device)
{
    json_out_text(object, key, device == DEVICE_NONE ? NULL : rig_name(rig, device));
}

static struct json_object *layers_json(const struct model *model, const struct rig *rig,
                                       const struct evaluation *evaluation)
{
    struct json_object *list = json_object_new_array();
    for (uint32_t il = 0; il <= model->hparams.n_layer; il++) {
        const struct layer_place *layer = &evaluation->layers[il];
        struct json_object *object = json_object_new_object();
        json_out_bytes(object, "index", il);
        add_device(object, "home", rig, layer->home);
        add_device(object, "cache", rig, layer->cache);
        json_out_bytes(object, "context", layer->context);
        json_object_array_add(list, object);
    }
    return list;
}

/* ---- tensors -------------------------------------------------------------------------------- */

static struct json_object *shape_json(const struct model *model, size_t row)
{
    struct json_object *list = json_object_new_array();
    const struct gguf *gguf = model->gguf;
    const struct model_tensor *tensor = &model->tensors[row];
    size_t twin = model->facts->twin;
    size_t file_row = row - (twin > 0 && row >= twin ? 1 : 0);
    uint32_t n_dims = file_row < gguf->n_tensors ? gguf->tensors[file_row].n_dims : 4;
    for (uint32_t i = 0; i < n_dims && i < 4; i++) {
        json_object_array_add(list, json_object_new_uint64(tensor->ne[i]));
    }
    return list;
}

static void add_place(struct json_object *object, const struct model *model, const struct rig *rig,
                      const struct evaluation *evaluation, size_t row)
{
    int16_t device = evaluation->device[row];
    add_device(object, "device", rig, device);
    if (device == DEVICE_NONE || evaluation->override[row] < 0) {
        json_out_null(object, "override");
    } else {
        json_out_signed(object, "override", evaluation->override[row]);
    }
    if (model->tensors[row].tied_to >= 0) {
        json_out_bool(object, "tied", true);
    }
}

/* Two uses in one buffer type share one copy: the second then weighs nothing. */
static uint64_t row_bytes(const struct model *model, const struct evaluation *evaluation,
                          size_t row)
{
    const struct model_tensor *tensor = &model->tensors[row];
    bool shared = tensor->tied_to >= 0 && evaluation != NULL &&
                  evaluation->device[row] == evaluation->device[tensor->tied_to];
    return shared ? 0 : tensor->bytes;
}

struct tensor_table {
    const struct model *model;
    const struct rig *rig;
    const struct evaluation *evaluation; /* or NULL */
};

static struct json_object *tensor_json(void *context, size_t row)
{
    const struct tensor_table *table = context;
    const struct model_tensor *tensor = &table->model->tensors[row];
    struct json_object *object = json_object_new_object();
    json_out_text(object, "name", tensor->name);
    json_out_text(object, "type", tensor->type->name);
    json_object_object_add(object, "ne", shape_json(table->model, row));
    json_out_bytes(object, "bytes", row_bytes(table->model, table->evaluation, row));
    if (tensor->layer >= 0) {
        json_out_signed(object, "layer", tensor->layer);
    } else {
        json_out_null(object, "layer");
    }
    json_out_text(object, "group", tensor_group_name(tensor->group));
    if (table->evaluation != NULL) {
        add_place(object, table->model, table->rig, table->evaluation, row);
    } else if (tensor->tied_to >= 0) {
        json_out_bool(object, "tied", true);
    }
    return object;
}

struct json_object *plan_json_tensors(const struct model *model, const struct rig *rig,
                                      const struct evaluation *evaluation)
{
    struct tensor_table table = {model, rig, evaluation};
    return json_out_rows(model->n_tensors, tensor_json, memory_copy(&table, sizeof table));
}

/* ---- rules, arguments, warnings ------------------------------------------------------------- */

static void add_rule(struct json_object *list, const char *pattern, const char *buffer,
                     const struct rule_use *use)
{
    struct json_object *object = json_object_new_object();
    json_out_text(object, "pattern", pattern);
    json_out_text(object, "buffer", buffer);
    json_out_bytes(object, "matches", use->matches);
    json_out_bytes(object, "bytes", use->bytes);
    json_object_array_add(list, object);
}

static struct json_object *overrides_json(const struct rig *rig, const struct plan *plan,
                                          const struct evaluation *evaluation)
{
    struct json_object *list = json_object_new_array();
    const struct generated_rules *rules = &evaluation->rules;
    for (size_t i = 0; i < rules->n; i++) {
        add_rule(list, rules->rules[i].pattern, rig_name(rig, rules->rules[i].device),
                 &evaluation->rule_use[i]);
    }
    for (size_t i = 0; i < plan->given->n_entries; i++) {
        const struct override *entry = &plan->given->entries[i];
        add_rule(list, entry->pattern, entry->buffer, &evaluation->rule_use[rules->n + i]);
    }
    return list;
}

static struct json_object *warnings_json(const struct evaluation *evaluation)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < evaluation->n_warnings; i++) {
        struct json_object *object = json_object_new_object();
        json_out_text(object, "code", warning_name(evaluation->warnings[i].code));
        json_out_text(object, "message", evaluation->warnings[i].message);
        json_object_array_add(list, object);
    }
    return list;
}

static void add_arguments(struct json_object *object, const struct plan_json_source *source)
{
    struct export_source export;
    export_source_make(&export, source->model, source->rig, source->plan, source->evaluation,
                       source->model_path);
    json_object_object_add(object, "args", json_out_words(export.args, export.n_args));
    struct strbuf command = {0};
    export_command(&export, &command);
    json_out_text(object, "command", strbuf_text(&command));
    strbuf_clear(&command);
    export_source_clear(&export);
}

static struct json_object *card_advice_json(const struct model *model, const struct rig *rig,
                                            const struct advice *advice, size_t at)
{
    const struct card_advice *card = &advice->cards[at];
    struct json_object *object = json_object_new_object();
    struct strbuf line = {0};
    advice_limit_text(model, rig, advice, at, &line);
    json_out_text(object, "name", rig->devices[at].name);
    json_out_text(object, "line", strbuf_text(&line));
    strbuf_clear(&line);
    json_out_bytes(object, "left", card->left);
    json_out_text(object, "smallest",
                  card->smallest_row >= 0 ? model->tensors[card->smallest_row].name : NULL);
    json_object_object_add(object, "smallest_layer",
                           card->smallest_layer >= 0 ? json_object_new_int(card->smallest_layer)
                                                     : NULL);
    json_out_bytes(object, "smallest_bytes", card->smallest_bytes);
    json_out_text(object, "reason", limit_reason_name(card->reason));
    json_object_object_add(object, "tokens_per_second_with_1_gib",
                           card->with_gib > 0 ? json_object_new_double(card->with_gib) : NULL);
    return object;
}

static struct json_object *advice_json(const struct rig *rig, const struct model *model,
                                       const struct advice *advice)
{
    struct json_object *object = json_object_new_object();
    struct json_object *cards = json_object_new_array();
    for (size_t i = 0; i < advice->n_cards; i++) {
        if (advice->cards[i].in_use) {
            json_object_array_add(cards, card_advice_json(model, rig, advice, i));
        }
    }
    json_out_text(object, "limiting",
                  advice->limiting >= 0 ? rig->devices[advice->limiting].name : NULL);
    json_object_object_add(object, "devices", cards);
    json_object_object_add(object, "tokens_per_second_with_q8_0_cache",
                           advice->with_q8_cache > 0 ? json_object_new_double(advice->with_q8_cache)
                                                     : NULL);
    json_out_bytes(object, "q8_0_cache_saves", advice->q8_saves);
    return object;
}

char *plan_json_text(const struct plan_json_source *source)
{
    const struct evaluation *evaluation = source->evaluation;
    struct json_object *object = json_object_new_object();
    json_out_text(object, "otplan", OTPLAN_VERSION);
    json_object_object_add(object, "model", plan_json_model(source->model));
    json_object_object_add(object, "settings", settings_json(source->plan, evaluation));
    json_object_object_add(object, "devices", devices_json(source->rig, evaluation));
    json_object_object_add(object, "host", host_json(source->rig, evaluation));
    json_object_object_add(object, "layers", layers_json(source->model, source->rig, evaluation));
    json_object_object_add(object, "tensors",
                           plan_json_tensors(source->model, source->rig, evaluation));
    json_object_object_add(object, "overrides",
                           overrides_json(source->rig, source->plan, evaluation));
    add_arguments(object, source);
    json_object_object_add(object, "throughput", speed_json(source));
    if (source->advice != NULL) {
        json_object_object_add(object, "advice",
                               advice_json(source->rig, source->model, source->advice));
    }
    json_object_object_add(object, "warnings", warnings_json(evaluation));
    return json_out_take(object);
}
