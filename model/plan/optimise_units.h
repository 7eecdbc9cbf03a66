/* What the optimiser moves: per layer a fixed part (attention, norms, router, cache) that goes with the
 * home, and units that may lie elsewhere (gate and up together, down). Private to the optimiser. */
#ifndef OTPLAN_MODEL_PLAN_OPTIMISE_UNITS_H
#define OTPLAN_MODEL_PLAN_OPTIMISE_UNITS_H

#include "model/plan/evaluation.h"

enum { UNIT_ROWS = 8, HOME_FREE = -2 };

struct unit {
    uint32_t layer;
    uint32_t n_rows;
    uint32_t rows[UNIT_ROWS];
    uint64_t bytes; /* padded for a card */
    double read;    /* bytes read for one token */
    bool expert;
    uint64_t largest_bytes; /* of one of its tensors */
    uint32_t largest_row;
    bool
        leads; /* has the largest tensor of its step: that runs where this unit is (model/plan/route.h) */
};

struct layer_load {
    uint64_t bytes;    /* fixed part, cache included, padded for a card */
    double read;       /* weights of the fixed part read for one token */
    double cache_read; /* cache bytes read for one token */
    uint64_t movable;  /* sum of its units' bytes */
    double movable_read;
    int16_t
        home; /* place in use (-1: host) that it keeps, every weight of it being locked; else HOME_FREE */
};

struct load {
    uint32_t n_layer;          /* repeating layers; entry n_layer is the output layer */
    struct layer_load *layers; /* n_layer + 1 */
    struct unit *units;        /* in layer order, big ones of a layer first */
    size_t n_units;
    size_t n_devices;    /* devices in use */
    uint64_t *pinned;    /* per device in use: bytes of locked rows there */
    uint64_t everywhere; /* bytes that each card in use takes once (rope tables) */
    uint64_t
        host_bytes; /* what is on the host whatever the layout: tables, locked rows, caches with -nkvo */
    bool host_is_elastic;     /* mapped weights beyond its memory are read from disk */
    double *seconds_per_byte; /* per device in use */
    double host_seconds_per_byte;
    /* (n_devices + 1)^2: from [i] to [j], 0 the host, 1 + k the k-th device in use; NULL where none costs anything */
    double *switch_seconds;
    bool homes_locked; /* of some layers */
};

/* What it costs to go from one place in use (-1: host) to another. */
double load_switch(const struct load *load, int from, int to);

/* Whether reading a layer's units at `place` saves more over the host than the way there from `home` and back costs. */
bool load_worth_the_way(const struct load *load, int home, int place, uint32_t layer);

/* How many layers would not have the home that they keep. counts[0]: on the host, counts[1 + k]: on the k-th device. */
uint32_t load_breaks(const struct load *load, const uint32_t *counts);

/* `now` is the evaluation of `plan`: locked rows stay where it puts them. */
void load_init(struct load *load, const struct model *model, const struct rig *rig,
               const struct plan *plan, const struct evaluation *now, uint64_t depth);
void load_clear(struct load *load);

#endif
