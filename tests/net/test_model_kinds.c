// What a file and its tensors are: files that are GGUF but no language model are named for what they are,
// tensors get the group and the home that llama.cpp gives them.
#include "model/net/arch.h"
#include "model/net/model.h"
#include "model/net/tensor_groups.h"
#include "tests/support/gguf_files.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void parse(const struct strbuf *head, struct gguf **gguf)
{
    struct gguf_part part = {.path = "file.gguf",
                             .bytes = (const uint8_t *)head->text,
                             .available = head->length,
                             .file_bytes = head->length};
    struct error error = {0};
    cr_assert(gguf_parse(&part, 1, gguf, &error), "%s", error.text);
}

Test(model_kinds, say_what_a_file_is)
{
    static const char *const words[GGUF_KIND_COUNT] = {
        [GGUF_KIND_PROJECTOR] = "file.gguf: is a multimodal projector, not a model: give it with "
                                "--mmproj beside the model",
        [GGUF_KIND_LORA] = "file.gguf: is a LoRA adapter, not a model: give it with --lora beside "
                           "the model",
        [GGUF_KIND_IMATRIX] =
            "file.gguf: is an importance matrix: llama-quantize takes it with --imatrix",
        [GGUF_KIND_VOCABULARY] =
            "file.gguf: is a vocabulary without weights: there is nothing to place",
        [GGUF_KIND_CONTROL_VECTOR] = "file.gguf: is a control vector, not a model: give it with "
                                     "--control-vector beside the model",
    };
    for (int kind = 0; kind < GGUF_KIND_COUNT; kind++) {
        struct strbuf head = {0};
        gguf_make_kind(&head, (enum gguf_kind)kind);
        struct gguf *gguf = NULL;
        parse(&head, &gguf);
        struct model *model = NULL;
        struct error error = {0};
        cr_expect(!model_describe(gguf, "file.gguf", false, &model, &error));
        cr_expect(error.kind == ERROR_INPUT);
        cr_expect_str_eq(error.text, words[kind]);
        gguf_free(&gguf);
        strbuf_clear(&head);
    }
}

static enum tensor_group group(const char *name)
{
    const char *base = NULL;
    int32_t layer = tensor_layer(name, &base);
    return tensor_group_of(layer, base);
}

