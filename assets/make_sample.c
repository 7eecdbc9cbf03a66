/* Writes the bundled sample: a model head in the shape of Kimi-K2-Instruct at about 262 GiB, cut after
 * the tensor table. Shapes are those of the published model; the type mix is made up by rule to reach
 * that size. Usage: make_sample OUTPUT.gguf
 */
#include "model/base/memory.h"
#include "model/gguf/ggml_types.h"
#include "model/gguf/gguf_write.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    N_LAYER = 61,
    N_LAYER_DENSE = 1,
    N_EMBD = 7168,
    N_FF = 18432,
    N_VOCAB = 163840,
    N_CTX_TRAIN = 131072,
    N_HEAD = 64,
    Q_LORA_RANK = 1536,
    KV_LORA_RANK = 512,
    N_ROT = 64,
    KEY_LENGTH_MLA = 192,
    VALUE_LENGTH_MLA = 128,
    N_QUERY = N_HEAD * KEY_LENGTH_MLA,
    N_ATTN_OUT = N_HEAD * VALUE_LENGTH_MLA,
    N_EXPERT = 384,
    N_EXPERT_USED = 8,
    N_FF_EXP = 2048,
    FILE_TYPE_IQ1_S = 24,
    QUANTIZATION_VERSION = 2,
    LAST_RICH_LAYER =
        9, /* gate and up experts of the first and of the last layers take more bits */
    FIRST_RICH_LAYER = 54,
};

/* Layers that have a tensor: all, the dense ones in front, or those with experts. */
enum layers { EVERY, DENSE, MOE };

/* One row a tensor of a layer, in file order. */
static const struct layer_tensor {
    const char *name;
    enum layers layers;
    const char *type;
    const char *rich_type; /* NULL: the same in all layers */
    uint64_t ne[3];        /* up to the first 0 */
} LAYER_TENSORS[] = {
    {"attn_k_b.weight", EVERY, "q8_0", NULL, {KEY_LENGTH_MLA - N_ROT, KV_LORA_RANK, N_HEAD}},
    {"attn_kv_a_mqa.weight", EVERY, "q8_0", NULL, {N_EMBD, KV_LORA_RANK + N_ROT}},
    {"attn_kv_a_norm.weight", EVERY, "f32", NULL, {KV_LORA_RANK}},
    {"attn_norm.weight", EVERY, "f32", NULL, {N_EMBD}},
    {"attn_output.weight", EVERY, "q4_K", NULL, {N_ATTN_OUT, N_EMBD}},
    {"attn_q_a.weight", EVERY, "q6_K", NULL, {N_EMBD, Q_LORA_RANK}},
    {"attn_q_a_norm.weight", EVERY, "f32", NULL, {Q_LORA_RANK}},
    {"attn_q_b.weight", EVERY, "q4_K", NULL, {Q_LORA_RANK, N_QUERY}},
    {"attn_v_b.weight", EVERY, "q8_0", NULL, {KV_LORA_RANK, VALUE_LENGTH_MLA, N_HEAD}},
    {"exp_probs_b.bias", MOE, "f32", NULL, {N_EXPERT}},
    {"ffn_down.weight", DENSE, "q6_K", NULL, {N_FF, N_EMBD}},
    {"ffn_down_exps.weight", MOE, "iq3_xxs", NULL, {N_FF_EXP, N_EMBD, N_EXPERT}},
    {"ffn_down_shexp.weight", MOE, "q6_K", NULL, {N_FF_EXP, N_EMBD}},
    {"ffn_gate.weight", DENSE, "q4_K", NULL, {N_EMBD, N_FF}},
    {"ffn_gate_exps.weight", MOE, "iq1_s", "iq2_xxs", {N_EMBD, N_FF_EXP, N_EXPERT}},
    {"ffn_gate_inp.weight", MOE, "f32", NULL, {N_EMBD, N_EXPERT}},
    {"ffn_gate_shexp.weight", MOE, "q4_K", NULL, {N_EMBD, N_FF_EXP}},
    {"ffn_norm.weight", EVERY, "f32", NULL, {N_EMBD}},
    {"ffn_up.weight", DENSE, "q4_K", NULL, {N_EMBD, N_FF}},
    {"ffn_up_exps.weight", MOE, "iq1_s", "iq2_xxs", {N_EMBD, N_FF_EXP, N_EXPERT}},
    {"ffn_up_shexp.weight", MOE, "q4_K", NULL, {N_EMBD, N_FF_EXP}},
};

