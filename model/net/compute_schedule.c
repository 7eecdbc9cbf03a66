#include "model/net/compute_schedule.h"

#include "model/base/memory.h"
#include "model/net/compute_split.h"

#include <stdlib.h>

enum { UNASSIGNED = -1, OFFLOAD_MIN_BATCH = 32 }; /* GGML_OP_OFFLOAD_MIN_BATCH */

/* The batch that decides whether an operation is worth copying its weight for. */
static uint64_t batch_size(const struct graph_tensor *tensor)
{
    const uint64_t *ne = tensor->shape.ne;
    switch ((enum graph_op)tensor->op) {
    case GRAPH_GET_ROWS:
        return 0;
    case GRAPH_MUL_MAT:
        return ne[1];
    case GRAPH_MUL_MAT_ID:
    case GRAPH_ROPE:
        return ne[2];
    default:
        return graph_elements(SHAPE(1, ne[1], ne[2], ne[3]));
    }
}

static int offloaded(const struct schedule *schedule, const struct graph_tensor *tensor, int home)
{
    int cpu = schedule->n_backends - 1;
    if (!schedule->op_offload || home != cpu || batch_size(tensor) < OFFLOAD_MIN_BATCH)
        return home;
    for (int b = 0; b < cpu; b++)
        if (schedule->backends[b].offloads)
            return b;
    return home;
}

/* Pass 1: what is decided by where the bytes or the weights are. */
static int from_place(const struct schedule *schedule, const struct graph *graph,
                      const struct graph_tensor *tensor)
{
    if (tensor->root != GRAPH_NONE && graph->tensors[tensor->root].flags & GRAPH_EXTERNAL)
        return graph->tensors[tensor->root].backend;
    if (tensor->flags & GRAPH_INPUT)
        return schedule->n_backends - 1;
    if (tensor->op == GRAPH_ROPE || tensor->op == GRAPH_FLASH_ATTN)
        return UNASSIGNED;
    for (int i = 0; i < tensor->n_sources; i++) {
        int32_t source = tensor->source[i];
        if (source != GRAPH_NONE && graph->tensors[source].flags & GRAPH_WEIGHT)
            return offloaded(schedule, tensor, graph->tensors[source].backend);
    }
    return UNASSIGNED;
}

static void assign_from_places(const struct schedule *schedule, struct graph *graph)
{
    for (int32_t i = 0; i < graph->n_leafs; i++) {
        struct graph_tensor *leaf = &graph->tensors[graph->leafs[i]];
        if (leaf->backend == UNASSIGNED)
            leaf->backend = (int16_t)from_place(schedule, graph, leaf);
    }
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        struct graph_tensor *node = &graph->tensors[graph->nodes[i]];
        if (node->backend == UNASSIGNED)
            node->backend = (int16_t)from_place(schedule, graph, node);
    }
}

/* Pass 2: neighbours take a backend over; first the devices' in both directions, then any. */
static void expand_assignments(struct graph *graph, int cpu, bool devices_only, bool up)
{
    int current = UNASSIGNED;
    for (int32_t k = 0; k < graph->n_nodes; k++) {
        int32_t i = up ? graph->n_nodes - 1 - k : k;
        struct graph_tensor *node = &graph->tensors[graph->nodes[i]];
        if (node->op == GRAPH_VIEW)
            continue;
        if (node->backend == UNASSIGNED)
            node->backend = (int16_t)current;
        else
            current = devices_only && node->backend == cpu ? UNASSIGNED : node->backend;
    }
}

/* Pass 4: views go with their bytes, leafs with their first reader. */
static void assign_rest(struct graph *graph, int cpu)
{
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        struct graph_tensor *node = &graph->tensors[graph->nodes[i]];
        if (node->root != GRAPH_NONE && node->backend == UNASSIGNED)
            node->backend = graph->tensors[node->root].backend;
        for (int j = 0; j < node->n_sources; j++) {
            if (node->source[j] == GRAPH_NONE)
                continue;
            struct graph_tensor *source = &graph->tensors[node->source[j]];
            if (source->backend == UNASSIGNED)
                source->backend = source->root == GRAPH_NONE ? node->backend
                                                             : graph->tensors[source->root].backend;
        }
        if (node->backend == UNASSIGNED)
            node->backend = (int16_t)(cpu ? 0 : cpu);
    }
}

void schedule_assign(const struct schedule *schedule, struct graph *graph)
{
    int cpu = schedule->n_backends - 1;
    assign_from_places(schedule, graph);
    expand_assignments(graph, cpu, true, false);
    expand_assignments(graph, cpu, true, true);
    expand_assignments(graph, cpu, false, false);
    expand_assignments(graph, cpu, false, true);
    assign_rest(graph, cpu);
}

void schedule_measure(const struct schedule *schedule, struct graph *graph, struct arena *arenas)
{
    for (int b = 0; b < schedule->n_backends; b++)
        arena_init(&arenas[b], schedule->backends[b].alignment);
    struct split_order order;
    schedule_assign(schedule, graph);
    split_graph(schedule, graph, &order);
    split_allocate(schedule, graph, &order, arenas);
    split_order_clear(&order);
}
