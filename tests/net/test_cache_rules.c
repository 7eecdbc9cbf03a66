// Rules of cache and weights that no reference case reaches: worked out by hand from llama.cpp's source.
#include "model/base/memory.h"
#include "model/gguf/gguf_write.h"
#include "model/net/context_memory.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { N_EMBD = 256, N_HEAD = 2, HEAD = 128, CELLS = 8192 };

struct fixture {
    const char *arch;
    struct gguf_writer writer;
    struct strbuf head;
    struct gguf *gguf;
    struct model *model;
};

static void write_u32(struct fixture *fixture, const char *suffix, uint32_t value)
{
    char key[96];
    snprintf(key, sizeof key, "%s.%s", fixture->arch, suffix);
    gguf_write_u32(&fixture->writer, key, value);
}

static void write_array(struct fixture *fixture, const char *suffix, const uint32_t *values,
                        size_t n)
{
    char key[96];
    snprintf(key, sizeof key, "%s.%s", fixture->arch, suffix);
    gguf_write_u32_array(&fixture->writer, key, values, n);
}

static void begin(struct fixture *fixture, const char *arch, uint32_t n_layer)
{
    *fixture = (struct fixture){.arch = arch};
    gguf_write_string(&fixture->writer, "general.architecture", arch);
    write_u32(fixture, "block_count", n_layer);
    write_u32(fixture, "embedding_length", N_EMBD);
    write_u32(fixture, "attention.head_count", N_HEAD);
}

static const struct model *finish(struct fixture *fixture)
{
    const uint64_t ne[2] = {N_EMBD, 128};
    gguf_write_tensor(&fixture->writer, "token_embd.weight", GGML_F32, ne, 2);
    gguf_write_finish(&fixture->writer, &fixture->head);
    struct gguf_part part = {.path = "file.gguf",
                             .bytes = (const uint8_t *)fixture->head.text,
                             .available = fixture->head.length,
                             .file_bytes = fixture->head.length};
    struct error error = {0};
    cr_assert(gguf_parse(&part, 1, &fixture->gguf, &error), "%s", error.text);
    cr_assert(model_describe(fixture->gguf, "file.gguf", false, &fixture->model, &error), "%s",
              error.text);
    return fixture->model;
}

static void clear(struct fixture *fixture)
{
    model_free(&fixture->model);
    gguf_free(&fixture->gguf);
    strbuf_clear(&fixture->head);
}

static struct resolved settings(bool flash_attn)
{
    return (struct resolved){.n_ctx = CELLS,
                             .n_ctx_seq = CELLS,
                             .n_seq = 1,
                             .n_stream = 1,
                             .n_batch = 2048,
                             .n_ubatch = 512,
                             .type_k = GGML_F16,
                             .type_v = GGML_F16,
                             .flash_attn = flash_attn,
                             .cache_flash_attn = flash_attn,
                             .offload_kqv = true};
}

static uint64_t layer_bytes(const struct model *model, bool flash_attn, uint32_t il)
{
    struct resolved resolved = settings(flash_attn);
    return context_layer_bytes(model, &resolved, il, BACKEND_CUDA);
}

// src/models/smallthinker.cpp: the window is 4096 where the key gives one, and none where it gives none
Test(cache_rules, smallthinker_slides_only_where_a_window_is_given)
{
    const uint64_t full = 2ULL * CELLS * N_EMBD * 2;
    const uint64_t window = 2ULL * (4096 + 512) * N_EMBD * 2;
    struct fixture fixture;
    begin(&fixture, "smallthinker", 4);
    const struct model *model = finish(&fixture);
    for (uint32_t il = 0; il < 4; il++) {
        cr_expect(layer_bytes(model, true, il) == full, "layer %u without a window", il);
    }
    clear(&fixture);
    begin(&fixture, "smallthinker", 4);
    write_u32(&fixture, "attention.sliding_window", 100);
    model = finish(&fixture);
    for (uint32_t il = 0; il < 4; il++) {
        cr_expect(layer_bytes(model, true, il) == (il == 0 ? full : window), "layer %u", il);
    }
    clear(&fixture);
}

// src/llama-kv-cache.cpp [TAG_V_CACHE_VARIABLE]: a layer without KV heads still has a V of the widest row
Test(cache_rules, a_layer_without_heads_has_a_transposed_v)
{
    static const uint32_t heads[3] = {N_HEAD, 0, N_HEAD};
    struct fixture fixture;
    begin(&fixture, "deci", 3);
    write_array(&fixture, "attention.head_count_kv", heads, 3);
    const struct model *model = finish(&fixture);
    cr_expect(layer_bytes(model, true, 1) == 0);
    cr_expect(layer_bytes(model, false, 1) == 1ULL * CELLS * N_EMBD * 2);
    cr_expect(layer_bytes(model, false, 0) == 2ULL * CELLS * N_EMBD * 2);
    clear(&fixture);
}

// A guess for the unknown stays modest: no KV heads, no cache
Test(cache_rules, an_unknown_layer_without_heads_holds_nothing)
{
    static const uint32_t heads[2] = {N_HEAD, 0};
    struct fixture fixture;
    begin(&fixture, "tomorrow", 2);
    write_array(&fixture, "attention.head_count_kv", heads, 2);
    const struct model *model = finish(&fixture);
    cr_expect(layer_bytes(model, false, 1) == 0);
    clear(&fixture);
}

