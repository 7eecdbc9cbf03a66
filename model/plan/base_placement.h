/* Where every tensor is while nothing is moved by hand: where the given rules send it, else at home; and what
 * that weighs. It follows from the rules, the homes and what the devices can run, so the steps of a drag
 * share one, and a step costs what it moves.
 */
#ifndef OTPLAN_MODEL_PLAN_BASE_PLACEMENT_H
#define OTPLAN_MODEL_PLAN_BASE_PLACEMENT_H

#include "model/net/row_facts.h"
#include "model/plan/decisions.h"

/* What a shape weighs in a place and whether it runs there. */
struct shape_use {
    uint64_t bytes; /* padded as the backend does */
    bool runs;
};

struct base_placement {
    /* what it follows from, beside the decisions that hold it */
    int16_t *home;          /* owned: n_layer + 1 */
    struct shape_use *uses; /* owned: n_places for each shape, host first */
    size_t n_places;

    int16_t *device; /* owned: per row; DEVICE_NONE: not loaded */
    int16_t *wanted; /* owned: as generate_rules takes it, nothing wanted yet */
    int16_t *stays;  /* owned: the same */
    uint64_t *model; /* owned: bytes in each place, host first, without the rows apart */
    uint64_t *experts;
    struct rule_use *entry_use; /* owned: of each given entry */
    uint32_t *apart; /* owned: rows that share or copy memory and are weighed one by one; n_apart */
    size_t n_apart;
    int64_t refused_row; /* the first that a rule sends where it does not run, or -1 */
};

/* The decisions' base, made anew where the homes or the devices of `evaluation` are others. */
const struct base_placement *base_placement_update(struct decisions *decisions,
                                                   const struct model *model, const struct rig *rig,
                                                   const struct evaluation *evaluation);
void base_placement_free(struct base_placement **base);

static inline const struct shape_use *base_placement_use(const struct base_placement *base,
                                                         const struct model *model, size_t row,
                                                         int16_t device)
{
    return &base->uses[model->facts->rows[row].shape * base->n_places + (size_t)(device + 1)];
}

#endif
