#include "model/gguf/string_pool.h"

#include "model/base/memory.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 16384 };

struct string_pool_block {
    struct string_pool_block *next;
    size_t used;
    size_t size;
    char bytes[];
};

static struct string_pool_block *block_with(struct string_pool *pool, size_t bytes)
{
    struct string_pool_block *block = pool->blocks;
    if (block != NULL && block->size - block->used >= bytes) {
        return block;
    }
    size_t size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
    block = memory_new(sizeof *block + size);
    block->size = size;
    block->next = pool->blocks;
    pool->blocks = block;
    return block;
}

const char *string_pool_add(struct string_pool *pool, const uint8_t *bytes, uint64_t size)
{
    struct string_pool_block *block = block_with(pool, (size_t)size + 1);
    char *copy = block->bytes + block->used;
    if (size > 0) {
        memcpy(copy, bytes, (size_t)size);
    }
    copy[size] = '\0';
    block->used += (size_t)size + 1;
    return copy;
}

void string_pool_clear(struct string_pool *pool)
{
    while (pool->blocks != NULL) {
        struct string_pool_block *next = pool->blocks->next;
        free(pool->blocks);
        pool->blocks = next;
    }
}
