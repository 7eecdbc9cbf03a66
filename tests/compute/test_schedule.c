/* The replayed scheduler on graphs small enough to work out by hand. Backend 0 and 1 are devices of
 * alignment 128, backend 2 is the CPU. */
#include "model/net/compute_schedule.h"

#include <criterion/criterion.h>

enum { KIB = 1024, N = 256 }; /* one activation: 256 tokens of 256 numbers = 256 KiB */

static struct schedule rig(void)
{
    struct schedule schedule = {.n_backends = 3, .n_copies = 1, .op_offload = true};
    for (int b = 0; b < 2; b++) {
        schedule.backends[b] = (struct schedule_backend){.alignment = 128, .offloads = true};
    }
    schedule.backends[2].alignment = 32;
    return schedule;
}

static int32_t weight(struct graph *graph, int16_t backend)
{
    int32_t leaf = graph_leaf(graph, SHAPE(N, N), 4, GRAPH_EXTERNAL | GRAPH_WEIGHT);
    graph->tensors[leaf].backend = backend;
    return leaf;
}

static int32_t activation(struct graph *graph)
{
    return graph_leaf(graph, SHAPE(N, N), 4, GRAPH_INPUT);
}

static void measure(const struct schedule *schedule, struct graph *graph, int32_t result,
                    uint64_t sizes[3])
{
    struct arena arenas[3];
    graph_flag(graph, result, GRAPH_OUTPUT);
    graph_expand(graph, result);
    schedule_measure(schedule, graph, arenas);
    for (int b = 0; b < 3; b++) {
        sizes[b] = arenas[b].size;
    }
    graph_clear(graph);
}

/* The input is born on the CPU and copied; norm and its product share one block with the copy. */
Test(schedule, in_place_operations_take_a_block_over)
{
    struct schedule schedule = rig();
    struct graph graph;
    uint64_t sizes[3];
    graph_init(&graph, 16);
    int32_t x = graph_inplace(&graph, activation(&graph), GRAPH_NONE);
    x = graph_inplace(&graph, x, weight(&graph, 0));
    measure(&schedule, &graph, x, sizes);
    cr_expect_eq(sizes[0], 256 * KIB);
    cr_expect_eq(sizes[1], 0);
    cr_expect_eq(sizes[2], 256 * KIB);
}

/* A weight in host memory: the product runs on device 0, next to a copy of the weight. */
Test(schedule, op_offload_copies_the_weight)
{
    struct schedule schedule = rig();
    struct graph graph;
    uint64_t sizes[3];
    graph_init(&graph, 16);
    int32_t x = graph_mul_mat(&graph, weight(&graph, 2), activation(&graph));
    measure(&schedule, &graph, x, sizes);
    cr_expect_eq(sizes[0], 3 * 256 * KIB, "the copy, the input's copy, the result");
    cr_expect_eq(sizes[2], 256 * KIB);
}

Test(schedule, without_op_offload_the_cpu_works)
{
    struct schedule schedule = rig();
    struct graph graph;
    uint64_t sizes[3];
    schedule.op_offload = false;
    graph_init(&graph, 16);
    int32_t x = graph_mul_mat(&graph, weight(&graph, 2), activation(&graph));
    measure(&schedule, &graph, x, sizes);
    cr_expect_eq(sizes[0], 0);
    cr_expect_eq(sizes[2], 2 * 256 * KIB);
}

/* A split per weight: when the second copy comes, the first is free again. */
Test(schedule, each_weight_copy_starts_a_split)
{
    struct schedule schedule = rig();
    struct graph graph;
    uint64_t sizes[3];
    graph_init(&graph, 16);
    int32_t x = graph_mul_mat(&graph, weight(&graph, 2), activation(&graph));
    x = graph_mul_mat(&graph, weight(&graph, 2), x);
    x = graph_mul_mat(&graph, weight(&graph, 2), x);
    measure(&schedule, &graph, x, sizes);
    cr_expect_eq(sizes[0], 3 * 256 * KIB);
}

/* Pipeline copies: the input four times on the CPU, the activation handed over four times on device 1;
 * they are never freed. */
Test(schedule, pipeline_parallelism_keeps_four_of_each)
{
    struct schedule schedule = rig();
    struct graph graph;
    uint64_t sizes[3];
    schedule.n_copies = 4;
    graph_init(&graph, 16);
    int32_t x = graph_mul_mat(&graph, weight(&graph, 0), activation(&graph));
    x = graph_mul_mat(&graph, weight(&graph, 1), x);
    measure(&schedule, &graph, x, sizes);
    cr_expect_eq(sizes[0], (4 + 1) * 256 * KIB);
    cr_expect_eq(sizes[1], (4 + 1) * 256 * KIB);
    cr_expect_eq(sizes[2], 4 * 256 * KIB);
}

static uint64_t flash_attention_bytes(bool kernels)
{
    struct schedule schedule = rig();
    struct graph graph;
    uint64_t sizes[3];
    schedule.backends[0].has_scratch = kernels;
    graph_init(&graph, 16);
    int32_t q = graph_mul_mat(&graph, weight(&graph, 0), activation(&graph));
    int32_t x = graph_new(&graph, GRAPH_FLASH_ATTN, SHAPE(N, N), q, q, q, GRAPH_NONE);
    graph.tensors[x].scratch = 64 * KIB;
    measure(&schedule, &graph, x, sizes);
    return sizes[0];
}

/* Scratch lies behind the result, where there are kernels that want it: here the result no longer fits
 * into the place of the input's copy. */
Test(schedule, scratch_counts_on_devices_with_kernels)
{
    cr_expect_eq(flash_attention_bytes(false), 2 * 256 * KIB);
    cr_expect_eq(flash_attention_bytes(true), (2 * 256 + 256 + 64) * KIB);
}
