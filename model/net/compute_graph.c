#include "model/net/compute_graph.h"

#include "model/base/memory.h"

#include <stdlib.h>

/* Hostile metadata may ask for absurd shapes: sums of a few thousand of these stay inside 64 bits. */
#define GRAPH_BYTES_MAX (UINT64_C(1) << 48)

static uint64_t product(uint64_t a, uint64_t b)
{
    uint64_t result;
    if (__builtin_mul_overflow(a, b, &result) || result > GRAPH_BYTES_MAX)
        return GRAPH_BYTES_MAX;
    return result;
}

uint64_t graph_elements(struct shape shape)
{
    const uint64_t *ne = shape.ne;
    if (ne[0] < UINT64_C(1) << 18 && ne[1] < UINT64_C(1) << 18 && ne[2] < 512 && ne[3] < 256) {
        uint64_t n = ne[0] * ne[1] * ne[2] * ne[3]; /* nearly always: no overflow in reach */
        return n < GRAPH_BYTES_MAX ? n : GRAPH_BYTES_MAX;
    }
    return product(product(product(ne[0], ne[1]), ne[2]), ne[3]);
}

static void make_room(struct graph *graph, int32_t capacity)
{
    size_t n = (size_t)capacity;
    graph->capacity = capacity;
    graph->tensors = memory_resize(graph->tensors, n, sizeof *graph->tensors);
    graph->nodes = memory_resize(graph->nodes, n, sizeof *graph->nodes);
    graph->leafs = memory_resize(graph->leafs, n, sizeof *graph->leafs);
}

void graph_init(struct graph *graph, uint32_t expected)
{
    *graph = (struct graph){.term = COMPUTE_OTHER};
    make_room(graph, (int32_t)expected);
}

void graph_clear(struct graph *graph)
{
    free(graph->tensors);
    free(graph->nodes);
    free(graph->leafs);
    *graph = (struct graph){0};
}

static int32_t add(struct graph *graph, enum graph_op op, struct shape shape, unsigned element,
                   unsigned flags)
{
    if (graph->n_tensors == graph->capacity)
        make_room(graph, 2 * graph->capacity);
    for (int i = 0; i < 4; i++)
        shape.ne[i] = shape.ne[i] ? shape.ne[i] : (i ? 1 : 0);
    graph->tensors[graph->n_tensors] = (struct graph_tensor){
        .shape = shape,
        .bytes = product(graph_elements(shape), element),
        .root = GRAPH_NONE,
        .copies = GRAPH_NONE,
        .backend = -1,
        .op = (uint8_t)op,
        .flags = (uint8_t)flags,
        .element = (uint8_t)element,
        .term = (uint8_t)graph->term,
    };
    return graph->n_tensors++;
}

int32_t graph_new(struct graph *graph, enum graph_op op, struct shape shape, int32_t a, int32_t b,
                  int32_t c, int32_t d)
{
    int32_t tensor = add(graph, op, shape, 4, GRAPH_CONTIGUOUS);
    const int32_t sources[] = {a, b, c, d};
    for (int i = 0; i < 4; i++) {
        graph_source(graph, tensor, i, sources[i]);
    }
    return tensor;
}

void graph_source(struct graph *graph, int32_t tensor, int index, int32_t source)
{
    struct graph_tensor *to = &graph->tensors[tensor];
    if (source == GRAPH_NONE) {
        return;
    }
    while (to->n_sources <= index) {
        to->source[to->n_sources++] = GRAPH_NONE;
    }
    to->source[index] = source;
}

int32_t graph_leaf(struct graph *graph, struct shape shape, unsigned element, unsigned flags)
{
    return add(graph, GRAPH_LEAF, shape, element, flags | GRAPH_CONTIGUOUS);
}

static int32_t root_of(const struct graph *graph, int32_t tensor)
{
    int32_t root = graph->tensors[tensor].root;
    return root == GRAPH_NONE ? tensor : root;
}

