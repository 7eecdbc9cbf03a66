/* The tensor table of one part. Rules: ggml/src/gguf.cpp gguf_init_from_reader. */
#include "model/base/memory.h"
#include "model/gguf/gguf_head.h"

#include <inttypes.h>
#include <string.h>

enum {
    NAME_MAX_BYTES = 63, /* GGML_MAX_NAME - 1 */
    DIMS_MAX = 4,        /* GGML_MAX_DIMS */
};

/* Types that ggml once had; llama.cpp refuses a file with one. */
static const struct {
    uint32_t id;
    const char *name;
} REMOVED[] = {{4, "q4_2"}, {5, "q4_3"}, {37, "iq4_nl_4_8"}, {38, "iq4_nl_8_8"}};

static bool fail_tensor(const struct byte_reader *reader, const struct gguf_tensor *tensor,
                        const char *what, uint64_t number)
{
    struct shown_name name = shown_name((const uint8_t *)tensor->name, strlen(tensor->name));
    return byte_reader_fail(reader, "tensor '%s' %s %" PRIu64, name.text, what, number);
}

static bool read_name(struct gguf_tensor *tensor, struct byte_reader *reader,
                      struct string_pool *pool)
{
    struct byte_slice name;
    uint64_t begin = reader->at;
    if (!byte_reader_string(reader, &name, "a tensor name")) {
        return false;
    }
    if (name.size > NAME_MAX_BYTES) {
        struct shown_name shown = shown_name(name.bytes, name.size);
        return byte_reader_fail(reader,
                                "damaged: the tensor name '%s' at byte %" PRIu64 " has %" PRIu64
                                " bytes, and 63 is the limit",
                                shown.text, begin, name.size);
    }
    tensor->name = string_pool_add(pool, name.bytes, name.size);
    return true;
}

/* `what` is said of a tensor whose elements cannot be counted in an int64_t, as ggml does. */
static bool check_elements(const struct gguf_tensor *tensor, const struct byte_reader *reader)
{
    int64_t elements = 1;
    for (uint32_t i = 0; i < DIMS_MAX; i++) {
        if (tensor->ne[i] > INT64_MAX) {
            return fail_tensor(reader, tensor,
                               "is damaged: a dimension is negative or absurd:", tensor->ne[i]);
        }
    }
    for (uint32_t i = 0; i < DIMS_MAX; i++) {
        if (__builtin_mul_overflow(elements, (int64_t)tensor->ne[i], &elements)) {
            return fail_tensor(reader, tensor, "is damaged: its size overflows, at dimension",
                               tensor->ne[i]);
        }
    }
    return true;
}

static bool read_dims(struct gguf_tensor *tensor, struct byte_reader *reader)
{
    if (!byte_reader_u32(reader, &tensor->n_dims, "the tensor table")) {
        return false;
    }
    if (tensor->n_dims > DIMS_MAX) {
        return fail_tensor(reader, tensor, "is damaged: 4 dimensions are the limit, it has",
                           tensor->n_dims);
    }
    for (uint32_t i = 0; i < DIMS_MAX; i++) {
        tensor->ne[i] = 1;
    }
    for (uint32_t i = 0; i < tensor->n_dims; i++) {
        if (!byte_reader_u64(reader, &tensor->ne[i], "the tensor table")) {
            return false;
        }
    }
    return check_elements(tensor, reader);
}

static bool fail_type(const struct byte_reader *reader, const struct gguf_tensor *tensor,
                      uint32_t id)
{
    struct shown_name name = shown_name((const uint8_t *)tensor->name, strlen(tensor->name));
    for (size_t i = 0; i < sizeof REMOVED / sizeof REMOVED[0]; i++) {
        if (REMOVED[i].id == id) {
            return byte_reader_fail(
                reader, "tensor '%s' has type %" PRIu32 " (%s), which llama.cpp no longer reads",
                name.text, id, REMOVED[i].name);
        }
    }
    return byte_reader_fail(
        reader, "tensor '%s' has type %" PRIu32 ", which neither llama.cpp nor ik_llama.cpp knows",
        name.text, id);
}

static bool read_type(struct gguf_tensor *tensor, struct byte_reader *reader)
{
    uint32_t id = 0;
    if (!byte_reader_u32(reader, &id, "the tensor table")) {
        return false;
    }
    tensor->type = ggml_type_find(id);
    if (tensor->type == NULL) {
        return fail_type(reader, tensor, id);
    }
    if (tensor->ne[0] % tensor->type->block_elements != 0) {
        struct shown_name name = shown_name((const uint8_t *)tensor->name, strlen(tensor->name));
        return byte_reader_fail(reader,
                                "tensor '%s' is damaged: a row of %" PRIu64
                                " elements is no whole number of %s blocks (%" PRIu32 " each)",
                                name.text, tensor->ne[0], tensor->type->name,
                                tensor->type->block_elements);
    }
    return ggml_tensor_bytes(tensor->type, tensor->ne, &tensor->bytes) ||
           fail_tensor(reader, tensor, "is damaged: its size overflows, with a row of",
                       tensor->ne[0]);
}

/* The data section has no gaps and the table's order: each offset is the padded sum before it. */
static bool check_offset(const struct gguf_tensor *tensor, const struct byte_reader *reader,
                         uint64_t alignment, uint64_t *running)
{
    if (tensor->offset != *running) {
        struct shown_name name = shown_name((const uint8_t *)tensor->name, strlen(tensor->name));
        return byte_reader_fail(reader,
                                "tensor '%s' is damaged: its offset is %" PRIu64 ", and %" PRIu64
                                " follows from the tensors before it",
                                name.text, tensor->offset, *running);
    }
    uint64_t padded = 0;
    if (__builtin_add_overflow(tensor->bytes, alignment - 1, &padded) ||
        __builtin_add_overflow(*running, padded & ~(alignment - 1), running) ||
        *running > INT64_MAX) {
        return fail_tensor(reader, tensor, "is damaged: the sum of sizes overflows, at offset",
                           tensor->offset);
    }
    return true;
}

static bool read_tensor(struct gguf_tensor *tensor, struct byte_reader *reader,
                        struct string_pool *pool)
{
    return read_name(tensor, reader, pool) && read_dims(tensor, reader) &&
           read_type(tensor, reader) &&
           byte_reader_u64(reader, &tensor->offset, "the tensor table");
}

static bool place_data(struct gguf_head *head, const struct byte_reader *reader)
{
    head->table_end = reader->at;
    uint64_t padding = (head->alignment - head->table_end % head->alignment) % head->alignment;
    head->data_start = head->table_end + padding;
    head->weights_end = head->data_start;
    if (head->n_tensors > 0) {
        const struct gguf_tensor *last = &head->tensors[head->n_tensors - 1];
        uint64_t end = last->offset + last->bytes; /* both at most INT64_MAX */
        if (__builtin_add_overflow(head->data_start, end, &head->weights_end)) {
            return fail_tensor(reader, last, "is damaged: it would end past any file, at offset",
                               last->offset);
        }
    }
    return true;
}

bool gguf_head_read_tensors(struct gguf_head *head, struct byte_reader *reader,
                            struct string_pool *pool, uint32_t part)
{
    uint64_t running = 0;
    head->tensors = memory_array((size_t)head->n_tensors, sizeof *head->tensors);
    for (uint64_t i = 0; i < head->n_tensors; i++) {
        struct gguf_tensor *tensor = &head->tensors[i];
        tensor->part = part;
        if (!read_tensor(tensor, reader, pool) ||
            !check_offset(tensor, reader, head->alignment, &running)) {
            return false;
        }
    }
    return place_data(head, reader);
}
