#include "model/plan/route.h"

#include "model/base/memory.h"
#include "model/net/row_facts.h"
#include "model/plan/speed.h"

#include <stdlib.h>

enum { STEP_MIXER, STEP_DENSE, STEP_EXPERTS };

bool route_is_expert(const struct model *model, size_t row)
{
    return model->facts->shape_routed[model->facts->rows[row].shape];
}

static size_t step_of(const struct model *model, size_t row)
{
    if (route_is_expert(model, row))
        return STEP_EXPERTS;
    switch (model->tensors[row].group) {
    case GROUP_FFN:
    case GROUP_SHEXP:
    case GROUP_ROUTER:
        return STEP_DENSE;
    default:
        return STEP_MIXER;
    }
}

/* The step that a tensor is part of; false where it is part of none. */
static bool find_step(const struct model *model, size_t row, size_t *step)
{
    const struct model_tensor *tensor = &model->tensors[row];
    size_t n_layer = model->hparams.n_layer;
    bool output = tensor->role == ROLE_OUTPUT;

    *step =
        output ? n_layer * ROUTE_STEPS : (size_t)tensor->layer * ROUTE_STEPS + step_of(model, row);
    return !tensor->lookup && (output || (tensor->layer >= 0 && (size_t)tensor->layer <= n_layer));
}

int16_t *route_find(const struct model *model, const struct evaluation *evaluation)
{
    size_t n = ((size_t)model->hparams.n_layer + 1) * ROUTE_STEPS;
    int16_t *route = memory_array(n, sizeof *route);
    uint64_t *largest = memory_array(n, sizeof *largest);

    for (size_t i = 0; i < n; i++)
        route[i] = DEVICE_NONE;
    for (size_t kind = 0; kind < model->facts->n_kinds; kind++) { /* of equals the first decides */
        size_t row = model->facts->kinds[kind].row;
        const struct model_tensor *tensor = &model->tensors[row];
        size_t step;
        if (evaluation->device[row] == DEVICE_NONE || !find_step(model, row, &step) ||
            (route[step] != DEVICE_NONE && tensor->bytes <= largest[step]))
            continue;
        largest[step] = tensor->bytes;
        route[step] = evaluation->device[row];
    }
    free(largest);
    return route;
}

/* ---- what a switch costs ---- */

double route_hidden_bytes(const struct model *model)
{
    return (double)model->hparams.n_embd * sizeof(float);
}

double route_network_seconds(const struct device *device, double bytes)
{
    double efficiency = device->link_efficiency > 0 ? device->link_efficiency : DEFAULT_EFFICIENCY;

    if (device->backend != BACKEND_RPC || device->link_gb_s <= 0)
        return 0;
    return bytes / (device->link_gb_s * 1e9 * efficiency);
}

double route_switch_seconds(const struct model *model, const struct device *from,
                            const struct device *to)
{
    double bytes = route_hidden_bytes(model);

    return to->switch_us * 1e-6 + route_network_seconds(from, bytes) +
           route_network_seconds(to, bytes);
}
