/* `throughput` of plan --json: how fast the plan is, and what each figure rests on.
 *
 *   tokens_per_second, bound_tokens_per_second, depth    decoding (model/plan/speed.h)
 *   per_device  name, seconds, bytes_read, and the bandwidth and efficiency they were found with
 *   per_layer   index, seconds, bytes_read; the last entry: the output, and what has no layer
 *   prompt_tokens_per_second  null where something it needs is not known; `prompt` says what
 *   prompt      n_ubatch, offload_device, unknown_because, per_device
 */
#ifndef OTPLAN_SRC_SPEED_JSON_H
#define OTPLAN_SRC_SPEED_JSON_H

#include "model/plan/device.h"
#include "src/plan_json.h"

struct json_object;

/* New; NULL (null) where a bandwidth that decoding needs is unknown. */
struct json_object *speed_json(const struct plan_json_source *source);

/* Adds a device's bandwidth and efficiency and where they are from. */
void speed_rate_json(struct json_object *object, const struct device *device);

#endif
