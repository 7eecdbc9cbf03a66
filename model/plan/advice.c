#include "model/plan/advice.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/plan/optimise_units.h"
#include "model/plan/setting_list.h"
#include "model/plan/speed.h"

#include <stdlib.h>

static const uint64_t GIB = UINT64_C(1) << 30;
static const double WORTH = 0.05; /* tokens per second that count as a gain */

void advice_clear(struct advice *advice)
{
    free(advice->cards);
    *advice = (struct advice){0};
}

/* ---- limits --------------------------------------------------------------------------------- */

void advice_limits(const struct model *model, const struct rig *rig, const struct plan *plan,
                   const struct evaluation *evaluation, struct advice *out)
{
    struct load load;
    const struct unit *smallest = NULL;
    load_init(&load, model, rig, plan, evaluation, 0);
    for (size_t i = 0; i < load.n_units; i++) {
        const struct unit *unit = &load.units[i];
        bool on_host = evaluation->device[unit->rows[0]] == DEVICE_HOST;
        if (on_host && (smallest == NULL || unit->bytes < smallest->bytes)) {
            smallest = unit;
        }
    }
    *out = (struct advice){.n_cards = rig->n_devices, .limiting = -1};
    out->cards = memory_array(rig->n_devices, sizeof *out->cards);
    for (size_t i = 0; i < rig->n_devices; i++) {
        int64_t headroom = evaluation->devices[i].headroom;
        out->cards[i] = (struct card_advice){
            .in_use = evaluation->devices[i].order >= 0,
            .left = headroom > 0 ? (uint64_t)headroom : 0,
            .smallest_bytes = smallest != NULL ? smallest->bytes : 0,
            .smallest_row = smallest != NULL ? (int32_t)smallest->rows[0] : -1,
            .smallest_rows = smallest != NULL ? smallest->n_rows : 0,
        };
    }
    load_clear(&load);
}

/* ---- what would help ------------------------------------------------------------------------ */

static bool goes_on(const struct optimise_options *options)
{
    return options->go_on == NULL || options->go_on(options->payload);
}

/* Tokens per second of a plan that fits; 0 where it does not, or where that is not known. */
static double speed_of(const struct model *model, const struct rig *rig, const struct plan *plan,
                       uint64_t depth, uint64_t *context)
{
    struct evaluation evaluation;
    struct speed speed;
    plan_evaluate(model, rig, plan, NULL, &evaluation);
    speed_estimate(model, rig, &evaluation, depth, &speed);
    bool stands = speed.known && evaluation.all_fit && evaluation.refused.kind == ERROR_NONE;
    double tokens = stands ? speed.tokens_per_second : 0;
    *context = evaluation.host.context;
    for (size_t i = 0; i < rig->n_devices; i++) {
        *context += evaluation.devices[i].context;
    }
    speed_clear(&speed);
    evaluation_clear(&evaluation);
    return tokens;
}

static double best_speed(const struct model *model, const struct rig *rig, const struct plan *start,
                         const struct optimise_options *options, uint64_t *context)
{
    struct plan plan;
    struct optimise_report report;
    struct error error = {.kind = ERROR_NONE};
    if (!plan_optimise(model, rig, start, options, &plan, &report, &error)) {
        return 0;
    }
    double tokens = speed_of(model, rig, &plan, options->depth, context);
    plan_clear(&plan);
    return tokens;
}

static void ask_for_gib(const struct model *model, const struct rig *rig, const struct plan *start,
                        const struct optimise_options *options, struct advice *out)
{
    double most = out->now + WORTH;
    for (size_t i = 0; i < rig->n_devices && goes_on(options); i++) {
        struct rig larger;
        uint64_t context = 0;
        if (!out->cards[i].in_use) {
            continue;
        }
        rig_copy(&larger, rig);
        larger.devices[i].total += GIB;
        larger.devices[i].free += GIB;
        double tokens = best_speed(model, &larger, start, options, &context);
        out->cards[i].with_gib = tokens;
        if (tokens > most) {
            most = tokens;
            out->limiting = (int)i;
        }
        rig_clear(&larger);
    }
}

static bool is_wider_than_q8(uint32_t type)
{
    return type == GGML_F32 || type == GGML_F16 || type == GGML_BF16;
}

static void ask_for_q8_cache(const struct model *model, const struct rig *rig,
                             const struct plan *start, const struct optimise_options *options,
                             uint64_t context, struct advice *out)
{
    struct plan plan;
    uint64_t smaller = 0;
    if (context == 0 || !is_wider_than_q8(start->settings.type_k) ||
        !is_wider_than_q8(start->settings.type_v) ||
        setting_is_locked(setting_find("ctk"), start) ||
        setting_is_locked(setting_find("ctv"), start) || !goes_on(options)) {
        return;
    }
    plan_copy(&plan, start);
    plan.settings.type_k = GGML_Q8_0;
    plan.settings.type_v = GGML_Q8_0;
    out->with_q8_cache = best_speed(model, rig, &plan, options, &smaller);
    out->q8_saves = smaller < context ? context - smaller : 0;
    plan_clear(&plan);
}

void advice_make(const struct model *model, const struct rig *rig, const struct plan *start,
                 const struct optimise_options *options, const struct plan *made,
                 struct advice *out)
{
    struct evaluation evaluation;
    uint64_t context = 0;
    plan_evaluate(model, rig, made, NULL, &evaluation);
    advice_limits(model, rig, made, &evaluation, out);
    evaluation_clear(&evaluation);
    out->now = speed_of(model, rig, made, options->depth, &context);
    if (out->now > 0) {
        ask_for_gib(model, rig, start, options, out);
        ask_for_q8_cache(model, rig, start, options, context, out);
    }
}

/* ---- in words ------------------------------------------------------------------------------- */

static unsigned long long mib(uint64_t bytes)
{
    return (unsigned long long)(bytes >> 20);
}

void advice_limit_text(const struct model *model, const struct rig *rig,
                       const struct advice *advice, size_t card, struct strbuf *out)
{
    const struct card_advice *what = &advice->cards[card];
    strbuf_format(out, "%s: ", rig->devices[card].name);
    if (!what->in_use) {
        strbuf_add(out, "not used by this plan");
        return;
    }
    strbuf_format(out, "%llu MiB left; ", mib(what->left));
    if (what->smallest_row < 0) {
        strbuf_add(out, "nothing is left to move here");
        return;
    }
    strbuf_format(out, "the smallest that did not fit: %s%s, %llu MiB",
                  model->tensors[what->smallest_row].name,
                  what->smallest_rows > 1 ? " and its pair" : "", mib(what->smallest_bytes));
}

void advice_gib_text(const struct rig *rig, const struct advice *advice, size_t card,
                     struct strbuf *out)
{
    double with = advice->cards[card].with_gib;
    if (with > advice->now + WORTH) {
        strbuf_format(out, "one more GiB on %s: %.1f t/s (%+.1f)", rig->devices[card].name, with,
                      with - advice->now);
    } else if (with > 0) {
        strbuf_format(out, "one more GiB on %s brings nothing", rig->devices[card].name);
    }
}

void advice_cache_text(const struct advice *advice, struct strbuf *out)
{
    if (advice->with_q8_cache > 0) {
        strbuf_format(out, "a q8_0 cache (-ctk q8_0 -ctv q8_0): %llu MiB less, %.1f t/s (%+.1f)",
                      mib(advice->q8_saves), advice->with_q8_cache,
                      advice->with_q8_cache - advice->now);
    }
}
