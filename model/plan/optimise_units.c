#include "model/plan/optimise_units.h"

#include "model/base/memory.h"
#include "model/net/context_memory.h"
#include "model/plan/route.h"
#include "model/plan/speed.h"

#include <stdlib.h>
#include <string.h>

/* A card or host whose bandwidth nobody knows: only the order matters then. */
static const double unknown_card_gb_s = 500.0;
static const double unknown_host_gb_s = 50.0;

static double seconds_per_byte(const struct device *device, double fallback_gb_s)
{
    struct device known = *device;
    known.bandwidth_gb_s = device->bandwidth_gb_s > 0 ? device->bandwidth_gb_s : fallback_gb_s;
    return 1.0 / speed_rate(&known);
}

/* Gate and up of a layer are one unit (0), down and merged ones another (1), a shared expert whole (2);
 * -1: fixed to the home. */
enum { UNIT_KINDS = 3 };

static int unit_kind(const struct model_tensor *tensor)
{
    switch (tensor->group) {
    case GROUP_GATE_EXPS:
    case GROUP_UP_EXPS:
        return 0;
    case GROUP_DOWN_EXPS:
    case GROUP_GATE_UP_EXPS:
        return 1;
    case GROUP_FFN:
        return strstr(tensor->name, "down") != NULL ? 1 : 0;
    case GROUP_SHEXP:
        return 2;
    default:
        return -1;
    }
}

static void add_to_unit(struct load *load, int32_t *open, const struct model_tensor *tensor,
                        uint32_t row, uint64_t bytes, double read)
{
    if (*open < 0 || load->units[*open].n_rows == UNIT_ROWS) {
        *open = (int32_t)load->n_units;
        load->units[load->n_units++] = (struct unit){
            .layer = tensor->home_layer, .expert = tensor_group_is_expert(tensor->group)};
    }
    struct unit *unit = &load->units[*open];
    if (unit->n_rows == 0 || tensor->bytes > unit->largest_bytes) {
        unit->largest_bytes = tensor->bytes;
        unit->largest_row = row;
    }
    unit->rows[unit->n_rows++] = row;
    unit->bytes += bytes;
    unit->read += read;
}

static int by_layer_then_size(const void *a, const void *b)
{
    const struct unit *x = a;
    const struct unit *y = b;
    if (x->layer != y->layer) {
        return x->layer < y->layer ? -1 : 1;
    }
    if (x->bytes != y->bytes) {
        return x->bytes > y->bytes ? -1 : 1;
    }
    return x->rows[0] < y->rows[0] ? -1 : 1;
}

static int place_in_use(const struct evaluation *now, int16_t device)
{
    return device >= 0 ? now->devices[device].order : -1;
}

static void add_row(struct load *load, const struct model *model, const struct plan *plan,
                    const struct evaluation *now, uint32_t row, enum backend backend, int32_t *open)
{
    const struct model_tensor *tensor = &model->tensors[row];
    if (tensor->role == ROLE_SKIPPED || tensor->role == ROLE_INPUT) {
        load->host_bytes += now->device[row] == DEVICE_HOST ? tensor->bytes : 0;
        return;
    }
    uint64_t bytes = weight_alloc_bytes(tensor->type, tensor->ne, tensor->bytes, backend);
    if (tensor->role == ROLE_PER_BUFFER) {
        load->everywhere += bytes;
        return;
    }
    double read = (double)tensor->bytes * speed_active(model, row);
    if (plan->locked[row] != 0) {
        int place = place_in_use(now, now->device[row]);
        uint64_t *there = place >= 0 ? &load->pinned[place] : &load->host_bytes;
        *there += bytes;
        return;
    }
    int kind = tensor->role == ROLE_LAYER && tensor->layer >= 0 ? unit_kind(tensor) : -1;
    struct layer_load *layer = &load->layers[tensor->home_layer];
    if (kind < 0) {
        layer->bytes += bytes;
        layer->read += read;
        return;
    }
    layer->movable += bytes;
    layer->movable_read += read;
    add_to_unit(load, &open[UNIT_KINDS * tensor->home_layer + (uint32_t)kind], tensor, row, bytes,
                read);
}

/* ---- locks ---------------------------------------------------------------------------------- */

/* A layer that is locked whole keeps its home as well: there its cache is. */
static void find_locked_homes(struct load *load, const struct model *model, const struct plan *plan,
                              const struct evaluation *now)
{
    bool *open = memory_array((size_t)load->n_layer + 1, sizeof *open);
    bool *any = memory_array((size_t)load->n_layer + 1, sizeof *any);
    for (size_t row = 0; row < model->n_tensors; row++) {
        const struct model_tensor *tensor = &model->tensors[row];
        if (tensor->role == ROLE_LAYER && now->device[row] != DEVICE_NONE) {
            any[tensor->home_layer] = true;
            open[tensor->home_layer] = open[tensor->home_layer] || plan->locked[row] == 0;
        }
    }
    for (uint32_t il = 0; il <= load->n_layer; il++) {
        bool locked = il < load->n_layer && any[il] && !open[il];
        load->layers[il].home =
            (int16_t)(locked ? place_in_use(now, (int16_t)now->layers[il].home) : HOME_FREE);
        load->homes_locked = load->homes_locked || locked;
    }
    free(open);
    free(any);
}

