/* Values as numbers and strings, whatever width the file gave them. */
#include "model/gguf/byte_reader.h"
#include "model/gguf/gguf.h"

#include <string.h>

/* A number from the file: integers keep all their bits. */
struct number {
    bool is_float;
    bool is_signed;
    uint64_t bits;
    double f;
};

static bool is_integer(enum gguf_value_type type)
{
    return type != GGUF_F32 && type != GGUF_F64 && type != GGUF_STRING && type != GGUF_ARRAY;
}

static struct number number_of_scalar(const struct gguf_value *value)
{
    enum gguf_value_type type = value->type;
    if (type == GGUF_F32 || type == GGUF_F64) {
        return (struct number){.is_float = true, .f = value->as.f};
    }
    bool is_signed = type == GGUF_I8 || type == GGUF_I16 || type == GGUF_I32 || type == GGUF_I64;
    return (struct number){.is_signed = is_signed, .bits = value->as.u};
}

static struct number number_at(const uint8_t *bytes, enum gguf_value_type type)
{
    float single;
    uint32_t single_bits;
    struct number number = {0};
    switch (type) {
    case GGUF_U8:
    case GGUF_BOOL:
        return (struct number){.bits = bytes[0]};
    case GGUF_I8:
        return (struct number){.is_signed = true, .bits = (uint64_t)(int64_t)(int8_t)bytes[0]};
    case GGUF_U16:
        return (struct number){.bits = bytes_le(bytes, 2)};
    case GGUF_I16:
        return (struct number){.is_signed = true,
                               .bits = (uint64_t)(int64_t)(int16_t)bytes_le(bytes, 2)};
    case GGUF_U32:
        return (struct number){.bits = bytes_le(bytes, 4)};
    case GGUF_I32:
        return (struct number){.is_signed = true,
                               .bits = (uint64_t)(int64_t)(int32_t)bytes_le(bytes, 4)};
    case GGUF_U64:
        return (struct number){.bits = bytes_le(bytes, 8)};
    case GGUF_I64:
        return (struct number){.is_signed = true, .bits = bytes_le(bytes, 8)};
    case GGUF_F32:
        single_bits = (uint32_t)bytes_le(bytes, 4);
        memcpy(&single, &single_bits, sizeof single);
        return (struct number){.is_float = true, .f = (double)single};
    case GGUF_F64:
        number.is_float = true;
        number.bits = bytes_le(bytes, 8);
        memcpy(&number.f, &number.bits, sizeof number.f);
        return number;
    default:
        return number;
    }
}

static size_t element_bytes(enum gguf_value_type type)
{
    static const uint8_t BYTES[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    return BYTES[type];
}

static struct number number_of(const struct gguf_value *value, uint64_t index)
{
    if (value == NULL || index >= value->count || value->type == GGUF_STRING) {
        return (struct number){0};
    }
    if (value->type != GGUF_ARRAY) {
        return number_of_scalar(value);
    }
    size_t bytes = element_bytes(value->element);
    return bytes == 0 ? (struct number){0}
                      : number_at(value->as.elements + index * bytes, value->element);
}

uint64_t gguf_u64(const struct gguf *gguf, const char *key, uint64_t fallback)
{
    const struct gguf_value *value = gguf_find(gguf, key);
    return value != NULL && is_integer(value->type) ? value->as.u : fallback;
}

double gguf_f64(const struct gguf *gguf, const char *key, double fallback)
{
    const struct gguf_value *value = gguf_find(gguf, key);
    bool scalar = value != NULL && value->type != GGUF_STRING && value->type != GGUF_ARRAY;
    return scalar ? gguf_element_f64(value, 0) : fallback;
}

const char *gguf_string(const struct gguf *gguf, const char *key, const char *fallback)
{
    const struct gguf_value *value = gguf_find(gguf, key);
    return value != NULL && value->type == GGUF_STRING ? value->as.string : fallback;
}

int64_t gguf_element_i64(const struct gguf_value *value, uint64_t index)
{
    struct number number = number_of(value, index);
    if (!number.is_float) {
        return (int64_t)number.bits;
    }
    /* a NaN fails both comparisons */
    return number.f > -9.2e18 && number.f < 9.2e18 ? (int64_t)number.f : 0;
}

double gguf_element_f64(const struct gguf_value *value, uint64_t index)
{
    struct number number = number_of(value, index);
    if (number.is_float) {
        return number.f;
    }
    return number.is_signed ? (double)(int64_t)number.bits : (double)number.bits;
}
