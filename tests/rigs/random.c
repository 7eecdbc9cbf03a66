#include "tests/rigs/random.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/plan/homes.h"
#include "model/plan/optimise.h"
#include "model/plan/speed.h"
#include "tests/support/oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_RULES = 16, MOST_CARDS = 15 };
static const uint64_t MIB = 1U << 20;

/* ---- what is drawn -------------------------------------------------------------------------- */

struct draw {
    uint32_t seed, state;
    const struct model *model;
    const char *path;
    struct rig rig;
    struct plan start;
    bool has_locks, has_speeds;
    size_t n_faults;
};

static uint32_t next(struct draw *draw, uint32_t below)
{
    draw->state = draw->state * 1664525U + 1013904223U;
    return (draw->state >> 8) % below;
}

static bool one_in(struct draw *draw, uint32_t n)
{
    return next(draw, n) == 0;
}

static void fault(struct draw *draw, const char *strategy, const char *what)
{
    const char *name = strrchr(draw->path, '/') + 1;
    if (draw->n_faults++ == 0) {
        printf("seed %u: %s, -c %lld, %zu cards:", draw->seed, name,
               (long long)draw->start.settings.n_ctx, draw->rig.n_devices);
        for (size_t i = 0; i < draw->rig.n_devices; i++) {
            const struct device *device = &draw->rig.devices[i];
            printf(" %s %llu MiB %.0f GB/s", device->name, (unsigned long long)(device->free / MIB),
                   device->bandwidth_gb_s);
        }
        printf(", host %llu MiB %.0f GB/s%s\n", (unsigned long long)(draw->rig.host.free / MIB),
               draw->rig.host.bandwidth_gb_s, draw->has_locks ? ", locks" : "");
    }
    printf("    %s: %s\n", strategy, what);
}

static void draw_card(struct draw *draw, struct device *device, size_t at)
{
    static const uint32_t sizes[] = {700,   1500,  2048,  4096,  6144,  8192,
                                     11264, 16384, 24576, 32768, 49152, 81920};
    static const double speeds[] = {100, 224, 288, 346, 484, 672, 936, 1008, 1792, 3350};
    uint32_t mib = sizes[next(draw, sizeof sizes / sizeof *sizes)];
    bool rpc = one_in(draw, 8);
    mib -= next(draw, mib / 16 + 1);
    device->total = device->free = mib * MIB;
    device->bandwidth_gb_s = speeds[next(draw, sizeof speeds / sizeof *speeds)];
    device->has_kernels = one_in(draw, 2);
    device->margin = one_in(draw, 3) ? (int64_t)(next(draw, 2048) * MIB) : -1;
    device->context = one_in(draw, 3) ? next(draw, 600) * MIB : 0;
    if (rpc) {
        free(device->name);
        device->name = memory_format("RPC0[host%zu:50052]", at);
        device->backend = BACKEND_RPC;
        device->link_gb_s = one_in(draw, 2) ? 0.125 : 1.25;
        device->switch_us = 50 + next(draw, 400);
    }
}

static void draw_rig(struct draw *draw)
{
    uint32_t free_mib[MOST_CARDS] = {0};
    static const uint32_t hosts[] = {4, 8, 16, 32, 64, 128, 512};
    size_t n = one_in(draw, 3) ? 1 + next(draw, MOST_CARDS) : 1 + next(draw, 4);
    bool alike = one_in(draw, 4);
    stand_in_rig(free_mib, n, &draw->rig);
    for (size_t i = 0; i < n; i++) {
        uint32_t state = draw->state;
        draw_card(draw, &draw->rig.devices[i], i);
        draw->state = alike ? state : draw->state; /* the same card again */
    }
    draw->rig.host.total = draw->rig.host.free = hosts[next(draw, 7)] * 1024 * MIB;
    draw->rig.host.bandwidth_gb_s = 20 + next(draw, 400);
    draw->has_speeds = !one_in(draw, 8);
    if (!draw->has_speeds) {
        struct device *device = one_in(draw, 2) ? &draw->rig.host : draw->rig.devices;
        device->bandwidth_gb_s = 0;
    }
}

