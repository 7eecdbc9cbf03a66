/* Efficiencies that `otplan calibrate` found, kept per rig: $XDG_CONFIG_HOME/otplan/rigs/HASH.json, the hash being
 * that of the cards' kinds, whatever their order, names and free memory. Used wherever these cards are planned for;
 * an efficiency of the device file comes first.
 */
#ifndef OTPLAN_SRC_RIG_CALIBRATION_H
#define OTPLAN_SRC_RIG_CALIBRATION_H

#include "model/base/error.h"
#include "model/plan/device.h"

#include <stdbool.h>
#include <stddef.h>

struct calibration {           /* of one kind of devices */
    char *kind;                /* owned: "GeForce RTX 3090, 24 GiB", "CPU" */
    double efficiency;         /* of the bandwidth; 0: not found */
    double compute_efficiency; /* of tflops; 0: not found */
    double link_efficiency;    /* of the link to the host; 0: not found */
};

struct calibrations {
    struct calibration *list;
    size_t n;
};

/* New: what kind the device is. Devices of one kind share what is found. */
char *calibration_kind(const struct rig *rig, int device);
/* New: the file for this rig; NULL without a home. */
char *calibration_path(const struct rig *rig);

/* Sets the efficiencies that are kept for the rig, where no one else set them; what a plan document or a device file
 * has from an earlier calibration gives way to them. A file that cannot be read counts as none. */
void calibration_apply(struct rig *rig);

/* Replaces what is kept. ERROR_SYSTEM. */
bool calibration_keep(const struct rig *rig, const struct calibrations *calibrations,
                      struct error *error);
/* Forgets it; `existed`: was there anything? ERROR_SYSTEM. */
bool calibration_forget(const struct rig *rig, bool *existed, struct error *error);

void calibrations_clear(struct calibrations *calibrations);

#endif
