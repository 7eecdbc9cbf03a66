#include "model/gguf/gguf_write.h"

#include "model/gguf/ggml_types.h"
#include "model/gguf/gguf.h"

#include <string.h>

enum { ALIGNMENT = 32, VERSION = 3 };

static void put_le(struct strbuf *out, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        strbuf_add_char(out, (char)(uint8_t)(value >> (8 * i)));
    }
}

static void put_string(struct strbuf *out, const char *text)
{
    size_t length = strlen(text);
    put_le(out, length, 8);
    strbuf_add_n(out, text, length);
}

static struct strbuf *begin_value(struct gguf_writer *writer, const char *key,
                                  enum gguf_value_type type)
{
    put_string(&writer->values, key);
    put_le(&writer->values, type, 4);
    writer->n_values++;
    return &writer->values;
}

static struct strbuf *begin_array(struct gguf_writer *writer, const char *key,
                                  enum gguf_value_type element, size_t n)
{
    struct strbuf *out = begin_value(writer, key, GGUF_ARRAY);
    put_le(out, element, 4);
    put_le(out, n, 8);
    return out;
}

void gguf_write_u16(struct gguf_writer *writer, const char *key, uint16_t value)
{
    put_le(begin_value(writer, key, GGUF_U16), value, 2);
}

void gguf_write_u32(struct gguf_writer *writer, const char *key, uint32_t value)
{
    put_le(begin_value(writer, key, GGUF_U32), value, 4);
}

void gguf_write_i32(struct gguf_writer *writer, const char *key, int32_t value)
{
    put_le(begin_value(writer, key, GGUF_I32), (uint32_t)value, 4);
}

void gguf_write_f32(struct gguf_writer *writer, const char *key, float value)
{
    uint32_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    put_le(begin_value(writer, key, GGUF_F32), bits, 4);
}

void gguf_write_bool(struct gguf_writer *writer, const char *key, int value)
{
    put_le(begin_value(writer, key, GGUF_BOOL), value != 0, 1);
}

void gguf_write_string(struct gguf_writer *writer, const char *key, const char *value)
{
    put_string(begin_value(writer, key, GGUF_STRING), value);
}

void gguf_write_u32_array(struct gguf_writer *writer, const char *key, const uint32_t *values,
                          size_t n)
{
    struct strbuf *out = begin_array(writer, key, GGUF_U32, n);
    for (size_t i = 0; i < n; i++) {
        put_le(out, values[i], 4);
    }
}

void gguf_write_string_array(struct gguf_writer *writer, const char *key, const char *const *values,
                             size_t n)
{
    struct strbuf *out = begin_array(writer, key, GGUF_STRING, n);
    for (size_t i = 0; i < n; i++) {
        put_string(out, values[i]);
    }
}

static uint64_t padded(uint64_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

void gguf_write_tensor_info(struct gguf_writer *writer, const char *name, uint32_t type,
                            const uint64_t *ne, uint32_t n_dims, uint64_t offset)
{
    put_string(&writer->tensors, name);
    put_le(&writer->tensors, n_dims, 4);
    for (uint32_t i = 0; i < n_dims; i++) {
        put_le(&writer->tensors, ne[i], 8);
    }
    put_le(&writer->tensors, type, 4);
    put_le(&writer->tensors, offset, 8);
    writer->n_tensors++;
}

void gguf_write_tensor(struct gguf_writer *writer, const char *name, uint32_t type,
                       const uint64_t *ne, uint32_t n_dims)
{
    const struct ggml_type_info *info = ggml_type_find(type);
    uint64_t all[4] = {1, 1, 1, 1};
    uint64_t bytes = 0;
    memcpy(all, ne, n_dims * sizeof *ne);
    gguf_write_tensor_info(writer, name, type, ne, n_dims, writer->next_offset);
    if (info == NULL || !ggml_tensor_bytes(info, all, &bytes)) {
        bytes = 0;
    }
    writer->next_offset += padded(bytes);
}

void gguf_write_finish(struct gguf_writer *writer, struct strbuf *out)
{
    strbuf_add_n(out, "GGUF", 4);
    put_le(out, VERSION, 4);
    put_le(out, writer->n_tensors, 8);
    put_le(out, writer->n_values, 8);
    strbuf_add_n(out, strbuf_text(&writer->values), writer->values.length);
    strbuf_add_n(out, strbuf_text(&writer->tensors), writer->tensors.length);
    while (out->length % ALIGNMENT != 0) {
        strbuf_add_char(out, '\0');
    }
    strbuf_clear(&writer->values);
    strbuf_clear(&writer->tensors);
    *writer = (struct gguf_writer){0};
}
