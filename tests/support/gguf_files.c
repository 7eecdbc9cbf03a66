#include "tests/support/gguf_files.h"

#include "model/base/memory.h"
#include "model/gguf/ggml_types.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { N_EMBD = 256, N_FF = 512, N_VOCAB = 512, N_HEAD = 8 };

void gguf_write_tiny_values(struct gguf_writer *writer, uint32_t n_layer)
{
    gguf_write_string(writer, "general.architecture", "llama");
    gguf_write_string(writer, "general.type", "model");
    gguf_write_string(writer, "general.name", "tiny");
    gguf_write_u32(writer, "llama.block_count", n_layer);
    gguf_write_u32(writer, "llama.context_length", 4096);
    gguf_write_u32(writer, "llama.embedding_length", N_EMBD);
    gguf_write_u32(writer, "llama.feed_forward_length", N_FF);
    gguf_write_u32(writer, "llama.attention.head_count", N_HEAD);
    gguf_write_f32(writer, "llama.attention.layer_norm_rms_epsilon", 1e-5F);
    gguf_write_u32(writer, "llama.vocab_size", N_VOCAB);
    gguf_write_string(writer, "tokenizer.ggml.model", "none");
}

static void write_2d(struct gguf_writer *writer, const char *name, uint64_t ne0, uint64_t ne1)
{
    gguf_write_tensor(writer, name, GGML_F32, (uint64_t[]){ne0, ne1}, ne1 == 0 ? 1 : 2);
}

static void write_layer(struct gguf_writer *writer, uint32_t layer)
{
    static const struct {
        const char *name;
        uint64_t ne0, ne1;
    } TENSORS[] = {
        {"attn_norm", N_EMBD, 0},   {"attn_q", N_EMBD, N_EMBD},      {"attn_k", N_EMBD, N_EMBD},
        {"attn_v", N_EMBD, N_EMBD}, {"attn_output", N_EMBD, N_EMBD}, {"ffn_norm", N_EMBD, 0},
        {"ffn_gate", N_EMBD, N_FF}, {"ffn_down", N_FF, N_EMBD},      {"ffn_up", N_EMBD, N_FF},
    };
    for (size_t i = 0; i < sizeof TENSORS / sizeof TENSORS[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, "blk.%u.%s.weight", (unsigned)layer, TENSORS[i].name);
        write_2d(writer, name, TENSORS[i].ne0, TENSORS[i].ne1);
    }
}

static void write_ends(struct gguf_writer *writer)
{
    write_2d(writer, "token_embd.weight", N_EMBD, N_VOCAB);
    write_2d(writer, "output_norm.weight", N_EMBD, 0);
    write_2d(writer, "output.weight", N_EMBD, N_VOCAB);
}

void gguf_make_tiny(struct strbuf *out, uint32_t n_layer)
{
    struct gguf_writer writer = {0};
    gguf_write_tiny_values(&writer, n_layer);
    write_ends(&writer);
    for (uint32_t layer = 0; layer < n_layer; layer++) {
        write_layer(&writer, layer);
    }
    gguf_write_finish(&writer, out);
}

void gguf_make_part(struct strbuf *out, uint32_t number, uint32_t count)
{
    struct gguf_writer writer = {0};
    if (number == 0) {
        gguf_write_tiny_values(&writer, count);
        write_ends(&writer);
    }
    gguf_write_u16(&writer, "split.no", (uint16_t)number);
    gguf_write_u16(&writer, "split.count", (uint16_t)count);
    gguf_write_i32(&writer, "split.tensors.count", (int32_t)(3 + 9 * count));
    write_layer(&writer, number);
    gguf_write_finish(&writer, out);
}

static void write_projector(struct gguf_writer *writer)
{
    gguf_write_string(writer, "general.architecture", "clip");
    gguf_write_string(writer, "general.type", "mmproj");
    gguf_write_bool(writer, "clip.has_vision_encoder", 1);
    gguf_write_string(writer, "clip.projector_type", "mlp");
    gguf_write_u32(writer, "clip.vision.block_count", 1);
    write_2d(writer, "v.patch_embd.weight", 64, 64);
    write_2d(writer, "mm.0.weight", 64, N_EMBD);
}

static void write_lora(struct gguf_writer *writer)
{
    gguf_write_string(writer, "general.architecture", "llama");
    gguf_write_string(writer, "general.type", "adapter");
    gguf_write_string(writer, "adapter.type", "lora");
    gguf_write_f32(writer, "adapter.lora.alpha", 16.0F);
    write_2d(writer, "blk.0.attn_q.weight.lora_a", N_EMBD, 8);
    write_2d(writer, "blk.0.attn_q.weight.lora_b", 8, N_EMBD);
}

static void write_imatrix(struct gguf_writer *writer)
{
    gguf_write_string(writer, "general.type", "imatrix");
    gguf_write_string_array(writer, "imatrix.datasets", (const char *const[]){"wiki.txt"}, 1);
    gguf_write_u32(writer, "imatrix.chunk_count", 100);
    gguf_write_u32(writer, "imatrix.chunk_size", 512);
    write_2d(writer, "blk.0.attn_q.weight.in_sum2", N_EMBD, 1);
    write_2d(writer, "blk.0.attn_q.weight.counts", 1, 1);
}

static void write_vocabulary(struct gguf_writer *writer)
{
    gguf_write_tiny_values(writer, 2);
    gguf_write_string_array(writer, "tokenizer.ggml.tokens",
                            (const char *const[]){"<unk>", "<s>", "</s>"}, 3);
}

static void write_control_vector(struct gguf_writer *writer)
{
    gguf_write_string(writer, "general.architecture", "controlvector");
    gguf_write_string(writer, "controlvector.model_hint", "llama");
    gguf_write_i32(writer, "controlvector.layer_count", 2);
    write_2d(writer, "direction.1", N_EMBD, 0);
    write_2d(writer, "direction.2", N_EMBD, 0);
}

void gguf_make_kind(struct strbuf *out, enum gguf_kind kind)
{
    static void (*const WRITE[GGUF_KIND_COUNT])(struct gguf_writer *) = {
        [GGUF_KIND_PROJECTOR] = write_projector,
        [GGUF_KIND_LORA] = write_lora,
        [GGUF_KIND_IMATRIX] = write_imatrix,
        [GGUF_KIND_VOCABULARY] = write_vocabulary,
        [GGUF_KIND_CONTROL_VECTOR] = write_control_vector,
    };
    struct gguf_writer writer = {0};
    WRITE[kind](&writer);
    gguf_write_finish(&writer, out);
}

char *test_folder_make(void)
{
    char *folder = memory_text("/tmp/otplan-test-XXXXXX");
    cr_assert(mkdtemp(folder) != NULL, "cannot make a folder for the test");
    return folder;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

void test_folder_remove(char *folder)
{
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(folder);
}

char *test_file_write(const char *folder, const char *name, const void *bytes, size_t size)
{
    char *path = memory_format("%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    cr_assert(file != NULL, "cannot write %s", path);
    cr_assert(size == 0 || fwrite(bytes, 1, size, file) == size, "cannot write %s", path);
    cr_assert(fclose(file) == 0, "cannot write %s", path);
    return path;
}

char *test_file_write_head(const char *folder, const char *name, const struct strbuf *head)
{
    return test_file_write(folder, name, strbuf_text(head), head->length);
}
