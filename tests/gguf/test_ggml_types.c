/* The type table against the figures that ggml asserts: bits per weight decide every byte on screen. */
#include "model/gguf/ggml_types.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct {
    uint32_t id;
    const char *name;
    uint32_t elements, bytes, row_extra;
} EXPECTED[] = {
    /* llama.cpp: sizes as the assertions in ggml-common.h add them up (scales, mins, quants) */
    {0, "f32", 1, 4, 0},
    {1, "f16", 1, 2, 0},
    {2, "q4_0", 32, 2 + 16, 0},
    {3, "q4_1", 32, 4 + 16, 0},
    {6, "q5_0", 32, 2 + 4 + 16, 0},
    {7, "q5_1", 32, 4 + 4 + 16, 0},
    {8, "q8_0", 32, 2 + 32, 0},
    {9, "q8_1", 32, 4 + 32, 0},
    {10, "q2_K", 256, 4 + 16 + 64, 0},
    {11, "q3_K", 256, 2 + 64 + 32 + 12, 0},
    {12, "q4_K", 256, 4 + 12 + 128, 0},
    {13, "q5_K", 256, 4 + 12 + 128 + 32, 0},
    {14, "q6_K", 256, 2 + 16 + 192, 0},
    {15, "q8_K", 256, 4 + 256 + 32, 0},
    {16, "iq2_xxs", 256, 2 + 64, 0},
    {17, "iq2_xs", 256, 2 + 64 + 8, 0},
    {18, "iq3_xxs", 256, 2 + 96, 0},
    {19, "iq1_s", 256, 2 + 32 + 16, 0},
    {20, "iq4_nl", 32, 2 + 16, 0},
    {21, "iq3_s", 256, 2 + 104 + 4, 0},
    {22, "iq2_s", 256, 2 + 64 + 16, 0},
    {23, "iq4_xs", 256, 2 + 2 + 4 + 128, 0},
    {24, "i8", 1, 1, 0},
    {25, "i16", 1, 2, 0},
    {26, "i32", 1, 4, 0},
    {27, "i64", 1, 8, 0},
    {28, "f64", 1, 8, 0},
    {29, "iq1_m", 256, 32 + 16 + 8, 0},
    {30, "bf16", 1, 2, 0},
    {34, "tq1_0", 256, 2 + 4 + 48, 0},
    {35, "tq2_0", 256, 2 + 64, 0},
    {39, "mxfp4", 32, 1 + 16, 0},
    {40, "nvfp4", 64, 4 + 32, 0},
    {41, "q1_0", 128, 2 + 16, 0},
    {42, "q2_0", 64, 2 + 16, 0},
    /* ik_llama.cpp */
    {133, "q6_0", 32, 2 + 8 + 16, 0},
    {134, "iq1_bn", 64, 13, 2},
    {135, "iq2_bn", 64, 16, 4},
    {137, "iq2_k", 256, 76, 0},
    {138, "iq3_k", 256, 110, 0},
    {139, "iq4_k", 256, 144, 0},
    {140, "iq5_k", 256, 176, 0},
    {141, "iq6_k", 256, 212, 0},
    {144, "iq4_ks", 256, 136, 4},
    {145, "iq2_ks", 256, 70, 2},
    {146, "iq4_kss", 256, 128, 4},
    {151, "q8_KV", 32, 32, 8},
    {152, "iq5_ks", 256, 168, 4},
    {153, "iq2_kt", 256, 68, 4},
    {154, "iq3_kt", 256, 100, 4},
    {155, "iq4_kt", 256, 128, 4},
    {156, "iq3_ks", 256, 102, 2},
    {157, "iq2_kl", 256, 86, 2},
    {158, "iq1_kt", 256, 56, 4},
    {212, "q4_k_r4", 256, 144, 0},
    {219, "iq1_s_r4", 32, 6, 2},
    {229, "iq1_m_r4", 32, 7, 2},
    {230, "bf16_r16", 1, 2, 0},
    {397, "q8_k_r16", 256, 258, 0},
    {399, "q8_k_r8", 256, 258, 0},
};

Test(ggml_types, blocks_are_as_ggml_asserts)
{
    for (size_t i = 0; i < sizeof EXPECTED / sizeof EXPECTED[0]; i++) {
        const struct ggml_type_info *type = ggml_type_find(EXPECTED[i].id);
        cr_assert(type != NULL, "type %u", EXPECTED[i].id);
        cr_assert_str_eq(type->name, EXPECTED[i].name);
        cr_assert_eq(type->block_elements, EXPECTED[i].elements, "%s", type->name);
        cr_assert_eq(type->block_bytes, EXPECTED[i].bytes, "%s", type->name);
        cr_assert_eq(type->row_extra_bytes, EXPECTED[i].row_extra, "%s", type->name);
    }
}

