/* GGUF files for tests: small whole heads, the kinds that are no language model, and a folder to put
 * them in. Broken ones are made by changing these.
 */
#ifndef OTPLAN_TESTS_SUPPORT_GGUF_FILES_H
#define OTPLAN_TESTS_SUPPORT_GGUF_FILES_H

#include "model/base/strbuf.h"
#include "model/gguf/gguf_write.h"

#include <stddef.h>
#include <stdint.h>

/* GGUF files that llama.cpp takes by another flag than -m, or by none. */
enum gguf_kind {
    GGUF_KIND_PROJECTOR,      /* --mmproj */
    GGUF_KIND_LORA,           /* --lora */
    GGUF_KIND_IMATRIX,        /* llama-quantize --imatrix */
    GGUF_KIND_VOCABULARY,     /* a tokenizer without weights */
    GGUF_KIND_CONTROL_VECTOR, /* --control-vector */
    GGUF_KIND_COUNT,
};

/* A llama of `n_layer` layers, n_embd 256, F32, without a tokenizer; out is what gguf_write_finish adds. */
void gguf_make_tiny(struct strbuf *out, uint32_t n_layer);
/* The metadata of it, for callers that add their own. */
void gguf_write_tiny_values(struct gguf_writer *writer, uint32_t n_layer);
void gguf_make_kind(struct strbuf *out, enum gguf_kind kind);
/* Part `number` (from 0) of a tiny model in `count` parts: one layer a part, all metadata in the first. */
void gguf_make_part(struct strbuf *out, uint32_t number, uint32_t count);

/* A new empty folder, by its path; removed with all that is in it. New: free by removing. */
char *test_folder_make(void);
void test_folder_remove(char *folder);
/* Writes FOLDER/NAME and gives its path back; owned by the caller. */
char *test_file_write(const char *folder, const char *name, const void *bytes, size_t size);
char *test_file_write_head(const char *folder, const char *name, const struct strbuf *head);

#endif
