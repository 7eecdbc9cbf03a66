#include "src/config.h"

#include "model/base/memory.h"
#include "model/text/argument_values.h"
#include "src/json_read.h"
#include "src/user_folder.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct reading {
    struct json_place place;
    struct config *out;
    struct strbuf *notes;
    struct error *error;
};

/* ---- one value ------------------------------------------------------------------------------ */

static bool read_context(struct reading *reading, struct json_object *object)
{
    double number = -1;
    if (!json_get_number(object, "context_size", &reading->place, 0, 1e9, &number,
                         reading->error)) {
        return false;
    }
    reading->out->context_size = (int64_t)number;
    return true;
}

static bool read_type(struct reading *reading, struct json_object *object, const char *key,
                      uint32_t *type, bool *given)
{
    char *name = NULL;
    bool read = json_get_text(object, key, &reading->place, &name, reading->error);
    if (read && name != NULL) {
        *given = argument_cache_type(name, type);
        read =
            *given || json_refuse(&reading->place, key,
                                  "must be f32, f16, bf16, q8_0, q4_0, q4_1, iq4_nl, q5_0 or q5_1",
                                  reading->error);
    }
    free(name);
    return read;
}

static bool read_margins(struct reading *reading, struct json_object *object)
{
    static const char key[] = "memory_safety_margin_mb";
    struct config *out = reading->out;
    struct json_object *value = NULL;
    json_object_object_get_ex(object, key, &value);
    if (!json_object_is_type(value, json_type_array)) {
        out->n_margins = value != NULL ? 1 : 0;
        return json_get_number(object, key, &reading->place, 0, 1e9, &out->margins_mib[0],
                               reading->error);
    }
    size_t n = json_object_array_length(value);
    bool read = n <= CONFIG_MOST_MARGINS;
    for (size_t i = 0; i < n && read; i++) {
        struct json_object *one = json_object_array_get_idx(value, i);
        double mib = json_object_get_double(one);
        read = (json_object_is_type(one, json_type_int) ||
                json_object_is_type(one, json_type_double)) &&
               mib >= 0 && mib <= 1e9;
        out->margins_mib[i] = mib;
    }
    out->n_margins = n;
    return read || json_refuse(&reading->place, key,
                               "must be a number of MiB, or a list of up to 16, one per device",
                               reading->error);
}

/* ---- sections ------------------------------------------------------------------------------- */

static bool read_cache(struct reading *reading, struct json_object *object)
{
    struct config *out = reading->out;
    return read_type(reading, object, "type", &out->type_k, &out->has_type_k) &&
           read_type(reading, object, "type", &out->type_v, &out->has_type_v) &&
           read_type(reading, object, "type_k", &out->type_k, &out->has_type_k) &&
           read_type(reading, object, "type_v", &out->type_v, &out->has_type_v);
}

static bool read_analysis(struct reading *reading, struct json_object *object)
{
    struct config *out = reading->out;
    const struct json_place *place = &reading->place;
    struct error *error = reading->error;
    return json_get_bool(object, "prioritize_experts_on_cpu", place,
                         &out->prioritize_experts_on_cpu, error) &&
           json_get_bool(object, "maximize_gpu_layers", place, &out->maximize_gpu_layers, error) &&
           json_get_bool(object, "reserve_context_memory", place, &out->reserve_context_memory,
                         error) &&
           read_margins(reading, object) &&
           json_get_bool(object, "aggressive_gpu_utilization", place,
                         &out->aggressive_gpu_utilization, error) &&
           json_get_number(object, "expert_gpu_threshold", place, 0, 1, &out->expert_gpu_threshold,
                           error);
}

static bool read_output(struct reading *reading, struct json_object *object)
{
    struct config *out = reading->out;
    const struct json_place *place = &reading->place;
    return json_get_bool(object, "save_analysis_json", place, &out->save_analysis_json,
                         reading->error) &&
           json_get_bool(object, "save_override_params", place, &out->save_override_params,
                         reading->error) &&
           json_get_bool(object, "verbose", place, &out->verbose, reading->error);
}

static bool read_top(struct reading *reading, struct json_object *object)
{
    struct config *out = reading->out;
    return json_get_text(object, "llama_cpp_path", &reading->place, &out->llama_cpp_path,
                         reading->error) &&
           json_get_text(object, "virtual_env_path", &reading->place, &out->virtual_env_path,
                         reading->error) &&
           json_get_text(object, "theme", &reading->place, &reading->out->theme, reading->error) &&
           json_get_bool(object, "auto_probe", &reading->place, &out->auto_probe, reading->error) &&
           read_context(reading, object);
}

static const struct section {
    const char *name; /* "" the file itself */
    const char *keys; /* between blanks */
    bool (*read)(struct reading *, struct json_object *);
} sections[] = {
    {"",
     "llama_cpp_path virtual_env_path theme auto_probe context_size kv_cache tensor_analysis "
     "output",
     read_top},
    {"kv_cache", "type type_k type_v", read_cache},
    {"tensor_analysis",
     "prioritize_experts_on_cpu maximize_gpu_layers reserve_context_memory "
     "memory_safety_margin_mb aggressive_gpu_utilization expert_gpu_threshold",
     read_analysis},
    {"output", "save_analysis_json save_override_params verbose", read_output},
};

