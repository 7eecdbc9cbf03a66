/* ggml's graph allocator, replayed: best fit over the free blocks, the open end only when nothing else
 * fits (ggml/src/ggml-alloc.c, ggml_dyn_tallocr). One arena stands for one backend's compute buffer.
 */
#ifndef OTPLAN_MODEL_NET_COMPUTE_ALLOCATOR_H
#define OTPLAN_MODEL_NET_COMPUTE_ALLOCATOR_H

#include "model/net/compute_memory.h"

enum { ARENA_MAX_BLOCKS = 256 };

struct arena {
    uint64_t alignment;
    uint64_t size; /* the buffer's size: the highest end ever reached */
    struct {
        uint64_t offset, size;
    } blocks[ARENA_MAX_BLOCKS]; /* free ones by address; the last is the open end */
    int n_blocks;
    uint64_t live[COMPUTE_TERM_COUNT]; /* bytes in use now */
    uint64_t peak[COMPUTE_TERM_COUNT]; /* bytes in use when `size` last grew */
};

void arena_init(struct arena *arena, uint64_t alignment);
uint64_t arena_take(struct arena *arena, uint64_t bytes); /* the offset of the new block */
void arena_give(struct arena *arena, uint64_t offset, uint64_t bytes);
uint64_t arena_padded(const struct arena *arena, uint64_t bytes);

#endif