static void draw_settings(struct draw *draw)
{
    static const int64_t contexts[] = {512, 4096, 16384, 32768, 65536, 131072};
    static const uint32_t types[] = {GGML_F16, GGML_Q8_0, GGML_Q4_0};
    struct settings *settings = &draw->start.settings;
    settings->n_ctx = contexts[next(draw, 6)];
    settings->type_k = settings->type_v = types[next(draw, 3)];
    settings->n_ubatch = one_in(draw, 4) ? 2048 : 512;
    settings->load_mode = one_in(draw, 4) ? LOAD_NONE : LOAD_AUTO;
    settings->offload_kqv = !one_in(draw, 10);
    settings->op_offload = !one_in(draw, 10);
    settings->n_parallel = one_in(draw, 4) ? 1 : -1;
    settings->fit = false;
}

/* Some rows, or whole layers, here and there. */
static void draw_locks(struct draw *draw)
{
    draw->has_locks = one_in(draw, 3);
    for (uint32_t i = 0; draw->has_locks && i < 1 + draw->seed % 4; i++) {
        uint32_t row = next(draw, (uint32_t)draw->model->n_tensors);
        int device = (int)next(draw, (uint32_t)draw->rig.n_devices + 1) - 1;
        if (draw->model->tensors[row].role == ROLE_LAYER) {
            plan_move_rows(&draw->start, draw->model, &row, 1, device);
            draw->start.locked[row] = 1;
        }
    }
}

/* ---- what is made of it --------------------------------------------------------------------- */

struct made {
    struct plan plan;
    struct evaluation evaluation;
    struct speed speed;
};

static void made_find(struct draw *draw, struct made *made)
{
    plan_evaluate(draw->model, &draw->rig, &made->plan, NULL, &made->evaluation);
    speed_estimate(draw->model, &draw->rig, &made->evaluation, 0, &made->speed);
}

static void made_clear(struct made *made)
{
    speed_clear(&made->speed);
    evaluation_clear(&made->evaluation);
    plan_clear(&made->plan);
}

static bool make(struct draw *draw, enum strategy strategy, struct made *made)
{
    struct optimise_options options = {.strategy = strategy, .loss = 0.05};
    struct optimise_report report;
    struct error error = {.kind = ERROR_NONE};
    if (!plan_optimise(draw->model, &draw->rig, &draw->start, &options, &made->plan, &report,
                       &error)) {
        if (strategy != STRATEGY_CONTEXT || strstr(error.text, "not even") == NULL) {
            fault(draw, strategy_name(strategy), error.text);
        }
        return false;
    }
    made_find(draw, made);
    return true;
}

/* ---- what must hold ------------------------------------------------------------------------- */

static void check_locks(struct draw *draw, enum strategy strategy, const struct made *made)
{
    struct evaluation before;
    plan_evaluate(draw->model, &draw->rig, &draw->start, NULL, &before);
    for (size_t row = 0; row < draw->model->n_tensors; row++) {
        if (draw->start.locked[row] != 0 && before.device[row] != made->evaluation.device[row]) {
            fault(draw, strategy_name(strategy), draw->model->tensors[row].name);
        }
    }
    evaluation_clear(&before);
}

/* A plan without any thought; true where it fits. */
static bool simple(struct draw *draw, int kind, struct made *made)
{
    plan_copy(&made->plan, &draw->start);
    if (kind == 0) {
        made->plan.n_gpu_layers = 0;
    }
    for (uint32_t row = 0; kind == 1 && row < draw->model->n_tensors; row++) {
        if (tensor_group_is_expert(draw->model->tensors[row].group)) {
            plan_move_rows(&made->plan, draw->model, &row, 1, DEVICE_HOST);
        }
    }
    made_find(draw, made);
    return made->evaluation.all_fit;
}

enum { SIMPLE_PLANS = 3 }; /* all on the CPU; all on cards but the experts; all on cards */

static void check_against(struct draw *draw, const struct made *speed, const struct made *other,
                          const char *name)
{
    char text[160];
    if (!other->evaluation.all_fit ||
        other->evaluation.resolved.n_ctx != speed->evaluation.resolved.n_ctx ||
        (speed->evaluation.all_fit && speed->evaluation.host.headroom >= 0 &&
         other->evaluation.host.headroom < 0)) {
        return; /* not the same, or read from disk, which no speed here counts */
    }
    if (!speed->evaluation.all_fit) {
        snprintf(text, sizeof text, "over budget where %s fits", name);
        fault(draw, "speed", text);
    } else if (draw->has_speeds && other->speed.known &&
               speed->speed.tokens_per_second < other->speed.tokens_per_second * 0.9999) {
        snprintf(text, sizeof text, "%.4f t/s, %s %.4f", speed->speed.tokens_per_second, name,
                 other->speed.tokens_per_second);
        fault(draw, "speed", text);
    }
}