static bool listed(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = strstr(list, word); at != NULL; at = strstr(at + 1, word)) {
        bool starts = at == list || at[-1] == ' ';
        if (starts && (at[length] == ' ' || at[length] == '\0')) {
            return true;
        }
    }
    return false;
}

static void tell_unknown(const struct reading *reading, const struct section *section,
                         struct json_object *object)
{
    json_object_object_foreach(object, key, value)
    {
        (void)value;
        if (!listed(section->keys, key)) {
            strbuf_format(reading->notes, "%s: unknown key %s%s%.80s\n", reading->place.path,
                          section->name, section->name[0] != '\0' ? "." : "", key);
        }
    }
}

static bool read_section(struct reading *reading, const struct section *section,
                         struct json_object *file)
{
    struct json_object *object = file;
    if (section->name[0] != '\0' && !json_object_object_get_ex(file, section->name, &object)) {
        return true;
    }
    snprintf(reading->place.inside, sizeof reading->place.inside, "%s", section->name);
    if (!json_object_is_type(object, json_type_object)) {
        return json_refuse(&reading->place, "", "must be an object in braces", reading->error);
    }
    tell_unknown(reading, section, object);
    return section->read(reading, object);
}

/* ---- the file ------------------------------------------------------------------------------- */

/* New, or NULL. */
static char *usual_place(void)
{
    char *path = user_path(USER_CONFIG, "config.json");
    if (path != NULL && access(path, F_OK) != 0) {
        free(path);
        return NULL;
    }
    return path;
}

bool config_read(const char *path, struct config *out, struct strbuf *notes, struct error *error)
{
    *out = (struct config){.context_size = -1, .auto_probe = true};
    char *found = path != NULL ? memory_text(path) : usual_place();
    if (found == NULL) {
        return true;
    }
    struct json_object *file = NULL;
    struct reading reading = {{.path = found}, out, notes, error};
    bool read = json_read_file(found, &file, error);
    for (size_t i = 0; read && i < sizeof sections / sizeof sections[0]; i++) {
        read = read_section(&reading, &sections[i], file);
    }
    json_object_put(file);
    out->path = found;
    return read;
}

void config_clear(struct config *config)
{
    free(config->path);
    free(config->llama_cpp_path);
    free(config->virtual_env_path);
    free(config->theme);
    *config = (struct config){0};
}

/* ---- what it changes ------------------------------------------------------------------------ */

void config_apply_settings(const struct config *config, const struct argument_facts *facts,
                           struct settings *settings)
{
    if (config->context_size >= 0 && !facts->ctx_given) {
        settings->n_ctx = config->context_size;
    }
    if (config->has_type_k && !facts->type_k_given) {
        settings->type_k = config->type_k;
    }
    if (config->has_type_v && !facts->type_v_given) {
        settings->type_v = config->type_v;
    }
}

void config_apply_margins(const struct config *config, struct rig *rig)
{
    for (size_t i = 0; i < rig->n_devices && config->n_margins > 0; i++) {
        size_t index = config->n_margins == 1 ? 0 : i;
        if (rig->devices[i].margin < 0 && index < config->n_margins) {
            rig->devices[i].margin = (int64_t)(config->margins_mib[index] * 1048576.0);
        }
    }
}

enum strategy config_strategy(const struct config *config)
{
    return config->aggressive_gpu_utilization  ? STRATEGY_AGGRESSIVE
           : config->prioritize_experts_on_cpu ? STRATEGY_EXPERTS_CPU
                                               : STRATEGY_SPEED;
}

static void tell_settings(const struct config *config, const struct argument_facts *facts,
                          struct strbuf *notes)
{
    if (config->context_size >= 0 && !facts->ctx_given) {
        strbuf_format(notes, "%s: -c %lld\n", config->path, (long long)config->context_size);
    }
    if (config->has_type_k && !facts->type_k_given) {
        strbuf_format(notes, "%s: -ctk %s\n", config->path,
                      argument_cache_type_name(config->type_k));
    }
    if (config->has_type_v && !facts->type_v_given) {
        strbuf_format(notes, "%s: -ctv %s\n", config->path,
                      argument_cache_type_name(config->type_v));
    }
}

void config_tell(const struct config *config, const struct argument_facts *facts, bool filled_in,
                 struct strbuf *notes)
{
    if (!config->verbose) {
        return;
    }
    if (filled_in) {
        tell_settings(config, facts, notes);
    }
    for (size_t i = 0; i < config->n_margins; i++) {
        strbuf_format(notes, "%s: margin %g MiB%s\n", config->path, config->margins_mib[i],
                      config->n_margins == 1 ? " on every device without one of its own" : "");
    }
    if (config->llama_cpp_path != NULL) {
        strbuf_format(notes, "%s: llama.cpp in %.200s\n", config->path, config->llama_cpp_path);
    }
    if (config->virtual_env_path != NULL) {
        strbuf_format(notes, "%s: run starts in %.200s\n", config->path, config->virtual_env_path);
    }
    strbuf_format(notes, "%s: a bare --auto is --auto=%s\n", config->path,
                  strategy_name(config_strategy(config)));
}
