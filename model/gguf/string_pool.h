/* Copies of strings from a file, each with a NUL behind it, freed all at once. */
#ifndef OTPLAN_MODEL_GGUF_STRING_POOL_H
#define OTPLAN_MODEL_GGUF_STRING_POOL_H

#include <stdint.h>

struct string_pool_block;

/* A zeroed struct is an empty pool. */
struct string_pool {
    struct string_pool_block *blocks;
};

/* Borrowed: lives as long as the pool. */
const char *string_pool_add(struct string_pool *pool, const uint8_t *bytes, uint64_t size);
void string_pool_clear(struct string_pool *pool);

#endif
