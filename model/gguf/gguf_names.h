/* Tensor names in their order: what finds one of 100 000, and one that is there twice. */
#ifndef OTPLAN_MODEL_GGUF_GGUF_NAMES_H
#define OTPLAN_MODEL_GGUF_GGUF_NAMES_H

#include "model/gguf/gguf.h"

/* Fills by_name. The place in it of a name that is the one before it again, or 0. */
uint64_t gguf_names_sort(struct gguf *gguf);

#endif
