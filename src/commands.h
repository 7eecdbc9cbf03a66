/* The headless commands. Each returns an exit status of interface.md section 1; after an error `error` says why
 * and nothing was printed.
 */
#ifndef OTPLAN_SRC_COMMANDS_H
#define OTPLAN_SRC_COMMANDS_H

#include "model/base/error.h"
#include "src/options.h"

int command_plan(const struct options *options, struct error *error);
int command_tensors(const struct options *options, struct error *error);
int command_devices(const struct options *options, struct error *error);
int command_overrides(const struct options *options, struct error *error);
int command_export(const struct options *options, struct error *error);
int command_compare(const struct options *options, struct error *error);
int command_report(const struct options *options, struct error *error);
int command_verify(const struct options *options, struct error *error);
int command_probe(const struct options *options, struct error *error);
int command_doctor(const struct options *options, struct error *error);
int command_watch(const struct options *options, struct error *error);
int command_calibrate(const struct options *options, struct error *error);
int command_shop(const struct options *options, struct error *error);
int command_run(const struct options *options, struct error *error);
/* The planner, also as `demo`. */
int command_planner(const struct options *options, struct error *error);

#endif
