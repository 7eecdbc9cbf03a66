#include "model/plan/prompt_speed.h"

#include "model/base/memory.h"
#include "model/net/context_memory.h"
#include "model/net/row_facts.h"
#include "model/plan/route.h"
#include "model/plan/row_counts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { OFFLOAD_MIN_BATCH = 32 }; /* GGML_OP_OFFLOAD_MIN_BATCH */

struct prompt { /* one estimate at work */
    const struct model *model;
    const struct rig *rig;
    const struct evaluation *evaluation;
    struct prompt_speed *out;
};

static const struct device *device_at(const struct rig *rig, int device)
{
    return device == DEVICE_HOST ? &rig->host : &rig->devices[device];
}

static struct prompt_use *use_at(struct prompt_speed *out, int device)
{
    return device == DEVICE_HOST ? &out->host : &out->devices[device];
}

double prompt_compute_efficiency(const struct device *device)
{
    return device->compute_efficiency > 0 ? device->compute_efficiency : DEFAULT_COMPUTE_EFFICIENCY;
}

/* The first reason is kept. */
static void unknown(struct prompt *prompt, const char *what, int device)
{
    struct prompt_speed *out = prompt->out;
    if (out->known) {
        snprintf(out->unknown_because, sizeof out->unknown_because, "no %s of %s", what,
                 device_at(prompt->rig, device)->name);
    }
    out->known = false;
}

/* ---- the parts ------------------------------------------------------------------------------ */

/* Reading and arithmetic run side by side. */
static void add_work(struct prompt *prompt, int device, double bytes, double operations)
{
    const struct device *at = device_at(prompt->rig, device);
    double rate = speed_rate(at);
    double arithmetic = at->tflops * 1e12 * prompt_compute_efficiency(at);
    if (bytes > 0 && rate <= 0) {
        unknown(prompt, "bandwidth", device);
    } else if (operations > 0 && arithmetic <= 0) {
        unknown(prompt, "arithmetic speed (tflops)", device);
    } else {
        double reading = bytes > 0 ? bytes / rate : 0;
        double computing = operations > 0 ? operations / arithmetic : 0;
        use_at(prompt->out, device)->seconds += fmax(reading, computing);
    }
}

static void add_copy(struct prompt *prompt, int device, double bytes)
{
    struct prompt_use *use = use_at(prompt->out, device);
    const struct device *at = device_at(prompt->rig, device);
    double link =
        at->link_gb_s * 1e9 * (at->link_efficiency > 0 ? at->link_efficiency : DEFAULT_EFFICIENCY);
    if (bytes <= 0) {
        return;
    }
    if (link <= 0) {
        unknown(prompt, "link speed", device);
        return;
    }
    use->bytes_copied += bytes;
    use->copy_seconds += bytes / link;
    use->seconds += bytes / link;
}

static double elements_of(const struct model_tensor *tensor)
{
    return (double)tensor->ne[0] * (double)tensor->ne[1] * (double)tensor->ne[2] *
           (double)tensor->ne[3];
}

/* The part of a tensor that some of the tokens use. */
static double touched(double active, double tokens)
{
    return active <= 0 || active >= 1 ? active : 1 - pow(1 - active, tokens);
}

/* `n` rows that are like `row`, on one device. */
static void add_tensors(struct prompt *prompt, size_t row, int device, uint32_t n)
{
    const struct model *model = prompt->model;
    const struct model_tensor *tensor = &model->tensors[row];
    double active = speed_active(model, row);
    double tokens = tensor->role == ROLE_OUTPUT ? 1 : prompt->out->n_ubatch;
    double bytes = n * speed_tensor_bytes(model, row) * touched(active, tokens);
    if (bytes <= 0) {
        return;
    }
    if (tokens < OFFLOAD_MIN_BATCH) { /* so few rows cost no more than reading the weight */
        add_work(prompt, device, bytes, 0);
        return;
    }
    if (device == DEVICE_HOST && prompt->out->offload != DEVICE_HOST) {
        device = prompt->out->offload;
        add_copy(prompt, device, bytes);
    }
    add_work(prompt, device, bytes, 2 * n * elements_of(tensor) * active * tokens);
}

static void add_weights(struct prompt *prompt)
{
    const struct model *model = prompt->model;
    struct row_counts counts;
    row_counts_take(model, prompt->rig, prompt->evaluation, &counts);
    for (size_t kind = 0; kind < model->facts->n_kinds; kind++) {
        for (int device = DEVICE_HOST; device < (int)prompt->rig->n_devices; device++) {
            uint32_t n = row_counts_at(&counts, kind, device);
            if (n > 0) {
                add_tensors(prompt, model->facts->kinds[kind].row, device, n);
            }
        }
    }
    row_counts_clear(&counts);
}

