/* Files that are GGUF but no language model: a projector, a LoRA adapter, an importance matrix, a control
 * vector, a vocabulary. llama.cpp takes them by other flags or not at all. */
#ifndef OTPLAN_MODEL_NET_MODEL_KIND_H
#define OTPLAN_MODEL_NET_MODEL_KIND_H

#include "model/base/error.h"
#include "model/gguf/gguf.h"

/* True for a model. Else ERROR_INPUT: `PATH: is a ...: what to do with it`. */
bool model_kind_check(const struct gguf *gguf, const char *path, struct error *error);

#endif
