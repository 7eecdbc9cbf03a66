/* Reading heads that llama.cpp reads. */
#include "model/gguf/gguf.h"
#include "tests/support/gguf_files.h"

#include <criterion/criterion.h>
#include <string.h>

static struct gguf_part part_of(const struct strbuf *head)
{
    return (struct gguf_part){.path = "test.gguf",
                              .bytes = (const uint8_t *)strbuf_text(head),
                              .available = head->length,
                              .file_bytes = head->length};
}

static struct gguf *parse(const struct strbuf *head)
{
    struct error error = {0};
    struct gguf *gguf = NULL;
    struct gguf_part part = part_of(head);
    cr_assert(gguf_parse(&part, 1, &gguf, &error), "%s", error.text);
    return gguf;
}

Test(gguf_read, values_come_back_as_they_were_written)
{
    struct gguf_writer writer = {0};
    struct strbuf head = {0};
    static const uint32_t NUMBERS[] = {8, 0, 4000000000U};
    static const char *const WORDS[] = {"a", "", "ccc"};
    gguf_write_u16(&writer, "u16", 65535);
    gguf_write_u32(&writer, "u32", 4000000000U);
    gguf_write_i32(&writer, "i32", -5);
    gguf_write_f32(&writer, "f32", 1e-6F);
    gguf_write_bool(&writer, "bool", 1);
    gguf_write_string(&writer, "string", "Kimi");
    gguf_write_u32_array(&writer, "numbers", NUMBERS, 3);
    gguf_write_string_array(&writer, "words", WORDS, 3);
    gguf_write_finish(&writer, &head);

    struct gguf *gguf = parse(&head);
    cr_assert_eq(gguf->n_values, 8);
    cr_assert_eq(gguf_u64(gguf, "u16", 1), 65535);
    cr_assert_eq(gguf_u64(gguf, "u32", 1), 4000000000U);
    cr_assert_eq((int64_t)gguf_u64(gguf, "i32", 1), -5);
    cr_assert_eq(gguf_u64(gguf, "bool", 7), 1);
    cr_assert_float_eq(gguf_f64(gguf, "f32", 0), 1e-6, 1e-12);
    cr_assert_float_eq(gguf_f64(gguf, "i32", 0), -5.0, 0);
    cr_assert_str_eq(gguf_string(gguf, "string", ""), "Kimi");
    const struct gguf_value *numbers = gguf_find(gguf, "numbers");
    cr_assert_eq(numbers->count, 3);
    cr_assert_eq(gguf_element_i64(numbers, 2), 4000000000);
    cr_assert_eq(gguf_element_i64(numbers, 3), 0, "past the end");
    cr_assert_float_eq(gguf_element_f64(numbers, 0), 8.0, 0);
    const struct gguf_value *words = gguf_find(gguf, "words");
    cr_assert_eq(words->count, 3);
    cr_assert_eq(words->element, GGUF_STRING);
    cr_assert_eq(gguf_element_i64(words, 0), 0, "a string is no number");
    gguf_free(&gguf);
    strbuf_clear(&head);
}

Test(gguf_read, absent_keys_and_other_kinds_give_the_fallback)
{
    struct gguf_writer writer = {0};
    struct strbuf head = {0};
    gguf_write_string(&writer, "name", "5");
    gguf_write_f32(&writer, "scale", 2.5F);
    gguf_write_finish(&writer, &head);
    struct gguf *gguf = parse(&head);
    cr_assert_eq(gguf_u64(gguf, "none", 42), 42);
    cr_assert_eq(gguf_u64(gguf, "name", 42), 42);
    cr_assert_eq(gguf_u64(gguf, "scale", 42), 42);
    cr_assert_str_eq(gguf_string(gguf, "scale", "fallback"), "fallback");
    cr_assert(gguf_find(gguf, "nam") == NULL);
    gguf_free(&gguf);
    strbuf_clear(&head);
}

/* A key with a number of a kind that the writer does not write. */
static void put_number(struct strbuf *head, const char *key, uint32_t type, const char *bytes,
                       size_t n)
{
    uint64_t length = strlen(key);
    strbuf_add_n(head, (const char *)&length, 8);
    strbuf_add(head, key);
    strbuf_add_n(head, (const char *)&type, 4);
    strbuf_add_n(head, bytes, n);
}

