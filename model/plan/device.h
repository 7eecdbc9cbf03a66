/* The machine: llama.cpp's devices in its own order, and the host. Plain values; detection and the
 * device file live in src.
 */
#ifndef OTPLAN_MODEL_PLAN_DEVICE_H
#define OTPLAN_MODEL_PLAN_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where something lives: an index into rig.devices, or one of these. */
enum {
    DEVICE_HOST = -1, /* CPU and every host buffer */
    DEVICE_NONE = -2, /* nowhere: not loaded, or no cache */
};

enum backend { /* what the buffer rules depend on; taken from the device's name */
               BACKEND_CPU,
               BACKEND_CUDA, /* also HIP (ROCm*) and MUSA: 128-byte alignment, 512-element row padding */
               BACKEND_SYCL, /* the same padding */
               BACKEND_VULKAN,
               BACKEND_METAL,
               BACKEND_RPC,
               BACKEND_OTHER,
};

enum rate_source {              /* where a bandwidth or an efficiency was taken from */
                   RATE_DRIVER, /* the card's driver, on this machine */
                   RATE_GIVEN,  /* device file */
                   RATE_SPEC,   /* --rig: kind and channels of the host memory */
                   RATE_DATABASE,
                   RATE_MEASURED,
                   RATE_CALIBRATED, /* fitted to speeds that were reached (model/plan/calibrate.h) */
                   RATE_SOURCE_COUNT,
};
const char *rate_source_name(enum rate_source source); /* "device file" */

enum { HOST_MARGIN_MIB = 2048, DEVICE_MARGIN_MIB = 1024 };

struct device {
    char *name;        /* owned: buffer type name as -ot takes it ("CUDA0", "RPC0[host:port]") */
    char *device_name; /* owned: name as -dev takes it; same text unless they differ */
    char *description; /* owned: "NVIDIA GeForce RTX 5090"; "" where unknown */
    char *pci;         /* owned or NULL: "0000:01:00.0" */
    char *compute_capability; /* owned or NULL: "12.0", "gfx1100" */
    enum backend backend;
    bool
        has_kernels; /* false: the oracle's stand-ins ("kernels": "none"): no flash-attention scratch */
    uint64_t total;            /* bytes */
    uint64_t free;             /* bytes, before llama.cpp starts */
    uint64_t context;          /* bytes: what llama.cpp's own context takes on the device */
    uint64_t reserve;          /* bytes: kept for others */
    uint64_t beside;           /* bytes: a draft model or projector loaded beside the model */
    int64_t margin;            /* bytes; -1: not set here (-fitt, else the default) */
    double bandwidth_gb_s;     /* 0: unknown */
    double link_gb_s;          /* to the host, one way; 0: unknown, or it shares the host's memory.
                            * An RPC host: the network's */
    double tflops;             /* matrix arithmetic in F16, dense; 0: unknown */
    double efficiency;         /* of the bandwidth; 0: default 0.75 */
    double compute_efficiency; /* of tflops, in prompts; 0: default 0.5 */
    double link_efficiency;    /* of the link; 0: default 0.75 */
    double switch_us;          /* 0 default */
    enum rate_source bandwidth_source, efficiency_source; /* where such a figure is there */
    int numa_node;                                        /* -1 unknown */
    char *found_by; /* owned or NULL: where these facts were read, one line */
};

struct rig {
    struct device *devices; /* owned, n_devices of them, in llama.cpp's default device order */
    size_t n_devices;
    struct device host;   /* name "CPU" */
    bool simulated;       /* from a device file or --rig, not this machine: the screen says SIM */
    char *found_by;       /* owned or NULL: "NVML", "nvidia-smi", "device file demo.json" */
    bool has_projector;   /* --mmproj: its compute buffer is not in `beside` */
    bool order_uncertain; /* NVML cannot know CUDA's order: warning device-order */
};

enum backend backend_of_name(const char *buffer_name);
void rig_copy(struct rig *to, const struct rig *from); /* deep; `to` is overwritten, not freed */
void device_clear(struct device *device);              /* frees what it holds; zeroed */
void rig_clear(struct rig *rig);                       /* the same */
void rig_init_host(struct device *host, uint64_t total, uint64_t free_bytes);
/* Index by buffer type name (exact); DEVICE_HOST for "CPU"; DEVICE_NONE where no such device. */
int rig_find(const struct rig *rig, const char *buffer_name);
/* Name for a device index: "CPU" for DEVICE_HOST; "-" for DEVICE_NONE. */
const char *rig_name(const struct rig *rig, int device);

/* "host:port" of an RPC device, in its name ("RPC0[host:port]") and not terminated there; NULL for any other. */
const char *device_rpc_server(const struct device *device, size_t *length);

/* What a device's bandwidth and efficiency rest on, in words: "unknown", "default" where there is none. */
const char *device_bandwidth_rests_on(const struct device *device);
const char *device_efficiency_rests_on(const struct device *device);

/* "CPU, CUDA0, CUDA1": appended to `out`. */
struct strbuf;
void rig_list_names(const struct rig *rig, struct strbuf *out);

#endif
