#include "model/gguf/gguf_names.h"

#include "model/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD_WORDS = 2, HEAD_BYTES = 8 * HEAD_WORDS };

/* A name's first bytes as numbers that compare as the text does: most comparisons end there. */
struct name_key {
    uint64_t head[HEAD_WORDS];
    const char *rest; /* what follows them; NULL: nothing */
    uint32_t index;
};

static struct name_key key_of(const char *name, uint32_t index)
{
    struct name_key key = {.index = index};
    size_t length = strlen(name);
    for (size_t i = 0; i < HEAD_BYTES && i < length; i++) {
        key.head[i / 8] |= (uint64_t)(unsigned char)name[i] << (56 - 8 * (i % 8));
    }
    key.rest = length > HEAD_BYTES ? name + HEAD_BYTES : NULL;
    return key;
}

static int compare_keys(const void *a, const void *b)
{
    const struct name_key *x = a;
    const struct name_key *y = b;
    for (int i = 0; i < HEAD_WORDS; i++) {
        if (x->head[i] != y->head[i]) {
            return x->head[i] < y->head[i] ? -1 : 1;
        }
    }
    if (x->rest == NULL || y->rest == NULL) {
        return (x->rest != NULL) - (y->rest != NULL);
    }
    return strcmp(x->rest, y->rest);
}

uint64_t gguf_names_sort(struct gguf *gguf)
{
    uint64_t twice = 0;
    struct name_key *keys = memory_array(gguf->n_tensors, sizeof *keys);
    for (uint32_t i = 0; i < gguf->n_tensors; i++) {
        keys[i] = key_of(gguf->tensors[i].name, i);
    }
    qsort(keys, gguf->n_tensors, sizeof *keys, compare_keys);
    gguf->by_name = memory_array(gguf->n_tensors, sizeof *gguf->by_name);
    for (uint64_t i = 0; i < gguf->n_tensors; i++) {
        gguf->by_name[i] = keys[i].index;
        if (i > 0 && twice == 0 && compare_keys(&keys[i - 1], &keys[i]) == 0) {
            twice = i;
        }
    }
    free(keys);
    return twice;
}

static const char *name_at(const struct gguf *gguf, uint64_t place)
{
    return gguf->tensors[gguf->by_name[place]].name;
}

int64_t gguf_find_tensor(const struct gguf *gguf, const char *name)
{
    uint64_t low = 0;
    uint64_t high = gguf->n_tensors;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        int order = strcmp(name_at(gguf, middle), name);
        if (order == 0) {
            return gguf->by_name[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return -1;
}