/* What moves together: gate and up of a layer; a shared expert whole. */
static bool same_unit(const struct model_tensor *a, const struct model_tensor *b)
{
    bool pair_a = a->group == GROUP_GATE_EXPS || a->group == GROUP_UP_EXPS;
    bool pair_b = b->group == GROUP_GATE_EXPS || b->group == GROUP_UP_EXPS;
    bool dense = a->group == GROUP_FFN && b->group == GROUP_FFN &&
                 (strstr(a->name, "down") == NULL) == (strstr(b->name, "down") == NULL);
    return a->role == ROLE_LAYER && b->role == ROLE_LAYER && a->layer == b->layer &&
           (a == b || (pair_a && pair_b) || dense ||
            (a->group == GROUP_SHEXP && b->group == GROUP_SHEXP));
}

static bool is_movable(const struct model_tensor *tensor)
{
    return tensor->role == ROLE_LAYER &&
           (tensor_group_is_expert(tensor->group) || tensor->group == GROUP_FFN ||
            tensor->group == GROUP_SHEXP);
}

/* `plan` with the unit of `row` on `card`; its bytes. */
static uint64_t move_unit(const struct draw *draw, struct plan *plan, uint32_t row, size_t card)
{
    const struct model_tensor *tensors = draw->model->tensors;
    uint64_t bytes = 0;
    for (uint32_t other = 0; other < draw->model->n_tensors; other++) {
        if (same_unit(&tensors[row], &tensors[other])) {
            bytes += tensors[other].bytes;
            plan_move_rows(plan, draw->model, &other, 1, (int)card);
        }
    }
    return bytes;
}

/* Takes `other`'s plan; is it what the optimiser should have found? */
static bool is_better(struct draw *draw, const struct made *made, struct made *other)
{
    made_find(draw, other);
    bool better = other->evaluation.all_fit &&
                  (other->evaluation.rules.n <= MOST_RULES || draw->has_locks) &&
                  other->speed.tokens_per_second > made->speed.tokens_per_second * 1.001;
    return better;
}

/* Is there something on the host that this card would take, to the good of the speed? */
static bool is_filled(struct draw *draw, const struct made *made, size_t card, char *text,
                      size_t size)
{
    uint64_t tried[64];
    size_t n_tried = 0;
    int64_t left = made->evaluation.devices[card].headroom;
    bool filled = true;
    for (uint32_t row = 0; row < draw->model->n_tensors && n_tried < 64 && filled; row++) {
        const struct model_tensor *tensor = &draw->model->tensors[row];
        bool seen = !is_movable(tensor) || made->plan.locked[row] != 0 ||
                    made->evaluation.device[row] != DEVICE_HOST || (int64_t)tensor->bytes > left;
        struct made other;
        for (size_t i = 0; i < n_tried; i++) {
            seen = seen || tried[i] == tensor->bytes;
        }
        if (seen) {
            continue;
        }
        tried[n_tried++] = tensor->bytes;
        plan_copy(&other.plan, &made->plan);
        if ((int64_t)move_unit(draw, &other.plan, row, card) > left) {
            plan_clear(&other.plan);
            continue;
        }
        filled = !is_better(draw, made, &other);
        if (!filled) {
            snprintf(text, size, "%s would go to %s (%lld MiB left): %.4f t/s for %.4f",
                     tensor->name, draw->rig.devices[card].name, (long long)(left / (int64_t)MIB),
                     other.speed.tokens_per_second, made->speed.tokens_per_second);
        }
        made_clear(&other);
    }
    return filled;
}

/* Would another layer of the host be faster at home there? */
static bool has_its_layers(struct draw *draw, const struct made *made, size_t place, char *text,
                           size_t size)
{
    uint32_t runs[MOST_CARDS + 1];
    struct made other;
    memcpy(runs, made->evaluation.runs, (made->evaluation.n_in_use + 1) * sizeof *runs);
    if (runs[0] == 0) {
        return true;
    }
    runs[0]--;
    runs[1 + place]++;
    plan_copy(&other.plan, &made->plan);
    plan_set_runs(&other.plan, draw->model, runs, made->evaluation.n_in_use);
    bool better = is_better(draw, made, &other);
    if (better) {
        snprintf(text, size, "a layer more at home on %s: %.4f t/s for %.4f",
                 draw->rig.devices[made->evaluation.in_use[place]].name,
                 other.speed.tokens_per_second, made->speed.tokens_per_second);
    }
    made_clear(&other);
    return !better;
}