int32_t graph_view(struct graph *graph, int32_t source, struct shape shape, bool contiguous,
                   uint64_t bytes)
{
    struct graph_tensor from = graph->tensors[source];
    int32_t view = add(graph, GRAPH_VIEW, shape, from.element, contiguous ? GRAPH_CONTIGUOUS : 0);
    graph_source(graph, view, 0, source);
    struct graph_tensor *tensor = &graph->tensors[view];
    tensor->root = root_of(graph, source);
    tensor->bytes = bytes ? bytes : tensor->bytes;
    return view;
}

int32_t graph_slice(struct graph *graph, int32_t source, struct shape shape)
{
    uint64_t row = graph->tensors[source].shape.ne[0];
    int32_t view = graph_view(graph, source, shape, false, 0);
    struct graph_tensor *tensor = &graph->tensors[view];
    uint64_t rows = row ? graph_elements(graph->tensors[source].shape) / row : 0;
    uint64_t used = rows ? graph_elements(tensor->shape) / rows : 0;
    if (rows > 0 && used < row) {
        tensor->bytes = product((rows - 1) * row + used, tensor->element);
    }
    return view;
}

int32_t graph_write(struct graph *graph, int32_t value, int32_t index, int32_t target)
{
    struct graph_tensor into = graph->tensors[target];
    int32_t tensor = add(graph, GRAPH_WRITE, into.shape, into.element, GRAPH_CONTIGUOUS);
    graph_source(graph, tensor, 0, value);
    graph_source(graph, tensor, 1, index == GRAPH_NONE ? target : index);
    graph_source(graph, tensor, 2, index == GRAPH_NONE ? GRAPH_NONE : target);
    graph->tensors[tensor].root = root_of(graph, target);
    return tensor;
}

int32_t graph_set(struct graph *graph, int32_t target, int32_t value)
{
    int32_t tensor = graph_write(graph, target, value, target);
    graph->tensors[tensor].n_sources = 2;
    return tensor;
}

void graph_expand(struct graph *graph, int32_t tensor)
{
    if (tensor == GRAPH_NONE || graph->tensors[tensor].flags & GRAPH_VISITED)
        return;
    graph->tensors[tensor].flags |= GRAPH_VISITED;
    for (int i = 0; i < graph->tensors[tensor].n_sources; i++)
        graph_expand(graph, graph->tensors[tensor].source[i]);
    if (graph->tensors[tensor].op == GRAPH_LEAF)
        graph->leafs[graph->n_leafs++] = tensor;
    else
        graph->nodes[graph->n_nodes++] = tensor;
}

struct shape graph_shape(const struct graph *graph, int32_t tensor)
{
    return graph->tensors[tensor].shape;
}

void graph_flag(struct graph *graph, int32_t tensor, enum graph_flag flag)
{
    graph->tensors[tensor].flags |= (uint8_t)flag;
}

int32_t graph_inplace(struct graph *graph, int32_t a, int32_t b)
{
    return graph_new(graph, GRAPH_INPLACE, graph_shape(graph, a), a, b, GRAPH_NONE, GRAPH_NONE);
}

int32_t graph_plain(struct graph *graph, int32_t a, int32_t b)
{
    return graph_new(graph, GRAPH_PLAIN, graph_shape(graph, a), a, b, GRAPH_NONE, GRAPH_NONE);
}

int32_t graph_cont(struct graph *graph, int32_t a, struct shape shape)
{
    return graph_new(graph, GRAPH_PLAIN, shape, a, GRAPH_NONE, GRAPH_NONE, GRAPH_NONE);
}

int32_t graph_reshape(struct graph *graph, int32_t a, struct shape shape)
{
    return graph_view(graph, a, shape, true, graph->tensors[a].bytes);
}

int32_t graph_mul_mat(struct graph *graph, int32_t weight, int32_t a)
{
    struct shape shape = graph_shape(graph, a);
    shape.ne[0] = graph_shape(graph, weight).ne[1];
    return graph_new(graph, GRAPH_MUL_MAT, shape, weight, a, GRAPH_NONE, GRAPH_NONE);
}

int32_t graph_get_rows(struct graph *graph, int32_t table, int32_t index, struct shape shape)
{
    return graph_new(graph, GRAPH_GET_ROWS, shape, table, index, GRAPH_NONE, GRAPH_NONE);
}
