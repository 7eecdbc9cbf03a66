/* `plan --json`: everything derived from a plan, in bytes (interface.md section 3). */
#ifndef OTPLAN_SRC_PLAN_JSON_H
#define OTPLAN_SRC_PLAN_JSON_H

#include "model/text/arguments.h"

struct advice;
struct json_object;

struct plan_json_source {
    const struct model *model;
    const struct rig *rig;
    const struct plan *plan;
    const struct evaluation *evaluation;
    const char *model_path;      /* the file to name in `command` */
    uint64_t depth;              /* tokens in the cache, for the speed */
    const struct advice *advice; /* of the optimiser's plan; NULL: none was asked for */
};

/* New: the whole document as text, ending in a newline. */
char *plan_json_text(const struct plan_json_source *source);

/* New: the rows of the tensor table; without an evaluation `device` and `override` are left out. They are made
 * as they are written: what is given stays until then. */
struct json_object *plan_json_tensors(const struct model *model, const struct rig *rig,
                                      const struct evaluation *evaluation);
struct json_object *plan_json_model(const struct model *model);

#endif
