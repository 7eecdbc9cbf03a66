// --override-kv: what llama.cpp takes, what it refuses, and what it does to a file's values.
#include "model/gguf/gguf_override.h"
#include "tests/support/gguf_files.h"

#include <criterion/criterion.h>
#include <string.h>

static struct gguf *file(struct strbuf *head)
{
    static const uint32_t HEADS[] = {4, 0};
    struct gguf_writer writer = {0};
    gguf_write_string(&writer, "general.architecture", "llama");
    gguf_write_u32(&writer, "llama.context_length", 4096);
    gguf_write_f32(&writer, "llama.rope.freq_base", 1e4F);
    gguf_write_bool(&writer, "tokenizer.ggml.add_bos_token", 1);
    gguf_write_u32_array(&writer, "llama.attention.head_count_kv", HEADS, 2);
    gguf_write_finish(&writer, head);
    struct error error = {0};
    struct gguf *gguf = NULL;
    struct gguf_part part = {.path = "test.gguf",
                             .bytes = (const uint8_t *)strbuf_text(head),
                             .available = head->length,
                             .file_bytes = head->length};
    cr_assert(gguf_parse(&part, 1, &gguf, &error), "%s", error.text);
    return gguf;
}

static struct gguf *with(const char *const *texts, size_t n, struct strbuf *head)
{
    struct gguf *gguf = file(head);
    struct gguf_overrides overrides = {0};
    struct error error = {0};
    for (size_t i = 0; i < n; i++) {
        cr_assert(gguf_overrides_add(&overrides, texts[i], &error), "%s", error.text);
    }
    gguf_overrides_apply(&overrides, gguf);
    gguf_overrides_clear(&overrides);
    return gguf;
}

Test(gguf_override, values_change_and_keys_are_added_in_order)
{
    struct strbuf head = {0};
    static const char *const GIVEN[] = {
        "llama.context_length=int:8192,llama.rope.freq_base=float:5e5",
        "tokenizer.ggml.add_bos_token=bool:false",
        "general.name=str:\"a, \"\"b\"\"\"",
        "aaa.first=int:1",
        "zzz.last=int:-1",
        "\"general.tags=str:x,y\""};
    struct gguf *gguf = with(GIVEN, 6, &head);
    cr_expect_eq(gguf_u64(gguf, "llama.context_length", 0), 8192);
    cr_expect_float_eq(gguf_f64(gguf, "llama.rope.freq_base", 0), 5e5, 0.1);
    cr_expect_eq(gguf_u64(gguf, "tokenizer.ggml.add_bos_token", 7), 0);
    cr_expect_str_eq(gguf_string(gguf, "general.name", ""), "a, \"b\"");
    cr_expect_str_eq(gguf_string(gguf, "general.tags", ""), "x,y");
    cr_expect_eq(gguf_u64(gguf, "aaa.first", 0), 1);
    cr_expect_eq(gguf_u64(gguf, "zzz.last", 0), UINT32_MAX, "read into 32 bits");
    cr_expect_str_eq(gguf_string(gguf, "general.architecture", ""), "llama");
    gguf_free(&gguf);
    strbuf_clear(&head);
}

Test(gguf_override, what_llama_cpp_lets_be_stays)
{
    struct strbuf head = {0};
    static const char *const GIVEN[] = {
        "llama.context_length=int:1024",       "llama.context_length=int:2048", // the first wins
        "llama.rope.freq_base=int:5",                                           // another type
        "llama.attention.head_count_kv=int:1",                                  // an array
        "llama.attention.head_count=int:9", // read layer by layer, and not in the file
        "tokenizer.ggml.add_bos_token=int:0"};
    struct gguf *gguf = with(GIVEN, 6, &head);
    cr_expect_eq(gguf_u64(gguf, "llama.context_length", 0), 1024);
    cr_expect_float_eq(gguf_f64(gguf, "llama.rope.freq_base", 0), 1e4, 0.1);
    cr_expect_eq(gguf_element_i64(gguf_find(gguf, "llama.attention.head_count_kv"), 0), 4);
    cr_expect_null(gguf_find(gguf, "llama.attention.head_count"));
    cr_expect_eq(gguf_u64(gguf, "tokenizer.ggml.add_bos_token", 7), 1);
    gguf_free(&gguf);
    strbuf_clear(&head);
}

Test(gguf_override, malformed_ones_are_refused_in_its_words)
{
    char long_key[160];
    char long_value[160];
    memset(long_key, 'k', sizeof long_key);
    memcpy(long_key + 128, "=int:1", 7);
    memset(long_value, 'v', sizeof long_value);
    memcpy(long_value, "a.b=str:", 8);
    long_value[8 + 128] = '\0';
    const char *const cases[][2] = {{"llama.context_length", "malformed KV override"},
                                    {"", "malformed KV override"},
                                    {"a=int:1,", "malformed KV override"},
                                    {long_key, "malformed KV override"},
                                    {"a=1", "invalid type"},
                                    {"a=u32:1", "invalid type"},
                                    {"a=bool:yes", "invalid boolean value"},
                                    {long_value, "cannot exceed 127"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gguf_overrides overrides = {0};
        struct error error = {0};
        cr_expect(!gguf_overrides_add(&overrides, cases[i][0], &error), "%s", cases[i][0]);
        cr_expect_eq(error.kind, ERROR_INPUT);
        cr_expect(strstr(error.text, cases[i][1]) != NULL, "%s: %s", cases[i][0], error.text);
        gguf_overrides_clear(&overrides);
    }
}