Test(gguf_read, every_kind_of_number_keeps_its_sign_and_width)
{
    struct strbuf head = {0};
    strbuf_add_n(&head, "GGUF\2\0\0\0\0\0\0\0\0\0\0\0\x07\0\0\0\0\0\0\0", 24);
    put_number(&head, "u8", GGUF_U8, "\xff", 1);
    put_number(&head, "i8", GGUF_I8, "\xff", 1);
    put_number(&head, "i16", GGUF_I16, "\xfe\xff", 2);
    put_number(&head, "u64", GGUF_U64, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    put_number(&head, "i64", GGUF_I64, "\xfd\xff\xff\xff\xff\xff\xff\xff", 8);
    put_number(&head, "f64", GGUF_F64, "\0\0\0\0\0\0\xf8\x7f", 8);
    put_number(&head, "bool", GGUF_BOOL, "\x02", 1);
    struct gguf *gguf = parse(&head);
    cr_assert_eq(gguf->version, 2);
    cr_assert_eq(gguf_u64(gguf, "u8", 0), 255);
    cr_assert_eq((int64_t)gguf_u64(gguf, "i8", 0), -1);
    cr_assert_eq((int64_t)gguf_u64(gguf, "i16", 0), -2);
    cr_assert_eq(gguf_u64(gguf, "u64", 0), UINT64_MAX);
    cr_assert_eq((int64_t)gguf_u64(gguf, "i64", 0), -3);
    cr_assert_eq(gguf_u64(gguf, "bool", 0), 1);
    cr_assert_eq(gguf_element_i64(gguf_find(gguf, "f64"), 0), 0, "not a number is no integer");
    gguf_free(&gguf);
    strbuf_clear(&head);
}

Test(gguf_read, tensors_have_shape_type_bytes_and_place)
{
    struct strbuf head = {0};
    gguf_make_tiny(&head, 2);
    struct gguf *gguf = parse(&head);
    cr_assert_eq(gguf->n_tensors, 3 + 2 * 9);
    const struct gguf_tensor *embedding = &gguf->tensors[0];
    const struct gguf_tensor *norm = &gguf->tensors[1];
    cr_assert_str_eq(embedding->name, "token_embd.weight");
    cr_assert_eq(embedding->ne[0], 256);
    cr_assert_eq(embedding->ne[1], 512);
    cr_assert_eq(embedding->ne[2], 1);
    cr_assert_eq(embedding->bytes, 256 * 512 * 4);
    cr_assert_eq(norm->offset, 256 * 512 * 4);
    cr_assert_eq(norm->n_dims, 1);
    cr_assert_not(gguf->complete, "only the head is there");
    gguf_free(&gguf);
    strbuf_clear(&head);
}

Test(gguf_read, a_head_may_end_right_after_the_tensor_table)
{
    struct strbuf head = {0};
    struct error error = {0};
    gguf_make_tiny(&head, 1);
    struct gguf *gguf = parse(&head);
    struct gguf_part part = part_of(&head);
    part.available = part.file_bytes = gguf->extents[0].table_end;
    uint64_t weights =
        gguf->tensors[gguf->n_tensors - 1].offset + gguf->tensors[gguf->n_tensors - 1].bytes;
    uint64_t whole = gguf->extents[0].data_start + weights;
    gguf_free(&gguf);

    cr_assert(gguf_parse(&part, 1, &gguf, &error), "%s", error.text);
    cr_assert_not(gguf->complete);
    gguf_free(&gguf);
    part.file_bytes = whole - 1;
    cr_assert(gguf_parse(&part, 1, &gguf, &error));
    cr_assert_not(gguf->complete, "the last byte is missing");
    gguf_free(&gguf);
    part.file_bytes = whole;
    cr_assert(gguf_parse(&part, 1, &gguf, &error));
    cr_assert(gguf->complete);
    gguf_free(&gguf);
    strbuf_clear(&head);
}

Test(gguf_read, the_files_own_alignment_places_the_data)
{
    struct gguf_writer writer = {0};
    struct strbuf head = {0};
    gguf_write_u32(&writer, "general.alignment", 64);
    gguf_write_tensor_info(&writer, "a", GGML_F32, (uint64_t[]){1}, 1, 0);
    gguf_write_tensor_info(&writer, "b", GGML_F32, (uint64_t[]){1}, 1, 64);
    gguf_write_finish(&writer, &head);
    struct gguf *gguf = parse(&head);
    cr_assert_eq(gguf->extents[0].data_start % 64, 0);
    cr_assert_geq(gguf->extents[0].data_start, gguf->extents[0].table_end);
    gguf_free(&gguf);
    strbuf_clear(&head);
}

Test(gguf_read, a_type_of_ik_llama_weighs_its_row_extra)
{
    struct gguf_writer writer = {0};
    struct strbuf head = {0};
    gguf_write_tensor(&writer, "blk.0.ffn_up.weight", 144, (uint64_t[]){7168, 2048, 3}, 3);
    gguf_write_tensor(&writer, "blk.1.ffn_up.weight", 144, (uint64_t[]){7168, 2048, 3}, 3);
    gguf_write_finish(&writer, &head);
    struct gguf *gguf = parse(&head);
    cr_assert_eq(gguf->tensors[0].bytes, (7168 / 256 * 136 + 4) * 2048 * 3);
    cr_assert(gguf->tensors[0].type->ik_only);
    gguf_free(&gguf);
    strbuf_clear(&head);
}

Test(gguf_read, a_tensor_without_elements_weighs_nothing)
{
    struct gguf_writer writer = {0};
    struct strbuf head = {0};
    gguf_write_tensor_info(&writer, "empty", GGML_F32, (uint64_t[]){0, 5}, 2, 0);
    gguf_write_tensor_info(&writer, "next", GGML_F32, (uint64_t[]){8}, 1, 0);
    gguf_write_finish(&writer, &head);
    struct gguf *gguf = parse(&head);
    cr_assert_eq(gguf->tensors[0].bytes, 0);
    gguf_free(&gguf);
    strbuf_clear(&head);
}

Test(gguf_read, parts_make_one_model)
{
    struct strbuf heads[3] = {{0}};
    struct gguf_part parts[3];
    struct error error = {0};
    struct gguf *gguf = NULL;
    for (uint32_t i = 0; i < 3; i++) {
        gguf_make_part(&heads[i], i, 3);
        parts[i] = part_of(&heads[i]);
    }
    cr_assert(gguf_parse(parts, 3, &gguf, &error), "%s", error.text);
    cr_assert_eq(gguf->n_tensors, 3 + 3 * 9);
    cr_assert_eq(gguf->tensors[0].part, 0);
    cr_assert_eq(gguf->tensors[gguf->n_tensors - 1].part, 2);
    cr_assert_str_eq(gguf_string(gguf, "general.name", ""), "tiny");
    struct gguf_peek peek;
    cr_assert(gguf_peek(&parts[2], &peek, &error));
    cr_assert_eq(peek.split_count, 3);
    cr_assert_eq(peek.split_number, 2);
    gguf_free(&gguf);
    for (size_t i = 0; i < 3; i++) {
        strbuf_clear(&heads[i]);
    }
}

Test(gguf_read, a_long_vocabulary_costs_no_memory_of_ours)
{
    enum { N_TOKENS = 160000 };
    const char **tokens = calloc(N_TOKENS, sizeof *tokens);
    struct gguf_writer writer = {0};
    struct strbuf head = {0};
    for (size_t i = 0; i < N_TOKENS; i++) {
        tokens[i] = "token";
    }
    gguf_write_string_array(&writer, "tokenizer.ggml.tokens", tokens, N_TOKENS);
    gguf_write_u32(&writer, "after", 7);
    gguf_write_finish(&writer, &head);
    struct gguf *gguf = parse(&head);
    const struct gguf_value *value = gguf_find(gguf, "tokenizer.ggml.tokens");
    cr_assert_eq(value->count, N_TOKENS);
    cr_assert((const char *)value->as.elements > head.text &&
                  (const char *)value->as.elements < head.text + head.length,
              "the strings stay in the file's bytes");
    cr_assert_eq(gguf_u64(gguf, "after", 0), 7);
    gguf_free(&gguf);
    strbuf_clear(&head);
    free(tokens);
}
