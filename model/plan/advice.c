#include "model/plan/advice.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/plan/optimise_units.h"
#include "model/plan/setting_list.h"
#include "model/plan/speed.h"

#include <math.h>
#include <stdlib.h>

static const uint64_t GIB = UINT64_C(1) << 30;
static const double WORTH = 1.001; /* a gain of less is none */

void advice_clear(struct advice *advice)
{
    free(advice->cards);
    *advice = (struct advice){0};
}

/* ---- limits --------------------------------------------------------------------------------- */

struct
    movable { /* the smallest thing on the host that could move: a unit, or attention and cache of a layer */
    const struct unit *unit;
    int32_t layer; /* -1 where it is a unit */
    uint64_t bytes;
};

static struct movable find_smallest(const struct load *load, const struct evaluation *evaluation)
{
    struct movable out = {.layer = -1};
    for (size_t i = 0; i < load->n_units; i++) {
        const struct unit *unit = &load->units[i];
        bool on_host = evaluation->device[unit->rows[0]] == DEVICE_HOST;
        if (on_host && (out.unit == NULL || unit->bytes < out.bytes)) {
            out.unit = unit;
            out.bytes = unit->bytes;
        }
    }
    for (uint32_t il = 0; il < load->n_layer; il++) {
        const struct layer_load *layer = &load->layers[il];
        bool free = evaluation->layers[il].home == DEVICE_HOST && layer->home == HOME_FREE;
        if (free && layer->bytes > 0 && (out.bytes == 0 || layer->bytes < out.bytes)) {
            out = (struct movable){.layer = (int32_t)il, .bytes = layer->bytes};
        }
    }
    return out;
}

/* Would the plan hold with the unit there? */
static bool takes(const struct model *model, const struct rig *rig, const struct plan *plan,
                  const struct unit *unit, size_t card)
{
    struct plan trial;
    struct evaluation evaluation;
    plan_copy(&trial, plan);
    plan_move_rows(&trial, model, unit->rows, unit->n_rows, (int)card);
    plan_evaluate(model, rig, &trial, NULL, &evaluation);
    bool fits = evaluation.all_fit;
    evaluation_clear(&evaluation);
    plan_clear(&trial);
    return fits;
}

static enum limit_reason find_reason(const struct load *load, const struct evaluation *evaluation,
                                     const struct movable *smallest, size_t card)
{
    const struct device_use *use = &evaluation->devices[card];
    int place = use->order;
    if (smallest->bytes == 0) {
        return LIMIT_NONE_LEFT;
    }
    if (use->headroom < 0 || (uint64_t)use->headroom < smallest->bytes) {
        return LIMIT_ROOM;
    }
    if (place >= 0 && load->seconds_per_byte[place] >= load->host_seconds_per_byte) {
        return LIMIT_SLOWER;
    }
    if (place < 0) {
        return LIMIT_STILL_ROOM; /* in a plan that uses the card */
    }
    if (smallest->unit != NULL) {
        uint32_t layer = smallest->unit->layer;
        int16_t home = evaluation->layers[layer].home;
        int from = home >= 0 ? evaluation->devices[home].order : -1;
        return load_worth_the_way(load, from, place, layer) ? LIMIT_STILL_ROOM : LIMIT_NETWORK;
    }
    const struct layer_load *layer = &load->layers[smallest->layer];
    double saved = (layer->read + layer->movable_read) *
                   (load->host_seconds_per_byte - load->seconds_per_byte[place]);
    bool worth = saved > load_switch(load, -1, place) + load_switch(load, place, -1);
    return worth ? LIMIT_BUFFERS
                 : LIMIT_NETWORK; /* the search gives it a home where only room is asked */
}

