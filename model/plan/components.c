#include "model/plan/components.h"

#include "model/base/memory.h"
#include "model/net/context_memory.h"

#include <stdlib.h>

static const struct {
    enum component_kind kind;
    const char *name;
} kinds[COMPONENT_COUNT] = {
    {COMPONENT_EMBEDDING, "embedding"},
    {COMPONENT_ATTENTION, "attention"},
    {COMPONENT_FEED_FORWARD, "feed-forward"},
    {COMPONENT_ROUTER, "router"},
    {COMPONENT_SHARED_EXPERTS, "shared experts"},
    {COMPONENT_EXPERTS, "experts"},
    {COMPONENT_NORMS, "norms"},
    {COMPONENT_OUTPUT, "output"},
    {COMPONENT_OTHER, "other"},
    {COMPONENT_CACHE, "KV cache"},
    {COMPONENT_COMPUTE, "compute (est.)"},
};

static enum component_kind kind_of(const struct model_tensor *tensor)
{
    static const enum component_kind by_group[GROUP_COUNT] = {
        [GROUP_EMBD] = COMPONENT_EMBEDDING,    [GROUP_ATTN] = COMPONENT_ATTENTION,
        [GROUP_SSM] = COMPONENT_ATTENTION,     [GROUP_FFN] = COMPONENT_FEED_FORWARD,
        [GROUP_ROUTER] = COMPONENT_ROUTER,     [GROUP_SHEXP] = COMPONENT_SHARED_EXPERTS,
        [GROUP_GATE_EXPS] = COMPONENT_EXPERTS, [GROUP_UP_EXPS] = COMPONENT_EXPERTS,
        [GROUP_DOWN_EXPS] = COMPONENT_EXPERTS, [GROUP_GATE_UP_EXPS] = COMPONENT_EXPERTS,
        [GROUP_NORM] = COMPONENT_NORMS,        [GROUP_MTP] = COMPONENT_OTHER,
        [GROUP_OUTPUT] = COMPONENT_OUTPUT,     [GROUP_OTHER] = COMPONENT_OTHER,
    };
    return tensor->tied_to >= 0 ? COMPONENT_OUTPUT : by_group[tensor->group];
}

static void add(struct component *row, int device, uint64_t bytes)
{
    row->total += bytes;
    *(device >= 0 ? &row->devices[device] : &row->host) += bytes;
}

static void add_tensors(const struct model *model, const struct rig *rig,
                        const struct evaluation *evaluation, struct components *out)
{
    for (size_t i = 0; i < model->n_tensors; i++) {
        const struct model_tensor *tensor = &model->tensors[i];
        int device = evaluation->device[i];
        bool shared = tensor->tied_to >= 0 && device == evaluation->device[tensor->tied_to];
        if (device == DEVICE_NONE || shared) {
            continue;
        }
        enum backend backend = device >= 0 ? rig->devices[device].backend : BACKEND_CPU;
        add(&out->rows[kind_of(tensor)], device,
            weight_alloc_bytes(tensor->type, tensor->ne, tensor->bytes, backend));
    }
}

/* Tensors of which every buffer type in use holds a copy: what the rows above lack of a device's weights. */
static void add_copies(const struct rig *rig, const struct evaluation *evaluation,
                       struct components *out)
{
    for (int device = -1; device < (int)rig->n_devices; device++) {
        const struct device_use *use =
            device >= 0 ? &evaluation->devices[device] : &evaluation->host;
        uint64_t sum = 0;
        for (int kind = 0; kind < COMPONENT_CACHE; kind++) {
            sum += device >= 0 ? out->rows[kind].devices[device] : out->rows[kind].host;
        }
        add(&out->rows[COMPONENT_OTHER], device, use->model > sum ? use->model - sum : 0);
        add(&out->rows[COMPONENT_CACHE], device, use->context);
        add(&out->rows[COMPONENT_COMPUTE], device, use->compute);
    }
}

static uint64_t expert_bytes(const struct model *model)
{
    int32_t layer = -1;
    uint64_t sum = 0;
    for (size_t i = 0; i < model->n_tensors; i++) {
        const struct model_tensor *tensor = &model->tensors[i];
        if (kind_of(tensor) != COMPONENT_EXPERTS || tensor->layer < 0 ||
            (layer >= 0 && tensor->layer != layer)) {
            continue;
        }
        layer = tensor->layer;
        sum += tensor->bytes;
    }
    return model->hparams.n_expert > 0 ? sum / model->hparams.n_expert : 0;
}

void components_sum(const struct model *model, const struct rig *rig,
                    const struct evaluation *evaluation, struct components *out)
{
    *out = (struct components){0};
    for (size_t i = 0; i < COMPONENT_COUNT; i++) {
        out->rows[i].name = kinds[i].name;
        out->rows[i].devices = memory_array(rig->n_devices, sizeof(uint64_t));
    }
    add_tensors(model, rig, evaluation, out);
    add_copies(rig, evaluation, out);
    out->one_expert = expert_bytes(model);
}

void components_clear(struct components *components)
{
    for (size_t i = 0; i < COMPONENT_COUNT; i++) {
        free(components->rows[i].devices);
    }
    *components = (struct components){0};
}