static void check_filled(struct draw *draw, const struct made *made)
{
    char text[200];
    size_t n = made->speed.known && made->evaluation.all_fit ? made->evaluation.n_in_use : 0;
    for (size_t place = 0; place < n; place++) {
        size_t card = (size_t)made->evaluation.in_use[place];
        if (!is_filled(draw, made, card, text, sizeof text) ||
            (!draw->has_locks && !has_its_layers(draw, made, place, text, sizeof text))) {
            fault(draw, "speed", text);
        }
    }
}

static bool same_plan(const struct made *a, const struct made *b)
{
    return a->plan.n_gpu_layers == b->plan.n_gpu_layers &&
           a->plan.n_tensor_split == b->plan.n_tensor_split &&
           memcmp(a->plan.tensor_split, b->plan.tensor_split,
                  a->plan.n_tensor_split * sizeof(float)) == 0 &&
           memcmp(a->plan.moved, b->plan.moved, a->plan.n_rows * sizeof *a->plan.moved) == 0;
}

static void check_speed(struct draw *draw, struct made *speed)
{
    static const char *const names[SIMPLE_PLANS] = {"the CPU alone", "experts on the CPU",
                                                    "all on the cards"};
    struct made other;
    for (int kind = 0; kind < SIMPLE_PLANS; kind++) {
        simple(draw, kind, &other);
        check_against(draw, speed, &other, names[kind]);
        made_clear(&other);
    }
    if (make(draw, STRATEGY_FIT, &other)) {
        check_against(draw, speed, &other, "fit");
        made_clear(&other);
    }
    if (speed->evaluation.rules.n > MOST_RULES && !draw->has_locks) {
        char text[40];
        snprintf(text, sizeof text, "%zu rules", speed->evaluation.rules.n);
        fault(draw, "speed", text);
    }
    check_filled(draw, speed);
    if (make(draw, STRATEGY_SPEED, &other)) {
        if (!same_plan(speed, &other)) {
            fault(draw, "speed", "another plan the second time");
        }
        made_clear(&other);
    }
}

static void check_all(struct draw *draw)
{
    static const enum strategy others[] = {STRATEGY_BALANCE, STRATEGY_EXPERTS_CPU,
                                           STRATEGY_AGGRESSIVE, STRATEGY_CONTEXT, STRATEGY_FIT};
    struct made speed;
    struct made other;
    if (!make(draw, STRATEGY_SPEED, &speed)) {
        return;
    }
    check_locks(draw, STRATEGY_SPEED, &speed);
    check_speed(draw, &speed);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (!make(draw, others[i], &other)) {
            continue;
        }
        check_locks(draw, others[i], &other);
        bool may_not_fit = others[i] == STRATEGY_FIT || others[i] == STRATEGY_EXPERTS_CPU;
        if (!other.evaluation.all_fit && speed.evaluation.all_fit && !may_not_fit) {
            fault(draw, strategy_name(others[i]), "over budget where speed fits");
        }
        made_clear(&other);
    }
    made_clear(&speed);
}

size_t random_rigs(uint32_t seed, size_t n)
{
    char **paths = oracle_models("models");
    size_t n_paths = 0;
    size_t n_wrong = 0;
    while (paths[n_paths] != NULL) {
        n_paths++;
    }
    for (size_t i = 0; i < n && n_paths > 0; i++) {
        struct draw draw = {.seed = seed + (uint32_t)i};
        struct open_model open;
        draw.state = draw.seed * 2654435761U;
        draw.path = paths[next(&draw, (uint32_t)n_paths)];
        open_model(draw.path, &open);
        draw.model = open.model;
        draw_rig(&draw);
        plan_init(&draw.start, open.model);
        draw_settings(&draw);
        draw_locks(&draw);
        check_all(&draw);
        n_wrong += draw.n_faults > 0 ? 1 : 0;
        plan_clear(&draw.start);
        rig_clear(&draw.rig);
        close_model(&open);
    }
    oracle_models_free(&paths);
    return n_wrong;
}
