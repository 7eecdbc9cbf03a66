/* All parts of a model together. Rules: src/llama-model-loader.cpp's constructor. */
#include "model/gguf/gguf.h"

#include "model/base/memory.h"
#include "model/gguf/gguf_head.h"
#include "model/gguf/gguf_names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct byte_reader reader_of(const struct gguf_part *part, struct error *error)
{
    return (struct byte_reader){
        .path = part->path, .bytes = part->bytes, .size = part->available, .error = error};
}

static bool check_split(const struct gguf_head *head, const struct byte_reader *reader, size_t part,
                        uint32_t count)
{
    const struct gguf_split_facts *split = &head->split;
    if (count > 1 && !split->has_number) {
        return byte_reader_fail(reader,
                                "part %zu of %" PRIu32 " does not say which part it is "
                                "(key split.no is missing)",
                                part + 1, count);
    }
    if (count > 1 && split->number != part) {
        return byte_reader_fail(reader,
                                "says it is part %" PRIu32 ", and part %zu of %" PRIu32
                                " is wanted here: a file has the wrong name",
                                split->number + 1, part + 1, count);
    }
    return true;
}

static bool check_part_count(const struct gguf_head *first, const struct byte_reader *reader,
                             size_t n_parts)
{
    if (first->split.count != n_parts) {
        return byte_reader_fail(reader,
                                "the model is split into %" PRIu32 " parts, and %zu %s here",
                                first->split.count, n_parts, n_parts == 1 ? "is" : "are");
    }
    return true;
}

/* Takes the head's tensors over; the values too for the first part. */
static void take_head(struct gguf *gguf, struct gguf_head *head, size_t part)
{
    struct gguf_storage *storage = gguf->storage;
    if (part == 0) {
        gguf->version = head->version;
        gguf->n_values = head->n_values;
        gguf->values = head->values;
        storage->by_key = head->by_key;
        head->values = NULL;
        head->by_key = NULL;
    }
    size_t n = (size_t)head->n_tensors;
    gguf->tensors =
        memory_resize(gguf->tensors, (size_t)gguf->n_tensors + n, sizeof *gguf->tensors);
    if (n > 0) {
        memcpy(gguf->tensors + gguf->n_tensors, head->tensors, n * sizeof *gguf->tensors);
    }
    gguf->n_tensors += n;
    gguf->extents[part] =
        (struct gguf_extent){.table_end = head->table_end, .data_start = head->data_start};
    gguf->head_bytes += head->data_start;
}

static bool add_bytes(struct gguf *gguf, const struct gguf_head *head,
                      const struct byte_reader *reader)
{
    for (uint64_t i = 0; i < head->n_tensors; i++) {
        if (__builtin_add_overflow(gguf->tensor_bytes, head->tensors[i].bytes,
                                   &gguf->tensor_bytes)) {
            return byte_reader_fail(reader, "damaged: the sum of all tensors overflows");
        }
    }
    return true;
}

static bool read_part(struct gguf *gguf, const struct gguf_part *part, size_t index,
                      struct gguf_split_facts *whole, struct error *error)
{
    struct gguf_storage *storage = gguf->storage;
    struct gguf_head head = {0};
    struct byte_reader reader = reader_of(part, error);
    bool ok = gguf_head_read_values(&head, &reader, &storage->strings);
    if (index == 0) {
        *whole = head.split;
    }
    ok = ok && check_split(&head, &reader, index, whole->count) &&
         (index > 0 || check_part_count(&head, &reader, (size_t)gguf->n_parts));
    ok = ok && gguf_head_read_tensors(&head, &reader, &storage->strings, (uint32_t)index) &&
         add_bytes(gguf, &head, &reader);
    if (ok) {
        take_head(gguf, &head, index);
        gguf->complete = gguf->complete && head.weights_end <= part->file_bytes;
    }
    gguf_head_clear(&head);
    return ok;
}

static bool fail_twice(const struct gguf_tensor *a, const struct gguf_tensor *b,
                       const struct gguf_part *parts, struct error *error)
{
    struct shown_name name = shown_name((const uint8_t *)a->name, strlen(a->name));
    struct byte_reader reader = reader_of(&parts[a->part > b->part ? a->part : b->part], error);
    return byte_reader_fail(&reader, "damaged: tensor '%s' is there twice%s", name.text,
                            a->part == b->part ? "" : ", in two parts");
}

