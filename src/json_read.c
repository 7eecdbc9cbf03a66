#include "src/json_read.h"

#include "model/base/memory.h"
#include "src/output.h"

#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 256 << 20, DEPTH = 64 };

bool json_read_text(const char *path, const char *text, size_t bytes, struct json_object **out,
                    struct error *error)
{
    struct json_tokener *tokener = json_tokener_new_ex(DEPTH);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *read = json_tokener_parse_ex(tokener, text, (int)bytes + 1);
    enum json_tokener_error why = json_tokener_get_error(tokener);
    size_t end = json_tokener_get_parse_end(tokener);
    json_tokener_free(tokener);
    if (why == json_tokener_success && read != NULL) {
        *out = read;
        return true;
    }
    size_t line = 1;
    for (size_t i = 0; i < end && i < bytes; i++) {
        line += text[i] == '\n' ? 1 : 0;
    }
    json_object_put(read);
    return error_set(error, ERROR_INPUT, "%s: not JSON: %s (line %zu)", path,
                     why == json_tokener_success ? "nothing in it" : json_tokener_error_desc(why),
                     line);
}

bool json_read_file(const char *path, struct json_object **out, struct error *error)
{
    char *text = NULL;
    size_t bytes = 0;
    if (!input_read_file(path, MOST_BYTES, &text, &bytes, error)) {
        return false;
    }
    bool read = json_read_text(path, text, bytes, out, error);
    free(text);
    return read;
}

bool json_refuse(const struct json_place *place, const char *key, const char *why,
                 struct error *error)
{
    bool nested = place->inside[0] != '\0' && key[0] != '\0';
    bool inside = place->inside[0] != '\0' || key[0] != '\0';
    return error_set(error, ERROR_INPUT, "%s: %s%s%s%s%s", place->path, place->inside,
                     nested ? "." : "", key, inside ? ": " : "", why);
}

/* NULL where absent or null. */
static struct json_object *value_of(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;
    json_object_object_get_ex(object, key, &value);
    return value;
}

bool json_has(struct json_object *object, const char *key)
{
    return value_of(object, key) != NULL;
}

bool json_get_text(struct json_object *object, const char *key, const struct json_place *place,
                   char **out, struct error *error)
{
    struct json_object *value = value_of(object, key);
    if (value == NULL) {
        return true;
    }
    if (!json_object_is_type(value, json_type_string)) {
        return json_refuse(place, key, "must be a text between quotes", error);
    }
    const char *text = json_object_get_string(value);
    if (strlen(text) != (size_t)json_object_get_string_len(value)) {
        return json_refuse(place, key, "holds a zero byte", error);
    }
    free(*out);
    *out = memory_text(text);
    return true;
}

bool json_get_number(struct json_object *object, const char *key, const struct json_place *place,
                     double least, double most, double *out, struct error *error)
{
    struct json_object *value = value_of(object, key);
    if (value == NULL) {
        return true;
    }
    enum json_type type = json_object_get_type(value);
    if (type != json_type_int && type != json_type_double) {
        return json_refuse(place, key, "must be a number", error);
    }
    double number = json_object_get_double(value);
    if (!isfinite(number) || number < least || number > most) {
        char *why = memory_format("must be from %.0f to %.0f", least, most);
        json_refuse(place, key, why, error);
        free(why);
        return false;
    }
    *out = number;
    return true;
}

bool json_get_bool(struct json_object *object, const char *key, const struct json_place *place,
                   bool *out, struct error *error)
{
    struct json_object *value = value_of(object, key);
    if (value == NULL) {
        return true;
    }
    if (!json_object_is_type(value, json_type_boolean)) {
        return json_refuse(place, key, "must be true or false", error);
    }
    *out = json_object_get_boolean(value) != 0;
    return true;
}

/* At most two letters apart: one changed, or up to two more or fewer. */
static bool near_miss(const char *key, const char *known)
{
    size_t n = strlen(key);
    size_t m = strlen(known);
    size_t front = 0;
    size_t back = 0;
    while (front < n && front < m && key[front] == known[front]) {
        front++;
    }
    while (back < n - front && back < m - front && key[n - 1 - back] == known[m - 1 - back]) {
        back++;
    }
    size_t left = n - front - back;
    size_t right = m - front - back;
    return (left > right ? left : right) <= 2 && front + back >= 4;
}

bool json_check_keys(struct json_object *object, const char *const *keys,
                     const struct json_place *place, struct error *error)
{
    json_object_object_foreach(object, key, value)
    {
        (void)value;
        const char *near = NULL;
        bool known = false;
        for (const char *const *candidate = keys; *candidate != NULL && !known; candidate++) {
            known = strcmp(key, *candidate) == 0;
            near = near == NULL && near_miss(key, *candidate) ? *candidate : near;
        }
        if (!known && near != NULL) {
            char *why = memory_format("unknown (did you mean %s?)", near);
            json_refuse(place, key, why, error);
            free(why);
            return false;
        }
    }
    return true;
}
