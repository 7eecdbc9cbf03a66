/* Reading JSON: files, and values by their place, with errors that say where. */
#ifndef OTPLAN_SRC_JSON_READ_H
#define OTPLAN_SRC_JSON_READ_H

#include "model/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;

/* New `*out`, drop with json_object_put. ERROR_INPUT: not readable, not JSON (with the line). */
bool json_read_file(const char *path, struct json_object **out, struct error *error);
bool json_read_text(const char *path, const char *text, size_t bytes, struct json_object **out,
                    struct error *error);

/* One place in a file, for messages: "demo.json: devices[1].free_mib". */
struct json_place {
    const char *path; /* of the file */
    char inside[160]; /* "devices[1]" or "" */
};
bool json_refuse(const struct json_place *place, const char *key, const char *why,
                 struct error *error);

/* A key's value; the output is left alone where the key is absent or null, and false comes back only where
 * the value is of another kind or out of range. */
bool json_get_text(struct json_object *object, const char *key, const struct json_place *place,
                   char **out, struct error *error);
bool json_get_number(struct json_object *object, const char *key, const struct json_place *place,
                     double least, double most, double *out, struct error *error);
bool json_get_bool(struct json_object *object, const char *key, const struct json_place *place,
                   bool *out, struct error *error);
bool json_has(struct json_object *object, const char *key);

/* Refuses a key that is a near miss of one of `keys` ("free_mb"): other unknown ones may be anybody's. */
bool json_check_keys(struct json_object *object, const char *const *keys,
                     const struct json_place *place, struct error *error);

#endif
