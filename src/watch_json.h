/* Samples as JSON, one object a line: `watch --json` and `--record`. */
#ifndef OTPLAN_SRC_WATCH_JSON_H
#define OTPLAN_SRC_WATCH_JSON_H

#include "model/watch/watch.h"

/* New: the state after a sample, ending in a newline. `replan`: a command, or NULL. */
char *watch_json(const struct watch *watch, const char *replan);

struct json_object;
/* The processes on a device as a list; NULL where its source does not tell. */
struct json_object *watch_processes_json(const struct watch_device *device);

#endif
