#include "model/gguf/ggml_types.h"

#include <stdlib.h>
#include <strings.h>

/* One row a type, by id. Sources: ggml/src/ggml.c of llama.cpp v0.5.0 (ids below 43) and of
 * ik_llama.cpp (the others). Where both use an id (41), llama.cpp's meaning stands; ids that llama.cpp
 * has given up (31-33, 36) are listed where ik_llama.cpp still reads them, 4, 5, 37 and 38 nowhere.
 * Interleaved types (_r4, _r8, _r16) store several rows together; per row they are as their base. */
static const struct ggml_type_info TYPES[] = {
    /* id, name, elements and bytes of a block, bytes before a row, quantized, ik only */
    {0, "f32", 1, 4, 0, false, false},           {1, "f16", 1, 2, 0, false, false},
    {2, "q4_0", 32, 18, 0, true, false},         {3, "q4_1", 32, 20, 0, true, false},
    {6, "q5_0", 32, 22, 0, true, false},         {7, "q5_1", 32, 24, 0, true, false},
    {8, "q8_0", 32, 34, 0, true, false},         {9, "q8_1", 32, 36, 0, true, false},
    {10, "q2_K", 256, 84, 0, true, false},       {11, "q3_K", 256, 110, 0, true, false},
    {12, "q4_K", 256, 144, 0, true, false},      {13, "q5_K", 256, 176, 0, true, false},
    {14, "q6_K", 256, 210, 0, true, false},      {15, "q8_K", 256, 292, 0, true, false},
    {16, "iq2_xxs", 256, 66, 0, true, false},    {17, "iq2_xs", 256, 74, 0, true, false},
    {18, "iq3_xxs", 256, 98, 0, true, false},    {19, "iq1_s", 256, 50, 0, true, false},
    {20, "iq4_nl", 32, 18, 0, true, false},      {21, "iq3_s", 256, 110, 0, true, false},
    {22, "iq2_s", 256, 82, 0, true, false},      {23, "iq4_xs", 256, 136, 0, true, false},
    {24, "i8", 1, 1, 0, false, false},           {25, "i16", 1, 2, 0, false, false},
    {26, "i32", 1, 4, 0, false, false},          {27, "i64", 1, 8, 0, false, false},
    {28, "f64", 1, 8, 0, false, false},          {29, "iq1_m", 256, 56, 0, true, false},
    {30, "bf16", 1, 2, 0, false, false},         {31, "q4_0_4x4", 32, 18, 0, true, true},
    {32, "q4_0_4x8", 32, 18, 0, true, true},     {33, "q4_0_8x8", 32, 18, 0, true, true},
    {34, "tq1_0", 256, 54, 0, true, false},      {35, "tq2_0", 256, 66, 0, true, false},
    {36, "i2_s", 1, 1, 0, true, true},           {39, "mxfp4", 32, 17, 0, true, false},
    {40, "nvfp4", 64, 36, 0, true, false},       {41, "q1_0", 128, 18, 0, true, false},
    {42, "q2_0", 64, 18, 0, true, false},        {97, "q8_0_x4", 32, 34, 0, true, true},
    {98, "q8_1_x4", 32, 36, 0, true, true},      {99, "q8_2_x4", 32, 36, 0, true, true},
    {133, "q6_0", 32, 26, 0, true, true},        {134, "iq1_bn", 64, 13, 2, true, true},
    {135, "iq2_bn", 64, 16, 4, true, true},      {136, "q8_K64", 64, 68, 0, true, true},
    {137, "iq2_k", 256, 76, 0, true, true},      {138, "iq3_k", 256, 110, 0, true, true},
    {139, "iq4_k", 256, 144, 0, true, true},     {140, "iq5_k", 256, 176, 0, true, true},
    {141, "iq6_k", 256, 212, 0, true, true},     {144, "iq4_ks", 256, 136, 4, true, true},
    {145, "iq2_ks", 256, 70, 2, true, true},     {146, "iq4_kss", 256, 128, 4, true, true},
    {147, "q8_K16", 64, 64, 20, true, true},     {148, "q8_K32", 256, 296, 0, true, true},
    {149, "q8_KR8", 256, 296, 0, true, true},    {150, "q8_K128", 128, 140, 0, true, true},
    {151, "q8_KV", 32, 32, 8, true, true},       {152, "iq5_ks", 256, 168, 4, true, true},
    {153, "iq2_kt", 256, 68, 4, true, true},     {154, "iq3_kt", 256, 100, 4, true, true},
    {155, "iq4_kt", 256, 128, 4, true, true},    {156, "iq3_ks", 256, 102, 2, true, true},
    {157, "iq2_kl", 256, 86, 2, true, true},     {158, "iq1_kt", 256, 56, 4, true, true},
    {202, "q4_0_r8", 32, 18, 0, true, true},     {206, "q5_0_r4", 32, 22, 0, true, true},
    {208, "q8_0_r8", 32, 34, 0, true, true},     {210, "q2_k_r4", 256, 84, 0, true, true},
    {211, "q3_k_r4", 256, 110, 0, true, true},   {212, "q4_k_r4", 256, 144, 0, true, true},
    {213, "q5_k_r4", 256, 176, 0, true, true},   {214, "q6_k_r4", 256, 210, 0, true, true},
    {216, "iq2_xxs_r4", 256, 66, 0, true, true}, {217, "iq2_xs_r4", 256, 74, 0, true, true},
    {218, "iq3_xxs_r4", 256, 98, 0, true, true}, {219, "iq1_s_r4", 32, 6, 2, true, true},
    {220, "iq4_nl_r4", 32, 18, 0, true, true},   {221, "iq3_s_r4", 256, 110, 0, true, true},
    {222, "iq2_s_r4", 256, 82, 0, true, true},   {223, "iq4_xs_r8", 256, 136, 0, true, true},
    {229, "iq1_m_r4", 32, 7, 2, true, true},     {230, "bf16_r16", 1, 2, 0, false, true},
    {233, "q6_0_r4", 32, 26, 0, true, true},     {335, "iq2_bn_r4", 64, 16, 4, true, true},
    {337, "iq2_k_r4", 256, 76, 0, true, true},   {338, "iq3_k_r4", 256, 110, 0, true, true},
    {339, "iq4_k_r4", 256, 144, 0, true, true},  {340, "iq5_k_r4", 256, 176, 0, true, true},
    {344, "iq4_ks_r4", 256, 136, 4, true, true}, {352, "iq5_ks_r4", 256, 168, 4, true, true},
    {397, "q8_k_r16", 256, 258, 0, true, true},  {398, "q8_KV_r8", 32, 32, 4, true, true},
    {399, "q8_k_r8", 256, 258, 0, true, true},
};

