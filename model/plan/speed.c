#include "model/plan/speed.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/net/context_memory.h"
#include "model/net/row_facts.h"
#include "model/plan/route.h"
#include "model/plan/row_counts.h"

#include <math.h>
#include <stdlib.h>

/* ---- what is read ---- */

double speed_active(const struct model *model, size_t row)
{
    const struct hparams *hparams = &model->hparams;

    if (model->tensors[row].lookup)
        return 0;
    if (route_is_expert(model, row) && hparams->n_expert)
        return (double)hparams->n_expert_used / hparams->n_expert;
    return 1;
}

double speed_tensor_bytes(const struct model *model, size_t row)
{
    const struct model_tensor *tensor = &model->tensors[row];

    if (tensor->tied_to >= 0 && tensor->bytes == 0)
        return (double)model->tensors[tensor->tied_to].bytes;
    return (double)tensor->bytes;
}

double speed_rate(const struct device *device)
{
    double efficiency = device->efficiency > 0 ? device->efficiency : DEFAULT_EFFICIENCY;

    return device->bandwidth_gb_s > 0 ? device->bandwidth_gb_s * 1e9 * efficiency : 0;
}

/* ", 200 us a switch, network 1.25 GB/s": what going there costs. */
static void switch_text(const struct device *device, struct strbuf *out)
{
    if (device->switch_us > 0)
        strbuf_format(out, ", %g us a switch", device->switch_us);
    if (device->backend == BACKEND_RPC && device->link_gb_s > 0)
        strbuf_format(out, ", network %g GB/s", device->link_gb_s);
}

void speed_rate_text(const struct device *device, struct strbuf *out)
{
    double efficiency = device->efficiency > 0 ? device->efficiency : DEFAULT_EFFICIENCY;

    if (device->bandwidth_gb_s <= 0) {
        strbuf_add(out, "bandwidth unknown");
        return;
    }
    strbuf_format(out, "%.*f GB/s (%s) x %.0f%% (%s)", device->bandwidth_gb_s < 100 ? 1 : 0,
                  device->bandwidth_gb_s, device_bandwidth_rests_on(device), 100 * efficiency,
                  device_efficiency_rests_on(device));
    switch_text(device, out);
}

static const struct device *device_at(const struct rig *rig, int device)
{
    return device == DEVICE_HOST ? &rig->host : &rig->devices[device];
}

static void use_add(struct speed *speed, const struct rig *rig, int device, size_t layer,
                    double bytes)
{
    struct speed_use *use = device == DEVICE_HOST ? &speed->host : &speed->devices[device];
    double rate = speed_rate(device_at(rig, device));

    if (bytes <= 0)
        return;
    use->bytes_read += bytes;
    speed->layers[layer].bytes_read += bytes;
    if (rate > 0) {
        use->seconds += bytes / rate;
        speed->layers[layer].seconds += bytes / rate;
    } else {
        speed->known = false;
    }
}

/* Where a tensor's reading is counted: its layer, or the last entry. */
static size_t layer_of(const struct model *model, const struct model_tensor *tensor)
{
    uint32_t n_layer = model->hparams.n_layer;

    return tensor->layer < 0 || (uint32_t)tensor->layer > n_layer ? n_layer : (size_t)tensor->layer;
}

static void add_tensors(const struct model *model, const struct rig *rig,
                        const struct row_counts *counts, struct speed *speed)
{
    for (size_t kind = 0; kind < model->facts->n_kinds; kind++) {
        size_t row = model->facts->kinds[kind].row;
        size_t layer = layer_of(model, &model->tensors[row]);
        double bytes = speed_tensor_bytes(model, row) * speed_active(model, row);
        for (int device = DEVICE_HOST; device < (int)rig->n_devices; device++)
            use_add(speed, rig, device, layer, bytes * row_counts_at(counts, kind, device));
    }
}

static void add_caches(const struct model *model, const struct rig *rig,
                       const struct evaluation *evaluation, uint64_t depth, struct speed *speed)
{
    for (uint32_t il = 0; il < model->hparams.n_layer; il++)
        if (evaluation->layers[il].cache != DEVICE_NONE)
            use_add(speed, rig, evaluation->layers[il].cache, il,
                    (double)context_layer_read(model, &evaluation->resolved, il, depth));
}

/* ---- switches ---- */

/* The token's embedding is looked up on the CPU. */
static void add_switches(const struct model *model, const struct rig *rig,
                         const struct evaluation *evaluation, struct speed *speed)
{
    size_t n = ((size_t)model->hparams.n_layer + 1) * ROUTE_STEPS;
    int16_t *route = route_find(model, evaluation);
    int at = DEVICE_HOST;

    for (size_t i = 0; i < n; i++) {
        if (route[i] == DEVICE_NONE || route[i] == at)
            continue;
        speed->switches++;
        speed->switch_seconds +=
            route_switch_seconds(model, device_at(rig, at), device_at(rig, route[i]));
        at = route[i];
    }
    free(route);
}

/* ---- the bound ---- */

static int more_active(const void *a, const void *b)
{
    const struct speed_item *x = a, *y = b;

    return (x->active < y->active) - (x->active > y->active);
}

static int faster(const void *a, const void *b)
{
    const struct speed_place *x = a, *y = b;

    return (x->rate < y->rate) - (x->rate > y->rate);
}

