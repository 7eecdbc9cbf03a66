/* Everything derived from a plan: where each layer and tensor lives, the bytes per device, the rules to
 * export, the warnings. One function computes it whole, every time; a drag step is one call. What does not
 * depend on what is moved by hand is taken from the decisions, where the caller keeps them.
 */
#ifndef OTPLAN_MODEL_PLAN_EVALUATION_H
#define OTPLAN_MODEL_PLAN_EVALUATION_H

#include "model/net/compute_memory.h"
#include "model/override/generate.h"
#include "model/plan/plan.h"

enum warning_code { /* names in warning_name; interface.md section 3 */
                    WARN_OVER_BUDGET,
                    WARN_OVERRIDE_UNMATCHED,
                    WARN_OVERRIDE_SHADOWED,
                    WARN_OVERRIDE_COMMA,
                    WARN_OVERRIDE_BAD_REGEX,
                    WARN_UNKNOWN_BUFFER,
                    WARN_REFUSED_SETTING,
                    WARN_KV_AWAY_FROM_WEIGHTS,
                    WARN_GATE_UP_SPLIT,
                    WARN_HOST_OVER_BUDGET,
                    WARN_DEVICE_UNUSED,
                    WARN_DEVICE_ORDER,
                    WARN_TOO_MANY_DEVICES,
                    WARN_ARCH_MISMATCH,
                    WARN_FIT_DECIDES,
                    WARN_FLAG_NOT_FOR_TARGET,
                    WARN_UNKNOWN_ARCHITECTURE,
                    WARN_TRUNCATED_MODEL,
                    WARN_ESTIMATE_ONLY,
                    WARN_IK_ONLY_TYPE,
                    WARN_CONTEXT_ABOVE_TRAINING,
                    WARN_COUNT,
};
const char *warning_name(enum warning_code code);     /* "over-budget" */
const char *warning_describe(enum warning_code code); /* one line of documentation */

struct warning {
    enum warning_code code;
    char *message; /* owned */
};

/* What a figure rests on: rules that give llama.cpp's very bytes, a model of them, or llama.cpp's own answer. */
enum figure_source { FIGURE_EXACT, FIGURE_ESTIMATE, FIGURE_PROBE };
const char *figure_source_name(enum figure_source source); /* "exact" */

struct device_use {
    enum figure_source model_source, context_source, compute_source;
    int order;                  /* place in this plan's device list, -1: not used by the plan */
    uint64_t model;             /* bytes of weights, padded as the backend does */
    uint64_t experts;           /* of those: routed experts */
    uint64_t context;           /* KV cache and recurrent state */
    uint64_t compute;           /* compute buffer */
    struct compute_terms terms; /* what the compute buffer is made of */
    uint64_t beside;  /* what stands beside the model: draft model, multimodal projector */
    uint64_t used;    /* model + context + compute + beside */
    uint64_t margin;  /* context + reserve + margin of the device file */
    uint64_t budget;  /* free - margin, 0 at least */
    int64_t headroom; /* free - margin - used */
    bool fits;
};

struct layer_place {
    int16_t home;     /* device index or DEVICE_HOST */
    int16_t cache;    /* where its cache lives; DEVICE_NONE without */
    uint64_t context; /* bytes of that cache */
};

struct rule_use {     /* per entry of the effective list */
    uint32_t matches; /* rows it decides */
    uint64_t bytes;   /* of those, unpadded */
    uint64_t experts; /* of those, of routed experts */
};

struct evaluation {
    struct resolved resolved;
    struct device_use *devices; /* rig.n_devices entries, in the rig's order */
    struct device_use host;
    struct layer_place *layers; /* n_layer + 1; the last is the output layer */
    int16_t *device;            /* per row: device index, DEVICE_HOST or DEVICE_NONE (not loaded) */
    int32_t *override;          /* per row: index into the effective list, -1: home */
    int16_t *in_use;            /* the plan's devices in order: rig indices, n_in_use of them */
    size_t n_in_use;
    uint32_t *runs; /* layers per run: [0] CPU, [1 + k] in_use[k]; sum n_layer + 1 */
    bool pipeline_parallel;
    bool all_fit;

    struct generated_rules rules; /* for moved rows; they stand before the given ones */
    struct rule_use *rule_use;    /* rules.n + given->n_entries, generated ones first */
    size_t
        n_reached; /* of the given entries: those that some tensor gets to, earlier ones in front */

    struct warning *warnings; /* owned, n_warnings */
    size_t n_warnings;
    struct error refused; /* kind != NONE: llama.cpp would refuse this plan, with the reason */
};

struct base_placement; /* see model/plan/base_placement.h */

/* Cached decisions of the given rules for one (model, list) pair, so that a frame need not run regexes. */
struct decisions {
    struct override_list *list; /* held */
    const struct model *model;
    int16_t *entry_device; /* per entry: device index, DEVICE_HOST, or DEVICE_NONE where refused */
    int32_t *entry;        /* per row: index into list->entries, or -1 */
    bool
        *matches_any; /* per entry: its pattern is found in some loaded row, decided by it or not */
    struct base_placement
        *base; /* owned or NULL: of the last homes and devices they were used with */
};
void decisions_clear(struct decisions *decisions);

/* Never fails: a refused plan is evaluated as if the refused part were not there, with `refused` set.
 * `decisions` may be NULL. Free with evaluation_clear. */
void plan_evaluate(const struct model *model, const struct rig *rig, const struct plan *plan,
                   struct decisions *decisions, struct evaluation *out);
void evaluation_clear(struct evaluation *evaluation);

/* How many layers the tensors of each rule are in: new, one count per entry of the effective list; free() it. */
uint32_t *evaluation_rule_layers(const struct model *model, const struct plan *plan,
                                 const struct evaluation *evaluation);

/* used, headroom and what fits, from the figures as they are now. */
void evaluation_find_budgets(const struct rig *rig, const struct plan *plan,
                             struct evaluation *evaluation);

/* Adds a warning that the plan alone does not tell. */
void evaluation_add_warning(struct evaluation *evaluation, enum warning_code code,
                            const char *message);

/* Re-reads generated and given rules with the real matcher and compares every row and layer with the
 * evaluation. False, with the first difference in words, if they disagree. */
bool evaluation_verify(const struct model *model, const struct rig *rig, const struct plan *plan,
                       const struct evaluation *evaluation, struct error *error);

#endif
