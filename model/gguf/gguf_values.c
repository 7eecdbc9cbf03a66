/* Preamble and key-values of one part. Rules: ggml/src/gguf.cpp gguf_init_from_reader. */
#include "model/base/memory.h"
#include "model/gguf/gguf_head.h"
#include "model/gguf/gguf_number.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    VERSION_MAX = 3,
    PREAMBLE_BYTES = 24,
    VALUE_BYTES_MIN = 8 + 1 + 4 + 1,  /* length and one byte of key, type, one byte of value */
    TENSOR_BYTES_MIN = 8 + 4 + 4 + 8, /* length of an empty name, n_dims 0, type, offset */
    ALIGNMENT_DEFAULT = 32,           /* GGUF_DEFAULT_ALIGNMENT */
    ARRAY_ELEMENTS_MAX = 1 << 30,     /* GGUF_MAX_ARRAY_ELEMENTS */
    COUNT_SENSIBLE_MAX = 1 << 24,     /* more entries than any file has: damage, not a cut */
};

/* What people give in place of a GGUF file, by its first bytes. */
static const struct {
    const char *begin;
    const char *is;
} LOOKALIKES[] = {
    {"PK\x03\x04", "a zip or PyTorch archive"},
    {"<!", "a web page, so the download went wrong"},
    {"<h", "a web page, so the download went wrong"},
    {"version https://git-lfs", "a git-lfs pointer, fetch the file itself"},
    {"ggjt", "a GGML file from before GGUF, convert the model anew"},
    {"tjgg", "a GGML file from before GGUF, convert the model anew"},
    {"lmgg", "a GGML file from before GGUF, convert the model anew"},
    {"{", "JSON"},
    {"#!", "a script"},
};

static bool fail_magic(const struct byte_reader *reader)
{
    if (reader->bytes[0] == '\0') {
        return byte_reader_fail(reader,
                                "not a GGUF file (it begins with zeros, as downloads do that "
                                "are unfinished)");
    }
    for (size_t i = 0; i < sizeof LOOKALIKES / sizeof LOOKALIKES[0]; i++) {
        size_t length = strlen(LOOKALIKES[i].begin);
        if (reader->size >= length && memcmp(reader->bytes, LOOKALIKES[i].begin, length) == 0) {
            return byte_reader_fail(reader, "not a GGUF file (it is %s)", LOOKALIKES[i].is);
        }
    }
    struct shown_name begin = shown_name(reader->bytes, reader->size < 4 ? reader->size : 4);
    return byte_reader_fail(reader, "not a GGUF file (it begins with '%s', not with 'GGUF')",
                            begin.text);
}

static bool check_version(const struct byte_reader *reader, uint32_t version)
{
    if (version == 0) {
        return byte_reader_fail(reader, "GGUF version 0 does not exist: the file is damaged");
    }
    if ((version & 0xffff) == 0) {
        return byte_reader_fail(reader,
                                "a big-endian GGUF file: llama.cpp refuses it on this machine "
                                "(get the little-endian one, or convert it)");
    }
    if (version == 1) {
        return byte_reader_fail(reader,
                                "GGUF version 1: llama.cpp no longer reads it (versions 2 and 3 "
                                "it does; convert the model anew)");
    }
    if (version > VERSION_MAX) {
        return byte_reader_fail(
            reader, "GGUF version %" PRIu32 ": llama.cpp reads versions 2 and 3", version);
    }
    return true;
}

static bool check_count(const struct byte_reader *reader, uint64_t count, uint64_t bytes_min,
                        const char *what)
{
    if (count > COUNT_SENSIBLE_MAX) {
        return byte_reader_fail(reader, "damaged: the head claims %" PRIu64 " %s", count, what);
    }
    if (count > byte_reader_left(reader) / bytes_min) {
        byte_reader_note_cut(reader);
        return byte_reader_fail(reader,
                                "cut off inside the head: it claims %" PRIu64
                                " %s, and the file ends at byte %" PRIu64
                                " (fetch more of it, or all of it again)",
                                count, what, reader->size);
    }
    return true;
}

