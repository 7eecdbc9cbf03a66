#include "model/plan/shop.h"

#include "model/base/memory.h"
#include "model/plan/context_limit.h"
#include "model/plan/optimise.h"
#include "model/plan/prompt_speed.h"

#include <stdlib.h>

const char *shop_fit_name(enum shop_fit fit)
{
    static const char *const names[] = {
        [SHOP_WHOLE] = "whole", [SHOP_WITH_CPU] = "with-cpu", [SHOP_NOT] = "not"};
    return names[fit];
}

struct shop {
    const struct model *model;
    const struct rig *rig;
    const struct plan *start;
    uint64_t depth;
    enum shop_fit wanted; /* of the context that is searched */
};

/* ---- one plan ------------------------------------------------------------------------------- */

static uint64_t weights_on_host(const struct model *model, const struct evaluation *evaluation)
{
    uint64_t bytes = 0;
    for (size_t row = 0; row < model->n_tensors; row++) {
        bool counts = evaluation->device[row] == DEVICE_HOST && !model->tensors[row].lookup;
        bytes += counts ? model->tensors[row].bytes : 0;
    }
    return bytes;
}

static bool caches_on_host(const struct model *model, const struct evaluation *evaluation)
{
    for (uint32_t il = 0; il < model->hparams.n_layer; il++) {
        if (evaluation->layers[il].cache == DEVICE_HOST && evaluation->layers[il].context > 0) {
            return true;
        }
    }
    return false;
}

static uint64_t missing_bytes(const struct rig *rig, const struct evaluation *evaluation)
{
    const struct device_use *host = &evaluation->host;
    uint64_t bytes = host->headroom < 0 ? (uint64_t)-host->headroom : 0;
    for (size_t i = 0; i < rig->n_devices; i++) {
        int64_t headroom = evaluation->devices[i].headroom;
        bytes += headroom < 0 ? (uint64_t)-headroom : 0;
    }
    return bytes;
}

static enum shop_fit judge(const struct shop *shop, const struct evaluation *evaluation)
{
    if (evaluation->refused.kind != ERROR_NONE || missing_bytes(shop->rig, evaluation) > 0) {
        return SHOP_NOT;
    }
    bool on_host =
        weights_on_host(shop->model, evaluation) > 0 || caches_on_host(shop->model, evaluation);
    return on_host ? SHOP_WITH_CPU : SHOP_WHOLE;
}

/* ---- one context ---------------------------------------------------------------------------- */

/* The optimiser's plan; false where it makes none: no devices, settings that are refused. */
static bool optimise(const struct shop *shop, const struct plan *start, struct plan *out)
{
    struct optimise_options options = {.strategy = STRATEGY_SPEED, .depth = shop->depth};
    struct optimise_report report = {0};
    bool made = shop->rig->n_devices > 0 &&
                plan_optimise(shop->model, shop->rig, start, &options, out, &report, NULL);
    return made;
}

/* The plan for this context, evaluated: the optimiser's, or llama.cpp's own where that holds more. */
static void place(const struct shop *shop, uint32_t n_ctx, struct plan *plan,
                  struct evaluation *evaluation)
{
    struct plan placed;
    struct evaluation found = {0};
    plan_copy(plan, shop->start);
    plan->settings.n_ctx = n_ctx;
    plan_evaluate(shop->model, shop->rig, plan, NULL, evaluation);
    if (!optimise(shop, plan, &placed)) {
        return;
    }
    plan_evaluate(shop->model, shop->rig, &placed, NULL, &found);
    if (judge(shop, evaluation) < judge(shop, &found)) {
        evaluation_clear(&found);
        plan_clear(&placed);
        return;
    }
    evaluation_clear(evaluation);
    plan_clear(plan);
    *evaluation = found;
    *plan = placed;
}

