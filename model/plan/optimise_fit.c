#include "model/plan/optimise_fit.h"

#include "model/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* What of a partial layer stays on its own card; the rest of its feed-forward goes on. */
enum fraction {
    FRACTION_EXPERTS, /* all but the experts */
    FRACTION_UP,      /* all but gate and down */
    FRACTION_GATE,    /* all but down */
    FRACTION_ATTN,    /* attention alone */
};

struct share {
    uint32_t n_layer;       /* layers of this card, the output layer included on the last */
    uint32_t n_part;        /* of those, partial ones (at the end of its run) */
    enum fraction overflow; /* of the first partial layer */
};

struct fit {
    const struct model *model;
    const struct rig *rig;
    const struct plan *start;
    struct plan trial;
    struct decisions decisions;
    uint32_t n_trunk; /* layers as fit counts them: without MTP (fit.cpp:140-143) */
    size_t n_devices;
    int64_t *target; /* per device: most memory it may use */
    int16_t *in_use;
    bool experts;
};

static int64_t device_used(const struct evaluation *evaluation, int16_t device)
{
    const struct device_use *use = &evaluation->devices[device];
    return (int64_t)(use->model + use->context + use->compute);
}

/* Does the overflow pattern of this fraction match the tensor? (fit.cpp get_overflow_pattern) */
static bool overflows(const struct model_tensor *tensor, enum fraction fraction)
{
    const char *name = strstr(tensor->name, ".ffn_");
    if (name == NULL) {
        return false;
    }
    name += strlen(".ffn_");
    bool down = strncmp(name, "down", 4) == 0;
    bool gate_up = strncmp(name, "gate_up", 7) == 0;
    bool gate = !gate_up && strncmp(name, "gate", 4) == 0;
    bool up = strncmp(name, "up", 2) == 0;
    switch (fraction) {
    case FRACTION_ATTN:
        return down || gate_up || gate || up;
    case FRACTION_UP:
        return down || gate_up || gate;
    case FRACTION_GATE:
        return down;
    case FRACTION_EXPERTS:
        return strstr(name, "_exps") != NULL || strstr(name, "_chexps") != NULL;
    }
    return false;
}

static void move_layer(struct fit *fit, uint32_t il, enum fraction fraction, int device)
{
    for (uint32_t row = 0; row < fit->model->n_tensors; row++) {
        const struct model_tensor *tensor = &fit->model->tensors[row];
        if (tensor->layer == (int32_t)il && overflows(tensor, fraction)) {
            plan_move_rows(&fit->trial, fit->model, &row, 1, device);
        }
    }
}

/* What is locked stays, which llama.cpp has no notion of. */
static void reset_moves(struct fit *fit)
{
    for (size_t row = 0; row < fit->trial.n_rows; row++) {
        if (fit->trial.locked[row] == 0) {
            fit->trial.moved[row] = PLAN_UNMOVED;
        }
    }
}

/* Writes shares into the trial plan as fit does (set_ngl_tensor_split_tbo). */
static void set_shares(struct fit *fit, const struct share *shares)
{
    uint32_t offloaded = 0;
    struct plan *plan = &fit->trial;
    for (size_t id = 0; id < fit->n_devices; id++) {
        offloaded += shares[id].n_layer;
        plan->tensor_split[id] = (float)shares[id].n_layer;
    }
    plan->n_gpu_layers = offloaded;
    plan->n_tensor_split = fit->n_devices > 1 ? (uint32_t)fit->n_devices : 0;
    reset_moves(fit);
    uint32_t il = fit->n_trunk + 1 - offloaded;
    for (size_t id = 0; id < fit->n_devices; id++) {
        uint32_t n_full = shares[id].n_layer - shares[id].n_part;
        il += n_full;
        int next = id + 1 < fit->n_devices ? fit->in_use[id + 1] : DEVICE_HOST;
        for (uint32_t part = 0; part < shares[id].n_part; part++, il++) {
            move_layer(fit, il, part == 0 ? shares[id].overflow : FRACTION_EXPERTS,
                       part == 0 ? next : DEVICE_HOST);
        }
    }
}

static void measure(struct fit *fit, const struct share *shares, int64_t *used)
{
    struct evaluation evaluation;
    set_shares(fit, shares);
    plan_evaluate(fit->model, fit->rig, &fit->trial, &fit->decisions, &evaluation);
    for (size_t id = 0; id < fit->n_devices; id++) {
        used[id] = device_used(&evaluation, fit->in_use[id]);
    }
    evaluation_clear(&evaluation);
}

