/* The bundled database of accelerators, for --rig and for bandwidths that nothing else tells. */
#ifndef OTPLAN_SRC_ACCELERATOR_DATA_H
#define OTPLAN_SRC_ACCELERATOR_DATA_H

#include "model/base/error.h"
#include "model/plan/device.h"

#include <stdbool.h>

/* --rig: a machine in one line (model/plan/rig_spec.h). Free with rig_clear. */
bool accelerator_rig(const char *spec, struct rig *rig, struct error *error);

/* Gives the devices without a bandwidth, or without a figure for arithmetic, those of the accelerator that
 * their description names. */
void accelerator_fill_bandwidths(struct rig *rig);

#endif
