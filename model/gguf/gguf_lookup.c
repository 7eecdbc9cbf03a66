/* Values as numbers and strings, whatever width the file gave them. */
#include "model/gguf/gguf.h"
#include "model/gguf/gguf_number.h"

static bool is_integer(const struct gguf_value *value)
{
    return value->type != GGUF_F32 && value->type != GGUF_F64 && value->type != GGUF_STRING &&
           value->type != GGUF_ARRAY;
}

static struct gguf_number number_of_scalar(const struct gguf_value *value)
{
    if (value->type == GGUF_F32 || value->type == GGUF_F64) {
        return (struct gguf_number){.is_float = true, .f = value->as.f};
    }
    bool is_signed = value->type == GGUF_I8 || value->type == GGUF_I16 || value->type == GGUF_I32 ||
                     value->type == GGUF_I64;
    return (struct gguf_number){.is_signed = is_signed, .bits = value->as.u};
}

static struct gguf_number number_of(const struct gguf_value *value, uint64_t index)
{
    if (value == NULL || index >= value->count || value->type == GGUF_STRING ||
        value->element == GGUF_STRING) {
        return (struct gguf_number){0};
    }
    if (value->type != GGUF_ARRAY) {
        return number_of_scalar(value);
    }
    return gguf_number_read(value->as.elements + index * gguf_number_bytes(value->element),
                            value->element);
}

uint64_t gguf_u64(const struct gguf *gguf, const char *key, uint64_t fallback)
{
    const struct gguf_value *value = gguf_find(gguf, key);
    return value != NULL && is_integer(value) ? value->as.u : fallback;
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
    struct gguf_number number = number_of(value, index);
    if (!number.is_float) {
        return (int64_t)number.bits;
    }
    /* a NaN fails both comparisons */
    return number.f > -9.2e18 && number.f < 9.2e18 ? (int64_t)number.f : 0;
}

double gguf_element_f64(const struct gguf_value *value, uint64_t index)
{
    struct gguf_number number = number_of(value, index);
    if (number.is_float) {
        return number.f;
    }
    return number.is_signed ? (double)(int64_t)number.bits : (double)number.bits;
}