static uint32_t clamp_step(int64_t step, uint32_t delta)
{
    if (step < 1) {
        return 1;
    }
    return step > (int64_t)delta - 1 ? delta - 1 : (uint32_t)step;
}

static uint32_t interpolate(uint32_t delta, int64_t target, int64_t low, int64_t high)
{
    int64_t step = high == low ? 1 : (int64_t)delta * (target - low) / (high - low);
    return clamp_step(step, delta);
}

static void copy_shares(const struct fit *fit, struct share *to, const struct share *from)
{
    memcpy(to, from, fit->n_devices * sizeof *to);
}

/* Step 3: last card to first, as many layers (for experts models: without their experts) as fit. */
static void fill_dense(struct fit *fit, struct share *shares, int64_t *used)
{
    size_t n = fit->n_devices;
    struct share *high = memory_array(n, sizeof *high);
    struct share *test = memory_array(n, sizeof *test);
    int64_t *used_high = memory_array(n, sizeof *used_high);
    int64_t *used_test = memory_array(n, sizeof *used_test);
    measure(fit, shares, used);
    for (size_t id = n; id-- > 0;) {
        uint32_t unassigned = fit->n_trunk + 1;
        for (size_t jd = id + 1; jd < n; jd++) {
            unassigned -= shares[jd].n_layer;
        }
        if (unassigned == 0) {
            continue;
        }
        copy_shares(fit, high, shares);
        high[id].n_layer = unassigned;
        if (fit->experts) {
            high[id].n_part = id + 1 < n ? unassigned : unassigned - 1;
        }
        measure(fit, high, used_high);
        if (used_high[id] <= fit->target[id]) {
            copy_shares(fit, shares, high);
            memcpy(used, used_high, n * sizeof *used);
            continue;
        }
        uint32_t delta = high[id].n_layer - shares[id].n_layer;
        while (delta > 1) {
            uint32_t step = interpolate(delta, fit->target[id], used[id], used_high[id]);
            copy_shares(fit, test, shares);
            test[id].n_layer += step;
            if (fit->experts) {
                bool output = id + 1 == n && test[id].n_part == 0;
                test[id].n_part += output ? step - 1 : step; /* the output layer is never partial */
            }
            measure(fit, test, used_test);
            if (used_test[id] <= fit->target[id]) {
                copy_shares(fit, shares, test);
                memcpy(used, used_test, n * sizeof *used);
            } else {
                copy_shares(fit, high, test);
                memcpy(used_high, used_test, n * sizeof *used);
            }
            delta = high[id].n_layer - shares[id].n_layer;
        }
    }
    free(high);
    free(test);
    free(used_high);
    free(used_test);
}

/* Takes `step` layers off the dense-only run that begins at *start and gives them whole to `id`. */
static void convert(const struct fit *fit, struct share *shares, size_t id, uint32_t step,
                    size_t *start)
{
    uint32_t converted = 0;
    for (; *start < fit->n_devices; (*start)++) {
        uint32_t left = step - converted;
        uint32_t take = left < shares[*start].n_part ? left : shares[*start].n_part;
        shares[*start].n_layer -= take;
        shares[*start].n_part -= take;
        shares[id].n_layer += take;
        converted += take;
        if (shares[*start].n_part > 0) {
            return;
        }
    }
}

static bool accept(struct fit *fit, struct share *shares, const struct share *test, size_t id,
                   int64_t *used)
{
    size_t n = fit->n_devices;
    int64_t *used_test = memory_array(n, sizeof *used_test);
    measure(fit, test, used_test);
    bool fits =
        used_test[id] < fit->target[id] && (id + 1 == n || used_test[id + 1] < fit->target[id + 1]);
    if (fits) {
        copy_shares(fit, shares, test);
        memcpy(used, used_test, n * sizeof *used);
    }
    free(used_test);
    return fits;
}

/* One layer more on `id`, with as much of its feed-forward as fits beside it. */
static void add_partial(struct fit *fit, struct share *shares, size_t id, size_t *start,
                        int64_t *used)
{
    size_t n = fit->n_devices;
    if (*start >= n || shares[*start].n_layer <= (*start + 1 < n ? 0U : 1U) ||
        shares[*start].n_part == 0) {
        return;
    }
    struct share *test = memory_array(n, sizeof *test);
    copy_shares(fit, test, shares);
    size_t start_test = *start;
    test[start_test].n_layer--;
    test[start_test].n_part--;
    test[id].n_layer++;
    test[id].n_part++;
    if (test[start_test].n_part == 0) {
        start_test++;
    }
    test[id].overflow = FRACTION_UP;
    if (accept(fit, shares, test, id, used)) {
        *start = start_test;
        test[id].overflow = FRACTION_GATE;
        accept(fit, shares, test, id, used);
    } else {
        test[id].overflow = FRACTION_ATTN;
        if (accept(fit, shares, test, id, used)) {
            *start = start_test;
        }
    }
    free(test);
}

