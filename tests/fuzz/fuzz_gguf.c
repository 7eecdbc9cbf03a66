/* The GGUF reader on hostile bytes: as one file, and cut in two as the parts of a split model. Whatever
 * is read is looked at whole, so that the sanitizers see each borrowed byte. */
#include "model/gguf/gguf.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { ELEMENTS_SEEN = 64 };

static void check(bool claim)
{
    if (!claim) {
        abort();
    }
}

static void see_value(const struct gguf *gguf, const struct gguf_value *value)
{
    check(gguf_find(gguf, value->key) == value);
    if (value->type == GGUF_STRING) {
        check(strlen(value->as.string) <= value->count);
        return;
    }
    uint64_t n = value->count < ELEMENTS_SEEN ? value->count : ELEMENTS_SEEN;
    for (uint64_t i = 0; i < n; i++) {
        (void)gguf_element_i64(value, i);
        (void)gguf_element_f64(value, value->count - 1 - i);
    }
}

static void see(const struct gguf *gguf)
{
    uint64_t bytes = 0;
    for (uint64_t i = 0; i < gguf->n_values; i++) {
        see_value(gguf, &gguf->values[i]);
    }
    for (uint64_t i = 0; i < gguf->n_tensors; i++) {
        check(strlen(gguf->tensors[i].name) < 64);
        check(gguf->tensors[i].part < gguf->n_parts);
        bytes += gguf->tensors[i].bytes;
    }
    check(bytes == gguf->tensor_bytes);
}

static void parse(const struct gguf_part *parts, size_t n)
{
    struct error error = {0};
    struct gguf *gguf = NULL;
    if (gguf_parse(parts, n, &gguf, &error)) {
        see(gguf);
    } else {
        check(gguf == NULL && error.kind == ERROR_INPUT && error.text[0] != '\0');
    }
    gguf_free(&gguf);
}

static struct gguf_part part_of(const uint8_t *bytes, size_t size)
{
    return (struct gguf_part){
        .path = "fuzz", .bytes = bytes, .available = size, .file_bytes = size};
}

/* Where the second part would begin: the last "GGUF" in the bytes. */
static size_t find_second(const uint8_t *bytes, size_t size)
{
    for (size_t at = size; at > 4; at--) {
        if (memcmp(bytes + at - 4, "GGUF", 4) == 0) {
            return at - 4;
        }
    }
    return size / 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    size_t second = find_second(bytes, size);
    struct gguf_part whole = part_of(bytes, size);
    struct gguf_part parts[2] = {part_of(bytes, second), part_of(bytes + second, size - second)};
    struct gguf_peek peek;
    gguf_peek(&whole, &peek, NULL);
    parse(&whole, 1);
    parse(parts, 2);
    return 0;
}
