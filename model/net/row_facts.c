#include "model/net/row_facts.h"

#include "model/base/memory.h"
#include "model/gguf/ggml_types.h"

#include <stdlib.h>
#include <string.h>

enum { SHAPES_ASKED = 32 }; /* of the last found: models repeat theirs within a few layers */

static bool same_shape(const struct model_tensor *a, const struct model_tensor *b)
{
    return a->type == b->type && a->bytes == b->bytes && a->lookup == b->lookup &&
           a->mul_mat_id == b->mul_mat_id && a->group == b->group &&
           memcmp(a->ne, b->ne, sizeof a->ne) == 0;
}

static uint32_t shape_of(const struct model *model, struct row_facts *facts, uint32_t row)
{
    size_t n = facts->n_shapes;
    for (size_t i = n; i > 0 && i + SHAPES_ASKED > n; i--) {
        if (same_shape(&model->tensors[facts->shape_row[i - 1]], &model->tensors[row])) {
            return (uint32_t)i - 1;
        }
    }
    facts->shape_bytes[n] = model->tensors[row].bytes;
    facts->shape_row[facts->n_shapes++] = row;
    return (uint32_t)n;
}

static bool is_compared(enum tensor_group group)
{
    return group == GROUP_ATTN || group == GROUP_GATE_EXPS || group == GROUP_UP_EXPS;
}

static void take_row(const struct model *model, struct row_facts *facts, uint32_t row)
{
    const struct model_tensor *tensor = &model->tensors[row];
    bool counted = tensor->layer >= 0 && (uint32_t)tensor->layer < model->hparams.n_layer;
    facts->rows[row] = (struct row_fact){.shape = shape_of(model, facts, row),
                                         .layer = (int16_t)(counted ? tensor->layer : -1),
                                         .home_layer = (uint16_t)tensor->home_layer,
                                         .role = (uint8_t)tensor->role,
                                         .group = (uint8_t)tensor->group};
    if (counted && is_compared(tensor->group)) {
        facts->compared[facts->n_compared++] = row;
    }
    facts->twin = tensor->tied_to >= 0 ? row : facts->twin;
    facts->ik_only_row = facts->ik_only_row < 0 && tensor->type->ik_only ? row : facts->ik_only_row;
}

struct row_facts *row_facts_new(const struct model *model)
{
    struct row_facts *facts = memory_new(sizeof *facts);
    facts->ik_only_row = -1;
    facts->rows = memory_array(model->n_tensors, sizeof *facts->rows);
    facts->shape_row = memory_array(model->n_tensors, sizeof *facts->shape_row);
    facts->shape_bytes = memory_array(model->n_tensors, sizeof *facts->shape_bytes);
    facts->compared = memory_array(model->n_tensors, sizeof *facts->compared);
    for (uint32_t row = 0; row < model->n_tensors; row++) {
        take_row(model, facts, row);
    }
    facts->shape_row = memory_resize(facts->shape_row, facts->n_shapes, sizeof *facts->shape_row);
    facts->shape_bytes =
        memory_resize(facts->shape_bytes, facts->n_shapes, sizeof *facts->shape_bytes);
    facts->compared = memory_resize(facts->compared, facts->n_compared, sizeof *facts->compared);
    return facts;
}

void row_facts_free(struct row_facts **facts)
{
    if (*facts != NULL) {
        free((*facts)->rows);
        free((*facts)->shape_row);
        free((*facts)->shape_bytes);
        free((*facts)->compared);
        free(*facts);
        *facts = NULL;
    }
}
