#include "model/net/compute_allocator.h"

#include <string.h>

void arena_init(struct arena *arena, uint64_t alignment)
{
    arena->alignment = alignment;
    arena->size = 0;
    arena->n_blocks = 1;
    arena->blocks[0].offset = 0;
    arena->blocks[0].size = UINT64_MAX / 2;
    memset(arena->live, 0, sizeof arena->live);
    memset(arena->peak, 0, sizeof arena->peak);
}

uint64_t arena_padded(const struct arena *arena, uint64_t bytes)
{
    return (bytes + arena->alignment - 1) / arena->alignment * arena->alignment;
}

static void remove_block(struct arena *arena, int at)
{
    arena->n_blocks--;
    memmove(&arena->blocks[at], &arena->blocks[at + 1],
            (size_t)(arena->n_blocks - at) * sizeof arena->blocks[0]);
}

static void insert_block(struct arena *arena, uint64_t offset, uint64_t bytes)
{
    if (arena->n_blocks == ARENA_MAX_BLOCKS)
        return; /* ggml aborts here; losing the block errs on the safe side */
    int at = 0;
    while (at < arena->n_blocks && arena->blocks[at].offset < offset)
        at++;
    memmove(&arena->blocks[at + 1], &arena->blocks[at],
            (size_t)(arena->n_blocks - at) * sizeof arena->blocks[0]);
    arena->blocks[at].offset = offset;
    arena->blocks[at].size = bytes;
    arena->n_blocks++;
}

/* The smallest block that holds `bytes`, the later one of equals; else the open end. */
static int best_fit(const struct arena *arena, uint64_t bytes)
{
    int best = arena->n_blocks - 1;
    uint64_t best_size = UINT64_MAX;
    for (int i = 0; i < arena->n_blocks - 1; i++) {
        uint64_t size = arena->blocks[i].size;
        if (size >= bytes && size <= best_size) {
            best = i;
            best_size = size;
        }
    }
    return best;
}

uint64_t arena_take(struct arena *arena, uint64_t bytes)
{
    bytes = arena_padded(arena, bytes);
    int at = best_fit(arena, bytes);
    uint64_t offset = arena->blocks[at].offset;
    arena->blocks[at].offset += bytes;
    arena->blocks[at].size -= bytes;
    if (arena->blocks[at].size == 0)
        remove_block(arena, at);
    if (offset + bytes > arena->size)
        arena->size = offset + bytes;
    return offset;
}

void arena_give(struct arena *arena, uint64_t offset, uint64_t bytes)
{
    bytes = arena_padded(arena, bytes);
    for (int i = 0; i < arena->n_blocks; i++) {
        if (arena->blocks[i].offset + arena->blocks[i].size == offset) {
            arena->blocks[i].size += bytes;
            if (i + 1 < arena->n_blocks && offset + bytes == arena->blocks[i + 1].offset) {
                arena->blocks[i].size += arena->blocks[i + 1].size;
                remove_block(arena, i + 1);
            }
            return;
        }
        if (offset + bytes == arena->blocks[i].offset) {
            arena->blocks[i].offset = offset;
            arena->blocks[i].size += bytes;
            return; /* the block before was looked at first: it does not end here */
        }
    }
    insert_block(arena, offset, bytes);
}
