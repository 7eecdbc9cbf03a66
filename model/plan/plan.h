/* A plan: a plain value from which everything else is derived. Settings, where the layer homes are
 * cut, the overrides as given, and what was moved by hand or by the optimiser on top of them.
 *
 * Undo, compare, autosave and the optimiser all hold another plan value. Copies are cheap: lists that
 * never change are shared.
 */
#ifndef OTPLAN_MODEL_PLAN_PLAN_H
#define OTPLAN_MODEL_PLAN_PLAN_H

#include "model/override/override.h"
#include "model/plan/settings.h"

enum { MAX_SPLITS = 16, MAX_DEVICES_IN_USE = 15 };

/* Arguments that otplan has no use for, kept and handed through to every export in their order. */
struct extra_arguments {
    int references;
    char **text;
    size_t n;
};

struct plan {
    struct settings settings;
    int64_t n_gpu_layers;          /* -ngl as given; -1 auto, -2 all */
    float tensor_split[128];       /* -ts as given */
    uint32_t n_tensor_split;       /* values given; 0: by free memory */
    char *devices;                 /* owned or NULL: -dev as given ("CUDA1,CUDA0", "none") */
    struct override_list *given;   /* shared; never NULL */
    struct extra_arguments *extra; /* shared; may be NULL */
    size_t n_rows;                 /* of `moved` and `locked`: the model's n_tensors */
    int16_t *moved;           /* owned: device the row was sent to by hand, or PLAN_UNMOVED. Rows of
                                       * one name (tied twins) always hold the same value */
    uint32_t locked_settings; /* a bit each, in the order of model/plan/setting_list.h */
    uint8_t *locked;          /* owned: 1 where the optimiser and later drags leave the row */
};
enum { PLAN_UNMOVED = -32768 };

void plan_init(struct plan *plan,
               const struct model *model); /* llama.cpp's defaults, nothing moved */
/* Gives a plan that was read without a model its rows (nothing moved, nothing locked). */
void plan_attach(struct plan *plan, const struct model *model);
void plan_copy(struct plan *to, const struct plan *from); /* `to` is overwritten, not freed */
void plan_clear(struct plan *plan);
bool plan_equal(const struct plan *a, const struct plan *b);

/* Sends rows to a device (DEVICE_HOST, an index) or, with PLAN_UNMOVED, drops what was moved by hand.
 * Rows that are not loaded or locked are left alone. Returns how many rows changed. */
size_t plan_move_rows(struct plan *plan, const struct model *model, const uint32_t *rows, size_t n,
                      int device);

/* Sets the homes outright: `counts[0]` layers on CPU, then `counts[1 + k]` on the plan's k-th device in
 * use; they sum to n_layer + 1 (the output layer counts as one and is the last). Writes -ngl and -ts. */
void plan_set_runs(struct plan *plan, const struct model *model, const uint32_t *counts,
                   size_t n_in_use);

#endif
