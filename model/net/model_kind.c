#include "model/net/model_kind.h"

#include <string.h>

static const struct {
    const char *key; /* general.type or general.architecture */
    const char *value;
    const char *what;
} kinds[] = {
    {"general.architecture", "clip",
     "is a multimodal projector, not a model: give it with --mmproj beside the model"},
    {"general.type", "mmproj",
     "is a multimodal projector, not a model: give it with --mmproj beside the model"},
    {"general.type", "adapter",
     "is a LoRA adapter, not a model: give it with --lora beside the model"},
    {"general.type", "imatrix", "is an importance matrix: llama-quantize takes it with --imatrix"},
    {"general.architecture", "imatrix",
     "is an importance matrix: llama-quantize takes it with --imatrix"},
    {"general.architecture", "controlvector",
     "is a control vector, not a model: give it with --control-vector beside the model"},
    {"general.type", "controlvector",
     "is a control vector, not a model: give it with --control-vector beside the model"},
};

bool model_kind_check(const struct gguf *gguf, const char *path, struct error *error)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(gguf_string(gguf, kinds[i].key, ""), kinds[i].value) == 0) {
            return error_set(error, ERROR_INPUT, "%s: %s", path, kinds[i].what);
        }
    }
    if (gguf->n_tensors == 0) {
        bool vocabulary = gguf_find(gguf, "tokenizer.ggml.tokens") != NULL ||
                          gguf_find(gguf, "tokenizer.ggml.model") != NULL;
        return error_set(error, ERROR_INPUT, "%s: %s", path,
                         vocabulary ? "is a vocabulary without weights: there is nothing to place"
                                    : "holds no tensors: there is nothing to place");
    }
    if (gguf_string(gguf, "general.architecture", NULL) == NULL) {
        return error_set(error, ERROR_INPUT,
                         "%s: has no general.architecture: llama.cpp cannot load it as a model",
                         path);
    }
    return true;
}