static bool read_preamble(struct gguf_head *head, struct byte_reader *reader)
{
    if (reader->size == 0) {
        return byte_reader_fail(reader, "an empty file");
    }
    size_t compared = reader->size < 4 ? (size_t)reader->size : 4;
    if (memcmp(reader->bytes, "GGUF", compared) != 0) {
        return fail_magic(reader);
    }
    if (!byte_reader_skip(reader, 4, "the preamble") ||
        !byte_reader_u32(reader, &head->version, "the preamble") ||
        !check_version(reader, head->version)) {
        return false;
    }
    return byte_reader_u64(reader, &head->n_tensors, "the preamble") &&
           byte_reader_u64(reader, &head->n_values, "the preamble") &&
           check_count(reader, head->n_values, VALUE_BYTES_MIN, "metadata values") &&
           check_count(reader, head->n_tensors, TENSOR_BYTES_MIN, "tensors");
}

/* Walks over the strings of an array: a vocabulary is checked, never built. This is where opening a
 * model spends its time, so what is well goes a short way; what is not is read again for its words. */
static bool skip_strings(struct byte_reader *reader, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        struct byte_slice string;
        uint64_t left = byte_reader_left(reader);
        uint64_t size = left < 8 ? UINT64_MAX : bytes_le64(reader->bytes + reader->at);
        if (left >= 8 && size <= left - 8 && size <= BYTE_READER_STRING_MAX) {
            reader->at += 8 + size;
        } else if (!byte_reader_string(reader, &string, "a string of an array")) {
            return false;
        }
    }
    return true;
}

static bool fail_key(const struct byte_reader *reader, const struct gguf_value *value,
                     const char *what, uint64_t number)
{
    struct shown_name key = shown_name((const uint8_t *)value->key, strlen(value->key));
    return byte_reader_fail(reader, "damaged: key '%s' %s %" PRIu64, key.text, what, number);
}

static bool read_array(struct gguf_value *value, struct byte_reader *reader)
{
    uint32_t element = 0;
    if (!byte_reader_u32(reader, &element, "an array") ||
        !byte_reader_u64(reader, &value->count, "an array")) {
        return false;
    }
    if (element >= GGUF_N_VALUE_TYPES || element == GGUF_ARRAY) {
        return fail_key(reader, value, "is an array of the unknown type", element);
    }
    if (value->count > ARRAY_ELEMENTS_MAX) {
        return fail_key(reader, value,
                        "is an array with an absurd count of elements:", value->count);
    }
    value->element = (enum gguf_value_type)element;
    value->as.elements = reader->bytes + reader->at;
    if (element == GGUF_STRING) {
        return skip_strings(reader, value->count);
    }
    return byte_reader_skip(reader, value->count * gguf_number_bytes(value->element), "an array");
}

static bool read_string(struct gguf_value *value, struct byte_reader *reader,
                        struct string_pool *pool)
{
    struct byte_slice string;
    if (!byte_reader_string(reader, &string, "a metadata string")) {
        return false;
    }
    value->count = string.size;
    value->as.string = string_pool_add(pool, string.bytes, string.size);
    return true;
}

static bool read_number(struct gguf_value *value, struct byte_reader *reader)
{
    const uint8_t *bytes = reader->bytes + reader->at;
    if (!byte_reader_skip(reader, gguf_number_bytes(value->type), "a metadata value")) {
        return false;
    }
    struct gguf_number number = gguf_number_read(bytes, value->type);
    if (number.is_float) {
        value->as.f = number.f;
    } else {
        value->as.u = number.bits;
    }
    return true;
}

static bool read_key(struct gguf_value *value, struct byte_reader *reader, struct string_pool *pool)
{
    struct byte_slice key;
    if (!byte_reader_string(reader, &key, "a metadata key")) {
        return false;
    }
    if (key.size == 0 || key.bytes[0] == '\0') {
        return byte_reader_fail(
            reader, "damaged: a metadata key is empty (before byte %" PRIu64 ")", reader->at);
    }
    value->key = string_pool_add(pool, key.bytes, key.size);
    return true;
}

static bool read_value(struct gguf_value *value, struct byte_reader *reader,
                       struct string_pool *pool)
{
    uint32_t type = 0;
    if (!read_key(value, reader, pool) ||
        !byte_reader_u32(reader, &type, "the type of a metadata value")) {
        return false;
    }
    if (type >= GGUF_N_VALUE_TYPES) {
        return fail_key(reader, value, "has the unknown type", type);
    }
    value->type = (enum gguf_value_type)type;
    value->element = value->type;
    value->count = 1;
    if (value->type == GGUF_ARRAY) {
        return read_array(value, reader);
    }
    if (value->type == GGUF_STRING) {
        return read_string(value, reader, pool);
    }
    return read_number(value, reader);
}

