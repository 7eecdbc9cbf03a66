/* What a machine's memory does while a server runs: samples in, one line per device out, beside the plan.
 *
 * Free memory is the driver's. A device's used memory is the server's own (what the driver books under its
 * process), other programs', and what no process is named for (contexts, the driver itself, programs of
 * another user or container). Memory there is now, for a plan: what is free, and what the server gives back.
 */
#ifndef OTPLAN_MODEL_WATCH_WATCH_H
#define OTPLAN_MODEL_WATCH_WATCH_H

#include "model/plan/evaluation.h"

enum { WATCH_PROCESSES = 48, WATCH_THRESHOLD_MIB = 512 };

struct watch_process {
    int64_t pid;
    char name[64];  /* made plain; "" where unknown */
    uint64_t bytes; /* where known */
    bool is_known;  /* the driver tells its bytes */
    bool is_server;
};

struct watch_device {
    char name[64]; /* "CUDA0" */
    char description[128];
    char pci[32];
    uint64_t total, free;
    bool has_processes; /* the source lists them */
    struct watch_process processes[WATCH_PROCESSES];
    size_t n_processes;
};

struct watch_sample {
    double seconds;               /* since the first one */
    struct watch_device *devices; /* owned; the host last */
    size_t n_devices;             /* without the host */
    int64_t server;               /* its process, 0: none found */
    char server_name[64];
};
void watch_sample_clear(struct watch_sample *sample);

enum watch_part { WATCH_DENSE, WATCH_EXPERTS, WATCH_CACHE, WATCH_COMPUTE, WATCH_PARTS };

struct watch_line { /* a device as it is now, and what was seen of it */
    char name[64];
    char description[128];
    uint64_t total, used, free;
    uint64_t server, others;
    bool knows_server; /* false: no server, or the driver does not tell its bytes */
    uint64_t peak, peak_server, least_free;
    bool is_planned;
    uint64_t parts[WATCH_PARTS]; /* planned */
    uint64_t planned, budget;
    uint64_t available; /* free, and the server's own */
    uint64_t missing;   /* bytes that the plan needs beyond what is available, its margin kept */
    bool is_low;        /* free is under the threshold */
};

struct watch {
    uint64_t threshold;
    struct watch_line *lines; /* owned; n_lines of them, the host last */
    size_t n_lines;
    struct watch_sample last; /* owned */
    size_t n_samples;
};

void watch_init(struct watch *watch, uint64_t threshold);
void watch_clear(struct watch *watch);
/* Takes a sample over. Peaks go on while the devices stay the same. */
void watch_take(struct watch *watch, struct watch_sample *sample);
/* The plan beside it, matched by bus where both know it, else by name. Call again after a sample or an edit. */
void watch_plan(struct watch *watch, const struct rig *rig, const struct evaluation *evaluation);
void watch_forget_peaks(struct watch *watch);

/* Any device under the threshold, or with less than the plan needs. */
bool watch_is_alert(const struct watch *watch);
/* Appends one line per reason, each with a newline. */
void watch_alerts(const struct watch *watch, struct strbuf *out);

/* Sets what is free in `rig` to what is available now, with margins of the threshold at least. False where
 * none of its devices is watched. */
bool watch_apply(const struct watch *watch, struct rig *rig);

#endif
