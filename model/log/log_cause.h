/* Why a load ended up on the CPU: llama.cpp says nothing, the log often knows. */
#ifndef OTPLAN_MODEL_LOG_LOG_CAUSE_H
#define OTPLAN_MODEL_LOG_LOG_CAUSE_H

#include "model/log/log_verify.h"

/* Adds one finding with the likeliest cause and its repair. Codes: arch-mismatch, no-permission, no-driver,
 * masked-devices, no-device-found, backend-not-loaded, device-none, cpu-only-build, nothing-offloaded,
 * overridden-to-cpu, cause-unknown. */
void log_finding_cause(const struct log *log, const struct log_load *load,
                       struct load_report *report);

#endif
