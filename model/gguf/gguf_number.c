#include "model/gguf/gguf_number.h"

#include "model/gguf/byte_reader.h"

#include <string.h>

static const struct {
    uint8_t bytes;
    bool is_float, is_signed;
} NUMBERS[GGUF_N_VALUE_TYPES] = {
    [GGUF_U8] = {1, false, false}, [GGUF_I8] = {1, false, true},    [GGUF_U16] = {2, false, false},
    [GGUF_I16] = {2, false, true}, [GGUF_U32] = {4, false, false},  [GGUF_I32] = {4, false, true},
    [GGUF_F32] = {4, true, true},  [GGUF_BOOL] = {1, false, false}, [GGUF_U64] = {8, false, false},
    [GGUF_I64] = {8, false, true}, [GGUF_F64] = {8, true, true},
};

size_t gguf_number_bytes(enum gguf_value_type type)
{
    return NUMBERS[type].bytes;
}

static double float_of(uint64_t bits, size_t bytes)
{
    uint32_t bits32 = (uint32_t)bits;
    float single = 0;
    double value = 0;
    if (bytes == sizeof single) {
        memcpy(&single, &bits32, sizeof single);
        return (double)single;
    }
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t extend_sign(uint64_t bits, size_t bytes)
{
    uint64_t sign = UINT64_C(1) << (bytes * 8 - 1);
    return (bits ^ sign) - sign;
}

struct gguf_number gguf_number_read(const uint8_t *bytes, enum gguf_value_type type)
{
    struct gguf_number number = {.is_float = NUMBERS[type].is_float,
                                 .is_signed = NUMBERS[type].is_signed};
    size_t size = NUMBERS[type].bytes;
    if (size == 0) {
        return number;
    }
    number.bits = bytes_le(bytes, size);
    if (number.is_float) {
        number.f = float_of(number.bits, size);
    } else if (number.is_signed) {
        number.bits = extend_sign(number.bits, size);
    } else if (type == GGUF_BOOL) {
        number.bits = number.bits != 0;
    }
    return number;
}
