/* What a frame asks of every tensor, packed: a pass over 100 000 rows reads these 12 bytes each and not the
 * whole struct model_tensor.
 */
#ifndef OTPLAN_MODEL_NET_ROW_FACTS_H
#define OTPLAN_MODEL_NET_ROW_FACTS_H

#include "model/net/model.h"

struct row_fact {
    uint32_t shape;      /* rows of one shape have the same type, sizes, group and use */
    int16_t layer;       /* of the model's n_layer, else -1 */
    uint16_t home_layer; /* as in struct model_tensor */
    uint8_t role, group;
};

struct row_facts {
    struct row_fact *rows; /* owned: one per row of the model */
    uint32_t *shape_row;   /* owned: a row of each shape */
    uint64_t *shape_bytes; /* owned: without padding */
    size_t n_shapes;
    uint32_t *compared; /* owned: attention, gate and up experts of the layers, whose places are
                         * compared; n_compared */
    size_t n_compared;
    size_t twin;         /* the row that uses another's tensor again; 0: none */
    int64_t ik_only_row; /* the first whose type only ik_llama.cpp reads, or -1 */
};

struct row_facts *row_facts_new(const struct model *model); /* free with row_facts_free */
void row_facts_free(struct row_facts **facts);

#endif
