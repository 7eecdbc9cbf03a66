/* What cannot be read: each is refused with one line that says what is wrong. */
#include "model/base/memory.h"
#include "model/gguf/gguf.h"
#include "tests/support/gguf_files.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void refuse_parts(const struct strbuf *heads, size_t n, const char *words)
{
    struct gguf_part *parts = memory_array(n, sizeof *parts);
    for (size_t i = 0; i < n; i++) {
        /* an exact copy on the heap, so that the sanitizer sees a read past its end */
        parts[i] = (struct gguf_part){.path = i == 0 ? "bad.gguf" : "more.gguf",
                                      .bytes = memory_copy(strbuf_text(&heads[i]), heads[i].length),
                                      .available = heads[i].length,
                                      .file_bytes = heads[i].length};
    }
    struct error error = {0};
    struct gguf *gguf = NULL;
    cr_assert_not(gguf_parse(parts, n, &gguf, &error), "read without complaint, not: %s", words);
    cr_assert(gguf == NULL);
    cr_assert_eq(error.kind, ERROR_INPUT);
    cr_assert_str_eq(error.text, words);
    for (size_t i = 0; i < n; i++) {
        free((void *)(uintptr_t)parts[i].bytes);
    }
    free(parts);
}

/* Refuses and frees. */
static void refuse(struct strbuf *head, const char *words)
{
    refuse_parts(head, 1, words);
    strbuf_clear(head);
}

static struct strbuf bytes(const char *text, size_t size)
{
    struct strbuf head = {0};
    strbuf_add_n(&head, text, size);
    return head;
}

static struct strbuf preamble(uint32_t version, uint64_t n_tensors, uint64_t n_values)
{
    struct strbuf head = {0};
    strbuf_add_n(&head, "GGUF", 4);
    strbuf_add_n(&head, (const char *)&version, 4);
    strbuf_add_n(&head, (const char *)&n_tensors, 8);
    strbuf_add_n(&head, (const char *)&n_values, 8);
    return head;
}

static struct strbuf one_tensor(const char *name, uint32_t type, const uint64_t *ne,
                                uint32_t n_dims, uint64_t offset)
{
    struct gguf_writer writer = {0};
    struct strbuf head = {0};
    gguf_write_tensor_info(&writer, name, type, ne, n_dims, offset);
    gguf_write_finish(&writer, &head);
    return head;
}

