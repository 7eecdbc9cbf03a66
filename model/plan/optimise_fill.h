/* Fills cards with units for given homes. Private to the optimiser. */
#ifndef OTPLAN_MODEL_PLAN_OPTIMISE_FILL_H
#define OTPLAN_MODEL_PLAN_OPTIMISE_FILL_H

#include "model/plan/optimise_units.h"

struct layout {
    uint32_t *counts; /* [0] layers on CPU, [1 + k] on the k-th device in use; sum n_layer + 1 */
    int16_t *unit_at; /* per unit: place in use, or -1: host */
    uint64_t *used;   /* per device in use: bytes of weights and cache */
    uint32_t foreign; /* units on a card that is not their layer's home */
    double seconds;   /* for one token */
    bool feasible;    /* fixed parts fit everywhere */
    uint64_t
        excess; /* bytes of fixed parts that do not, and what a host that is not elastic has no room for */
    bool spills;     /* more on the host than it holds */
    uint32_t broken; /* layers without the home that they keep */
};

void layout_init(struct layout *layout, const struct load *load);
void layout_clear(struct layout *layout);
void layout_copy(struct layout *to, const struct layout *from,
                 const struct load *load); /* both initialised */

enum {
    FILL_EXPERTS = 1, /* routed experts may go to cards */
    FILL_FOREIGN = 2, /* units may leave their layer's home for another card */
    FILL_HOMED =
        4, /* but not those of layers at home on the host: attention between them makes large buffers */
};

/* Places every unit for `layout->counts` within `capacity` (bytes for weights and cache, per device in use, last
 * the host), and sets used, foreign, seconds and feasible. `may`: FILL_ flags. */
void layout_fill(struct layout *layout, const struct load *load, const uint64_t *capacity,
                 unsigned may);

/* Home of a layer in a layout: place in use or -1. */
int layout_home(const struct layout *layout, const struct load *load, uint32_t il);

#endif
