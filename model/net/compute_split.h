/* The second half of the scheduler's work: the splits with their copies, and the allocation in that
 * order (ggml/src/ggml-backend.cpp pass 5, ggml/src/ggml-alloc.c).
 */
#ifndef OTPLAN_MODEL_NET_COMPUTE_SPLIT_H
#define OTPLAN_MODEL_NET_COMPUTE_SPLIT_H

#include "model/net/compute_schedule.h"

struct order_list {
    int32_t *items; /* owned */
    int32_t n, capacity;
};

/* What is allocated when. `steps` holds tensors in the order of execution; ~t stands for "the original
 * t of the copy that follows may go now if nobody else reads it". */
struct split_order {
    struct order_list steps;
    struct order_list first;  /* pipeline copies of the graph's inputs: before all else */
    struct order_list second; /* pipeline copies of what is handed from device to device */
};

void split_graph(const struct schedule *schedule, struct graph *graph, struct split_order *order);
void split_allocate(const struct schedule *schedule, struct graph *graph,
                    const struct split_order *order, struct arena *arenas);
void split_order_clear(struct split_order *order);

#endif