/* Operations of the attention of layer `il` for n_ubatch tokens; 0 for layers with a state of fixed size. */
static double attention_of(const struct prompt *prompt, uint32_t il, uint64_t depth)
{
    const struct hparams *hparams = &prompt->model->hparams;
    double tokens = prompt->out->n_ubatch;
    double span = (double)depth + tokens / 2;
    bool windowed = hparams->is_swa[il] && hparams->n_swa > 0;
    double lengths = hparams_is_mla(hparams) ? 2.0 * hparams->kv_lora_rank + hparams->n_rot
                     : windowed && hparams->key_length_swa > 0
                         ? (double)hparams->key_length_swa + hparams->value_length_swa
                         : (double)hparams->key_length + hparams->value_length;
    if (!hparams->has_kv[il]) {
        return 0;
    }
    return 2 * tokens * (windowed ? fmin(span, hparams->n_swa) : span) * hparams->n_head[il] *
           lengths;
}

static void add_cache(struct prompt *prompt, uint32_t il, uint64_t depth)
{
    int device = prompt->evaluation->layers[il].cache;
    const struct resolved *resolved = &prompt->evaluation->resolved;
    if (device == DEVICE_NONE) {
        return;
    }
    double bytes = (double)context_layer_read(prompt->model, resolved, il, depth);
    if (device == DEVICE_HOST && resolved->offload_kqv && prompt->out->offload != DEVICE_HOST) {
        device = prompt->out->offload;
        add_copy(prompt, device, bytes);
    }
    add_work(prompt, device, bytes, attention_of(prompt, il, depth));
}

/* ---- the network ---------------------------------------------------------------------------- */

/* The hidden states of all tokens go there or come back. */
static void add_crossing(struct prompt *prompt, int device, double bytes)
{
    const struct device *at = device_at(prompt->rig, device);
    if (at->backend != BACKEND_RPC) {
        return;
    }
    if (at->link_gb_s <= 0) {
        unknown(prompt, "network speed (link_gb_s)", device);
    }
    use_at(prompt->out, device)->seconds += route_network_seconds(at, bytes);
}

/* Where the work of a step is done; DEVICE_NONE: there is none. */
static int works_at(const struct prompt *prompt, int device)
{
    return device == DEVICE_HOST && prompt->out->offload != DEVICE_HOST ? prompt->out->offload
                                                                        : device;
}

/* Of the last layer's output one row is enough. */
static void add_network(struct prompt *prompt)
{
    size_t output = (size_t)prompt->model->hparams.n_layer * ROUTE_STEPS;
    int16_t *route = route_find(prompt->model, prompt->evaluation);
    double row = route_hidden_bytes(prompt->model);
    int at = DEVICE_HOST;
    for (size_t i = 0; i <= output; i++) {
        int next = i < output ? works_at(prompt, route[i]) : route[i];
        double bytes = i < output ? row * prompt->out->n_ubatch : row;
        if (next == DEVICE_NONE || next == at) {
            continue;
        }
        add_crossing(prompt, at, bytes);
        add_crossing(prompt, next, bytes);
        at = next;
    }
    free(route);
}

/* ---- all of it ------------------------------------------------------------------------------ */

static int find_offload(const struct prompt *prompt)
{
    const struct evaluation *evaluation = prompt->evaluation;
    for (size_t i = 0; evaluation->resolved.op_offload && i < evaluation->n_in_use; i++) {
        if (prompt->rig->devices[evaluation->in_use[i]].backend != BACKEND_RPC) {
            return evaluation->in_use[i];
        }
    }
    return DEVICE_HOST;
}

static void sum_up(struct prompt *prompt)
{
    struct prompt_speed *out = prompt->out;
    const struct resolved *resolved = &prompt->evaluation->resolved;
    double slowest = out->host.seconds;
    double all = slowest;
    for (size_t i = 0; i < prompt->rig->n_devices; i++) {
        all += out->devices[i].seconds;
        slowest = fmax(slowest, out->devices[i].seconds);
    }
    uint32_t whole = out->n_ubatch > 0 ? resolved->n_batch / out->n_ubatch : 1;
    double pieces = whole > 0 ? whole : 1;
    double seconds =
        prompt->evaluation->pipeline_parallel ? all + (pieces - 1) * slowest : all * pieces;
    out->known = out->known && seconds > 0;
    if (out->known) {
        out->tokens_per_second = pieces * out->n_ubatch / seconds;
    }
}

void prompt_speed_estimate(const struct model *model, const struct rig *rig,
                           const struct evaluation *evaluation, uint64_t depth,
                           struct prompt_speed *out)
{
    struct prompt prompt = {model, rig, evaluation, out};
    *out = (struct prompt_speed){.known = true, .n_ubatch = evaluation->resolved.n_ubatch};
    out->devices = memory_array(rig->n_devices, sizeof *out->devices);
    out->offload = out->n_ubatch >= OFFLOAD_MIN_BATCH ? find_offload(&prompt) : DEVICE_HOST;
    add_weights(&prompt);
    for (uint32_t il = 0; il < model->hparams.n_layer; il++) {
        add_cache(&prompt, il, depth);
    }
    add_network(&prompt);
    sum_up(&prompt);
}

void prompt_speed_clear(struct prompt_speed *speed)
{
    free(speed->devices);
    *speed = (struct prompt_speed){0};
}