/* Step 4: first card to last, dense-only layers become whole ones. */
static void fill_experts(struct fit *fit, struct share *shares, int64_t *used)
{
    size_t n = fit->n_devices;
    size_t start = n;
    while (start > 0 && shares[start - 1].n_layer > 0) {
        start--;
    }
    struct share *high = memory_array(n, sizeof *high);
    struct share *test = memory_array(n, sizeof *test);
    int64_t *used_high = memory_array(n, sizeof *used_high);
    int64_t *used_test = memory_array(n, sizeof *used_test);
    for (size_t id = 0; id <= start && start < n; id++) {
        copy_shares(fit, high, shares);
        for (size_t jd = start; jd < n; jd++) {
            uint32_t move = jd + 1 < n ? high[jd].n_layer : high[jd].n_layer - 1;
            high[id].n_layer += move;
            high[jd].n_layer -= move;
            high[jd].n_part = 0;
        }
        size_t start_high = n - 1;
        measure(fit, high, used_high);
        if (used_high[id] <= fit->target[id]) {
            copy_shares(fit, shares, high);
            memcpy(used, used_high, n * sizeof *used);
            start = start_high;
        } else {
            uint32_t delta =
                (high[id].n_layer - high[id].n_part) - (shares[id].n_layer - shares[id].n_part);
            while (delta > 1) {
                uint32_t step = interpolate(delta, fit->target[id], used[id], used_high[id]);
                copy_shares(fit, test, shares);
                size_t start_test = start;
                convert(fit, test, id, step, &start_test);
                measure(fit, test, used_test);
                if (used_test[id] <= fit->target[id]) {
                    copy_shares(fit, shares, test);
                    memcpy(used, used_test, n * sizeof *used);
                    start = start_test;
                } else {
                    copy_shares(fit, high, test);
                    memcpy(used_high, used_test, n * sizeof *used);
                }
                delta =
                    (high[id].n_layer - high[id].n_part) - (shares[id].n_layer - shares[id].n_part);
            }
        }
        add_partial(fit, shares, id, &start, used);
    }
    free(high);
    free(test);
    free(used_high);
    free(used_test);
}

/* ---- the first two steps -------------------------------------------------------------------- */

struct totals {
    int64_t used, free_bytes, margins, model;
    bool margins_hold;
};

static struct totals measure_whole(struct fit *fit, int64_t n_ctx)
{
    struct totals totals = {.margins_hold = true};
    struct evaluation evaluation;
    fit->trial.settings.n_ctx = n_ctx;
    fit->trial.n_gpu_layers = -1;
    fit->trial.n_tensor_split = 0;
    reset_moves(fit);
    plan_evaluate(fit->model, fit->rig, &fit->trial, &fit->decisions, &evaluation);
    for (size_t id = 0; id < fit->n_devices; id++) {
        const struct device *device = &fit->rig->devices[fit->in_use[id]];
        int64_t free_bytes = (int64_t)(device->free - device->context - device->reserve);
        int64_t used = device_used(&evaluation, fit->in_use[id]);
        int64_t margin = free_bytes - fit->target[id];
        totals.used += used;
        totals.free_bytes += free_bytes;
        totals.margins += margin;
        totals.model += (int64_t)evaluation.devices[fit->in_use[id]].model;
        totals.margins_hold = totals.margins_hold && free_bytes - used >= margin;
    }
    evaluation_clear(&evaluation);
    return totals;
}

enum { FIT_MIN_CONTEXT = 4096 };

