/* The devices of this machine, in llama.cpp's order and with its names. */
#ifndef OTPLAN_SRC_DETECT_H
#define OTPLAN_SRC_DETECT_H

#include "model/plan/device.h"
#include "src/nvml.h"

/* Fills `rig`, with no devices where none are found; `environment` ("NAME=value", NULL-terminated) says
 * which cards a program started with it would see. Free with rig_clear. Never fails. */
void detect_devices(const char *const *environment, struct rig *rig);

/* The same, asking a library that is held open (NULL: there is none). Returns a new list (or NULL) of the
 * NVIDIA cards behind the first `*n` devices, in their order. */
struct card *detect_read(const struct nvml *nvml, const char *const *environment, struct rig *rig,
                         size_t *n);

#endif
