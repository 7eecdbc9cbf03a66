/* A GGUF file's head: metadata and tensor table. Never the weights.
 *
 * The bytes come from the caller (mapped file, downloaded head), all parts of a split model together
 * and in order; every count, length and offset is checked against them before it is trusted.
 * Format and limits: ggml/src/gguf.cpp of llama.cpp v0.5.0; a file that llama.cpp refuses is refused.
 */
#ifndef OTPLAN_MODEL_GGUF_GGUF_H
#define OTPLAN_MODEL_GGUF_GGUF_H

#include "model/base/error.h"
#include "model/gguf/ggml_types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gguf_value_type {
    GGUF_U8,
    GGUF_I8,
    GGUF_U16,
    GGUF_I16,
    GGUF_U32,
    GGUF_I32,
    GGUF_F32,
    GGUF_BOOL,
    GGUF_STRING,
    GGUF_ARRAY,
    GGUF_U64,
    GGUF_I64,
    GGUF_F64,
};

struct gguf_value {
    const char *key; /* owned by the gguf, NUL-terminated */
    enum gguf_value_type type;
    enum gguf_value_type element; /* arrays: type of the elements */
    uint64_t count;               /* arrays: elements; strings: bytes; else 1 */
    union {
        uint64_t u;
        int64_t i;
        double f;
        const char *string;      /* NUL-terminated copy, owned; `count` bytes */
        const uint8_t *elements; /* arrays: borrowed from the part's bytes, little-endian */
    } as;
};

struct gguf_tensor {
    const char *name; /* owned by the gguf; < 64 bytes */
    const struct ggml_type_info *type;
    uint64_t ne[4]; /* elements per dimension; unused ones are 1 */
    uint32_t n_dims;
    uint32_t part;   /* index of the part that holds it */
    uint64_t offset; /* bytes from the start of that part's data section */
    uint64_t bytes;  /* ggml_nbytes */
};

/* One file of the model, as the caller hands it in. */
struct gguf_part {
    const char *path; /* for messages; borrowed */
    const uint8_t
        *bytes; /* the head, or the whole file; must outlive the gguf (arrays point into it) */
    uint64_t available;  /* bytes readable at `bytes` */
    uint64_t file_bytes; /* size of the whole file where known, else = available */
};

/* Where the head of one part ends. */
struct gguf_extent {
    uint64_t table_end;  /* bytes up to the end of the tensor table: all that a head must have */
    uint64_t data_start; /* the same padded to the part's alignment: where offsets count from */
};

struct gguf {
    uint32_t version;
    uint64_t n_values;
    struct gguf_value *values; /* of the first part; that is all llama.cpp reads */
    uint64_t n_tensors;
    struct gguf_tensor *tensors; /* of all parts, in file order */
    uint32_t *by_name;           /* their indices, sorted by name */
    uint64_t n_parts;
    struct gguf_extent *extents; /* one a part */
    uint64_t head_bytes;         /* bytes of all heads, up to the data sections */
    uint64_t tensor_bytes;       /* sum of tensors' bytes */
    bool complete;               /* every part holds all its weights (file_bytes reach the end) */
    void *storage;               /* private */
};

/* Reads the heads of all parts. New `*out`; free with gguf_free. Fails with ERROR_INPUT and a line
 * that begins with the part's path. A part cut after its tensor table is fine: `complete` is false. */
bool gguf_parse(const struct gguf_part *parts, size_t n_parts, struct gguf **out,
                struct error *error);
void gguf_free(struct gguf **gguf);

/* What one file says of itself, from its metadata alone: enough to know which other parts to open and
 * whether it is a language model. */
struct gguf_peek {
    uint32_t split_count;  /* 1 for a model in one file */
    uint32_t split_number; /* from 0 */
    char architecture[64]; /* general.architecture, cut to fit; "" where absent */
    char type[64];         /* general.type ("model", "mmproj", "adapter", ...); "" where absent */
};
bool gguf_peek(const struct gguf_part *part, struct gguf_peek *out, struct error *error);

/* How much of one part's head is there, for callers that fetch it piece by piece. With GGUF_HEAD_WHOLE
 * `*table_end` says where it ends; `error` is set else. */
enum gguf_head_state {
    GGUF_HEAD_WHOLE,
    GGUF_HEAD_CUT,     /* well so far, and it goes on */
    GGUF_HEAD_DAMAGED, /* more bytes would not help */
};
enum gguf_head_state gguf_head_measure(const struct gguf_part *part, uint64_t *table_end,
                                       struct error *error);

/* Index of the tensor with this exact name, or -1. */
int64_t gguf_find_tensor(const struct gguf *gguf, const char *name);
/* Lookup by full key; NULL where absent. Borrowed. */
const struct gguf_value *gguf_find(const struct gguf *gguf, const char *key);
/* Scalar integers of any width and bools as u64; `fallback` where absent or of another kind. */
uint64_t gguf_u64(const struct gguf *gguf, const char *key, uint64_t fallback);
double gguf_f64(const struct gguf *gguf, const char *key, double fallback);
const char *gguf_string(const struct gguf *gguf, const char *key, const char *fallback);
/* Element `index` of a numeric array (or of a scalar, index 0) as integer / double; 0 out of range. */
int64_t gguf_element_i64(const struct gguf_value *value, uint64_t index);
double gguf_element_f64(const struct gguf_value *value, uint64_t index);

#endif
