/* The ggml element types: how many elements a block holds and how many bytes it takes.
 *
 * Knows llama.cpp's types (ggml/src/ggml.c, v0.5.0) and those that only ik_llama.cpp has. An id in no
 * table is "unknown", never "zero bytes".
 */
#ifndef OTPLAN_MODEL_GGUF_GGML_TYPES_H
#define OTPLAN_MODEL_GGUF_GGML_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ggml_type_id { /* only those that the code names; the table has them all */
                    GGML_F32 = 0,
                    GGML_F16 = 1,
                    GGML_Q4_0 = 2,
                    GGML_Q4_1 = 3,
                    GGML_Q5_0 = 6,
                    GGML_Q5_1 = 7,
                    GGML_Q8_0 = 8,
                    GGML_Q8_1 = 9,
                    GGML_Q8_K = 15,
                    GGML_IQ4_NL = 20,
                    GGML_BF16 = 30,
                    GGML_TQ1_0 = 34,
                    GGML_TQ2_0 = 35,
                    GGML_MXFP4 = 39,
                    GGML_NVFP4 = 40,
};

struct ggml_type_info {
    uint32_t id;              /* number in a GGUF tensor table */
    const char *name;         /* as llama.cpp prints it: "q4_K", "iq3_xxs", "f16" */
    uint32_t block_elements;  /* elements per block; 1 for plain types */
    uint32_t block_bytes;     /* bytes per block */
    uint32_t row_extra_bytes; /* ik_llama.cpp: bytes in front of each row */
    bool quantized;           /* ggml_is_quantized: takes CUDA's 512-element row padding */
    bool ik_only;             /* stock llama.cpp refuses a file with it */
};

/* NULL where unknown. The result lives as long as the program. */
const struct ggml_type_info *ggml_type_find(uint32_t id);
const struct ggml_type_info *ggml_type_by_name(const char *name); /* case-insensitive */

/* All of them in order of id: NULL past the end. */
const struct ggml_type_info *ggml_type_at(size_t index);

/* Bytes of a row of `elements` (a whole number of blocks, ggml_row_size); false on overflow. */
bool ggml_row_bytes(const struct ggml_type_info *type, uint64_t elements, uint64_t *bytes);

/* Bytes of a whole contiguous tensor (ggml_nbytes): 0 without elements; false on overflow. */
bool ggml_tensor_bytes(const struct ggml_type_info *type, const uint64_t ne[4], uint64_t *bytes);

#endif