void advice_limits(const struct model *model, const struct rig *rig, const struct plan *plan,
                   const struct evaluation *evaluation, struct advice *out)
{
    struct load load;
    load_init(&load, model, rig, plan, evaluation, 0);
    struct movable smallest = find_smallest(&load, evaluation);
    *out = (struct advice){.n_cards = rig->n_devices, .limiting = -1};
    out->cards = memory_array(rig->n_devices, sizeof *out->cards);
    for (size_t i = 0; i < rig->n_devices; i++) {
        int64_t headroom = evaluation->devices[i].headroom;
        out->cards[i] = (struct card_advice){
            .in_use = evaluation->devices[i].order >= 0,
            .reason = find_reason(&load, evaluation, &smallest, i),
            .left = headroom > 0 ? (uint64_t)headroom : 0,
            .smallest_bytes = smallest.bytes,
            .smallest_row = smallest.unit != NULL ? (int32_t)smallest.unit->rows[0] : -1,
            .smallest_rows = smallest.unit != NULL ? smallest.unit->n_rows : 0,
            .smallest_layer = smallest.layer,
        };
        struct card_advice *card = &out->cards[i];
        if (card->in_use && card->reason == LIMIT_STILL_ROOM && smallest.unit != NULL &&
            !takes(model, rig, plan, smallest.unit, i)) {
            card->reason = LIMIT_BUFFERS;
        }
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
    double most = out->now * WORTH;
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
        out->cards[i].with_gib = tokens > 0 ? fmax(tokens, out->now) : 0; /* this plan still fits */
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

static const struct {
    const char *name, *text; /* the latter before what it is about */
} reasons[LIMIT_REASONS] = {
    [LIMIT_NONE_LEFT] = {"none-left", "nothing is left on the CPU that could move here"},
    [LIMIT_ROOM] = {"no-room", "the smallest that did not fit: "},
    [LIMIT_SLOWER] = {"slower-than-host", "it reads slower than the CPU, which keeps "},
    [LIMIT_NETWORK] = {"network", "the way there would cost more than it saves for "},
    [LIMIT_BUFFERS] = {"buffers", "with its compute buffer there is no room for "},
    [LIMIT_STILL_ROOM] = {"room", "there is room for "},
};

const char *limit_reason_name(enum limit_reason reason)
{
    return reasons[reason].name;
}

static double mib_exact(uint64_t bytes)
{
    return (double)bytes / (1 << 20);
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
    strbuf_format(out, "%.1f MiB (%llu bytes) left; %s", mib_exact(what->left),
                  (unsigned long long)what->left, reasons[what->reason].text);
    if (what->smallest_layer >= 0) {
        strbuf_format(out, "layer %d without its feed-forward, %.1f MiB", (int)what->smallest_layer,
                      mib_exact(what->smallest_bytes));
    } else if (what->smallest_row >= 0) {
        strbuf_format(out, "%s%s, %.1f MiB", model->tensors[what->smallest_row].name,
                      what->smallest_rows > 1 ? " and its pair" : "",
                      mib_exact(what->smallest_bytes));
    }
}

/* "28.3 t/s (+1.2)"; slow models with one more digit. */
static void add_gain(const struct advice *advice, double with, struct strbuf *out)
{
    int digits = advice->now < 20 ? 2 : 1;
    strbuf_format(out, "%.*f t/s (%+.*f)", digits, with, digits, with - advice->now);
}

void advice_gib_text(const struct rig *rig, const struct advice *advice, size_t card,
                     struct strbuf *out)
{
    double with = advice->cards[card].with_gib;
    if (with > advice->now * WORTH) {
        strbuf_format(out, "one more GiB on %s: ", rig->devices[card].name);
        add_gain(advice, with, out);
    } else if (with > 0 && advice->cards[card].reason != LIMIT_NONE_LEFT) {
        strbuf_format(out, "one more GiB on %s brings nothing", rig->devices[card].name);
    }
}

void advice_cache_text(const struct advice *advice, struct strbuf *out)
{
    if (advice->with_q8_cache > 0 && advice->q8_saves > 0) {
        strbuf_format(out, "a q8_0 cache (-ctk q8_0 -ctv q8_0): %llu MiB less, ",
                      mib(advice->q8_saves));
        add_gain(advice, advice->with_q8_cache, out);
    }
}
