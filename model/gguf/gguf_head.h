/* The head of one part: preamble, values, tensor table. Private to model/gguf; gguf.c puts the parts
 * together.
 */
#ifndef OTPLAN_MODEL_GGUF_GGUF_HEAD_H
#define OTPLAN_MODEL_GGUF_GGUF_HEAD_H

#include "model/gguf/byte_reader.h"
#include "model/gguf/gguf.h"
#include "model/gguf/string_pool.h"

/* What a gguf owns beside its tables (gguf.storage). */
struct gguf_storage {
    struct string_pool strings;
    uint32_t *by_key; /* owned: indices of gguf.values, sorted by key */
};

/* What the file says of the split it is a part of (keys split.*). */
struct gguf_split_facts {
    uint32_t number; /* split.no, from 0 */
    uint32_t count;  /* split.count; 1 where it is not split */
    bool has_number;
    uint64_t n_tensors; /* split.tensors.count, of all parts */
    bool has_n_tensors;
};

struct gguf_head {
    uint32_t version;
    uint64_t alignment;
    uint64_t n_values;
    struct gguf_value *values; /* owned, in file order */
    uint32_t *by_key;          /* owned: indices of values, sorted by key */
    uint64_t n_tensors;
    struct gguf_tensor *tensors; /* owned, in file order */
    uint64_t table_end;          /* bytes up to the end of the tensor table */
    uint64_t data_start;         /* the same, padded to the alignment */
    uint64_t weights_end;        /* where the last tensor ends in a whole file */
    struct gguf_split_facts split;
};

/* Preamble and values (gguf_values.c), then the tensor table (gguf_tensors.c). On failure the head may
 * hold some of it; gguf_head_clear frees all that it holds. */
bool gguf_head_read_values(struct gguf_head *head, struct byte_reader *reader,
                           struct string_pool *pool);
bool gguf_head_read_tensors(struct gguf_head *head, struct byte_reader *reader,
                            struct string_pool *pool, uint32_t part);
void gguf_head_clear(struct gguf_head *head);

/* Binary search by key; NULL where absent. */
const struct gguf_value *gguf_head_find(const struct gguf_value *values, const uint32_t *by_key,
                                        uint64_t n_values, const char *key);

#endif