static bool fits_with(void *payload, uint32_t n_ctx)
{
    const struct shop *shop = payload;
    struct plan plan;
    struct evaluation evaluation = {0};
    place(shop, n_ctx, &plan, &evaluation);
    bool fits = judge(shop, &evaluation) <= shop->wanted;
    evaluation_clear(&evaluation);
    plan_clear(&plan);
    return fits;
}

/* ---- what is said of it --------------------------------------------------------------------- */

static void find_speeds(const struct shop *shop, const struct evaluation *evaluation,
                        struct shop_result *out)
{
    struct speed speed;
    struct prompt_speed prompt;
    speed_estimate(shop->model, shop->rig, evaluation, shop->depth, &speed);
    prompt_speed_estimate(shop->model, shop->rig, evaluation, shop->depth, &prompt);
    if (speed.known && speed.seconds > 0) {
        double most = speed.host.seconds;
        out->decode = speed.tokens_per_second;
        out->slowest = DEVICE_HOST;
        for (size_t i = 0; i < shop->rig->n_devices; i++) {
            if (speed.devices[i].seconds > most) {
                most = speed.devices[i].seconds;
                out->slowest = (int)i;
            }
        }
        out->slowest_share = most / speed.seconds;
    }
    out->prompt = prompt.known ? prompt.tokens_per_second : 0;
    speed_clear(&speed);
    prompt_speed_clear(&prompt);
}

static void find_fullest(const struct shop *shop, const struct evaluation *evaluation,
                         struct shop_result *out)
{
    int64_t least = INT64_MAX;
    for (size_t i = 0; i < evaluation->n_in_use; i++) {
        int device = evaluation->in_use[i];
        if (evaluation->devices[device].headroom < least) {
            least = evaluation->devices[device].headroom;
            out->fullest = device;
        }
    }
    if (shop->rig->n_devices == 0) {
        out->fullest = DEVICE_HOST;
    }
}

static uint32_t first_context(const struct shop *shop)
{
    uint32_t trained = shop->model->hparams.n_ctx_train;
    if (shop->start->settings.n_ctx > 0) {
        return shop->start->settings.n_ctx < UINT32_MAX ? (uint32_t)shop->start->settings.n_ctx
                                                        : UINT32_MAX;
    }
    return trained > 0 && trained < SHOP_CONTEXT ? trained : SHOP_CONTEXT;
}

void shop_look(const struct model *model, const struct rig *rig, const struct plan *start,
               uint64_t depth, struct shop_result *out)
{
    struct shop shop = {.model = model, .rig = rig, .start = start, .depth = depth};
    struct plan plan;
    struct evaluation evaluation = {0};
    *out = (struct shop_result){.slowest = DEVICE_NONE, .fullest = DEVICE_NONE};
    place(&shop, first_context(&shop), &plan, &evaluation);
    out->fit = shop.wanted = judge(&shop, &evaluation);
    out->n_ctx = evaluation.resolved.n_ctx;
    out->missing = missing_bytes(rig, &evaluation);
    out->on_host = weights_on_host(model, &evaluation);
    if (evaluation.refused.kind != ERROR_NONE) {
        out->refused = memory_text(evaluation.refused.text);
    }
    find_fullest(&shop, &evaluation, out);
    if (out->fit != SHOP_NOT) {
        find_speeds(&shop, &evaluation, out);
        out->largest_context =
            start->settings.n_ctx > 0
                ? out->n_ctx
                : context_largest(context_most(model, &evaluation), fits_with, &shop);
    }
    evaluation_clear(&evaluation);
    plan_clear(&plan);
}

void shop_result_clear(struct shop_result *result)
{
    free(result->refused);
    *result = (struct shop_result){0};
}

int shop_compare(const struct shop_result *a, const struct shop_result *b)
{
    bool a_fits = a->fit != SHOP_NOT;
    bool b_fits = b->fit != SHOP_NOT;
    if (a_fits != b_fits) {
        return a_fits ? -1 : 1;
    }
    if (!a_fits) {
        return (a->missing > b->missing) - (a->missing < b->missing);
    }
    return (a->decode < b->decode) - (a->decode > b->decode);
}
