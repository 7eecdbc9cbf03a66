/* What the settings file asks `plan` to save, in the folder it is started in. */
#ifndef OTPLAN_SRC_PLAN_SAVE_H
#define OTPLAN_SRC_PLAN_SAVE_H

#include "src/options.h"
#include "src/plan_json.h"
#include "src/session.h"

#define PLAN_SAVE_ANALYSIS "tensor_analysis.json"
#define PLAN_SAVE_PARAMS   "tensor_override_params.txt"

/* Nothing with --dry-run. An existing file is replaced with --force only: ERROR_SYSTEM else. */
bool plan_save(const struct options *options, const struct session *session,
               const struct plan_json_source *source, struct error *error);

#endif
