/* Two plans side by side: what each amounts to, what moved from where to where, which rules came and went.
 *
 * Devices and tensors are matched by name, so the sides may have other machines or other quantisations.
 */
#ifndef OTPLAN_MODEL_PLAN_COMPARE_H
#define OTPLAN_MODEL_PLAN_COMPARE_H

#include "model/plan/evaluation.h"

struct compare_side { /* all borrowed */
    const struct model *model;
    const struct rig *rig;
    const struct plan *plan;
    const struct evaluation *evaluation;
};

struct compare_summary {
    uint32_t devices_used;       /* devices that hold anything */
    double utilisation;          /* used / budget over all devices; 0 without a budget */
    uint32_t experts_on_devices; /* routed expert tensors that are not on the host */
    uint32_t experts;            /* of so many */
    uint32_t context;            /* tokens */
    uint64_t unused;             /* bytes of budget not used, over all devices */
    uint32_t overrides;          /* rules */
    uint32_t idle_overrides;     /* of those, the ones that decide nothing */
    bool fits;
};

struct compare_device {
    const char *name;                        /* borrowed from a rig */
    const struct device_use *before, *after; /* NULL where that side has no such device */
};

struct compare_move {
    uint32_t tensors;
    uint64_t bytes;
    const char *from, *to; /* device names, borrowed */
    char *what;            /* owned: "layers 12-20 experts" */
};

struct comparison {
    struct compare_summary before, after;
    struct compare_device *devices; /* owned; before's order, then those only after has, then CPU */
    size_t n_devices;
    struct compare_move *moves; /* owned, the heaviest first */
    size_t n_moves;
    char **added, **removed; /* owned "pattern=BUFFER" texts */
    size_t n_added, n_removed;
};

/* Free with comparison_clear; the sides must outlive it. */
void plans_compare(const struct compare_side *before, const struct compare_side *after,
                   struct comparison *out);
void comparison_clear(struct comparison *comparison);

#endif
