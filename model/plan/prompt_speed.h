/* How fast a prompt is worked through: many tokens at once, so arithmetic and the link count, not only memory.
 *
 * A prompt goes through the layers n_ubatch tokens at a time. A weight is read once for all of them:
 *
 *   t = sum over tensors of max(bytes * touched / rate, 2 * elements * active * n_ubatch / arithmetic)
 *       + copied bytes / (link * 0.75)
 *       + sum over layers of max(cache bytes at the depth / rate, attention / arithmetic)
 *
 * rate        bandwidth * efficiency, as in decoding (model/plan/speed.h)
 * touched     1; of routed experts the part that n_ubatch tokens choose at all, 1 - (1 - used / all)^n_ubatch
 * arithmetic  tflops * 0.5: llama.cpp's matrix kernels reach from 0.2 to 0.7 of the F16 figure in results that
 *             people published; one that was calibrated takes its place, as does one for the link
 * attention   2 * n_ubatch * (depth + n_ubatch / 2, within a window) * heads * (key + value length)
 *
 * Weights in host memory are copied to the first device in use that is no RPC host and worked on there, each
 * n_ubatch anew, where op offload is on and at least 32 tokens come together (ggml-backend.cpp,
 * ggml_backend_sched_backend_id_from_cur; GGML_OP_OFFLOAD_MIN_BATCH); else the CPU works on them. Caches in host
 * memory go the same way, but with -nkvo, where attention stays on the CPU (llama-context.cpp, graph_get_cb). The output
 * layer computes one row only. With pipeline parallelism the devices work on n_batch / n_ubatch pieces side by
 * side: t + (pieces - 1) * the slowest device's part.
 *
 * To and from an RPC host the hidden states of n_ubatch tokens go over the network (model/plan/route.h), counted to
 * that host. What switching between local devices costs is left out.
 */
#ifndef OTPLAN_MODEL_PLAN_PROMPT_SPEED_H
#define OTPLAN_MODEL_PLAN_PROMPT_SPEED_H

#include "model/plan/speed.h"

#define DEFAULT_COMPUTE_EFFICIENCY 0.5 /* of tflops */

struct prompt_use { /* of one device, per n_ubatch tokens */
    double seconds; /* all of it */
    double copy_seconds;
    double bytes_copied; /* over its link */
};

struct prompt_speed {
    bool known;
    char unknown_because[160]; /* "no link speed of CUDA0"; "" where known */
    double tokens_per_second;
    uint32_t n_ubatch; /* tokens at once */
    int offload; /* device that works on weights in host memory; DEVICE_HOST: the CPU itself */
    struct prompt_use *devices; /* rig.n_devices entries */
    struct prompt_use host;
};

/* Fills `out`; free with prompt_speed_clear. */
void prompt_speed_estimate(const struct model *model, const struct rig *rig,
                           const struct evaluation *evaluation, uint64_t depth,
                           struct prompt_speed *out);
/* The part of its tflops that a device is taken to reach. */
double prompt_compute_efficiency(const struct device *device);
void prompt_speed_clear(struct prompt_speed *speed);

#endif
