#include "model/net/row_facts.h"

#include "model/base/memory.h"
#include "model/gguf/ggml_types.h"

#include <stdlib.h>
#include <string.h>

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash ^= value;
    return (hash ^ hash >> 29) * UINT64_C(0x9e3779b97f4a7c15);
}

/* What was found so far, by hash: index + 1 of each, 0 where free; never more than half full. */
struct found {
    uint32_t *slots; /* owned */
    size_t mask;
};

static struct found found_new(size_t n)
{
    size_t size = 16;
    while (size < 2 * n) {
        size *= 2;
    }
    return (struct found){memory_array(size, sizeof(uint32_t)), size - 1};
}

/* Facts being taken. */
struct taking {
    const struct model *model;
    struct row_facts *facts;
    struct found shapes, kinds;
};

/* ---- shapes --------------------------------------------------------------------------------- */

static bool is_routed(const char *name)
{
    return strstr(name, "exps.") != NULL &&
           (strstr(name, "_exps.") != NULL || strstr(name, "_chexps.") != NULL);
}

static uint64_t shape_hash(const struct model_tensor *tensor)
{
    uint64_t hash = mix((uintptr_t)tensor->type, tensor->bytes);
    for (int i = 0; i < 4; i++) {
        hash = mix(hash, tensor->ne[i]);
    }
    return mix(hash, (uint64_t)tensor->group) >> 20;
}

static bool same_shape(const struct model_tensor *a, const struct model_tensor *b)
{
    return a->type == b->type && a->bytes == b->bytes && a->lookup == b->lookup &&
           a->mul_mat_id == b->mul_mat_id && a->group == b->group &&
           memcmp(a->ne, b->ne, sizeof a->ne) == 0;
}

static uint32_t shape_of(struct taking *taking, uint32_t row)
{
    struct row_facts *facts = taking->facts;
    const struct model_tensor *tensors = taking->model->tensors;
    bool routed = is_routed(tensors[row].name);
    uint64_t slot = shape_hash(&tensors[row]);
    for (;; slot++) {
        uint32_t *at = &taking->shapes.slots[slot & taking->shapes.mask];
        if (*at == 0) {
            *at = (uint32_t)facts->n_shapes + 1;
            break;
        }
        if (facts->shape_routed[*at - 1] == routed &&
            same_shape(&tensors[facts->shape_row[*at - 1]], &tensors[row])) {
            return *at - 1;
        }
    }
    facts->shape_bytes[facts->n_shapes] = tensors[row].bytes;
    facts->shape_routed[facts->n_shapes] = routed;
    facts->shape_row[facts->n_shapes] = row;
    return (uint32_t)facts->n_shapes++;
}

/* ---- kinds ---------------------------------------------------------------------------------- */

static uint32_t kind_of(struct taking *taking, uint32_t row)
{
    struct row_facts *facts = taking->facts;
    const struct model_tensor *tensors = taking->model->tensors;
    uint32_t shape = facts->rows[row].shape;
    uint64_t key = (uint64_t)shape << 32 ^ (uint32_t)tensors[row].layer;
    uint64_t slot = mix(key, (uint64_t)tensors[row].role) >> 20;
    for (;; slot++) {
        uint32_t *at = &taking->kinds.slots[slot & taking->kinds.mask];
        if (*at == 0) {
            *at = (uint32_t)facts->n_kinds + 1;
            break;
        }
        uint32_t first = facts->kinds[*at - 1].row;
        if (facts->rows[first].shape == shape && tensors[first].layer == tensors[row].layer &&
            tensors[first].role == tensors[row].role) {
            facts->kinds[*at - 1].n++;
            return *at - 1;
        }
    }
    facts->kinds[facts->n_kinds] = (struct row_kind){.row = row, .n = 1};
    return (uint32_t)facts->n_kinds++;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static bool is_compared(enum tensor_group group)
{
    return group == GROUP_ATTN || group == GROUP_GATE_EXPS || group == GROUP_UP_EXPS;
}

static void take_row(struct taking *taking, uint32_t row)
{
    const struct model *model = taking->model;
    struct row_facts *facts = taking->facts;
    const struct model_tensor *tensor = &model->tensors[row];
    bool counted = tensor->layer >= 0 && (uint32_t)tensor->layer < model->hparams.n_layer;
    facts->rows[row] = (struct row_fact){.shape = shape_of(taking, row),
                                         .layer = (int16_t)(counted ? tensor->layer : -1),
                                         .home_layer = (uint16_t)tensor->home_layer,
                                         .role = (uint8_t)tensor->role,
                                         .group = (uint8_t)tensor->group};
    facts->rows[row].kind = kind_of(taking, row);
    if (counted && is_compared(tensor->group)) {
        facts->compared[facts->n_compared++] = row;
    }
    facts->twin = tensor->tied_to >= 0 ? row : facts->twin;
    facts->ik_only_row = facts->ik_only_row < 0 && tensor->type->ik_only ? row : facts->ik_only_row;
}

static void shrink(struct row_facts *facts)
{
    size_t n = facts->n_shapes;
    facts->shape_row = memory_resize(facts->shape_row, n, sizeof *facts->shape_row);
    facts->shape_bytes = memory_resize(facts->shape_bytes, n, sizeof *facts->shape_bytes);
    facts->shape_routed = memory_resize(facts->shape_routed, n, sizeof *facts->shape_routed);
    facts->kinds = memory_resize(facts->kinds, facts->n_kinds, sizeof *facts->kinds);
    facts->compared = memory_resize(facts->compared, facts->n_compared, sizeof *facts->compared);
}

struct row_facts *row_facts_new(const struct model *model)
{
    struct row_facts *facts = memory_new(sizeof *facts);
    facts->ik_only_row = -1;
    facts->rows = memory_array(model->n_tensors, sizeof *facts->rows);
    facts->shape_row = memory_array(model->n_tensors, sizeof *facts->shape_row);
    facts->shape_bytes = memory_array(model->n_tensors, sizeof *facts->shape_bytes);
    facts->shape_routed = memory_array(model->n_tensors, sizeof *facts->shape_routed);
    facts->kinds = memory_array(model->n_tensors, sizeof *facts->kinds);
    facts->compared = memory_array(model->n_tensors, sizeof *facts->compared);
    struct taking taking = {model, facts, found_new(model->n_tensors), found_new(model->n_tensors)};
    for (uint32_t row = 0; row < model->n_tensors; row++) {
        take_row(&taking, row);
    }
    free(taking.shapes.slots);
    free(taking.kinds.slots);
    shrink(facts);
    return facts;
}

void row_facts_free(struct row_facts **facts)
{
    if (*facts != NULL) {
        free((*facts)->rows);
        free((*facts)->shape_row);
        free((*facts)->shape_bytes);
        free((*facts)->shape_routed);
        free((*facts)->kinds);
        free((*facts)->compared);
        free(*facts);
        *facts = NULL;
    }
}
