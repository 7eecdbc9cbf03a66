#include "model/base/memory.h"
#include "src/import_file.h"
#include "src/json_read.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

static void push(struct imported *out, const char *word)
{
    out->arguments = memory_resize(out->arguments, out->n_arguments + 2, sizeof *out->arguments);
    out->arguments[out->n_arguments++] = memory_text(word);
    out->arguments[out->n_arguments] = NULL;
}

static void push_pair(struct imported *out, const char *flag, const char *value)
{
    push(out, flag);
    push(out, value);
}

static struct json_object *value_of(struct json_object *settings, const char *key)
{
    struct json_object *value = NULL;
    json_object_object_get_ex(settings, key, &value);
    return value;
}

/* A text or a number as the value of a flag; "" and -1 say nothing. */
static void take(struct json_object *settings, const char *key, const char *flag,
                 struct imported *out)
{
    struct json_object *value = value_of(settings, key);
    enum json_type type = json_object_get_type(value);
    if (type != json_type_string && type != json_type_int) {
        return;
    }
    const char *text = json_object_get_string(value);
    bool nothing = text[0] == '\0' || (type == json_type_int && json_object_get_int64(value) < 0);
    if (!nothing) {
        push_pair(out, flag, text);
    }
}

static bool is_true(struct json_object *settings, const char *key)
{
    struct json_object *value = value_of(settings, key);
    return json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value);
}

static void take_split(struct json_object *settings, struct imported *out)
{
    struct json_object *list = value_of(settings, "tensor_split");
    size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
    struct strbuf text = {0};
    for (size_t i = 0; i < n; i++) {
        strbuf_format(&text, "%s%.9g", i > 0 ? "," : "",
                      json_object_get_double(json_object_array_get_idx(list, i)));
    }
    if (n > 0) {
        push_pair(out, "-ts", strbuf_text(&text));
    }
    strbuf_clear(&text);
}

static void take_cache(struct json_object *settings, struct imported *out)
{
    static const char *const types[] = {"f16", "q8_0", "q4_0", "bf16"};
    struct json_object *value = value_of(settings, "quantkv");
    int64_t number = json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : 0;
    if (number > 0 && number < 4) {
        push_pair(out, "-ctk", types[number]);
        push_pair(out, "-ctv", types[number]);
    }
}

bool import_is_kobold(struct json_object *settings)
{
    return json_has(settings, "model_param") || json_has(settings, "overridetensors") ||
           json_has(settings, "gpulayers");
}

bool import_kobold(struct json_object *settings, struct imported *out)
{
    static const struct {
        const char *key, *flag;
    } values[] = {
        {"model_param", "-m"},      {"contextsize", "-c"},  {"gpulayers", "-ngl"},
        {"overridetensors", "-ot"}, {"mmproj", "--mmproj"}, {"blasbatchsize", "-ub"},
        {"threads", "-t"},
    };
    *out = (struct imported){.kind = IMPORT_PARAMETERS, .dialect = DIALECT_KOBOLD};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        take(settings, values[i].key, values[i].flag, out);
    }
    take_split(settings, out);
    take_cache(settings, out);
    struct json_object *experts = value_of(settings, "moecpu");
    if (json_object_is_type(experts, json_type_int) && json_object_get_int64(experts) > 0) {
        push_pair(out, "-ncmoe", json_object_get_string(experts));
    }
    if (is_true(settings, "flashattention")) {
        push_pair(out, "-fa", "on");
    }
    if (is_true(settings, "lowvram")) {
        push(out, "-nkvo");
    }
    if (json_has(settings, "usemmap") && !is_true(settings, "usemmap")) {
        push_pair(out, "-lm", is_true(settings, "usemlock") ? "mlock" : "none");
    }
    return true;
}
