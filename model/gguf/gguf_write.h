/* Writes a GGUF head into memory: for the bundled sample and for tests. No weights are written; the
 * offsets are those of a whole file, so readers see a file cut after the tensor table. */
#ifndef OTPLAN_MODEL_GGUF_GGUF_WRITE_H
#define OTPLAN_MODEL_GGUF_GGUF_WRITE_H

#include "model/base/strbuf.h"

#include <stddef.h>
#include <stdint.h>

struct gguf_writer {
    struct strbuf values;  /* encoded key-values */
    struct strbuf tensors; /* encoded tensor infos */
    uint64_t n_values;
    uint64_t n_tensors;
    uint64_t next_offset; /* running, aligned to 32 */
};

/* A zeroed struct is an empty writer. */
void gguf_write_u16(struct gguf_writer *writer, const char *key, uint16_t value);
void gguf_write_u32(struct gguf_writer *writer, const char *key, uint32_t value);
void gguf_write_i32(struct gguf_writer *writer, const char *key, int32_t value);
void gguf_write_f32(struct gguf_writer *writer, const char *key, float value);
void gguf_write_bool(struct gguf_writer *writer, const char *key, int value);
void gguf_write_string(struct gguf_writer *writer, const char *key, const char *value);
void gguf_write_u32_array(struct gguf_writer *writer, const char *key, const uint32_t *values,
                          size_t n);
void gguf_write_string_array(struct gguf_writer *writer, const char *key, const char *const *values,
                             size_t n);
/* `ne` has `n_dims` entries (1-4) and `type` is one that ggml_types knows; the offset continues from
 * the tensor before. */
void gguf_write_tensor(struct gguf_writer *writer, const char *name, uint32_t type,
                       const uint64_t *ne, uint32_t n_dims);
/* The same with an offset of the caller's, and nothing checked: for tests of the reader. */
void gguf_write_tensor_info(struct gguf_writer *writer, const char *name, uint32_t type,
                            const uint64_t *ne, uint32_t n_dims, uint64_t offset);
/* The head: magic, version 3, counts, values, tensor table, padding to 32. Clears the writer. */
void gguf_write_finish(struct gguf_writer *writer, struct strbuf *out);

#endif