bool speed_bound(struct speed_item *items, size_t n_items, struct speed_place *places,
                 size_t n_places, double *seconds)
{
    size_t place = 0;
    double room;

    *seconds = 0;
    qsort(items, n_items, sizeof *items, more_active);
    qsort(places, n_places, sizeof *places, faster);
    room = n_places ? places[0].bytes : 0;
    for (size_t i = 0; i < n_items; i++) {
        double left = items[i].bytes;
        while (left > 0) {
            while (place < n_places && room <= 0)
                room = ++place < n_places ? places[place].bytes : 0;
            if (place >= n_places)
                return false;
            double part = fmin(left, room);
            left -= part;
            room -= part;
            if (items[i].active > 0)
                *seconds += part * items[i].active / places[place].rate;
        }
    }
    return true;
}

static size_t bound_items(const struct model *model, const struct evaluation *evaluation,
                          struct speed_item *items)
{
    const struct row_facts *facts = model->facts;
    size_t n = 0;
    bool has_twin = facts->twin > 0 && evaluation->device[facts->twin] != DEVICE_NONE;
    size_t shared = has_twin ? facts->rows[facts->twin - 1].kind : facts->n_kinds;

    for (size_t kind = 0; kind < facts->n_kinds; kind++) {
        size_t row = facts->kinds[kind].row; /* all of a kind are loaded, or none */
        /* an original can always share its twin's memory, and is only looked up */
        uint32_t rows = facts->kinds[kind].n - (kind == shared ? 1 : 0);
        if (evaluation->device[row] == DEVICE_NONE || rows == 0)
            continue;
        items[n++] =
            (struct speed_item){rows * speed_tensor_bytes(model, row), speed_active(model, row)};
    }
    return n;
}

static double room_for_weights(const struct device_use *use)
{
    double room = (double)use->budget - (double)use->context - (double)use->compute;

    return room > 0 ? room : 0;
}

/* With mmap what exceeds the host is read from disk, and llama.cpp loads it all the same. */
static bool host_is_elastic(const struct resolved *resolved)
{
    return resolved->load_mode == LOAD_MMAP;
}

static size_t bound_places(const struct rig *rig, const struct evaluation *evaluation,
                           struct speed_place *places)
{
    size_t n = 0;

    for (size_t i = 0; i < evaluation->n_in_use; i++) {
        int16_t device = evaluation->in_use[i];
        places[n].bytes = room_for_weights(&evaluation->devices[device]);
        places[n++].rate = speed_rate(&rig->devices[device]);
    }
    places[n].bytes =
        host_is_elastic(&evaluation->resolved) ? INFINITY : room_for_weights(&evaluation->host);
    places[n++].rate = speed_rate(&rig->host);
    return n;
}

static double cache_seconds(const struct model *model, const struct rig *rig,
                            const struct evaluation *evaluation, uint64_t depth)
{
    double seconds = 0;

    for (uint32_t il = 0; il < model->hparams.n_layer; il++) {
        int cache = evaluation->layers[il].cache;
        double rate = cache == DEVICE_NONE ? 0 : speed_rate(device_at(rig, cache));
        if (rate > 0)
            seconds += (double)context_layer_read(model, &evaluation->resolved, il, depth) / rate;
    }
    return seconds;
}

static void add_bound(const struct model *model, const struct rig *rig,
                      const struct evaluation *evaluation, uint64_t depth, struct speed *speed)
{
    struct speed_item *items = memory_array(model->facts->n_kinds, sizeof *items);
    struct speed_place *places = memory_array(rig->n_devices + 1, sizeof *places);
    size_t n_items = bound_items(model, evaluation, items);
    size_t n_places = bound_places(rig, evaluation, places);
    double seconds;

    speed->bound_known = speed->known;
    for (size_t i = 0; i < n_places; i++)
        speed->bound_known = speed->bound_known && places[i].rate > 0;
    if (speed->bound_known)
        speed->bound_known = speed_bound(items, n_items, places, n_places, &seconds);
    if (speed->bound_known) {
        seconds += cache_seconds(model, rig, evaluation, depth);
        speed->bound_tokens_per_second = seconds > 0 ? 1 / seconds : 0;
    }
    free(items);
    free(places);
}

void speed_estimate(const struct model *model, const struct rig *rig,
                    const struct evaluation *evaluation, uint64_t depth, struct speed *out)
{
    *out = (struct speed){.known = true};
    out->devices = memory_array(rig->n_devices, sizeof *out->devices);
    out->layers = memory_array((size_t)model->hparams.n_layer + 1, sizeof *out->layers);
    struct row_counts counts;
    row_counts_take(model, rig, evaluation, &counts);
    add_tensors(model, rig, &counts, out);
    row_counts_clear(&counts);
    add_caches(model, rig, evaluation, depth, out);
    add_switches(model, rig, evaluation, out);
    out->seconds = out->host.seconds + out->switch_seconds;
    for (size_t i = 0; i < rig->n_devices; i++)
        out->seconds += out->devices[i].seconds;
    if (out->known && out->seconds > 0)
        out->tokens_per_second = 1 / out->seconds;
    add_bound(model, rig, evaluation, depth, out);
}

void speed_clear(struct speed *speed)
{
    free(speed->devices);
    free(speed->layers);
    *speed = (struct speed){0};
}