static bool check_names(struct gguf *gguf, const struct gguf_part *parts, struct error *error)
{
    uint64_t twice = gguf_names_sort(gguf);
    return twice == 0 || fail_twice(&gguf->tensors[gguf->by_name[twice - 1]],
                                    &gguf->tensors[gguf->by_name[twice]], parts, error);
}

static bool check_total(const struct gguf *gguf, const struct gguf_split_facts *whole,
                        const struct gguf_part *parts, struct error *error)
{
    if (whole->count > 1 && whole->has_n_tensors && whole->n_tensors != gguf->n_tensors) {
        struct byte_reader reader = reader_of(&parts[0], error);
        return byte_reader_fail(&reader,
                                "damaged: the parts hold %" PRIu64 " tensors, and %" PRIu64
                                " are announced (split.tensors.count)",
                                gguf->n_tensors, whole->n_tensors);
    }
    return true;
}

bool gguf_parse(const struct gguf_part *parts, size_t n_parts, struct gguf **out,
                struct error *error)
{
    struct gguf *gguf = memory_new(sizeof *gguf);
    struct gguf_split_facts whole = {0};
    *out = NULL;
    gguf->storage = memory_new(sizeof(struct gguf_storage));
    gguf->n_parts = n_parts;
    gguf->extents = memory_array(n_parts, sizeof *gguf->extents);
    gguf->complete = true;
    bool ok = n_parts > 0 || error_set(error, ERROR_INPUT, "no file of the model was given");
    for (size_t i = 0; ok && i < n_parts; i++) {
        ok = read_part(gguf, &parts[i], i, &whole, error);
    }
    if (!ok || !check_total(gguf, &whole, parts, error) || !check_names(gguf, parts, error)) {
        gguf_free(&gguf);
        return false;
    }
    *out = gguf;
    return true;
}

void gguf_free(struct gguf **gguf)
{
    if (*gguf == NULL) {
        return;
    }
    struct gguf_storage *storage = (*gguf)->storage;
    string_pool_clear(&storage->strings);
    free(storage->by_key);
    free(storage);
    free((*gguf)->values);
    free((*gguf)->tensors);
    free((*gguf)->by_name);
    free((*gguf)->extents);
    free(*gguf);
    *gguf = NULL;
}

static void copy_string(char *to, size_t size, const struct gguf_head *head, const char *key)
{
    const struct gguf_value *value =
        gguf_head_find(head->values, head->by_key, head->n_values, key);
    bool is_string = value != NULL && value->type == GGUF_STRING;
    snprintf(to, size, "%s", is_string ? value->as.string : "");
}

bool gguf_peek(const struct gguf_part *part, struct gguf_peek *out, struct error *error)
{
    struct gguf_head head = {0};
    struct string_pool strings = {0};
    struct byte_reader reader = reader_of(part, error);
    bool ok = gguf_head_read_values(&head, &reader, &strings);
    *out = (struct gguf_peek){.split_count = 1};
    if (ok) {
        out->split_count = head.split.count;
        out->split_number = head.split.count > 1 ? head.split.number : 0;
        copy_string(out->architecture, sizeof out->architecture, &head, "general.architecture");
        copy_string(out->type, sizeof out->type, &head, "general.type");
    }
    gguf_head_clear(&head);
    string_pool_clear(&strings);
    return ok;
}

enum gguf_head_state gguf_head_measure(const struct gguf_part *part, uint64_t *table_end,
                                       struct error *error)
{
    struct gguf_head head = {0};
    struct string_pool strings = {0};
    bool cut = false;
    struct byte_reader reader = reader_of(part, error);
    reader.cut = &cut;
    bool ok = gguf_head_read_values(&head, &reader, &strings) &&
              gguf_head_read_tensors(&head, &reader, &strings, 0);
    *table_end = head.table_end;
    gguf_head_clear(&head);
    string_pool_clear(&strings);
    return ok ? GGUF_HEAD_WHOLE : cut ? GGUF_HEAD_CUT : GGUF_HEAD_DAMAGED;
}

const struct gguf_value *gguf_find(const struct gguf *gguf, const char *key)
{
    const struct gguf_storage *storage = gguf->storage;
    return gguf_head_find(gguf->values, storage->by_key, gguf->n_values, key);
}
