// Speculative decoding: the states that are kept to go back to, the rows of logits, the second context's cache.
#include "model/base/memory.h"
#include "model/gguf/gguf_write.h"
#include "model/net/context_memory.h"
#include "model/text/arguments.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { N_EMBD = 256, N_HEAD = 2, HEAD = 128, INNER = 512, STATE = 64, GROUPS = 2, KERNEL = 4 };

struct fixture {
    struct strbuf head;
    struct gguf *gguf;
    struct model *model;
};

/* qwen35: of eight layers two attend; a ninth is the nextn layer. */
static void describe(struct fixture *fixture, const char *arch)
{
    const struct {
        const char *suffix;
        uint32_t value;
    } keys[] = {{"block_count", 9},           {"nextn_predict_layers", 1},
                {"embedding_length", N_EMBD}, {"attention.head_count", N_HEAD},
                {"context_length", 8192},     {"full_attention_interval", 4},
                {"ssm.conv_kernel", KERNEL},  {"ssm.inner_size", INNER},
                {"ssm.state_size", STATE},    {"ssm.group_count", GROUPS}};
    struct gguf_writer writer = {0};
    gguf_write_string(&writer, "general.architecture", arch);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char *key = memory_format("%s.%s", arch, keys[i].suffix);
        gguf_write_u32(&writer, key, keys[i].value);
        free(key);
    }
    const uint64_t ne[2] = {N_EMBD, 128};
    gguf_write_tensor(&writer, "token_embd.weight", GGML_F32, ne, 2);
    *fixture = (struct fixture){0};
    gguf_write_finish(&writer, &fixture->head);
    struct error error = {0};
    struct gguf_part part = {.path = "file.gguf",
                             .bytes = (const uint8_t *)fixture->head.text,
                             .available = fixture->head.length,
                             .file_bytes = fixture->head.length};
    cr_assert(gguf_parse(&part, 1, &fixture->gguf, &error), "%s", error.text);
    cr_assert(model_describe(fixture->gguf, "file.gguf", true, &fixture->model, &error), "%s",
              error.text);
}

static void clear(struct fixture *fixture)
{
    model_free(&fixture->model);
    gguf_free(&fixture->gguf);
    strbuf_clear(&fixture->head);
}

static struct settings read(const char *const *words, size_t n)
{
    struct plan plan;
    struct argument_facts facts = {0};
    struct error error = {0};
    plan_init(&plan, NULL);
    cr_assert(arguments_read(&plan, &facts, words, n, NULL, &error), "%s", error.text);
    struct settings settings = plan.settings;
    argument_facts_clear(&facts);
    plan_clear(&plan);
    return settings;
}

static struct resolved resolve(const struct model *model, const struct settings *settings)
{
    struct resolved resolved;
    struct error error = {0};
    cr_assert(settings_resolve(settings, model, &resolved, &error), "%s", error.text);
    return resolved;
}

static uint64_t bytes_of(const struct model *model, const char *const *words, size_t n, uint32_t il)
{
    struct settings settings = read(words, n);
    struct resolved resolved = resolve(model, &settings);
    return context_layer_bytes(model, &resolved, il, BACKEND_CUDA);
}

static const uint64_t one_state =
    4ULL * ((KERNEL - 1) * (INNER + 2 * GROUPS * STATE) + STATE * INNER);

#define BYTES(model, il, ...)                                                                      \
    bytes_of(model, (const char *const[]){__VA_ARGS__},                                            \
             sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), il)

