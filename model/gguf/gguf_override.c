#include "model/gguf/gguf_override.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/gguf/gguf_head.h"

#include <stdlib.h>
#include <string.h>

/* ---- reading -------------------------------------------------------------------------------- */

static bool refuse(const char *item, const char *why, struct error *error)
{
    return error_set(error, ERROR_INPUT, "%s for KV override '%.200s'", why, item);
}

static bool read_bool(struct gguf_override *out, const char *value)
{
    out->as.u = strcmp(value, "true") == 0;
    return out->as.u == 1 || strcmp(value, "false") == 0;
}

static bool read_value(struct gguf_override *out, const char *item, const char *typed,
                       struct error *error)
{
    if (strncmp(typed, "int:", 4) == 0) {
        out->type = GGUF_U32;
        out->as.u = (uint32_t)strtoll(typed + 4, NULL, 10); /* all that is read is 32 bits wide */
        return true;
    }
    if (strncmp(typed, "float:", 6) == 0) {
        out->type = GGUF_F32;
        out->as.f = strtod(typed + 6, NULL);
        return true;
    }
    if (strncmp(typed, "bool:", 5) == 0) {
        out->type = GGUF_BOOL;
        return read_bool(out, typed + 5) ||
               refuse(item, "llama.cpp: invalid boolean value (true or false)", error);
    }
    if (strncmp(typed, "str:", 4) != 0) {
        return refuse(item, "llama.cpp: invalid type (int:, float:, bool: or str:)", error);
    }
    out->type = GGUF_STRING;
    if (strlen(typed + 4) >= sizeof out->as.string) {
        return refuse(item, "llama.cpp: a value cannot exceed 127 characters", error);
    }
    memcpy(out->as.string, typed + 4, strlen(typed + 4) + 1);
    return true;
}

static bool read_item(struct gguf_overrides *overrides, const char *item, struct error *error)
{
    struct gguf_override one = {0};
    const char *equals = strchr(item, '=');
    if (equals == NULL || (size_t)(equals - item) >= sizeof one.key) {
        return error_set(error, ERROR_INPUT,
                         "llama.cpp: malformed KV override '%.200s': it takes KEY=TYPE:VALUE",
                         item);
    }
    memcpy(one.key, item, (size_t)(equals - item));
    if (!read_value(&one, item, equals + 1, error)) {
        return false;
    }
    overrides->items = memory_resize(overrides->items, overrides->n + 1, sizeof *overrides->items);
    overrides->items[overrides->n++] = one;
    return true;
}

/* The next part up to a comma that stands outside double quotes; a doubled quote inside them is one. */
static const char *take_part(const char *at, struct strbuf *out)
{
    bool quoted = false;
    strbuf_reset(out);
    for (; *at != '\0' && (quoted || *at != ','); at++) {
        bool doubled = quoted && at[0] == '"' && at[1] == '"';
        if (*at == '"' && !doubled) {
            quoted = !quoted;
            continue;
        }
        at += doubled ? 1 : 0;
        strbuf_add_char(out, *at);
    }
    return at;
}

bool gguf_overrides_add(struct gguf_overrides *overrides, const char *text, struct error *error)
{
    struct strbuf part = {0};
    bool read = true;
    for (const char *at = text; read; at++) {
        at = take_part(at, &part);
        read = read_item(overrides, strbuf_text(&part), error);
        if (*at == '\0') {
            break;
        }
    }
    strbuf_clear(&part);
    return read;
}

void gguf_overrides_clear(struct gguf_overrides *overrides)
{
    free(overrides->items);
    *overrides = (struct gguf_overrides){0};
}

/* ---- applying ------------------------------------------------------------------------------- */

/* Keys that get_key_or_arr reads (behind the architecture's name): absent stays absent. */
static const char *const read_by_layer[] = {
    "attention.head_count",       "attention.head_count_kv",
    "feed_forward_length",        "attention.sliding_window_pattern",
    "attention.recurrent_layers", "attention.indexer.types",
    "attention.compress_ratios",  "rope.dimension_sections",
    "swiglu_clamp_exp",           "swiglu_clamp_shexp",
};

static bool only_from_file(const char *key)
{
    const char *suffix = strchr(key, '.');
    for (size_t i = 0; suffix != NULL && i < sizeof read_by_layer / sizeof read_by_layer[0]; i++) {
        if (strcmp(suffix + 1, read_by_layer[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool same_kind(enum gguf_value_type file, enum gguf_value_type given)
{
    if (file == GGUF_ARRAY) {
        return false;
    }
    bool number = file != GGUF_BOOL && file != GGUF_STRING;
    bool real = file == GGUF_F32 || file == GGUF_F64;
    return given == GGUF_F32 ? real : given == GGUF_U32 ? number && !real : file == given;
}

static void set_value(struct gguf_value *value, const struct gguf_override *from,
                      struct string_pool *pool)
{
    value->type = from->type;
    value->element = (enum gguf_value_type)0;
    value->count = 1;
    if (from->type == GGUF_STRING) {
        value->count = strlen(from->as.string);
        value->as.string = string_pool_add(pool, (const uint8_t *)from->as.string, value->count);
    } else if (from->type == GGUF_F32) {
        value->as.f = (double)(float)from->as.f;
    } else {
        value->as.u = from->as.u;
    }
}

/* A value more, kept in order in the index. */
static void add_value(struct gguf *gguf, const struct gguf_override *from)
{
    struct gguf_storage *storage = gguf->storage;
    size_t n = (size_t)gguf->n_values;
    gguf->values = memory_resize(gguf->values, n + 1, sizeof *gguf->values);
    storage->by_key = memory_resize(storage->by_key, n + 1, sizeof *storage->by_key);
    struct gguf_value *value = &gguf->values[n];
    *value = (struct gguf_value){
        .key = string_pool_add(&storage->strings, (const uint8_t *)from->key, strlen(from->key))};
    set_value(value, from, &storage->strings);
    size_t place = n;
    for (; place > 0 && strcmp(gguf->values[storage->by_key[place - 1]].key, from->key) > 0;
         place--) {
        storage->by_key[place] = storage->by_key[place - 1];
    }
    storage->by_key[place] = (uint32_t)n;
    gguf->n_values = n + 1;
}

static bool given_before(const struct gguf_overrides *overrides, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (strcmp(overrides->items[i].key, overrides->items[at].key) == 0) {
            return true;
        }
    }
    return false;
}

void gguf_overrides_apply(const struct gguf_overrides *overrides, struct gguf *gguf)
{
    struct gguf_storage *storage = gguf->storage;
    for (size_t i = 0; i < overrides->n; i++) {
        const struct gguf_override *from = &overrides->items[i];
        const struct gguf_value *value = gguf_find(gguf, from->key);
        if (given_before(overrides, i) || (value == NULL && only_from_file(from->key))) {
            continue;
        }
        if (value == NULL) {
            add_value(gguf, from);
        } else if (same_kind(value->type, from->type)) {
            set_value(&gguf->values[value - gguf->values], from, &storage->strings);
        }
    }
}