/* BitNet's type is declared as a byte an element and then packed: four to a byte, and one scale for the
 * whole tensor in 32 bytes behind. */
enum { I2_S = 36, I2_S_SCALE_BYTES = 32 };

enum { N_TYPES = sizeof TYPES / sizeof TYPES[0] };

static int compare_id(const void *id, const void *type)
{
    uint32_t wanted = *(const uint32_t *)id;
    uint32_t have = ((const struct ggml_type_info *)type)->id;
    return (wanted > have) - (wanted < have);
}

const struct ggml_type_info *ggml_type_find(uint32_t id)
{
    return bsearch(&id, TYPES, N_TYPES, sizeof TYPES[0], compare_id);
}

const struct ggml_type_info *ggml_type_by_name(const char *name)
{
    for (size_t i = 0; name != NULL && i < N_TYPES; i++) {
        if (strcasecmp(TYPES[i].name, name) == 0) {
            return &TYPES[i];
        }
    }
    return NULL;
}

const struct ggml_type_info *ggml_type_at(size_t index)
{
    return index < N_TYPES ? &TYPES[index] : NULL;
}

bool ggml_row_bytes(const struct ggml_type_info *type, uint64_t elements, uint64_t *bytes)
{
    uint64_t blocks = elements / type->block_elements;
    return !__builtin_mul_overflow(blocks, (uint64_t)type->block_bytes, bytes) &&
           !__builtin_add_overflow(*bytes, (uint64_t)type->row_extra_bytes, bytes);
}

bool ggml_tensor_bytes(const struct ggml_type_info *type, const uint64_t ne[4], uint64_t *bytes)
{
    bool fits = ggml_row_bytes(type, ne[0], bytes);
    for (int i = 1; i < 4; i++) {
        fits = fits && !__builtin_mul_overflow(*bytes, ne[i], bytes);
    }
    if (ne[0] == 0) {
        *bytes = 0;
    } else if (type->id == I2_S && fits && *bytes > 0) {
        *bytes = *bytes / 4 + I2_S_SCALE_BYTES;
    }
    return fits && *bytes <= INT64_MAX;
}
