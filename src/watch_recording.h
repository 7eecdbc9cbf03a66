/* Recordings: what `watch --record` wrote, read again and put side by side. */
#ifndef OTPLAN_SRC_WATCH_RECORDING_H
#define OTPLAN_SRC_WATCH_RECORDING_H

#include "model/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a recording says of one device, over all its lines. */
struct recorded_device {
    char name[64];
    size_t n;
    uint64_t total, planned;
    uint64_t used_mean, used_peak, server_peak, others_peak, least_free;
    bool is_planned;
    double sum; /* while reading */
};
struct recording {
    char *path; /* owned */
    double seconds;
    size_t n_samples, n_alerts;      /* samples with an alert */
    struct recorded_device *devices; /* owned */
    size_t n_devices;
};

/* ERROR_INPUT names the line. A last line that was cut off is left out. Free with recording_clear. */
bool recording_read(const char *path, struct recording *out, struct error *error);
void recording_clear(struct recording *recording);

/* New: two recordings side by side, as text or JSON. */
char *recordings_text(const struct recording *before, const struct recording *after);
char *recordings_json(const struct recording *before, const struct recording *after);

#endif