static const struct {
    const char *key;
    uint32_t value;
} COUNTS[] = {
    {"deepseek2.block_count", N_LAYER},
    {"deepseek2.context_length", N_CTX_TRAIN},
    {"deepseek2.embedding_length", N_EMBD},
    {"deepseek2.feed_forward_length", N_FF},
    {"deepseek2.vocab_size", N_VOCAB},
    {"deepseek2.leading_dense_block_count", N_LAYER_DENSE},
    {"deepseek2.attention.head_count", N_HEAD},
    {"deepseek2.attention.head_count_kv", 1},
    {"deepseek2.attention.q_lora_rank", Q_LORA_RANK},
    {"deepseek2.attention.kv_lora_rank", KV_LORA_RANK},
    {"deepseek2.attention.key_length", KV_LORA_RANK + N_ROT},
    {"deepseek2.attention.value_length", KV_LORA_RANK},
    {"deepseek2.attention.key_length_mla", KEY_LENGTH_MLA},
    {"deepseek2.attention.value_length_mla", VALUE_LENGTH_MLA},
    {"deepseek2.expert_count", N_EXPERT},
    {"deepseek2.expert_used_count", N_EXPERT_USED},
    {"deepseek2.expert_shared_count", 1},
    {"deepseek2.expert_group_count", 1},
    {"deepseek2.expert_group_used_count", 1},
    {"deepseek2.expert_gating_func", 2}, /* sigmoid */
    {"deepseek2.expert_feed_forward_length", N_FF_EXP},
    {"deepseek2.rope.dimension_count", N_ROT},
    {"deepseek2.rope.scaling.original_context_length", 4096},
};

static const struct {
    const char *key;
    float value;
} FACTORS[] = {
    {"deepseek2.attention.layer_norm_rms_epsilon", 1e-6F},
    {"deepseek2.expert_weights_scale", 2.827F},
    {"deepseek2.rope.freq_base", 50000.0F},
    {"deepseek2.rope.scaling.factor", 32.0F},
    {"deepseek2.rope.scaling.yarn_beta_fast", 1.0F},
    {"deepseek2.rope.scaling.yarn_beta_slow", 1.0F},
    {"deepseek2.rope.scaling.yarn_log_multiplier", 0.1F},
};

static void write_values(struct gguf_writer *writer)
{
    gguf_write_string(writer, "general.architecture", "deepseek2");
    gguf_write_string(writer, "general.type", "model");
    gguf_write_string(writer, "general.name", "Kimi-K2-Instruct UD-IQ1_S");
    gguf_write_string(writer, "general.size_label", "384x15B");
    for (size_t i = 0; i < sizeof COUNTS / sizeof COUNTS[0]; i++) {
        gguf_write_u32(writer, COUNTS[i].key, COUNTS[i].value);
    }
    for (size_t i = 0; i < sizeof FACTORS / sizeof FACTORS[0]; i++) {
        gguf_write_f32(writer, FACTORS[i].key, FACTORS[i].value);
    }
    gguf_write_bool(writer, "deepseek2.expert_weights_norm", 1);
    gguf_write_string(writer, "deepseek2.rope.scaling.type", "yarn");
    gguf_write_string(writer, "tokenizer.ggml.model", "none");
    gguf_write_u32(writer, "general.quantization_version", QUANTIZATION_VERSION);
    gguf_write_u32(writer, "general.file_type", FILE_TYPE_IQ1_S);
}

static uint32_t type_id(const char *name)
{
    const struct ggml_type_info *type = ggml_type_by_name(name);
    return type == NULL ? UINT32_MAX : type->id;
}

static void write_tensor(struct gguf_writer *writer, const char *name, const char *type,
                         const uint64_t *ne)
{
    uint32_t n_dims = 1;
    while (n_dims < 3 && ne[n_dims] != 0) {
        n_dims++;
    }
    gguf_write_tensor(writer, name, type_id(type), ne, n_dims);
}

static void write_layer(struct gguf_writer *writer, int layer)
{
    enum layers absent = layer < N_LAYER_DENSE ? MOE : DENSE;
    bool rich = layer <= LAST_RICH_LAYER || layer >= FIRST_RICH_LAYER;
    for (size_t i = 0; i < sizeof LAYER_TENSORS / sizeof LAYER_TENSORS[0]; i++) {
        const struct layer_tensor *tensor = &LAYER_TENSORS[i];
        if (tensor->layers == absent) {
            continue;
        }
        char *name = memory_format("blk.%d.%s", layer, tensor->name);
        bool take_rich = rich && tensor->rich_type != NULL;
        write_tensor(writer, name, take_rich ? tensor->rich_type : tensor->type, tensor->ne);
        free(name);
    }
}

static void write_tensors(struct gguf_writer *writer)
{
    static const uint64_t EMBEDDING[3] = {N_EMBD, N_VOCAB};
    static const uint64_t NORM[3] = {N_EMBD};
    write_tensor(writer, "output.weight", "q6_K", EMBEDDING);
    write_tensor(writer, "output_norm.weight", "f32", NORM);
    write_tensor(writer, "token_embd.weight", "q4_K", EMBEDDING);
    for (int layer = 0; layer < N_LAYER; layer++) {
        write_layer(writer, layer);
    }
}

static bool write_file(const char *path, const struct strbuf *head)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return false;
    }
    bool written = fwrite(strbuf_text(head), 1, head->length, file) == head->length;
    return fclose(file) == 0 && written;
}

int main(int argc, char **argv)
{
    struct gguf_writer writer = {0};
    struct strbuf head = {0};
    if (argc != 2) {
        fprintf(stderr, "usage: make_sample OUTPUT.gguf\n");
        return 1;
    }
    write_values(&writer);
    write_tensors(&writer);
    gguf_write_finish(&writer, &head);
    bool written = write_file(argv[1], &head);
    if (!written) {
        perror(argv[1]);
    }
    strbuf_clear(&head);
    return written ? 0 : 4;
}