uint32_t load_breaks(const struct load *load, const uint32_t *counts)
{
    uint32_t n = 0;
    uint32_t il = 0;
    for (int place = -1; load->homes_locked && place < (int)load->n_devices; place++) {
        for (uint32_t i = 0; i < counts[place + 1] && il <= load->n_layer; i++, il++) {
            n += load->layers[il].home != HOME_FREE && load->layers[il].home != place ? 1 : 0;
        }
    }
    return n;
}

/* ---- switches ------------------------------------------------------------------------------- */

double load_switch(const struct load *load, int from, int to)
{
    size_t width = load->n_devices + 1;
    return load->switch_seconds == NULL
               ? 0
               : load->switch_seconds[(size_t)(from + 1) * width + (size_t)(to + 1)];
}

bool load_worth_the_way(const struct load *load, int home, int place, uint32_t layer)
{
    if (load->switch_seconds == NULL) {
        return true;
    }
    double saved = load->layers[layer].movable_read *
                   (load->host_seconds_per_byte - load->seconds_per_byte[place]);
    double way = load_switch(load, home, place) + load_switch(load, place, home);
    double instead = load_switch(load, home, -1) + load_switch(load, -1, home);
    return saved > way - instead;
}

static void find_switches(struct load *load, const struct model *model, const struct rig *rig,
                          const struct evaluation *now)
{
    size_t width = load->n_devices + 1;
    double most = 0;
    load->switch_seconds = memory_array(width * width, sizeof *load->switch_seconds);
    for (size_t i = 0; i < width * width; i++) {
        size_t from = i / width;
        size_t to = i % width;
        if (from != to) {
            load->switch_seconds[i] = route_switch_seconds(
                model, from == 0 ? &rig->host : &rig->devices[now->in_use[from - 1]],
                to == 0 ? &rig->host : &rig->devices[now->in_use[to - 1]]);
        }
        most = load->switch_seconds[i] > most ? load->switch_seconds[i] : most;
    }
    if (most <= 0) {
        free(load->switch_seconds);
        load->switch_seconds = NULL;
    }
}

static bool is_larger(const struct unit *a, const struct unit *b)
{
    return a->largest_bytes != b->largest_bytes ? a->largest_bytes > b->largest_bytes
                                                : a->largest_row < b->largest_row;
}

/* One of each layer's experts and one of its other units. */
static void find_leaders(struct load *load)
{
    struct unit *leader[2] = {NULL, NULL};
    for (size_t u = 0; u < load->n_units; u++) {
        struct unit *unit = &load->units[u];
        struct unit *other = leader[unit->expert];
        bool first = other == NULL || other->layer != unit->layer;
        if (first || is_larger(unit, other)) {
            unit->leads = true;
            leader[unit->expert] = unit;
        }
        if (!first && unit->leads) {
            other->leads = false;
        }
    }
}

void load_init(struct load *load, const struct model *model, const struct rig *rig,
               const struct plan *plan, const struct evaluation *now, uint64_t depth)
{
    uint32_t n_layer = model->hparams.n_layer;
    *load = (struct load){.n_layer = n_layer, .n_devices = now->n_in_use};
    load->layers = memory_array((size_t)n_layer + 1, sizeof *load->layers);
    load->units = memory_array(model->n_tensors, sizeof *load->units);
    load->pinned = memory_array(now->n_in_use, sizeof *load->pinned);
    load->seconds_per_byte = memory_array(now->n_in_use, sizeof *load->seconds_per_byte);
    /* where host and card read the same memory (Apple, Strix Halo) the card's arithmetic decides */
    load->host_seconds_per_byte = 1.001 * (seconds_per_byte(&rig->host, unknown_host_gb_s));
    enum backend backend = BACKEND_CPU;
    for (size_t k = 0; k < now->n_in_use; k++) {
        const struct device *device = &rig->devices[now->in_use[k]];
        load->seconds_per_byte[k] = seconds_per_byte(device, unknown_card_gb_s);
        backend = k == 0 ? device->backend : backend;
    }
    int32_t *open = memory_array(UNIT_KINDS * ((size_t)n_layer + 1), sizeof *open);
    for (size_t i = 0; i < UNIT_KINDS * ((size_t)n_layer + 1); i++) {
        open[i] = -1;
    }
    for (uint32_t row = 0; row < model->n_tensors; row++) {
        add_row(load, model, plan, now, row, backend, open);
    }
    free(open);
    qsort(load->units, load->n_units, sizeof *load->units, by_layer_then_size);
    load->host_is_elastic = now->resolved.load_mode == LOAD_MMAP;
    load->host_bytes += now->resolved.offload_kqv ? 0 : now->host.context;
    find_locked_homes(load, model, plan, now);
    find_leaders(load);
    find_switches(load, model, rig, now);
    for (uint32_t il = 0; il < n_layer && now->resolved.offload_kqv; il++) {
        if (context_layer_present(model, il)) {
            load->layers[il].bytes += context_layer_bytes(model, &now->resolved, il, backend);
            load->layers[il].cache_read =
                (double)context_layer_read(model, &now->resolved, il, depth);
        }
    }
}

void load_clear(struct load *load)
{
    free(load->layers);
    free(load->units);
    free(load->pinned);
    free(load->seconds_per_byte);
    free(load->switch_seconds);
    *load = (struct load){0};
}
