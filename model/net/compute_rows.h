/* Which tensor plays which part in the network: what the compute graph is built from. Looked up by name
 * once per model; a graph is then built in each frame without touching a name.
 *
 * The parts are llama.cpp's tensor names without `blk.N.` (src/llama-arch.cpp LLM_TENSOR_NAMES). What a
 * layer does follows from the parts it has; `enum network_trait` holds the few things that no tensor
 * tells (src/models/NAME.cpp).
 */
#ifndef OTPLAN_MODEL_NET_COMPUTE_ROWS_H
#define OTPLAN_MODEL_NET_COMPUTE_ROWS_H

#include "model/net/arch.h"
#include "model/net/model.h"

enum part {
    PART_ATTN_NORM,
    PART_ATTN_NORM_B,
    PART_ATTN_NORM_2,
    PART_Q,
    PART_Q_B,
    PART_K,
    PART_K_B,
    PART_V,
    PART_V_B,
    PART_QKV,
    PART_QKV_B,
    PART_Q_NORM,
    PART_K_NORM,
    PART_OUT,
    PART_OUT_B,
    PART_SINKS,
    PART_ATTN_GATE,
    PART_POST_ATTN_NORM,
    PART_Q_A,
    PART_Q_A_NORM,
    PART_Q_LORA_B,
    PART_KV_A_MQA,
    PART_KV_A_NORM,
    PART_KV_LORA_B,
    PART_K_LORA_B,
    PART_V_LORA_B,
    PART_INDEXER_Q,
    PART_INDEXER_K,
    PART_INDEXER_K_NORM,
    PART_INDEXER_K_NORM_B,
    PART_INDEXER_PROJ,
    PART_BLOCK_Q,
    PART_BLOCK_Q_NORM,
    PART_BLOCK_K,
    PART_FFN_NORM,
    PART_FFN_NORM_B,
    PART_GATE,
    PART_GATE_B,
    PART_UP,
    PART_UP_B,
    PART_DOWN,
    PART_DOWN_B,
    PART_POST_FFN_NORM,
    PART_ROUTER,
    PART_ROUTER_B,
    PART_PROBS_B,
    PART_GATE_EXPS,
    PART_GATE_EXPS_B,
    PART_UP_EXPS,
    PART_UP_EXPS_B,
    PART_DOWN_EXPS,
    PART_DOWN_EXPS_B,
    PART_GATE_UP_EXPS,
    PART_GATE_UP_EXPS_B,
    PART_SHEXP_ROUTER,
    PART_GATE_SHEXP,
    PART_UP_SHEXP,
    PART_DOWN_SHEXP,
    PART_SSM_IN,
    PART_SSM_CONV,
    PART_SSM_CONV_B,
    PART_SSM_X,
    PART_SSM_DT,
    PART_SSM_DT_B,
    PART_SSM_DT_NORM,
    PART_SSM_B_NORM,
    PART_SSM_C_NORM,
    PART_SSM_A,
    PART_SSM_D,
    PART_SSM_NORM,
    PART_SSM_OUT,
    PART_SSM_BETA_ALPHA,
    PART_SSM_BETA,
    PART_SSM_ALPHA,
    PART_SHORT_CONV_IN,
    PART_SHORT_CONV,
    PART_SHORT_CONV_OUT,
    PART_KDA_CONV_Q,
    PART_KDA_CONV_K,
    PART_KDA_CONV_V,
    PART_KDA_F_A,
    PART_KDA_F_B,
    PART_KDA_G_A,
    PART_KDA_G_B,
    PART_LAYER_COUNT, /* the parts of a layer end here */
    PART_TOKEN_EMBD = PART_LAYER_COUNT,
    PART_POSITION_EMBD,
    PART_ROPE_FREQS,
    PART_OUTPUT_NORM,
    PART_OUTPUT_NORM_B,
    PART_OUTPUT,
    PART_OUTPUT_B,
    PART_COUNT,
};

struct compute_rows {
    int32_t (*layers)[PART_LAYER_COUNT]; /* owned: row per part, -1 without; n_layer of them */
    uint64_t *kind;                      /* owned: equal for layers of equal shape */
    bool *rotates;                       /* owned: layers with rotary positions */
    int32_t global[PART_COUNT - PART_LAYER_COUNT];
    uint32_t traits;   /* enum network_trait, or-ed */
    uint32_t n_groups; /* expert groups; 0 or 1 without */
    uint32_t n_group_used;
    uint32_t positions; /* numbers per token that rotate it: 1, or 4 for M-RoPE */
    bool weights_norm;  /* the chosen experts' weights are normalised */
    bool weights_scale; /* and scaled */
};

struct compute_rows *compute_rows_new(const struct model *model); /* free with compute_rows_free */
void compute_rows_free(struct compute_rows **rows);

#endif