static int compare_keys(const void *a, const void *b, void *values)
{
    const struct gguf_value *all = values;
    return strcmp(all[*(const uint32_t *)a].key, all[*(const uint32_t *)b].key);
}

static bool sort_keys(struct gguf_head *head, const struct byte_reader *reader)
{
    head->by_key = memory_array((size_t)head->n_values, sizeof *head->by_key);
    for (uint32_t i = 0; i < head->n_values; i++) {
        head->by_key[i] = i;
    }
    qsort_r(head->by_key, (size_t)head->n_values, sizeof *head->by_key, compare_keys, head->values);
    for (uint64_t i = 1; i < head->n_values; i++) {
        const char *key = head->values[head->by_key[i]].key;
        if (strcmp(key, head->values[head->by_key[i - 1]].key) == 0) {
            struct shown_name shown = shown_name((const uint8_t *)key, strlen(key));
            return byte_reader_fail(reader, "damaged: the metadata key '%s' is there twice",
                                    shown.text);
        }
    }
    return true;
}

const struct gguf_value *gguf_head_find(const struct gguf_value *values, const uint32_t *by_key,
                                        uint64_t n_values, const char *key)
{
    uint64_t low = 0;
    uint64_t high = n_values;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        const struct gguf_value *value = &values[by_key[middle]];
        int order = strcmp(key, value->key);
        if (order == 0) {
            return value;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

/* The keys that the reader itself obeys; llama.cpp takes each in one type only. */
static bool take_integer(const struct gguf_head *head, const struct byte_reader *reader,
                         const char *key, enum gguf_value_type type, uint64_t *out, bool *found)
{
    const struct gguf_value *value =
        gguf_head_find(head->values, head->by_key, head->n_values, key);
    *found = value != NULL;
    if (value == NULL) {
        return true;
    }
    if (value->type != type) {
        return byte_reader_fail(reader, "damaged: key '%s' has the wrong type (%d, not %d)", key,
                                (int)value->type, (int)type);
    }
    *out = value->as.u;
    return true;
}

static bool read_facts(struct gguf_head *head, const struct byte_reader *reader)
{
    struct gguf_split_facts *split = &head->split;
    uint64_t number = 0;
    uint64_t count = 0;
    bool found = false;
    head->alignment = ALIGNMENT_DEFAULT;
    if (!take_integer(head, reader, "general.alignment", GGUF_U32, &head->alignment, &found)) {
        return false;
    }
    if (head->alignment == 0 || (head->alignment & (head->alignment - 1)) != 0) {
        return byte_reader_fail(reader,
                                "damaged: general.alignment is %" PRIu64 ", not a power of two",
                                head->alignment);
    }
    if (!take_integer(head, reader, "split.count", GGUF_U16, &count, &found) ||
        !take_integer(head, reader, "split.no", GGUF_U16, &number, &split->has_number) ||
        !take_integer(head, reader, "split.tensors.count", GGUF_I32, &split->n_tensors,
                      &split->has_n_tensors)) {
        return false;
    }
    split->count = count > 1 ? (uint32_t)count : 1;
    split->number = (uint32_t)number;
    return true;
}

bool gguf_head_read_values(struct gguf_head *head, struct byte_reader *reader,
                           struct string_pool *pool)
{
    uint64_t n_values = 0;
    if (!read_preamble(head, reader)) {
        head->n_values = 0;
        head->n_tensors = 0;
        return false;
    }
    n_values = head->n_values;
    head->values = memory_array((size_t)n_values, sizeof *head->values);
    for (uint64_t i = 0; i < n_values; i++) {
        if (!read_value(&head->values[i], reader, pool)) {
            return false;
        }
    }
    return sort_keys(head, reader) && read_facts(head, reader);
}

void gguf_head_clear(struct gguf_head *head)
{
    free(head->values);
    free(head->by_key);
    free(head->tensors);
    *head = (struct gguf_head){0};
}