Test(gguf_bad, files_that_are_something_else)
{
    static const struct {
        const char *begin;
        size_t size;
        const char *words;
    } CASES[] = {
        {"", 0, "bad.gguf: an empty file"},
        {"hello", 5, "bad.gguf: not a GGUF file (it begins with 'hell', not with 'GGUF')"},
        {"GGU", 3,
         "bad.gguf: cut off inside the head: the file ends at byte 3, inside the preamble "
         "that begins at byte 0 (fetch more of it, or all of it again)"},
        {"GGML", 4, "bad.gguf: not a GGUF file (it begins with 'GGML', not with 'GGUF')"},
        {"\x1b[2J", 4, "bad.gguf: not a GGUF file (it begins with '?[2J', not with 'GGUF')"},
        {"PK\x03\x04..", 6, "bad.gguf: not a GGUF file (it is a zip or PyTorch archive)"},
        {"<!DOCTYPE html>", 15,
         "bad.gguf: not a GGUF file (it is a web page, so the download went wrong)"},
        {"version https://git-lfs.github.com/spec/v1", 42,
         "bad.gguf: not a GGUF file (it is a git-lfs pointer, fetch the file itself)"},
        {"\0\0\0\0\0\0\0\0", 8,
         "bad.gguf: not a GGUF file (it begins with zeros, as downloads do that "
         "are unfinished)"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct strbuf head = bytes(CASES[i].begin, CASES[i].size);
        refuse(&head, CASES[i].words);
    }
}

Test(gguf_bad, versions_that_llama_cpp_refuses)
{
    static const struct {
        uint32_t version;
        const char *words;
    } CASES[] = {
        {0, "bad.gguf: GGUF version 0 does not exist: the file is damaged"},
        {1, "bad.gguf: GGUF version 1: llama.cpp no longer reads it (versions 2 and 3 it does; "
            "convert "
            "the model anew)"},
        {0x03000000,
         "bad.gguf: a big-endian GGUF file: llama.cpp refuses it on this machine (get the "
         "little-endian one, or convert it)"},
        {4, "bad.gguf: GGUF version 4: llama.cpp reads versions 2 and 3"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct strbuf head = preamble(CASES[i].version, 0, 0);
        refuse(&head, CASES[i].words);
    }
}

Test(gguf_bad, absurd_counts)
{
    struct strbuf head = preamble(3, UINT64_MAX, 0);
    refuse(&head, "bad.gguf: damaged: the head claims 18446744073709551615 tensors");
    head = preamble(3, 0, UINT64_C(1) << 40);
    refuse(&head, "bad.gguf: damaged: the head claims 1099511627776 metadata values");
    head = preamble(3, 1096, 0);
    refuse(&head,
           "bad.gguf: cut off inside the head: it claims 1096 tensors, and the file ends at byte "
           "24 (fetch more of it, or all of it again)");
}

Test(gguf_bad, a_head_cut_at_any_byte_is_refused_in_words)
{
    struct strbuf head = {0};
    struct error error = {0};
    struct gguf *gguf = NULL;
    gguf_make_tiny(&head, 1);
    struct gguf_part part = {.path = "cut.gguf",
                             .bytes = (const uint8_t *)head.text,
                             .available = head.length,
                             .file_bytes = head.length};
    cr_assert(gguf_parse(&part, 1, &gguf, &error));
    uint64_t table_end = gguf->extents[0].table_end;
    gguf_free(&gguf);
    for (uint64_t size = 1; size < table_end; size++) {
        uint8_t *cut = memory_copy(head.text, size);
        part = (struct gguf_part){
            .path = "cut.gguf", .bytes = cut, .available = size, .file_bytes = size};
        error = (struct error){0};
        cr_assert_not(gguf_parse(&part, 1, &gguf, &error), "%u bytes", (unsigned)size);
        cr_assert_eq(strncmp(error.text, "cut.gguf: cut off inside the head: ", 35), 0, "%s",
                     error.text);
        free(cut);
    }
    strbuf_clear(&head);
}

Test(gguf_bad, lengths_past_the_end)
{
    struct strbuf head = preamble(3, 0, 1);
    strbuf_add_n(&head,
                 "\xff\xff\xff\xff\xff\xff\xff\xff"
                 "key.of.no.end.",
                 22);
    refuse(&head,
           "bad.gguf: damaged: a metadata key at byte 24 claims a length of 18446744073709551615 "
           "bytes, and 1 GiB is the limit");
    head = preamble(3, 0, 1);
    strbuf_add_n(&head,
                 "\x64\0\0\0\0\0\0\0"
                 "short key",
                 17);
    refuse(&head,
           "bad.gguf: cut off inside the head: the file ends at byte 41, inside a metadata key "
           "that begins at byte 32 (fetch more of it, or all of it again)");
}

Test(gguf_bad, values_of_no_known_kind)
{
    struct strbuf head = preamble(3, 0, 1);
    strbuf_add_n(&head, "\x03\0\0\0\0\0\0\0key\x0d\0\0\0\0\0\0\0", 19);
    refuse(&head, "bad.gguf: damaged: key 'key' has the unknown type 13");
    head = preamble(3, 0, 1); /* an array of arrays */
    strbuf_add_n(&head, "\x03\0\0\0\0\0\0\0key\x09\0\0\0\x09\0\0\0\x01\0\0\0\0\0\0\0", 27);
    refuse(&head, "bad.gguf: damaged: key 'key' is an array of the unknown type 9");
    head = preamble(3, 0, 1);
    strbuf_add_n(&head, "\x03\0\0\0\0\0\0\0key\x09\0\0\0\x0a\0\0\0\0\0\0\0\0\0\0\x20", 27);
    refuse(&head, "bad.gguf: damaged: key 'key' is an array with an absurd count of elements: "
                  "2305843009213693952");
    head = preamble(3, 0, 1);
    strbuf_add_n(&head, "\0\0\0\0\0\0\0\0\x04\0\0\0\x01\0\0\0", 16);
    refuse(&head, "bad.gguf: damaged: a metadata key is empty (before byte 32)");
}

Test(gguf_bad, keys_that_are_there_twice)
{
    struct gguf_writer writer = {0};
    struct strbuf head = {0};
    gguf_write_u32(&writer, "llama.block_count", 2);
    gguf_write_u32(&writer, "other", 2);
    gguf_write_u32(&writer, "llama.block_count", 3);
    gguf_write_finish(&writer, &head);
    refuse(&head, "bad.gguf: damaged: the metadata key 'llama.block_count' is there twice");
}

Test(gguf_bad, alignments)
{
    static const struct {
        uint32_t alignment;
        const char *words;
    } CASES[] = {
        {0, "bad.gguf: damaged: general.alignment is 0, not a power of two"},
        {48, "bad.gguf: damaged: general.alignment is 48, not a power of two"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct gguf_writer writer = {0};
        struct strbuf head = {0};
        gguf_write_u32(&writer, "general.alignment", CASES[i].alignment);
        gguf_write_finish(&writer, &head);
        refuse(&head, CASES[i].words);
    }
    struct gguf_writer writer = {0};
    struct strbuf head = {0};
    gguf_write_string(&writer, "general.alignment", "32");
    gguf_write_finish(&writer, &head);
    refuse(&head, "bad.gguf: damaged: key 'general.alignment' has the wrong type (8, not 4)");
}

Test(gguf_bad, tensor_names)
{
    char *name = memory_new(70001);
    memset(name, 'n', 70000);
    struct strbuf head = one_tensor(name, GGML_F32, (uint64_t[]){8}, 1, 0);
    refuse(
        &head,
        "bad.gguf: damaged: the tensor name 'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn...'"
        " at byte 24 has 70000 bytes, and 63 is the limit");
    name[64] = '\0';
    head = one_tensor(name, GGML_F32, (uint64_t[]){8}, 1, 0);
    refuse(
        &head,
        "bad.gguf: damaged: the tensor name 'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn...'"
        " at byte 24 has 64 bytes, and 63 is the limit");
    free(name);
}

Test(gguf_bad, tensors_that_are_there_twice)
{
    struct gguf_writer writer = {0};
    struct strbuf head = {0};
    gguf_write_tensor(&writer, "blk.0.attn_q.weight", GGML_F32, (uint64_t[]){8}, 1);
    gguf_write_tensor(&writer, "output.weight", GGML_F32, (uint64_t[]){8}, 1);
    gguf_write_tensor(&writer, "blk.0.attn_q.weight", GGML_F32, (uint64_t[]){8}, 1);
    gguf_write_finish(&writer, &head);
    refuse(&head, "bad.gguf: damaged: tensor 'blk.0.attn_q.weight' is there twice");
}

Test(gguf_bad, types)
{
    static const struct {
        uint32_t type;
        const char *words;
    } CASES[] = {
        {412, "bad.gguf: tensor 't' has type 412, which neither llama.cpp nor ik_llama.cpp knows"},
        {UINT32_MAX, "bad.gguf: tensor 't' has type 4294967295, which neither llama.cpp nor "
                     "ik_llama.cpp knows"},
        {4, "bad.gguf: tensor 't' has type 4 (q4_2), which llama.cpp no longer reads"},
        {12,
         "bad.gguf: tensor 't' is damaged: a row of 8 elements is no whole number of q4_K blocks "
         "(256 each)"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct strbuf head = one_tensor("t", CASES[i].type, (uint64_t[]){8}, 1, 0);
        refuse(&head, CASES[i].words);
    }
}

Test(gguf_bad, sizes_that_overflow)
{
    struct strbuf head =
        one_tensor("t", GGML_F32, (uint64_t[]){UINT64_C(1) << 40, UINT64_C(1) << 40}, 2, 0);
    refuse(&head,
           "bad.gguf: tensor 't' is damaged: its size overflows, at dimension 1099511627776");
    head = one_tensor("t", 28, (uint64_t[]){UINT64_C(1) << 61}, 1, 0);
    refuse(
        &head,
        "bad.gguf: tensor 't' is damaged: its size overflows, with a row of 2305843009213693952");
    head = one_tensor("t", GGML_F32, (uint64_t[]){UINT64_MAX}, 1, 0);
    refuse(&head, "bad.gguf: tensor 't' is damaged: a dimension is negative or absurd: "
                  "18446744073709551615");
    head = one_tensor("t", GGML_F32, (uint64_t[]){1, 1, 1, 1, 1}, 5, 0);
    refuse(&head, "bad.gguf: tensor 't' is damaged: 4 dimensions are the limit, it has 5");
}

Test(gguf_bad, a_sum_of_sizes_that_overflows)
{
    struct gguf_writer writer = {0};
    struct strbuf head = {0};
    uint64_t offset = 0;
    for (int i = 0; i < 3; i++) {
        char name[8];
        snprintf(name, sizeof name, "t%d", i);
        gguf_write_tensor_info(&writer, name, 24, (uint64_t[]){UINT64_C(1) << 62}, 1, offset);
        offset += UINT64_C(1) << 62;
    }
    gguf_write_finish(&writer, &head);
    refuse(&head, "bad.gguf: tensor 't1' is damaged: the sum of sizes overflows, at offset "
                  "4611686018427387904");
}

Test(gguf_bad, offsets_out_of_order)
{
    struct gguf_writer writer = {0};
    struct strbuf head = {0};
    gguf_write_tensor_info(&writer, "a", GGML_F32, (uint64_t[]){64}, 1, 256);
    gguf_write_tensor_info(&writer, "b", GGML_F32, (uint64_t[]){64}, 1, 0);
    gguf_write_finish(&writer, &head);
    refuse(&head,
           "bad.gguf: tensor 'a' is damaged: its offset is 256, and 0 follows from the tensors "
           "before it");
    gguf_write_tensor_info(&writer, "a", GGML_F32, (uint64_t[]){64}, 1, 0);
    gguf_write_tensor_info(&writer, "b", GGML_F32, (uint64_t[]){64}, 1, 512); /* a gap */
    gguf_write_finish(&writer, &head);
    refuse(&head,
           "bad.gguf: tensor 'b' is damaged: its offset is 512, and 256 follows from the tensors "
           "before it");
}

Test(gguf_bad, parts_that_do_not_fit_together)
{
    struct strbuf heads[3] = {{0}};
    for (uint32_t i = 0; i < 3; i++) {
        gguf_make_part(&heads[i], i, 3);
    }
    refuse_parts(heads, 1, "bad.gguf: the model is split into 3 parts, and 1 is here");
    refuse_parts(heads, 2, "bad.gguf: the model is split into 3 parts, and 2 are here");
    struct strbuf swapped[3] = {heads[0], heads[2], heads[1]};
    refuse_parts(
        swapped, 3,
        "more.gguf: says it is part 3, and part 2 of 3 is wanted here: a file has the wrong name");
    struct strbuf late[3] = {heads[1], heads[1], heads[2]};
    refuse_parts(
        late, 3,
        "bad.gguf: says it is part 2, and part 1 of 3 is wanted here: a file has the wrong name");
    for (size_t i = 0; i < 3; i++) {
        strbuf_clear(&heads[i]);
    }
}

Test(gguf_bad, a_tensor_in_two_parts_and_a_wrong_total)
{
    struct strbuf heads[2] = {{0}};
    for (uint16_t i = 0; i < 2; i++) {
        struct gguf_writer writer = {0};
        gguf_write_u16(&writer, "split.no", i);
        gguf_write_u16(&writer, "split.count", 2);
        gguf_write_i32(&writer, "split.tensors.count", 2);
        gguf_write_tensor(&writer, "same.weight", GGML_F32, (uint64_t[]){8}, 1);
        gguf_write_finish(&writer, &heads[i]);
    }
    refuse_parts(heads, 2, "more.gguf: damaged: tensor 'same.weight' is there twice, in two parts");
    strbuf_clear(&heads[1]);
    struct gguf_writer writer = {0};
    gguf_write_u16(&writer, "split.no", 1);
    gguf_write_finish(&writer, &heads[1]);
    refuse_parts(heads, 2,
                 "bad.gguf: damaged: the parts hold 1 tensors, and 2 are announced "
                 "(split.tensors.count)");
    strbuf_clear(&heads[0]);
    strbuf_clear(&heads[1]);
}