Test(tensor_groups, follow_the_interface)
{
    static const struct {
        const char *name;
        enum tensor_group group;
    } cases[] = {
        {"token_embd.weight", GROUP_EMBD},
        {"output.weight", GROUP_OUTPUT},
        {"output_norm.weight", GROUP_NORM},
        {"blk.3.attn_q_a.weight", GROUP_ATTN},
        {"blk.3.attn_norm.weight", GROUP_NORM},
        {"blk.3.attn_q_a_norm.weight", GROUP_NORM},
        {"blk.3.ffn_norm.weight", GROUP_NORM},
        {"blk.3.ffn_gate_inp.weight", GROUP_ROUTER},
        {"blk.3.exp_probs_b.bias", GROUP_ROUTER},
        {"blk.3.ffn_gate_shexp.weight", GROUP_SHEXP},
        {"blk.3.ffn_gate_inp_shexp.weight", GROUP_ROUTER},
        {"blk.3.ffn_gate_exps.weight", GROUP_GATE_EXPS},
        {"blk.3.ffn_up_exps.bias", GROUP_UP_EXPS},
        {"blk.3.ffn_down_exps.weight", GROUP_DOWN_EXPS},
        {"blk.3.ffn_gate_up_exps.weight", GROUP_GATE_UP_EXPS},
        {"blk.3.ffn_gate.weight", GROUP_FFN},
        {"blk.3.ssm_conv1d.weight", GROUP_SSM},
        {"blk.46.nextn.eh_proj.weight", GROUP_MTP},
        {"rope_freqs.weight", GROUP_OTHER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_expect(group(cases[i].name) == cases[i].group, "%s is in group %s", cases[i].name,
                  tensor_group_name(group(cases[i].name)));
    }
}

Test(tensor_groups, read_the_layer_from_the_name)
{
    const char *base = NULL;
    cr_expect(tensor_layer("blk.12.attn_q.weight", &base) == 12);
    cr_expect_str_eq(base, "attn_q.weight");
    cr_expect(tensor_layer("enc.blk.7.ffn_up.weight", &base) == 7);
    cr_expect(tensor_layer("blk.x.ffn_up.weight", &base) == -1);
    cr_expect(tensor_layer("xblk.1.ffn_up.weight", &base) == -1);
    cr_expect(tensor_layer("output.weight", &base) == -1);
}

Test(model, a_tied_embedding_is_two_rows)
{
    struct gguf_writer writer = {0};
    const uint64_t ne[2] = {256, 128};
    gguf_write_tiny_values(&writer, 1);
    gguf_write_tensor(&writer, "token_embd.weight", 0, ne, 2);
    gguf_write_tensor(&writer, "output_norm.weight", 0, ne, 1);
    struct strbuf head = {0};
    gguf_write_finish(&writer, &head);
    struct gguf *gguf = NULL;
    parse(&head, &gguf);
    struct model *model = NULL;
    struct error error = {0};
    cr_assert(model_describe(gguf, "tied.gguf", false, &model, &error), "%s", error.text);
    cr_assert(model->n_tensors == 3);
    cr_expect(model->tensors[0].role == ROLE_INPUT && model->tensors[0].tied_to == -1);
    cr_expect(model->tensors[1].role == ROLE_OUTPUT && model->tensors[1].tied_to == 0);
    cr_expect_str_eq(model->tensors[1].name, "token_embd.weight");
    cr_expect(model_find_tensor(model, "token_embd.weight") == 0);
    cr_expect(model_find_tensor(model, "output.weight") == -1);
    model_free(&model);
    gguf_free(&gguf);
    strbuf_clear(&head);
}

static void describe_as(const char *architecture, struct gguf **gguf, struct strbuf *head,
                        struct model **model, struct error *error)
{
    struct gguf_writer writer = {0};
    const uint64_t ne[2] = {256, 128};
    char key[64];
    gguf_write_string(&writer, "general.architecture", architecture);
    snprintf(key, sizeof key, "%s.block_count", architecture);
    gguf_write_u32(&writer, key, 1);
    snprintf(key, sizeof key, "%s.embedding_length", architecture);
    gguf_write_u32(&writer, key, 256);
    snprintf(key, sizeof key, "%s.attention.head_count", architecture);
    gguf_write_u32(&writer, key, 2);
    gguf_write_tensor(&writer, "token_embd.weight", 0, ne, 2);
    gguf_write_tensor(&writer, "output.weight", 0, ne, 2);
    gguf_write_finish(&writer, head);
    parse(head, gguf);
    model_describe(*gguf, "some.gguf", false, model, error);
}

Test(model, an_unknown_architecture_is_weighed_and_marked)
{
    struct gguf *gguf = NULL;
    struct strbuf head = {0};
    struct model *model = NULL;
    struct error error = {0};
    describe_as("tomorrow", &gguf, &head, &model, &error);
    cr_assert(model != NULL, "%s", error.text);
    cr_expect(model->hparams.memory == MEMORY_UNKNOWN && model->hparams.estimate_only);
    cr_expect(model->hparams.has_kv[0] && hparams_k_row(&model->hparams, 0) == 256);
    model_free(&model);
    gguf_free(&gguf);
    strbuf_clear(&head);
}

Test(arch, the_table_names_each_architecture_once)
{
    size_t n = 0;
    const struct arch *table = arch_table(&n);
    cr_expect(n == 151);
    for (size_t i = 0; i < n; i++) {
        cr_expect(arch_find(table[i].name) == &table[i], "%s stands twice", table[i].name);
    }
}
