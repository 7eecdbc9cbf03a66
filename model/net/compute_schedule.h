/* ggml's backend scheduler, replayed on a graph without data: which backend runs each operation, where
 * the graph is split, what is copied between backends, and what each backend's buffer then takes.
 *
 * Sources: ggml/src/ggml-backend.cpp (ggml_backend_sched_split_graph), ggml/src/ggml-alloc.c
 * (ggml_gallocr_alloc_graph_impl). Every backend is taken to support every operation.
 */
#ifndef OTPLAN_MODEL_NET_COMPUTE_SCHEDULE_H
#define OTPLAN_MODEL_NET_COMPUTE_SCHEDULE_H

#include "model/net/compute_allocator.h"
#include "model/net/compute_graph.h"

enum {
    SCHEDULE_MAX_BACKENDS = 17 /* 16, the CPU's among them, in a stock build */,
    SCHEDULE_MAX_INPUTS = 30
};

struct schedule_backend {
    uint64_t alignment;
    bool offloads;    /* runs big operations whose weights are in host memory */
    bool pads_rows;   /* quantised rows are padded: copies of them too */
    bool has_scratch; /* its flash attention asks for scratch memory */
};

struct schedule {
    struct schedule_backend backends[SCHEDULE_MAX_BACKENDS];
    int n_backends; /* the last is the CPU */
    int n_copies;   /* 4 with pipeline parallelism, else 1 */
    bool op_offload;
};

/* Places: sets each tensor's `backend`. */
void schedule_assign(const struct schedule *schedule, struct graph *graph);
/* Places, splits and allocates. A tensor whose `backend` is set already stays there. `arenas` has
 * n_backends entries, filled here. The graph is used up: sources point at copies afterwards. */
void schedule_measure(const struct schedule *schedule, struct graph *graph, struct arena *arenas);

#endif
