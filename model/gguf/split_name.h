/* Names of the parts of a split model: PREFIX-00002-of-00006.gguf, counted from 1.
 * Source: llama_split_path and llama_split_prefix in src/llama.cpp.
 */
#ifndef OTPLAN_MODEL_GGUF_SPLIT_NAME_H
#define OTPLAN_MODEL_GGUF_SPLIT_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct split_name {
    size_t prefix_length; /* bytes of the path before "-00002-of-00006.gguf" */
    uint32_t number;      /* from 1, at most `count` */
    uint32_t count;
};

/* False where `path` is not the name of a part. */
bool split_name_parse(const char *path, struct split_name *out);
/* New: the path of part `number` (from 1) beside `path`, whose prefix it takes. */
char *split_name_sibling(const char *path, size_t prefix_length, uint32_t number, uint32_t count);

#endif
