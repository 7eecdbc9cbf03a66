/* The network as llama.cpp builds it for one batch: the tensors of each layer, in llama.cpp's order.
 *
 * Sources: src/llama-graph.cpp (build_attn, build_ffn, build_moe_ffn, build_rs), src/models/NAME.cpp.
 * Files: compute_attention.c, compute_feed_forward.c and compute_recurrent.c hold the parts of a layer.
 */
#ifndef OTPLAN_MODEL_NET_COMPUTE_NETWORK_H
#define OTPLAN_MODEL_NET_COMPUTE_NETWORK_H

#include "model/net/compute_graph.h"
#include "model/net/compute_rows.h"

enum { CACHE_FULL, CACHE_SWA, CACHE_KINDS };
enum { NETWORK_MAX_BACKENDS = 17 };

struct network {
    const struct compute_input *input;
    const struct hparams *hparams;
    const struct compute_rows *rows;
    struct graph graph;

    const uint32_t *layers; /* the layers to build, in order */
    uint32_t n_layers;
    const int16_t *backend_of; /* per device of the rig, [-1] is the host */

    bool flash_attn, fused_delta_net;
    bool placed; /* norms are held on their layer's device, as when llama.cpp really runs */
    int32_t fused[MAX_LAYERS]; /* per layer built: its fused operation, GRAPH_NONE without */

    uint64_t n_embd, n_tokens, n_seqs, n_streams, n_outputs;
    uint64_t cells[CACHE_KINDS]; /* of each stream */

    /* the graph's inputs; GRAPH_NONE until a layer wants them */
    int32_t positions, attention_scale, output_ids, states_main, states_extra;
    int32_t mask[CACHE_KINDS], k_index[CACHE_KINDS], v_index[CACHE_KINDS];
    int32_t rope_factors[NETWORK_MAX_BACKENDS];
    int32_t resident[NETWORK_MAX_BACKENDS]; /* stands for the weights there */
    int32_t k_rotation[CACHE_KINDS], v_rotation[CACHE_KINDS];
    int32_t indexer_mask, indexer_index, indexer_rotation;
    int32_t block_bias, block_seen, block_cells, block_of_cell, block_mask; /* minimax-m3 */
    int32_t top_k; /* cells the indexer of this or an earlier layer chose */
};

/* Ready to build the graph of a full batch of the plan. */
void network_init(struct network *network, const struct compute_input *input,
                  const struct compute_rows *rows, const int16_t *backend_of);
/* Builds embeddings, the layers and the output. */
void network_build(struct network *network);
void network_clear(struct network *network);

/* For the parts of a layer. `part` of layer `il`: its row, -1 without. */
int32_t network_row(const struct network *network, uint32_t il, enum part part);
bool network_has(const struct network *network, uint32_t il, enum part part);
/* The weight as a tensor that decides where its operation runs (its shape is not to be asked for);
 * `own`: as itself, for operations that are placed without it. GRAPH_NONE without. */
int32_t network_weight(struct network *network, uint32_t il, enum part part);
int32_t network_own_weight(struct network *network, uint32_t il, enum part part);
int32_t network_global(struct network *network, enum part part);
/* weight * x [+ bias]; x itself where there is no weight. `bias` PART_COUNT: none. */
int32_t network_linear(struct network *network, uint32_t il, enum part weight, enum part bias,
                       int32_t x);
/* norm(x) * weight [+ bias]; x where the layer has no such weight. */
int32_t network_norm(struct network *network, uint32_t il, enum part weight, enum part bias,
                     int32_t x);
int32_t network_add_bias(struct network *network, uint32_t il, enum part bias, int32_t x);
/* What CUDA and SYCL add to a quantised tensor whose rows are no multiple of 512 (section 4.2). */
uint64_t network_row_padding(const struct ggml_type_info *type, uint64_t elements);
int16_t network_home(const struct network *network, uint32_t il);  /* backend of a layer */
int16_t network_cache(const struct network *network, uint32_t il); /* backend of its cache */
int32_t network_rope(struct network *network, uint32_t il, int32_t x);

/* For what is not built operation by operation: the bytes that an indexer of another kind takes at its
 * peak (llama-memory-model.md section 12.3) lie beside `x` for a moment. */
void network_other_indexer(struct network *network, uint32_t il, int32_t x);
/* Does layer `il` attend only to the cells that an indexer chooses (DeepSeek sparse attention)? */
bool network_has_indexer(const struct network *network, uint32_t il);
/* Stores the layer's indexer keys; `q` is the low-rank query. Full indexers choose network->top_k. */
void network_index(struct network *network, uint32_t il, int32_t x, int32_t q);
/* `mask` with all but the chosen cells hidden. */
int32_t network_sparse_mask(struct network *network, int32_t mask);
/* The zeros of a layer that is not built: they lie in the buffer for the whole graph all the same. */
void network_keep_zeros(struct network *network, uint32_t il);

/* The parts of a layer: `x` is the normalised input, the result has its shape. */
int32_t network_attention(struct network *network, uint32_t il, int32_t x);
int32_t network_recurrent(struct network *network, uint32_t il, int32_t x);
int32_t network_feed_forward(struct network *network, uint32_t il, int32_t x);

#endif
