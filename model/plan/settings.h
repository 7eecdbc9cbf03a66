/* Settings: llama.cpp's flags that decide sizes, as given, and as llama.cpp resolves them.
 *
 * Sources: common/arg.cpp, src/llama-context.cpp, tools/server/server.cpp of llama.cpp v0.5.0.
 */
#ifndef OTPLAN_MODEL_PLAN_SETTINGS_H
#define OTPLAN_MODEL_PLAN_SETTINGS_H

#include "model/base/error.h"
#include "model/net/model.h"
#include "model/plan/speculative.h"

#include <stdbool.h>
#include <stdint.h>

enum target { TARGET_LLAMA_SERVER, TARGET_LLAMA_CLI, TARGET_LLAMA_BENCH, TARGET_LLAMA_FIT_PARAMS };
const char *target_name(enum target target); /* "llama-server" */
bool target_by_name(const char *name, enum target *out);

enum tristate { UNSET = -1, OFF = 0, ON = 1 }; /* ON/OFF as given; UNSET: the default */
enum flash_attn { FLASH_ATTN_AUTO, FLASH_ATTN_ON, FLASH_ATTN_OFF };
enum split_mode { SPLIT_LAYER, SPLIT_NONE, SPLIT_ROW, SPLIT_TENSOR };
enum load_mode { LOAD_AUTO, LOAD_NONE, LOAD_MMAP, LOAD_MLOCK, LOAD_MMAP_MLOCK, LOAD_DIO };

/* As given. Initialise with settings_default. */
struct settings {
    enum target target;
    int64_t n_ctx;    /* -c; 0: n_ctx_train (also when not given) */
    int64_t n_batch;  /* -b, default 2048 */
    int64_t n_ubatch; /* -ub, default 512 */
    int64_t
        n_parallel; /* -np; -1: the target's own (llama-server 4 with a unified cache, else 1) */
    enum tristate kv_unified;    /* -kvu / -no-kvu */
    int64_t kv_unified_per_slot; /* tokens; 0 not given */
    uint32_t type_k, type_v;     /* ggml ids, default f16 */
    enum flash_attn flash_attn;
    bool offload_kqv; /* false: -nkvo */
    bool op_offload;  /* false: --no-op-offload */
    bool swa_full;
    enum load_mode load_mode;
    bool repack; /* false: -nr */
    bool no_host;
    bool load_mtp; /* --spec-type has draft-mtp */
    struct speculative speculative;
    bool mtp_context; /* the second context of draft-mtp, which holds the nextn layers alone */
    bool all_outputs; /* --embedding, --reranking, --pooling: every token's row is wanted */
    enum split_mode split_mode;
    int64_t main_gpu;
    double fit_target_mib[16]; /* -fitt, one value broadcasts */
    uint32_t n_fit_target;
    bool fit; /* -fit as given (default on in llama.cpp) */
};
void settings_default(struct settings *settings);

/* As llama.cpp runs with them (src/llama-context.cpp:100-330). */
struct resolved {
    uint32_t n_ctx;     /* after padding and per-sequence growth, tokens of all sequences */
    uint32_t n_ctx_seq; /* cells a stream */
    uint32_t n_seq;     /* sequences (n_seq_max) */
    uint32_t n_stream;  /* 1 when unified, else n_seq */
    bool kv_unified;
    uint32_t n_batch, n_ubatch;
    uint32_t n_outputs; /* rows of logits reserved: ubatch, or few for llama-server */
    uint32_t n_rs_seq;  /* recurrent states a sequence keeps beside the newest */
    bool mtp_context;
    uint32_t type_k, type_v;
    bool flash_attn; /* on or off, as the context resolves `auto` */
    bool
        flash_attn_auto; /* not asked for: given up where it lands on another device than its layer */
    bool
        cache_flash_attn; /* what the cache was created with (V layout): differs from flash_attn only
                               * where auto is turned off after the cache exists (section 12.2) */
    bool offload_kqv, op_offload, swa_full, repack, no_host;
    enum load_mode load_mode; /* never LOAD_AUTO */
};

/* Refusals of llama.cpp's context creation (ctx.cpp:3757-3812) come back as ERROR_INPUT whose text
 * names the setting; `out` is then filled as if the setting were accepted, so a plan can still be shown. */
bool settings_resolve(const struct settings *settings, const struct model *model,
                      struct resolved *out, struct error *error);

#endif