// rows = n_seq * (1 + n_rs_seq), src/llama-memory-recurrent.cpp; n_rs_seq is the longest draft
Test(speculative, states_are_kept_for_every_drafted_token)
{
    struct fixture fixture;
    describe(&fixture, "qwen35");
    const struct model *model = fixture.model;
    cr_expect_eq(BYTES(model, 0, "-np", "1"), one_state);
    cr_expect_eq(BYTES(model, 0, "-np", "1", "--spec-type", "draft-mtp"), 4 * one_state,
                 "3 by default");
    cr_expect_eq(BYTES(model, 0, "-np", "2", "--spec-draft-n-max", "5", "--spec-type",
                       "ngram-mod,draft-eagle3"),
                 12 * one_state);
    cr_expect_eq(BYTES(model, 0, "-np", "1", "--spec-type", "draft-simple"), one_state);
    cr_expect_eq(BYTES(model, 0, "-np", "1", "--spec-type", "ngram-mod"), one_state);
    cr_expect_eq(BYTES(model, 3, "-np", "1", "--spec-type", "draft-mtp"),
                 BYTES(model, 3, "-np", "1"), "attention keeps its cache");
    clear(&fixture);
}

// llm_arch_supports_rs_rollback: qwen3next is the same kind of model, and cannot go back
Test(speculative, architectures_that_cannot_go_back_keep_one_state)
{
    struct fixture fixture;
    describe(&fixture, "qwen3next");
    cr_expect_eq(BYTES(fixture.model, 0, "-np", "1", "--spec-type", "draft-mtp"), one_state);
    clear(&fixture);
}

// server_output_limits of tools/server/server-context.cpp
Test(speculative, a_slot_has_a_row_of_logits_for_every_drafted_token)
{
    struct fixture fixture;
    describe(&fixture, "qwen35");
    static const struct {
        const char *words[6];
        size_t n;
        uint32_t rows;
    } cases[] = {
        {{"-np", "2"}, 2, 2},
        {{"-np", "2", "--spec-type", "draft-mtp"}, 4, 8},
        {{"-np", "2", "--spec-type", "ngram-simple,ngram-cache"}, 4, 98},
        {{"-np", "2", "--spec-default"}, 3, 130},
        {{"-np", "2", "--spec-type", "draft-simple", "--spec-draft-n-max", "7"}, 6, 16},
        {{"-np", "8", "--spec-default"}, 3, 512}, /* a ubatch is the most */
        {{"-np", "2", "--embeddings"}, 3, 512},
        {{"-np", "2", "--pooling", "none"}, 4, 2},
        {{"-np", "2", "--pooling", "mean"}, 4, 512},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct settings settings = read(cases[i].words, cases[i].n);
        settings.target = TARGET_LLAMA_SERVER;
        cr_expect_eq(resolve(fixture.model, &settings).n_outputs, cases[i].rows, "case %zu: %u", i,
                     resolve(fixture.model, &settings).n_outputs);
    }
    clear(&fixture);
}

// ctx_type MTP of src/llama-model.cpp: plain attention on the nextn layers, nothing on the others
Test(speculative, the_second_context_holds_the_nextn_layers_alone)
{
    struct fixture fixture;
    describe(&fixture, "qwen35");
    const struct model *model = fixture.model;
    struct settings settings = read((const char *const[]){"-c", "4096", "-np", "1"}, 4);
    settings.mtp_context = true;
    settings.type_k = settings.type_v = GGML_F16;
    struct resolved resolved = resolve(model, &settings);
    for (uint32_t il = 0; il < 8; il++) {
        cr_expect_eq(context_layer_bytes(model, &resolved, il, BACKEND_CUDA), 0, "layer %u", il);
    }
    cr_expect_eq(context_layer_bytes(model, &resolved, 8, BACKEND_CUDA),
                 2ULL * 4096 * N_HEAD * HEAD * 2);
    clear(&fixture);
}

Test(speculative, an_unknown_type_is_refused)
{
    struct plan plan;
    struct error error = {0};
    plan_init(&plan, NULL);
    cr_expect(!arguments_read(&plan, NULL, (const char *const[]){"--spec-type", "draft-magic"}, 2,
                              NULL, &error));
    cr_expect_eq(error.kind, ERROR_INPUT);
    plan_clear(&plan);
}