Test(ggml_types, what_stock_llama_cpp_refuses_is_marked)
{
    for (size_t i = 0; ggml_type_at(i) != NULL; i++) {
        const struct ggml_type_info *type = ggml_type_at(i);
        bool removed = type->id == 31 || type->id == 32 || type->id == 33 || type->id == 36;
        cr_assert_eq(type->ik_only, type->id > 42 || removed, "%s", type->name);
    }
}

Test(ggml_types, interleaved_types_weigh_what_their_base_does)
{
    static const char *const PAIRS[][2] = {
        {"q4_0_r8", "q4_0"},     {"q5_0_r4", "q5_0"},       {"q8_0_r8", "q8_0"},
        {"q2_k_r4", "q2_K"},     {"q3_k_r4", "q3_K"},       {"q6_k_r4", "q6_K"},
        {"iq2_xs_r4", "iq2_xs"}, {"iq3_xxs_r4", "iq3_xxs"}, {"iq4_xs_r8", "iq4_xs"},
        {"iq5_k_r4", "iq5_k"},   {"iq4_ks_r4", "iq4_ks"},   {"iq5_ks_r4", "iq5_ks"},
    };
    for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
        uint64_t interleaved = 0;
        uint64_t base = 1;
        cr_assert(ggml_row_bytes(ggml_type_by_name(PAIRS[i][0]), 7168, &interleaved));
        cr_assert(ggml_row_bytes(ggml_type_by_name(PAIRS[i][1]), 7168, &base));
        cr_assert_eq(interleaved, base, "%s", PAIRS[i][0]);
    }
}

Test(ggml_types, an_unknown_id_is_unknown_and_not_empty)
{
    static const uint32_t IDS[] = {4, 5, 37, 38, 43, 96, 142, 143, 200, 400, UINT32_MAX};
    for (size_t i = 0; i < sizeof IDS / sizeof IDS[0]; i++) {
        cr_assert(ggml_type_find(IDS[i]) == NULL, "%u", IDS[i]);
    }
    cr_assert(ggml_type_by_name("q9_9") == NULL);
    cr_assert(ggml_type_by_name(NULL) == NULL);
}

Test(ggml_types, ids_ascend_and_names_are_unique)
{
    for (size_t i = 1; ggml_type_at(i) != NULL; i++) {
        cr_assert_lt(ggml_type_at(i - 1)->id, ggml_type_at(i)->id);
        cr_assert_eq(ggml_type_by_name(ggml_type_at(i)->name), ggml_type_at(i));
        cr_assert_eq(ggml_type_find(ggml_type_at(i)->id), ggml_type_at(i));
    }
    cr_assert_eq(ggml_type_by_name("Q4_K"), ggml_type_by_name("q4_K"));
}

Test(ggml_types, a_row_counts_blocks_and_its_extra)
{
    uint64_t bytes = 0;
    cr_assert(ggml_row_bytes(ggml_type_by_name("iq4_ks"), 7168, &bytes));
    cr_assert_eq(bytes, 7168 / 256 * 136 + 4);
    cr_assert(ggml_row_bytes(ggml_type_by_name("q6_K"), 512, &bytes));
    cr_assert_eq(bytes, 420);
    cr_assert_not(ggml_row_bytes(ggml_type_by_name("f64"), UINT64_MAX, &bytes));
}

Test(ggml_types, a_tensor_counts_rows)
{
    uint64_t bytes = 0;
    cr_assert(
        ggml_tensor_bytes(ggml_type_by_name("iq1_s"), (uint64_t[]){7168, 2048, 384, 1}, &bytes));
    cr_assert_eq(bytes, UINT64_C(1050) << 20);
    cr_assert(ggml_tensor_bytes(ggml_type_by_name("i2_s"), (uint64_t[]){2560, 6912, 1, 1}, &bytes));
    cr_assert_eq(bytes, 2560 * 6912 / 4 + 32, "BitNet packs four to a byte and adds a scale");
    cr_assert(ggml_tensor_bytes(ggml_type_by_name("iq4_ks"), (uint64_t[]){0, 5, 1, 1}, &bytes));
    cr_assert_eq(bytes, 0);
    cr_assert_not(ggml_tensor_bytes(ggml_type_by_name("f32"),
                                    (uint64_t[]){UINT64_C(1) << 31, UINT64_C(1) << 31, 1, 1},
                                    &bytes));
}
