/* A graph of tensors without data: what llama.cpp's scheduler and ggml's graph allocator look at when
 * they size the compute buffers, and nothing else.
 *
 * Sources: ggml/src/ggml.c (ggml_build_forward_expand), ggml/src/ggml-alloc.c (which operations may
 * take over a source's block), ggml/src/ggml-backend.cpp. Tensors are named by their index.
 */
#ifndef OTPLAN_MODEL_NET_COMPUTE_GRAPH_H
#define OTPLAN_MODEL_NET_COMPUTE_GRAPH_H

#include "model/net/compute_memory.h"

enum { GRAPH_MAX_SOURCES = 7, GRAPH_NONE = -1 };

/* The operations, told apart only where the memory differs. */
enum graph_op {
    GRAPH_LEAF,    /* weight, cache, input: no operation */
    GRAPH_VIEW,    /* view, reshape, permute, transpose: no block of its own, follows its source */
    GRAPH_WRITE,   /* set_rows, cpy, set: the result is a view of the target */
    GRAPH_PLAIN,   /* always a block of its own: norm, glu, concat, cont, argsort, ... */
    GRAPH_INPLACE, /* may take over the block of a source that nobody else reads: add, mul, scale,
                    * unary, rms_norm, soft_max, clamp, ... */
    GRAPH_ROPE,    /* in place; the frequency factors do not choose the device */
    GRAPH_FLASH_ATTN, /* plain; the sinks do not choose the device */
    GRAPH_GET_ROWS,   /* plain; never offloaded */
    GRAPH_MUL_MAT,
    GRAPH_MUL_MAT_ID,
};

enum graph_flag {
    GRAPH_INPUT = 1,    /* set by the program before each batch: born on the CPU */
    GRAPH_OUTPUT = 2,   /* never freed, never taken over */
    GRAPH_EXTERNAL = 4, /* lives in a buffer of its own: weights and caches */
    GRAPH_WEIGHT = 8,   /* external, and draws its operation to its device */
    GRAPH_CONTIGUOUS = 16,
    GRAPH_VISITED = 32,
};

struct shape {
    uint64_t ne[4];
};
#define SHAPE(...) ((struct shape){{__VA_ARGS__}}) /* missing dimensions are 1 */

struct graph_tensor {
    struct shape shape;
    uint64_t bytes;       /* as ggml_nbytes */
    uint64_t row_padding; /* more bytes on CUDA and SYCL devices (quantised rows) */
    uint64_t scratch;     /* more bytes on devices whose kernels ask for them (flash attention) */
    int32_t source[GRAPH_MAX_SOURCES]; /* the first n_sources of them; GRAPH_NONE in gaps */
    int32_t root;   /* of a view: the tensor that owns the bytes; else GRAPH_NONE */
    int32_t copies; /* scheduler: first of this tensor's copies on other backends */
    int16_t backend;
    uint8_t n_sources;
    uint8_t op, flags, element, term; /* element: bytes of one; term: enum compute_term */
    /* allocator */
    bool allocated;
    int16_t buffer;
    int32_t readers, views;
    uint64_t offset;
};

struct graph {
    struct graph_tensor *tensors; /* owned */
    int32_t n_tensors, capacity;
    int32_t *nodes, *leafs; /* owned; in the order of ggml_build_forward_expand */
    int32_t n_nodes, n_leafs;
    enum compute_term term; /* what new tensors are counted as */
};

/* `expected`: tensors to make room for; it grows beyond that. */
void graph_init(struct graph *graph, uint32_t expected);
void graph_clear(struct graph *graph);

/* Sets a source beyond the fourth, or one that was GRAPH_NONE. */
void graph_source(struct graph *graph, int32_t tensor, int index, int32_t source);
/* A tensor of 4-byte elements made by `op` from up to four sources (GRAPH_NONE for none). */
int32_t graph_new(struct graph *graph, enum graph_op op, struct shape shape, int32_t a, int32_t b,
                  int32_t c, int32_t d);
int32_t graph_leaf(struct graph *graph, struct shape shape, unsigned element, unsigned flags);
/* A view of `source`: same bytes, other shape. `bytes`: what a copy of the view would take; 0: all. */
int32_t graph_view(struct graph *graph, int32_t source, struct shape shape, bool contiguous,
                   uint64_t bytes);
/* A view of the same part of each of `source`'s rows: it spans the rows, gaps included. */
int32_t graph_slice(struct graph *graph, int32_t source, struct shape shape);
/* set_rows, cpy: `value` (with `index` or GRAPH_NONE) goes into `target`. */
int32_t graph_write(struct graph *graph, int32_t value, int32_t index, int32_t target);
/* set: `value` is written into a part of `target`; the result is `target` after that. */
int32_t graph_set(struct graph *graph, int32_t target, int32_t value);
/* Adds what `tensor` needs, then itself, to the nodes; sources first, left to right. */
void graph_expand(struct graph *graph, int32_t tensor);

/* The common shorthands. `shape` of the result is that of `a` unless said otherwise. */
int32_t graph_inplace(struct graph *graph, int32_t a, int32_t b);
int32_t graph_plain(struct graph *graph, int32_t a, int32_t b);
int32_t graph_cont(struct graph *graph, int32_t a, struct shape shape);
int32_t graph_reshape(struct graph *graph, int32_t a, struct shape shape);
int32_t graph_mul_mat(struct graph *graph, int32_t weight, int32_t a); /* [rows of weight, ...] */
int32_t graph_get_rows(struct graph *graph, int32_t table, int32_t index, struct shape shape);

struct shape graph_shape(const struct graph *graph, int32_t tensor);
uint64_t graph_elements(struct shape shape); /* saturating */
void graph_flag(struct graph *graph, int32_t tensor, enum graph_flag flag);

#endif
