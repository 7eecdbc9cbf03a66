/* Metadata put over a file's: `--override-kv KEY=TYPE:VALUE,...`, TYPE one of int, float, bool, str.
 *
 * Rules: string_parse_kv_override (common/common.cpp), the option's row of common/arg.cpp and get_key, get_key_or_arr
 * (src/llama-model-loader.cpp) of llama.cpp v0.5.0. The first override of a key wins. One whose type is not the
 * file's changes nothing (llama.cpp warns), nor does one over an array. A key that the file lacks is added,
 * except the keys that llama.cpp reads layer by layer: those it looks for in the file alone.
 */
#ifndef OTPLAN_MODEL_GGUF_GGUF_OVERRIDE_H
#define OTPLAN_MODEL_GGUF_GGUF_OVERRIDE_H

#include "model/gguf/gguf.h"

struct gguf_override {
    char key[128];
    enum gguf_value_type type; /* GGUF_U32 (int), GGUF_F32, GGUF_BOOL or GGUF_STRING */
    union {
        uint64_t u;
        double f;
        char string[128];
    } as;
};

/* A zeroed struct is none. */
struct gguf_overrides {
    struct gguf_override *items; /* owned */
    size_t n;
};

/* Adds what stands in `text`, between commas; a part in double quotes may hold one. ERROR_INPUT with llama.cpp's
 * reason where it refuses it. */
bool gguf_overrides_add(struct gguf_overrides *overrides, const char *text, struct error *error);
void gguf_overrides_clear(struct gguf_overrides *overrides);

/* Changes the values of `gguf`: before the model is described. Pointers that gguf_find gave before are stale. */
void gguf_overrides_apply(const struct gguf_overrides *overrides, struct gguf *gguf);

#endif
