/* Numbers as GGUF stores them: their widths and how their bytes are read. Private to model/gguf. */
#ifndef OTPLAN_MODEL_GGUF_GGUF_NUMBER_H
#define OTPLAN_MODEL_GGUF_GGUF_NUMBER_H

#include "model/gguf/gguf.h"

enum { GGUF_N_VALUE_TYPES = 13 };

/* An integer keeps all its bits; signed ones are extended to 64. */
struct gguf_number {
    bool is_float;
    bool is_signed;
    uint64_t bits;
    double f;
};

/* Bytes of a value or element; 0 for strings and arrays, which vary. */
size_t gguf_number_bytes(enum gguf_value_type type);
/* The caller has checked that so many are there. Zero for strings and arrays. */
struct gguf_number gguf_number_read(const uint8_t *bytes, enum gguf_value_type type);

#endif
