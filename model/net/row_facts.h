/* What a frame asks of every tensor, packed: a pass over 100 000 rows reads these 16 bytes each and not the
 * whole struct model_tensor. Most rows differ from others in nothing but their name and place: experts in
 * tensors of their own are asked about once, as a kind, and counted.
 */
#ifndef OTPLAN_MODEL_NET_ROW_FACTS_H
#define OTPLAN_MODEL_NET_ROW_FACTS_H

#include "model/net/model.h"

struct row_fact {
    uint32_t shape;      /* rows of one shape have the same type, sizes, group and use */
    uint32_t kind;       /* rows of one kind have the same shape, layer and role too */
    int16_t layer;       /* of the model's n_layer, else -1 */
    uint16_t home_layer; /* as in struct model_tensor */
    uint8_t role, group;
};

struct row_kind {
    uint32_t row; /* the first of them */
    uint32_t n;
};

struct row_facts {
    struct row_fact *rows; /* owned: one per row of the model */
    uint32_t *shape_row;   /* owned: a row of each shape */
    uint64_t *shape_bytes; /* owned: without padding */
    bool *shape_routed;    /* owned: routed experts, of which a token reads some */
    size_t n_shapes;
    struct row_kind *kinds; /* owned: in the order of their first rows; n_kinds */
    size_t n_kinds;
    uint32_t *compared; /* owned: attention, gate and up experts of the layers, whose places are
                         * compared; n_compared */
    size_t n_compared;
    size_t twin;         /* the row that uses another's tensor again; 0: none */
    int64_t ik_only_row; /* the first whose type only ik_llama.cpp reads, or -1 */
};

struct row_facts *row_facts_new(const struct model *model); /* free with row_facts_free */
void row_facts_free(struct row_facts **facts);

#endif
