/* Edits by hand: what a drop, a key or a command does to a plan. One edit, one undo step.
 *
 * Weights sent to a device become overrides; the cache stays at the layer's home. Homes sent to a
 * device move the cuts of -ngl and -ts: the device's run of layers grows until it covers what was sent
 * and everything between, and the runs beside it shrink.
 */
#ifndef OTPLAN_MODEL_PLAN_EDIT_H
#define OTPLAN_MODEL_PLAN_EDIT_H

#include "model/plan/evaluation.h"
#include "model/plan/layer_map.h"

enum edit_kind {
    EDIT_NONE,
    EDIT_SEND,   /* `rows` to `device` */
    EDIT_RETURN, /* `rows` back to their homes: overrides dropped, given rules outvoted */
    EDIT_HOMES,  /* layers `first`..`last` to `device` (n_layer: the output layer) */
    EDIT_LAYERS, /* both: `rows` and the homes of `first`..`last` */
    EDIT_LOCK,   /* `rows` stay where they are from now on */
    EDIT_UNLOCK,
};

struct edit {
    enum edit_kind kind;
    int device;
    uint32_t *rows; /* owned */
    size_t n_rows;
    uint32_t first, last;
};
void edit_clear(struct edit *edit);
void edit_copy(struct edit *to, const struct edit *from); /* `to` is overwritten, not freed */
bool edit_equal(const struct edit *a, const struct edit *b);

struct edit_report {
    size_t n_changed; /* rows that went elsewhere */
    uint64_t bytes;   /* of them */
    size_t n_locked;  /* rows left alone because they are locked */
    bool homes_changed;
    uint32_t n_taken; /* layers whose home went along with the ones asked for */
    char taken[64];   /* "7-15" */
    char text[512];   /* in words, for the status line and the undo list */
};

/* Applies `edit` to `plan`, of which `evaluation` and `decisions` are current. False, with the reason in
 * `report->text`, where nothing changes. */
bool plan_apply_edit(struct plan *plan, const struct layer_map *map, const struct rig *rig,
                     const struct evaluation *evaluation, const struct decisions *decisions,
                     const struct edit *edit, struct edit_report *report);

/* Home of a row when no override decides; DEVICE_NONE where it is not loaded. */
int plan_row_home(const struct model *model, const struct evaluation *evaluation, size_t row);

/* Where the homes change: `at[i]` is the first layer of the next run. Returns how many. `at` has room
 * for n_layer + 1. */
size_t plan_boundaries(const struct layer_map *map, const struct evaluation *evaluation,
                       uint32_t *at);
/* The edit that moves the boundary at layer `at` to layer `to`; kind EDIT_NONE where they are equal. */
struct edit plan_boundary_edit(const struct layer_map *map, const struct evaluation *evaluation,
                               uint32_t at, uint32_t to);

/* What of a selection a device has room for: the most leading rows (in layer order) that fit its
 * headroom, not counting what is there already. */
struct edit_room {
    size_t n_rows, n_fit; /* rows to bring, of them fitting */
    size_t n_layers, n_layers_fit;
    int32_t first_layer,
        last_layer_fit;       /* what fits is these and what lies between; -1: nothing does */
    uint64_t bytes, headroom; /* bytes to bring; room there is */
};
void plan_room_for(const struct layer_map *map, const struct rig *rig,
                   const struct evaluation *evaluation, const struct edit *edit, int device,
                   struct edit_room *out);

#endif