// src/models/granite-switch.cpp: one layer more than the file has blocks, with one KV head
Test(cache_rules, graniteswitch_has_a_router_layer)
{
    struct fixture fixture;
    begin(&fixture, "graniteswitch", 2);
    const struct model *model = finish(&fixture);
    cr_assert(model->hparams.n_layer == 3);
    cr_expect(layer_bytes(model, true, 1) == 2ULL * CELLS * N_EMBD * 2);
    cr_expect(layer_bytes(model, true, 2) == 2ULL * CELLS * HEAD * 2);
    clear(&fixture);
}

// src/models/glm-dsa.cpp: GLM-5.2 files without indexer.types
Test(cache_rules, glm_dsa_has_a_list_of_its_own_from_a_million_tokens_on)
{
    struct fixture fixture;
    for (int long_context = 0; long_context < 2; long_context++) {
        begin(&fixture, "glm-dsa", 8);
        write_u32(&fixture, "context_length", long_context ? 1048576 : 1048575);
        write_u32(&fixture, "attention.indexer.top_k", 2048);
        write_u32(&fixture, "attention.indexer.key_length", HEAD);
        const struct model *model = finish(&fixture);
        static const bool listed[8] = {true, true, true, false, false, false, true, false};
        for (uint32_t il = 0; il < 8; il++) {
            cr_expect(model->hparams.indexer_full[il] == (!long_context || listed[il]), "layer %u",
                      il);
        }
        cr_expect(!model->hparams.estimate_only);
        clear(&fixture);
    }
}

// Indexer keys replace the head size of full layers only (section 12.2)
Test(cache_rules, dots3note_indexes_sliding_layers_with_their_own_head_size)
{
    static const uint32_t pattern[2] = {0, 1};
    static const uint32_t types[2] = {1, 1};
    struct fixture fixture;
    begin(&fixture, "dots3note", 2);
    write_u32(&fixture, "attention.head_count_kv", 1);
    write_u32(&fixture, "attention.key_length", 576);
    write_u32(&fixture, "attention.key_length_swa", 320);
    write_u32(&fixture, "attention.key_length_mla", 192);
    write_u32(&fixture, "attention.value_length_mla", 128);
    write_u32(&fixture, "attention.sliding_window", 512);
    write_array(&fixture, "attention.sliding_window_pattern", pattern, 2);
    write_u32(&fixture, "attention.indexer.key_length", HEAD);
    write_u32(&fixture, "attention.indexer.top_k", 2048);
    write_array(&fixture, "attention.indexer.types", types, 2);
    const struct model *model = finish(&fixture);
    cr_expect(layer_bytes(model, true, 0) == 2ULL * CELLS * (576 + HEAD));
    cr_expect(layer_bytes(model, true, 1) == 2ULL * 320 * (1024 + CELLS));
    clear(&fixture);
}

// src/models/nanbeige.cpp: looped layers create no tensors
Test(cache_rules, looped_layers_create_no_rope_factors)
{
    struct fixture fixture;
    begin(&fixture, "nanbeige", 2);
    write_u32(&fixture, "num_loops", 3);
    const uint64_t ne[1] = {64};
    gguf_write_tensor(&fixture.writer, "rope_freqs.weight", GGML_F32, ne, 1);
    const struct model *model = finish(&fixture);
    const struct model_tensor *tensor =
        &model->tensors[model_find_tensor(model, "rope_freqs.weight")];
    cr_assert(model->hparams.n_layer == 6);
    for (uint32_t il = 0; il < 6; il++) {
        cr_expect(model_layer_creates(model, tensor, il) == (il < 2), "layer %u", il);
    }
    clear(&fixture);
}

// src/models/t5encoder.cpp creates an output matrix, unlike the other encoders
Test(cache_rules, t5encoder_ties_its_embedding)
{
    struct fixture fixture;
    begin(&fixture, "t5encoder", 1);
    cr_expect(finish(&fixture)->n_tensors == 2);
    clear(&fixture);
    begin(&fixture, "bert", 1);
    cr_expect(finish(&fixture)->n_tensors == 1);
    clear(&fixture);
}

// 16777217 blocks looped 256 times are 256 layers to 32 bits
Test(cache_rules, loops_that_overflow_are_refused)
{
    struct fixture fixture;
    begin(&fixture, "nanbeige", 16777217);
    write_u32(&fixture, "num_loops", 256);
    struct strbuf head = {0};
    const uint64_t ne[2] = {N_EMBD, 128};
    gguf_write_tensor(&fixture.writer, "token_embd.weight", GGML_F32, ne, 2);
    gguf_write_finish(&fixture.writer, &head);
    struct gguf_part part = {.path = "file.gguf",
                             .bytes = (const uint8_t *)head.text,
                             .available = head.length,
                             .file_bytes = head.length};
    struct error error = {0};
    cr_assert(gguf_parse(&part, 1, &fixture.gguf, &error), "%s", error.text);
    cr_expect(!model_describe(fixture.gguf, "file.gguf", false, &fixture.model, &error));
    cr_expect(error.kind == ERROR_INPUT);
    cr_expect_str_eq(
        error.text, "file.gguf: nanbeige.block_count is 16777217: llama.cpp takes 1 to 512 layers");
    gguf_free(&fixture.gguf);
    strbuf_clear(&head);
}
