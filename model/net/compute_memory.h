/* Compute buffers: what llama.cpp's scheduler reserves per device for the graph (section 12.3 and 6.3).
 *
 * Input is the placement, output a figure per device made of named terms, so that the user can see
 * what is big and what would shrink it.
 */
#ifndef OTPLAN_MODEL_NET_COMPUTE_MEMORY_H
#define OTPLAN_MODEL_NET_COMPUTE_MEMORY_H

#include "model/plan/device.h"
#include "model/plan/settings.h"

enum compute_term {
    COMPUTE_INPUTS,       /* masks, embeddings, positions, resident leafs */
    COMPUTE_ATTENTION,    /* attention or recurrent stage */
    COMPUTE_FEED_FORWARD, /* dense or expert intermediates */
    COMPUTE_LOGITS,
    COMPUTE_PIPELINE,      /* copies for pipeline parallelism */
    COMPUTE_WEIGHT_COPIES, /* CPU weights that op offload puts on the card */
    COMPUTE_FLASH_SCRATCH, /* f16 copies that CUDA flash attention makes of another cache type */
    COMPUTE_OTHER,
    COMPUTE_TERM_COUNT,
};
const char *compute_term_name(enum compute_term term);   /* "copies of CPU weights" */
const char *compute_term_remedy(enum compute_term term); /* what would shrink it; "" for none */

struct compute_terms {
    uint64_t bytes[COMPUTE_TERM_COUNT]; /* sum = the device's compute bytes */
};

struct compute_input {
    const struct model *model;
    const struct resolved *resolved;
    const struct rig *rig;
    const int16_t *home;   /* per layer, n_layer + 1 */
    const int16_t *device; /* per row of the model: effective device */
    const int16_t *in_use; /* plan's devices in order */
    size_t n_in_use;
    bool any_override; /* even one that matches nothing: switches pipeline parallelism off */
    bool offload_all;  /* -ngl > n_layer */
    enum split_mode split_mode;
};

/* Is flash attention on in the end? `auto` is given up where an operation would leave its layer's device. */
bool compute_flash_attn(const struct compute_input *input);

/* devices: rig->n_devices entries; host: one. Returns true where pipeline parallelism is on. */
bool compute_estimate(const struct compute_input *input, struct compute_terms *devices,
                      struct compute_terms *host);

#endif
