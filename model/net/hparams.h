/* Hyper-parameters: what the metadata says of the network, per architecture.
 *
 * `arch.c` holds the table from general.architecture to memory class; a new architecture is one row.
 * Rules: llama.cpp v0.5.0 src/llama-model.cpp, src/llama-hparams.cpp, src/models/NAME.cpp.
 */
#ifndef OTPLAN_MODEL_NET_HPARAMS_H
#define OTPLAN_MODEL_NET_HPARAMS_H

#include "model/base/error.h"
#include "model/gguf/gguf.h"

#include <stdbool.h>
#include <stdint.h>

enum { MAX_LAYERS = 512 };

/* How llama.cpp keeps the context of a model (src/llama-model.cpp create_memory). */
enum memory_class {
    MEMORY_NONE, /* encoders, diffusion: no cache */
    MEMORY_KV,   /* plain or MLA KV cache, also iSWA where is_swa[] is set and n_swa > 0 */
    MEMORY_RECURRENT,
    MEMORY_HYBRID,     /* KV (or iSWA) on attention layers + recurrent state on the others */
    MEMORY_DSA,        /* MLA cache + indexer keys */
    MEMORY_DSA_ISWA,   /* dots3note */
    MEMORY_MSA,        /* GQA cache + index cache with a V */
    MEMORY_HYBRID_IDX, /* qwen4exp */
    MEMORY_DSV4,       /* deepseek4: raw + compressed + indexer caches and F32 states */
    MEMORY_UNKNOWN,    /* architecture not in the table: KV guessed from the metadata */
};

struct arch; /* row of the architecture table, see model/net/arch.h */

struct hparams {
    const struct arch *arch; /* NULL: unknown architecture */
    enum memory_class memory;
    bool estimate_only; /* the cache size is not known to be exact */

    uint32_t n_layer;       /* L: block_count as llama.cpp counts it, MTP and expansions included */
    uint32_t n_layer_nextn; /* X: MTP/nextn blocks at the end */
    uint32_t
        n_layer_physical; /* blocks the file holds; fewer than n_layer where they are looped (nanbeige) */
    uint32_t n_vocab;
    uint32_t n_embd;
    uint32_t n_ctx_train;
    uint32_t n_expert;
    uint32_t n_expert_used;
    uint32_t n_ff_exp;   /* width of one routed expert */
    uint32_t n_ff_shexp; /* width of the shared expert(s) together; 0 without */
    uint32_t n_layer_dense_lead;
    uint32_t n_rot;
    bool long_rope; /* rope.scaling.type is longrope: rope_factors_* are loaded, rope_freqs not */
    bool causal;    /* causal attention (encoders: false) */
    bool parallel_residual; /* no ffn_norm: attention and feed-forward read the same input */

    /* per layer, il in 0..n_layer-1 */
    uint32_t n_head[MAX_LAYERS];
    uint32_t n_head_kv[MAX_LAYERS];
    uint32_t n_ff[MAX_LAYERS];
    bool is_swa[MAX_LAYERS];
    bool is_recurrent[MAX_LAYERS]; /* holds a recurrent state */
    bool has_kv[MAX_LAYERS];       /* holds a KV cache of its own in the main context */

    uint32_t key_length, value_length;         /* head sizes on full layers (n_embd_head_k, _v) */
    uint32_t key_length_swa, value_length_swa; /* on sliding-window layers */
    uint32_t key_length_mla, value_length_mla; /* both set: MLA, the cache is K-only */
    uint32_t kv_lora_rank;
    uint32_t n_swa; /* sliding window, tokens; 0 without */

    /* recurrent */
    uint32_t ssm_conv_kernel, ssm_inner_size, ssm_state_size, ssm_group_count, ssm_dt_rank;
    uint32_t wkv_head_size, token_shift_count;
    uint32_t shortconv_l_cache;
    uint32_t kda_head_dim;

    /* indexer and compressed caches */
    uint32_t indexer_n_head, indexer_key_length, indexer_top_k;
    uint32_t indexer_block_size; /* minimax-m3: positions chosen together */
    bool indexer_full[MAX_LAYERS];
    uint32_t compress_ratio[MAX_LAYERS]; /* deepseek4: 0, 4 (CSA) or 128 (HCA) */
    uint32_t hyper_connections;          /* hc_count; 0 without */
    uint32_t ple_conv_state; /* qwen4exp: floats more per recurrent row of the layers in has_ple */
    bool has_ple[MAX_LAYERS];
    uint32_t
        swiglu_clamped[(MAX_LAYERS + 31) / 32]; /* bit il: swiglu_clamp_exp > 1e-6 on that layer */
};

/* Row widths of layer il's cache, in elements (src/llama-hparams.cpp n_embd_k_gqa, n_embd_v_gqa). */
uint32_t hparams_k_row(const struct hparams *hparams, uint32_t il);
uint32_t hparams_v_row(const struct hparams *hparams, uint32_t il);
bool hparams_is_mla(const struct hparams *hparams);

/* Reads them for the architecture in the file. Unknown architectures: MEMORY_UNKNOWN, estimate_only. */
bool hparams_read(const struct gguf *gguf, struct hparams *out, struct error *error);

#endif
