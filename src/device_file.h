/* The device file: a machine described in JSON (interface.md section 2). The same lists stand in a plan
 * document.
 */
#ifndef OTPLAN_SRC_DEVICE_FILE_H
#define OTPLAN_SRC_DEVICE_FILE_H

#include "model/base/error.h"
#include "model/plan/device.h"

#include <stdbool.h>

struct json_object;

/* Fills `rig`; free with rig_clear. ERROR_INPUT names the file and the place in it. */
bool device_file_read(const char *path, struct rig *rig, struct error *error);

/* From `devices` and `host` of an object that was read from `path`. */
bool device_list_read(struct json_object *object, const char *path, struct rig *rig,
                      struct error *error);

/* Adds `devices` and `host` to an object. */
void device_list_write(const struct rig *rig, struct json_object *object);

#endif
