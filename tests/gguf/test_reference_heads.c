/* The reference heads: every one that llama.cpp reads is read, whole and by any of its parts. */
#include "src/model_file.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <string.h>
#include <unistd.h>

static glob_t list(const char *pattern)
{
    glob_t found = {0};
    if (access(OTPLAN_SHARED "/oracle", R_OK) != 0) {
        cr_skip_test("the reference data is not here");
    }
    cr_assert_eq(glob(pattern, 0, NULL, &found), 0, "nothing matches %s", pattern);
    return found;
}

static struct model_file *open_model(const char *path)
{
    struct model_file *file = NULL;
    struct error error = {0};
    cr_assert(model_file_open(path, &file, &error), "%s", error.text);
    return file;
}

Test(reference_heads, all_of_them_are_read)
{
    static const char *const PATTERNS[] = {OTPLAN_SHARED "/oracle/archs/*.gguf",
                                           OTPLAN_SHARED "/oracle/models/*.gguf",
                                           OTPLAN_SHARED "/oracle/vocab/*.gguf"};
    for (size_t p = 0; p < sizeof PATTERNS / sizeof PATTERNS[0]; p++) {
        glob_t found = list(PATTERNS[p]);
        for (size_t i = 0; i < found.gl_pathc; i++) {
            struct model_file *file = open_model(found.gl_pathv[i]);
            cr_assert_gt(file->gguf->n_tensors, 0, "%s", found.gl_pathv[i]);
            cr_assert_gt(file->gguf->tensor_bytes, 0, "%s", found.gl_pathv[i]);
            cr_assert_not(file->gguf->complete, "%s", found.gl_pathv[i]);
            model_file_close(&file);
        }
        globfree(&found);
    }
}

Test(reference_heads, split_models_open_by_any_part)
{
    static const struct {
        const char *pattern;
        uint64_t n_tensors;
    } MODELS[] = {{OTPLAN_SHARED "/oracle/split/kimi-k2-*.gguf", 1096},
                  {OTPLAN_SHARED "/oracle/split/qwen3-235b-*.gguf", 1131}};
    for (size_t m = 0; m < sizeof MODELS / sizeof MODELS[0]; m++) {
        glob_t found = list(MODELS[m].pattern);
        uint64_t bytes = 0;
        for (size_t i = 0; i < found.gl_pathc; i++) {
            struct model_file *file = open_model(found.gl_pathv[i]);
            cr_assert_eq(file->n_parts, found.gl_pathc);
            cr_assert_str_eq(file->first_path, found.gl_pathv[0]);
            cr_assert_eq(file->gguf->n_tensors, MODELS[m].n_tensors);
            cr_assert(i == 0 || file->gguf->tensor_bytes == bytes);
            bytes = file->gguf->tensor_bytes;
            model_file_close(&file);
        }
        globfree(&found);
    }
}

Test(reference_heads, a_vocabulary_is_counted_and_what_follows_it_read)
{
    glob_t found = list(OTPLAN_SHARED "/oracle/vocab/qwen3-30b-*.gguf");
    struct model_file *file = open_model(found.gl_pathv[0]);
    const struct gguf_value *tokens = gguf_find(file->gguf, "tokenizer.ggml.tokens");
    const struct gguf_value *types = gguf_find(file->gguf, "tokenizer.ggml.token_type");
    cr_assert(tokens != NULL && tokens->count > 150000);
    cr_assert(types != NULL && types->count == tokens->count);
    cr_assert_eq(gguf_u64(file->gguf, "qwen3moe.block_count", 0), 48);
    cr_assert_eq(file->gguf->n_tensors, 579);
    model_file_close(&file);
    globfree(&found);
}

Test(reference_heads, a_folder_of_several_models_lists_them)
{
    glob_t found = list(OTPLAN_SHARED "/oracle/split/*.gguf");
    globfree(&found);
    struct model_file *file = NULL;
    struct error error = {0};
    cr_assert_not(model_file_open(OTPLAN_SHARED "/oracle/split", &file, &error));
    cr_assert(strstr(error.text, "2 models in this folder, name one of them: "
                                 "kimi-k2-UD-IQ1_S-00001-of-00006.gguf (6 parts), "
                                 "qwen3-235b-a22b-Q3_K_M-00001-of-00004.gguf (4 parts)") != NULL,
              "%s", error.text);
}
