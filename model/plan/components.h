/* Bytes by component: what the memory of a plan goes to, over all devices. */
#ifndef OTPLAN_MODEL_PLAN_COMPONENTS_H
#define OTPLAN_MODEL_PLAN_COMPONENTS_H

#include "model/plan/evaluation.h"

enum component_kind {
    COMPONENT_EMBEDDING,
    COMPONENT_ATTENTION, /* recurrent layers included */
    COMPONENT_FEED_FORWARD,
    COMPONENT_ROUTER,
    COMPONENT_SHARED_EXPERTS,
    COMPONENT_EXPERTS,
    COMPONENT_NORMS,
    COMPONENT_OUTPUT,
    COMPONENT_OTHER,
    COMPONENT_CACHE,
    COMPONENT_COMPUTE,
    COMPONENT_COUNT,
};

struct component {
    const char *name;
    uint64_t total; /* bytes as allocated, host included */
    uint64_t host;
    uint64_t *devices; /* owned, one per device of the rig */
};

struct components {
    struct component rows[COMPONENT_COUNT];
    uint64_t
        one_expert; /* bytes of one routed expert of one layer (the first that has some); 0 without */
};

/* The rows sum to what the evaluation says of each device. Free with components_clear. */
void components_sum(const struct model *model, const struct rig *rig,
                    const struct evaluation *evaluation, struct components *out);
void components_clear(struct components *components);

#endif
