#include "model/net/compute_split.h"

#include "model/base/memory.h"

#include <stdlib.h>
#include <string.h>

struct splitter {
    const struct schedule *schedule;
    struct graph *graph;
    struct split_order *order;
    int backend;              /* of the split being filled */
    int32_t start;            /* its first node */
    int n_inputs;             /* copies it needs */
    struct order_list inputs; /* their originals and copies, in pairs */
};

static void push(struct order_list *list, int32_t item)
{
    if (list->n == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 1024;
        list->items = memory_resize(list->items, (size_t)list->capacity, sizeof *list->items);
    }
    list->items[list->n++] = item;
}

void split_order_clear(struct split_order *order)
{
    free(order->steps.items);
    free(order->first.items);
    free(order->second.items);
    *order = (struct split_order){0};
}

static int32_t copy_on(const struct graph *graph, int32_t tensor, int backend)
{
    int32_t copy = graph->tensors[tensor].copies;
    while (copy != GRAPH_NONE && graph->tensors[copy].backend != backend)
        copy = graph->tensors[copy].copies;
    return copy;
}

static enum compute_term copy_term(const struct graph_tensor *original)
{
    if (original->flags & GRAPH_WEIGHT)
        return COMPUTE_WEIGHT_COPIES;
    return original->flags & GRAPH_INPUT ? COMPUTE_INPUTS : (enum compute_term)original->term;
}

static int32_t add_copy(struct graph *graph, int32_t original, int backend, enum compute_term term)
{
    struct graph_tensor from = graph->tensors[original];
    int32_t copy = graph_leaf(graph, from.shape, from.element, 0);
    struct graph_tensor *to = &graph->tensors[copy];
    to->flags = from.flags & GRAPH_CONTIGUOUS; /* the gaps of a strided view are copied too */
    to->bytes = from.bytes;
    to->row_padding = from.row_padding;
    to->backend = (int16_t)backend;
    to->term = (uint8_t)term;
    return copy;
}

/* With pipeline parallelism every input of the graph exists n_copies times, on its own backend too. */
static void multiply_input(struct splitter *s, int32_t input)
{
    struct graph_tensor *tensor = &s->graph->tensors[input];
    if (s->schedule->n_copies == 1 || !(tensor->flags & GRAPH_INPUT) ||
        tensor->flags & GRAPH_OUTPUT)
        return;
    int backend = tensor->backend;
    graph_flag(s->graph, input, GRAPH_OUTPUT);
    push(&s->order->first, input);
    for (int c = 1; c < s->schedule->n_copies; c++) {
        int32_t copy = add_copy(s->graph, input, backend, COMPUTE_PIPELINE);
        graph_flag(s->graph, copy, GRAPH_OUTPUT);
        push(&s->order->first, copy);
    }
}

static int32_t need_copy(struct splitter *s, int32_t original)
{
    int32_t copy = copy_on(s->graph, original, s->backend);
    if (copy != GRAPH_NONE)
        return copy;
    struct graph_tensor *tensor = &s->graph->tensors[original];
    copy = add_copy(s->graph, original, s->backend, copy_term(tensor));
    tensor = &s->graph->tensors[original]; /* the array may have moved */
    s->graph->tensors[copy].copies = tensor->copies;
    tensor->copies = copy;
    push(&s->inputs, original);
    push(&s->inputs, copy);
    s->n_inputs++;
    for (int c = 0; c < s->schedule->n_copies && s->schedule->n_copies > 1; c++) {
        int32_t twin = c ? add_copy(s->graph, original, s->backend, COMPUTE_PIPELINE) : copy;
        graph_flag(s->graph, twin, GRAPH_OUTPUT);
        push(&s->order->second, twin);
    }
    return copy;
}

/* A weight from elsewhere starts a split, so that the copy before it can be freed; so does an input too
 * many. */
static bool needs_split(const struct splitter *s, const struct graph_tensor *node)
{
    if (s->n_inputs == 0)
        return false;
    for (int j = 0; j < node->n_sources; j++) {
        int32_t source = node->source[j];
        if (source == GRAPH_NONE || s->graph->tensors[source].backend == s->backend)
            continue;
        if (s->graph->tensors[source].flags & GRAPH_WEIGHT)
            return true;
        if (s->n_inputs >= SCHEDULE_MAX_INPUTS &&
            copy_on(s->graph, source, s->backend) == GRAPH_NONE)
            return true;
    }
    return false;
}

static void finish_split(struct splitter *s, int32_t end)
{
    for (int32_t i = 0; i < s->inputs.n; i += 2) {
        push(&s->order->steps, ~s->inputs.items[i]);
        push(&s->order->steps, s->inputs.items[i + 1]);
    }
    for (int32_t i = s->start; i < end; i++)
        push(&s->order->steps, s->graph->nodes[i]);
    s->inputs.n = 0;
    s->n_inputs = 0;
    s->start = end;
}

static void take_inputs(struct splitter *s, int32_t node)
{
    int n = s->graph->tensors[node].n_sources;
    for (int j = 0; j < n; j++) {
        int32_t source = s->graph->tensors[node].source[j];
        if (source == GRAPH_NONE)
            continue;
        multiply_input(s, source);
        if (s->graph->tensors[source].backend == s->backend)
            continue;
        int32_t copy = need_copy(s, source);
        s->graph->tensors[node].source[j] = copy;
    }
}

void split_graph(const struct schedule *schedule, struct graph *graph, struct split_order *order)
{
    *order = (struct split_order){0};
    struct splitter s = {.schedule = schedule, .graph = graph, .order = order, .backend = -1};
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        const struct graph_tensor *node = &graph->tensors[graph->nodes[i]];
        if (node->op == GRAPH_VIEW)
            continue;
        if (s.backend < 0)
            s.backend = node->backend;
        if (node->backend != s.backend || needs_split(&s, node)) {
            finish_split(&s, i);
            s.backend = node->backend;
        }
        take_inputs(&s, graph->nodes[i]);
    }
    finish_split(&s, graph->n_nodes);
    free(s.inputs.items);
}

