/* The architecture table: from general.architecture to what its memory depends on. A new architecture is
 * one row of arch.c; docs/adding-an-architecture.md walks through one.
 *
 * Sources: llama.cpp v0.5.0 src/llama-model.cpp:2274-2760 (memory), src/llama-arch.cpp:1061-1098 (recurrent,
 * hybrid), src/models/NAME.cpp (windows, MTP, tied weights).
 */
#ifndef OTPLAN_MODEL_NET_ARCH_H
#define OTPLAN_MODEL_NET_ARCH_H

#include "model/net/hparams.h"

/* Which layers attend within a sliding window. */
enum window_rule {
    WINDOW_NEVER,
    WINDOW_ALWAYS,    /* the split cache exists whatever the window is */
    WINDOW_IF_GIVEN,  /* only where attention.sliding_window > 0 */
    WINDOW_CHUNKED,   /* llama4: chunks of 8192 unless the key says 0 */
    WINDOW_64_LAYERS, /* exaone4: only the 64-layer model */
};

/* Which layers of a hybrid hold a recurrent state instead of, or beside, a KV cache. */
enum recurrent_rule {
    RECURRENT_NEVER,
    RECURRENT_EVERYWHERE,  /* every layer, no KV cache */
    RECURRENT_NO_KV_HEADS, /* head_count_kv[il] == 0 */
    RECURRENT_BOTH,        /* every layer has both (falcon-h1) */
    RECURRENT_NO_FEED_FORWARD, /* nemotron_h: mixer layers have no feed-forward; kv heads tell which mixer */
    RECURRENT_BY_INTERVAL, /* attention.recurrent_layers, else all but every n-th layer */
};

/* How big a recurrent state is (section 5.4 of the memory model). */
enum state_rule {
    STATE_NONE,
    STATE_MAMBA, /* ssm.group_count is not read */
    STATE_MAMBA_GROUPS,
    STATE_RWKV,
    STATE_SHORTCONV,
    STATE_KDA,
    STATE_LINEAR, /* minimax-01 */
};

enum arch_flag {
    ARCH_NOT_CAUSAL = 1U << 0,      /* encoders and diffusion models */
    ARCH_NO_OUTPUT = 1U << 1,       /* no output matrix: nothing is tied */
    ARCH_DENSE_FIRST = 1U << 2,     /* the first layer of each window period is the full one */
    ARCH_MTP_NEVER = 1U << 3,       /* nextn blocks are never loaded */
    ARCH_FINAL_NORM_EMBD = 1U << 4, /* token_embd_norm is the final norm (lfm2) */
    ARCH_LONG_FACTORS = 1U << 5,    /* rope_factors_* are loaded whatever rope.scaling.type says */
    ARCH_TIED_OUTPUT = 1U << 6,   /* a missing token_embd is taken from output.weight (codeshell) */
    ARCH_NO_FLASH_ATTN = 1U << 7, /* grok */
    ARCH_PARALLEL = 1U << 8,      /* attention and feed-forward read the same input */
    ARCH_APPROXIMATE = 1U << 10,  /* its graph is not replayed: compute is a formula or less */
    ARCH_ROLLBACK = 1U << 9,      /* recurrent states can be rolled back (speculative decoding) */
};

/* What the compute graph needs to know beyond the tensors a layer has (src/models/NAME.cpp). */
enum network_trait {
    TRAIT_LAYER_NORM = 1U << 0,     /* GGML_OP_NORM: needs a block of its own, unlike RMS norm */
    TRAIT_PARALLEL = 1U << 1,       /* the feed-forward reads what attention reads */
    TRAIT_OUTPUTS_LATE = 1U << 2,   /* unwanted rows are dropped after the last layer, not in it */
    TRAIT_OUTPUTS_LAST = 1U << 3,   /* and even after the output norm */
    TRAIT_SCALED_EMBD = 1U << 4,    /* embeddings are multiplied by a number */
    TRAIT_SCALED_LOGITS = 1U << 5,  /* so are the logits */
    TRAIT_SOFTCAP = 1U << 6,        /* attention scores go through tanh */
    TRAIT_NO_ROPE = 1U << 7,        /* no rotary positions */
    TRAIT_RESIDUAL_FIRST = 1U << 8, /* residual + attention: its block is taken over */
    TRAIT_RESIDUAL_FIRST_FFN = 1U << 9, /* the same after the feed-forward */
    TRAIT_Q_GATE = 1U << 10,            /* the query projection holds a gate too */
    TRAIT_SOFTMAX_WEIGHT = 1U << 11,    /* routing: softmax over the chosen experts only */
    TRAIT_ROPE_IN_WINDOW = 1U << 12, /* full layers beside windowed ones have no rotary positions */
    TRAIT_ROPE_BY_FOUR = 1U << 13,   /* every fourth layer has none */
    TRAIT_ROPE_IF_TUNED = 1U << 14,  /* none where rope.scaling.finetuned says false */
    TRAIT_NORM_AFTER_ROPE = 1U << 15, /* the norms of queries and keys come after the rotation */
    TRAIT_NORM_OF_HEADS = 1U << 16,  /* llama4: such norms without weights, on layers that rotate */
    TRAIT_WEIGHT_FIRST = 1U << 20,   /* llama4: the experts' input is weighted, not their results */
    TRAIT_MROPE = 1U << 17,          /* four positions a token */
    TRAIT_MROPE_IF_GIVEN = 1U << 18, /* so where rope.dimension_sections has two */
    TRAIT_NORM_EXPANDED = 1U << 21,  /* the attention norm comes before all else of its layer */
    TRAIT_BRANCHES_FIRST = 1U << 19, /* parallel: (feed-forward + attention) + residual */
};

struct arch {
    const char *name; /* general.architecture */
    enum memory_class memory;
    enum window_rule window;
    uint16_t period;         /* default window period; interval of attention layers for hybrids */
    uint16_t default_window; /* tokens where the key is absent; 0: none. WINDOW_IF_GIVEN: tokens
                              * instead of the ones given */
    enum recurrent_rule recurrent;
    enum state_rule state;
    uint32_t flags;
    uint32_t network; /* enum network_trait, or-ed: how its graph is built */
};

/* NULL for an architecture not in the table. */
const struct arch *arch_find(const char *name);
const struct arch *arch_table(size_t *n);

#endif
