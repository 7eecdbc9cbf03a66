/* `otplan verify [PLAN.json] LOG [--json]`: did llama.cpp do what was planned? */
#ifndef OTPLAN_SRC_COMMAND_VERIFY_H
#define OTPLAN_SRC_COMMAND_VERIFY_H

#include "model/log/log_verify.h"

#include <stdbool.h>

struct json_object;

/* `arguments`: what stands behind `verify`. Prints on stdout, errors as one line on stderr. Returns the
 * exit status of interface.md section 1: 3 for failed, cpu-fallback and differs. */
int command_verify(int n_arguments, char **arguments);

/* The document of interface.md section 4, new; json_object_put it. */
struct json_object *verify_json(const struct log *log, const struct log_report *report);

#endif