/* -- allocation -- */

struct allocation {
    const struct schedule *schedule;
    struct graph *graph;
    struct arena *arenas;
};

static uint64_t bytes_on(const struct allocation *a, const struct graph_tensor *tensor, int backend)
{
    const struct schedule_backend *where = &a->schedule->backends[backend];
    return tensor->bytes + (where->pads_rows ? tensor->row_padding : 0) +
           (where->has_scratch ? tensor->scratch : 0);
}

static void count(struct allocation *a, const struct graph_tensor *tensor, bool in_use)
{
    struct arena *arena = &a->arenas[tensor->buffer];
    uint64_t bytes = bytes_on(a, tensor, tensor->buffer);
    uint64_t padded = arena_padded(arena, bytes);
    uint64_t scratch = a->schedule->backends[tensor->buffer].has_scratch ? tensor->scratch : 0;
    uint64_t sign = in_use ? 1 : UINT64_MAX; /* adds or takes away, modulo 2^64 */
    arena->live[tensor->term] += sign * (padded - scratch);
    arena->live[COMPUTE_FLASH_SCRATCH] += sign * scratch;
}

static bool same_layout(const struct graph_tensor *node, const struct graph_tensor *source)
{
    return source->flags & GRAPH_CONTIGUOUS && node->element == source->element &&
           memcmp(&node->shape, &source->shape, sizeof node->shape) == 0;
}

/* A source whose block the node may take over: nobody else needs it, and it looks the same. */
static struct graph_tensor *reusable_source(const struct graph *graph,
                                            const struct graph_tensor *node)
{
    if (node->op != GRAPH_INPLACE && node->op != GRAPH_ROPE)
        return NULL;
    for (int i = 0; i < node->n_sources; i++) {
        if (node->source[i] == GRAPH_NONE)
            continue;
        struct graph_tensor *source = &graph->tensors[node->source[i]];
        if (source->allocated && !(source->flags & GRAPH_OUTPUT) && same_layout(node, source) &&
            source->readers == 1 && source->views == 0)
            return source;
    }
    return NULL;
}

static void allocate(struct allocation *a, int32_t index)
{
    struct graph_tensor *tensor = &a->graph->tensors[index];
    if (tensor->flags & GRAPH_EXTERNAL || tensor->allocated || tensor->root != GRAPH_NONE)
        return;
    tensor->allocated = true;
    struct graph_tensor *source = reusable_source(a->graph, tensor);
    if (source != NULL) {
        count(a, source, false);
        source->allocated = false;
        tensor->buffer = source->buffer;
        tensor->offset = source->offset;
        count(a, tensor, true);
        return;
    }
    struct arena *arena = &a->arenas[tensor->backend];
    uint64_t size = arena->size;
    tensor->buffer = tensor->backend;
    tensor->offset = arena_take(arena, bytes_on(a, tensor, tensor->backend));
    count(a, tensor, true);
    if (arena->size > size)
        memcpy(arena->peak, arena->live, sizeof arena->peak);
}

static void release(struct allocation *a, struct graph_tensor *tensor)
{
    if (!tensor->allocated || tensor->flags & GRAPH_OUTPUT)
        return;
    count(a, tensor, false);
    arena_give(&a->arenas[tensor->buffer], tensor->offset, bytes_on(a, tensor, tensor->buffer));
    tensor->allocated = false;
}

static void read_once(struct allocation *a, int32_t index)
{
    struct graph_tensor *tensor = &a->graph->tensors[index];
    tensor->readers--;
    if (tensor->readers != 0 || tensor->views != 0)
        return;
    if (tensor->root == GRAPH_NONE) {
        release(a, tensor);
        return;
    }
    struct graph_tensor *root = &a->graph->tensors[tensor->root];
    root->views--;
    if (root->views == 0 && root->readers == 0)
        release(a, root);
}

static void count_readers(struct graph *graph, const struct split_order *order)
{
    for (int32_t i = 0; i < order->steps.n; i++) {
        int32_t step = order->steps.items[i];
        if (step < 0) {
            graph->tensors[~step].readers++;
            continue;
        }
        const struct graph_tensor *node = &graph->tensors[step];
        if (node->root != GRAPH_NONE)
            graph->tensors[node->root].views++;
        for (int j = 0; j < node->n_sources; j++)
            if (node->source[j] != GRAPH_NONE)
                graph->tensors[node->source[j]].readers++;
    }
}

static void run_node(struct allocation *a, int32_t step)
{
    const int32_t *source = a->graph->tensors[step].source;
    allocate(a, step);
    for (int j = 0; j < a->graph->tensors[step].n_sources; j++)
        if (source[j] != GRAPH_NONE)
            read_once(a, source[j]);
}

static void allocate_all(struct allocation *a, const int32_t *items, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        allocate(a, items[i]);
}

void split_allocate(const struct schedule *schedule, struct graph *graph,
                    const struct split_order *order, struct arena *arenas)
{
    struct allocation a = {schedule, graph, arenas};
    allocate_all(&a, order->first.items, order->first.n);
    allocate_all(&a, order->second.items, order->second.n);
    allocate_all(&a, graph->leafs, graph->n_leafs);
    count_readers(graph, order);
    for (int32_t i = 0; i < order->steps.n; i++) {
        int32_t step = order->steps.items[i];
        if (step < 0)
            read_once(&a, ~step);
        else
            run_node(&a, step);
    }
}
