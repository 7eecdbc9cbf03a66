/* The host's memory bandwidth, measured: decoding reads weights once a token, so reading is what counts. Every
 * thread sums its own slice of a buffer much larger than the caches.
 */
#ifndef OTPLAN_SRC_MEASURE_BANDWIDTH_H
#define OTPLAN_SRC_MEASURE_BANDWIDTH_H

#include "model/base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct measured_bandwidth {
    double gb_s; /* 10^9 bytes a second: the median of the runs */
    double least, most;
    unsigned n_threads, n_runs;
    uint64_t bytes; /* of the buffer */
};

/* Takes a quarter of `free_bytes` at most, for a second or two; says on a terminal's standard error how far it is.
 * ERROR_SYSTEM where there is too little memory. */
bool measure_bandwidth(uint64_t free_bytes, struct measured_bandwidth *out, struct error *error);

#endif