/* Step 2: shrink the context, between the training length and the least. Returns true when that is enough. */
static bool shrink_context(struct fit *fit, const struct totals *full, int64_t *n_ctx)
{
    int64_t trained = fit->model->hparams.n_ctx_train;
    if (full->free_bytes - full->used - full->margins >= 0 || *n_ctx != 0 ||
        trained <= FIT_MIN_CONTEXT) {
        return false;
    }
    int64_t target = full->free_bytes - full->margins;
    if (fit->n_devices > 1) {
        int64_t per_layer = full->model / (fit->n_trunk > 0 ? fit->n_trunk : 1);
        target -= (int64_t)(fit->n_devices + 1) * per_layer / (fit->experts ? 6 : 2);
    }
    struct totals least = measure_whole(fit, FIT_MIN_CONTEXT);
    *n_ctx = FIT_MIN_CONTEXT;
    if (target <= least.used || full->used == least.used) {
        return false;
    }
    *n_ctx += (trained - FIT_MIN_CONTEXT) * (target - least.used) / (full->used - least.used);
    *n_ctx -= *n_ctx % 256;
    *n_ctx = *n_ctx < FIT_MIN_CONTEXT ? FIT_MIN_CONTEXT : *n_ctx;
    return fit->n_devices == 1;
}

static bool all_experts_on_host_fit(struct fit *fit)
{
    struct evaluation evaluation;
    int64_t surplus = 0;
    fit->trial.n_gpu_layers = -1;
    fit->trial.n_tensor_split = 0;
    reset_moves(fit);
    for (uint32_t il = 0; il < fit->model->hparams.n_layer; il++) {
        move_layer(fit, il, FRACTION_EXPERTS, DEVICE_HOST);
    }
    plan_evaluate(fit->model, fit->rig, &fit->trial, &fit->decisions, &evaluation);
    for (size_t id = 0; id < fit->n_devices; id++) {
        surplus += fit->target[id] - device_used(&evaluation, fit->in_use[id]);
    }
    evaluation_clear(&evaluation);
    return surplus > 0;
}

static void fit_init(struct fit *fit, const struct model *model, const struct rig *rig,
                     const struct plan *start, const struct evaluation *now)
{
    *fit = (struct fit){.model = model, .rig = rig, .start = start};
    plan_copy(&fit->trial, start);
    for (size_t row = 0; row < fit->trial.n_rows; row++) {
        if (start->locked[row] != 0 && now->device[row] != DEVICE_NONE) {
            fit->trial.moved[row] = now->device[row];
        }
    }
    fit->n_trunk = model->hparams.n_layer - model->hparams.n_layer_nextn;
    fit->experts = model->hparams.n_expert > 0;
    fit->n_devices = now->n_in_use;
    fit->target = memory_array(fit->n_devices, sizeof *fit->target);
    fit->in_use = memory_array(fit->n_devices, sizeof *fit->in_use);
    for (size_t id = 0; id < fit->n_devices; id++) {
        fit->in_use[id] = now->in_use[id];
        const struct device_use *use = &now->devices[now->in_use[id]];
        fit->target[id] = (int64_t)rig->devices[now->in_use[id]].free - (int64_t)use->margin;
    }
}

static void fit_layers(struct fit *fit)
{
    struct share *shares = memory_array(fit->n_devices, sizeof *shares);
    int64_t *used = memory_array(fit->n_devices, sizeof *used);
    bool surplus = fit->experts && all_experts_on_host_fit(fit);
    fill_dense(fit, shares, used);
    if (surplus) {
        fill_experts(fit, shares, used);
    }
    set_shares(fit, shares);
    free(shares);
    free(used);
}

bool plan_fit(const struct model *model, const struct rig *rig, const struct plan *start,
              struct plan *out, struct error *error)
{
    struct evaluation now;
    plan_evaluate(model, rig, start, NULL, &now);
    bool given =
        start->n_gpu_layers != -1 || start->n_tensor_split > 0 || start->given->n_entries > 0;
    if (given || now.n_in_use == 0) {
        evaluation_clear(&now);
        return error_set(error, ERROR_INPUT,
                         given ? "--fit changes nothing once -ngl, -ts or -ot are given"
                               : "--fit: no device to place on");
    }
    struct fit fit;
    fit_init(&fit, model, rig, start, &now);
    evaluation_clear(&now);
    int64_t n_ctx = start->settings.n_ctx;
    struct totals full = measure_whole(&fit, n_ctx);
    bool enough = full.margins_hold || shrink_context(&fit, &full, &n_ctx);
    fit.trial.settings.n_ctx = n_ctx;
    if (enough) {
        fit.trial.n_gpu_layers = -1;
        fit.trial.n_tensor_split = 0;
        reset_moves(&fit);
    } else {
        fit_layers(&fit);
    }
    *out = fit.trial;
    decisions_clear(&fit.decisions);
    free(fit.target);
    free(fit.in_use);
    return true;
}
