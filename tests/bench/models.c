#include "model/gguf/ggml_types.h"
#include "model/gguf/gguf_write.h"
#include "tests/bench/bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { N_VOCAB = 163840, N_LAYER = 503, N_EXPERT = 64 };

static const struct {
    const char *key;
    uint32_t value;
} counts[] = {
    {"llama.context_length", 131072},     {"llama.embedding_length", 4096},
    {"llama.feed_forward_length", 1024},  {"llama.attention.head_count", 32},
    {"llama.attention.head_count_kv", 8}, {"llama.rope.dimension_count", 128},
};

static void write_common(struct gguf_writer *writer, const char *name, uint32_t n_layer,
                         uint32_t n_expert)
{
    gguf_write_string(writer, "general.architecture", "llama");
    gguf_write_string(writer, "general.name", name);
    gguf_write_u32(writer, "llama.block_count", n_layer);
    gguf_write_u32(writer, "llama.vocab_size", N_VOCAB);
    gguf_write_u32(writer, "llama.expert_count", n_expert);
    gguf_write_u32(writer, "llama.expert_used_count", n_expert ? 8 : 0);
    gguf_write_f32(writer, "llama.attention.layer_norm_rms_epsilon", 1e-5F);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        gguf_write_u32(writer, counts[i].key, counts[i].value);
}

static void write_tensor(struct gguf_writer *writer, const char *name, const char *type,
                         uint64_t ne0, uint64_t ne1)
{
    uint64_t ne[] = {ne0, ne1};
    gguf_write_tensor(writer, name, ggml_type_by_name(type)->id, ne, ne1 ? 2 : 1);
}

static void write_ends(struct gguf_writer *writer)
{
    write_tensor(writer, "token_embd.weight", "q4_K", 4096, N_VOCAB);
    write_tensor(writer, "output_norm.weight", "f32", 4096, 0);
    write_tensor(writer, "output.weight", "q6_K", 4096, N_VOCAB);
}

static const struct {
    const char *name, *type;
    uint64_t ne[2];
} layer_tensors[] = {
    {"attn_norm", "f32", {4096, 0}},       {"attn_q", "q4_K", {4096, 4096}},
    {"attn_k", "q4_K", {4096, 1024}},      {"attn_v", "q6_K", {4096, 1024}},
    {"attn_output", "q4_K", {4096, 4096}}, {"ffn_norm", "f32", {4096, 0}},
    {"ffn_gate_inp", "f32", {4096, 64}},
};

static void write_layer(struct gguf_writer *writer, uint32_t layer, uint32_t n_expert)
{
    static const char *const parts[] = {"gate", "up", "down"};
    char name[64];
    for (size_t i = 0; i < sizeof layer_tensors / sizeof *layer_tensors; i++) {
        snprintf(name, sizeof name, "blk.%" PRIu32 ".%s.weight", layer, layer_tensors[i].name);
        write_tensor(writer, name, layer_tensors[i].type, layer_tensors[i].ne[0],
                     layer_tensors[i].ne[1]);
    }
    for (uint32_t expert = 0; expert < n_expert; expert++) {
        for (size_t i = 0; i < 3; i++) {
            snprintf(name, sizeof name, "blk.%" PRIu32 ".ffn_%s.%" PRIu32 ".weight", layer,
                     parts[i], expert);
            write_tensor(writer, name, "q4_K", i == 2 ? 1024 : 4096, i == 2 ? 4096 : 1024);
        }
    }
}

static bool write_file(const char *path, struct gguf_writer *writer)
{
    struct strbuf head = {0};
    gguf_write_finish(writer, &head);
    FILE *file = fopen(path, "wb");
    bool written = file && fwrite(strbuf_text(&head), 1, head.length, file) == head.length;
    written = (!file || fclose(file) == 0) && written;
    strbuf_clear(&head);
    return written;
}

static void write_words(struct gguf_writer *writer, const char *key, const char *stem, size_t n)
{
    char **words = calloc(n, sizeof *words);
    for (size_t i = 0; i < n; i++) {
        words[i] = malloc(32);
        snprintf(words[i], 32, "%s%zu", stem, i);
    }
    gguf_write_string_array(writer, key, (const char *const *)words, n);
    for (size_t i = 0; i < n; i++)
        free(words[i]);
    free(words);
}

bool bench_write_vocabulary(const char *path)
{
    struct gguf_writer writer = {0};
    uint32_t *kinds = calloc(N_VOCAB, sizeof *kinds);
    write_common(&writer, "vocabulary", 32, 0);
    gguf_write_string(&writer, "tokenizer.ggml.model", "gpt2");
    write_words(&writer, "tokenizer.ggml.tokens", "token", N_VOCAB);
    gguf_write_u32_array(&writer, "tokenizer.ggml.token_type", kinds, N_VOCAB);
    write_words(&writer, "tokenizer.ggml.merges", "tok en", N_VOCAB);
    free(kinds);
    write_ends(&writer);
    for (uint32_t layer = 0; layer < 32; layer++)
        write_layer(&writer, layer, 1);
    return write_file(path, &writer);
}

bool bench_write_many(const char *path)
{
    struct gguf_writer writer = {0};
    write_common(&writer, "hundred thousand", N_LAYER, N_EXPERT);
    write_ends(&writer);
    for (uint32_t layer = 0; layer < N_LAYER; layer++)
        write_layer(&writer, layer, N_EXPERT);
    return write_file(path, &writer);
}
