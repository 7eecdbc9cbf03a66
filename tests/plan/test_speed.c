/* The speed model by hand-made numbers, and its bound against trying everything. */
#include "model/plan/speed.h"

#include "model/gguf/ggml_types.h"
#include "model/net/row_facts.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

/* ---- the bound ---- */

enum { MAX_ITEMS = 4, MAX_PLACES = 3 };

struct puzzle {
    struct speed_item items[MAX_ITEMS];
    struct speed_place places[MAX_PLACES];
    size_t n_items, n_places;
};

/* Whole bytes suffice: with whole supplies and rooms, a transport problem has a whole optimum. */
static double best_by_trying(const struct puzzle *puzzle, size_t item, double left, size_t place,
                             double *room)
{
    if (item == puzzle->n_items)
        return 0;
    if (left == 0)
        return best_by_trying(puzzle, item + 1,
                              item + 1 < puzzle->n_items ? puzzle->items[item + 1].bytes : 0, 0,
                              room);
    if (place == puzzle->n_places)
        return INFINITY;
    double best = INFINITY;
    for (double part = 0; part <= fmin(left, room[place]); part++) {
        room[place] -= part;
        double rest = best_by_trying(puzzle, item, left - part, place + 1, room);
        room[place] += part;
        best = fmin(best, rest + part * puzzle->items[item].active / puzzle->places[place].rate);
    }
    return best;
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 16;
}

static void puzzle_make(struct puzzle *puzzle, uint32_t *random)
{
    static const double active[] = {0, 0.0625, 0.25, 1};

    puzzle->n_items = 1 + next_random(random) % MAX_ITEMS;
    puzzle->n_places = 1 + next_random(random) % MAX_PLACES;
    for (size_t i = 0; i < puzzle->n_items; i++)
        puzzle->items[i] =
            (struct speed_item){next_random(random) % 5, active[next_random(random) % 4]};
    for (size_t i = 0; i < puzzle->n_places; i++)
        puzzle->places[i] =
            (struct speed_place){next_random(random) % 7, 1 + next_random(random) % 9};
}

Test(speed, the_bound_is_the_best_of_all_divisions)
{
    uint32_t random = 7;

    for (size_t round = 0; round < 3000; round++) {
        struct puzzle puzzle;
        double room[MAX_PLACES], seconds;
        puzzle_make(&puzzle, &random);
        for (size_t i = 0; i < puzzle.n_places; i++)
            room[i] = puzzle.places[i].bytes;
        double best = best_by_trying(&puzzle, 0, puzzle.items[0].bytes, 0, room);
        bool fits =
            speed_bound(puzzle.items, puzzle.n_items, puzzle.places, puzzle.n_places, &seconds);
        cr_assert_eq(fits, isfinite(best), "round %zu", round);
        if (fits)
            cr_assert_float_eq(seconds, best, 1e-9, "round %zu: %f, best %f", round, seconds, best);
    }
}

Test(speed, a_host_that_reads_from_disk_takes_what_is_left)
{
    struct speed_item items[] = {{100, 0.5}, {50, 1}};
    struct speed_place places[] = {{INFINITY, 1}, {60, 10}};
    double seconds;

    cr_assert(speed_bound(items, 2, places, 2, &seconds));
    cr_expect_float_eq(seconds, 50 / 10.0 + 10 * 0.5 / 10 + 90 * 0.5 / 1, 1e-9);
}

/* ---- a plan ---- */

/* Two layers, the second one's experts on the CPU; a tied embedding. */
struct small {
    struct model model;
    struct model_tensor tensors[7];
    struct rig rig;
    struct device devices[1];
    struct evaluation evaluation;
    struct layer_place layers[3];
    int16_t device[7], in_use[1];
    struct device_use use[1];
};

static struct model_tensor tensor(const char *name, uint64_t bytes, int32_t layer,
                                  enum tensor_group group, enum tensor_role role)
{
    return (struct model_tensor){.type = ggml_type_by_name("f32"),
                                 .name = name,
                                 .bytes = bytes,
                                 .layer = layer,
                                 .group = group,
                                 .role = role,
                                 .tied_to = -1};
}

static void small_make(struct small *it)
{
    static const int16_t device[] = {DEVICE_HOST, 0, 0, 0, 0, DEVICE_HOST, 0};

    memset(it, 0, sizeof *it);
    it->tensors[0] = tensor("token_embd.weight", 1000, -1, GROUP_EMBD, ROLE_INPUT);
    it->tensors[0].lookup = true;
    it->tensors[1] = tensor("token_embd.weight", 1000, -1, GROUP_OUTPUT, ROLE_OUTPUT);
    it->tensors[1].tied_to = 0;
    it->tensors[2] = tensor("blk.0.attn_q.weight", 200, 0, GROUP_ATTN, ROLE_LAYER);
    it->tensors[3] = tensor("blk.0.ffn_up_exps.weight", 800, 0, GROUP_UP_EXPS, ROLE_LAYER);
    it->tensors[4] = tensor("blk.1.attn_q.weight", 200, 1, GROUP_ATTN, ROLE_LAYER);
    it->tensors[5] = tensor("blk.1.ffn_up_exps.weight", 800, 1, GROUP_UP_EXPS, ROLE_LAYER);
    it->tensors[6] = tensor("rope_freqs.weight", 8, -1, GROUP_OTHER, ROLE_PER_BUFFER);
    memcpy(it->device, device, sizeof device);
    it->model.tensors = it->tensors;
    it->model.n_tensors = 7;
    it->model.hparams.n_layer = 2;
    it->model.hparams.n_expert = 8;
    it->model.hparams.n_expert_used = 2;
    it->devices[0] = (struct device){.name = "CUDA0", .bandwidth_gb_s = 4e-6}; /* 4000 B/s */
    it->rig.devices = it->devices;
    it->rig.n_devices = 1;
    it->rig.host = (struct device){.name = "CPU", .bandwidth_gb_s = 1e-6, .efficiency = 0.5};
    it->use[0].budget = 2300;
    it->evaluation.devices = it->use;
    it->evaluation.host.budget = 100000;
    it->evaluation.device = it->device;
    it->evaluation.layers = it->layers;
    for (size_t i = 0; i < 3; i++)
        it->layers[i].cache = DEVICE_NONE;
    it->evaluation.in_use = it->in_use;
    it->evaluation.n_in_use = 1;
    it->evaluation.resolved.load_mode = LOAD_MMAP;
}

static void estimate(struct small *it, struct speed *speed)
{
    it->model.facts = row_facts_new(&it->model);
    speed_estimate(&it->model, &it->rig, &it->evaluation, 0, speed);
    row_facts_free(&it->model.facts);
}

Test(speed, experts_count_by_how_many_are_used_and_tables_not_at_all)
{
    struct small it;
    struct speed speed;

    small_make(&it);
    estimate(&it, &speed);
    cr_assert(speed.known);
    cr_expect_float_eq(speed.devices[0].bytes_read, 1000 + 200 + 800 * 0.25 + 200 + 8, 1e-9);
    cr_expect_float_eq(speed.devices[0].seconds, 1608 / 3000.0, 1e-9);
    cr_expect_float_eq(speed.host.bytes_read, 800 * 0.25, 1e-9);
    cr_expect_float_eq(speed.host.seconds, 200 / 500.0, 1e-9);
    cr_expect_float_eq(speed.tokens_per_second, 1 / (1608 / 3000.0 + 0.4), 1e-9);
    speed_clear(&speed);
}

Test(speed, every_layer_has_its_share_and_the_output_is_the_last)
{
    struct small it;
    struct speed speed;

    small_make(&it);
    estimate(&it, &speed);
    cr_expect_float_eq(speed.layers[0].bytes_read, 200 + 800 * 0.25, 1e-9);
    cr_expect_float_eq(speed.layers[0].seconds, 400 / 3000.0, 1e-9);
    cr_expect_float_eq(speed.layers[1].bytes_read, 200 + 800 * 0.25, 1e-9);
    cr_expect_float_eq(speed.layers[1].seconds, 200 / 3000.0 + 200 / 500.0, 1e-9);
    cr_expect_float_eq(speed.layers[2].bytes_read, 1000 + 8, 1e-9);
    cr_expect_float_eq(speed.layers[0].seconds + speed.layers[1].seconds + speed.layers[2].seconds,
                       speed.seconds, 1e-12);
    speed_clear(&speed);
}

Test(speed, switches_are_counted_in_the_order_of_the_work)
{
    struct small it;
    struct speed speed;

    small_make(&it);
    it.devices[0].switch_us = 100;
    it.rig.host.switch_us = 1000;
    estimate(&it, &speed);
    cr_expect_eq(speed.switches,
                 3); /* to the card, to the CPU for the experts, back for the output */
    cr_expect_float_eq(speed.switch_seconds, 1200e-6, 1e-12);
    speed_clear(&speed);
}

Test(speed, a_switch_to_or_from_an_rpc_host_takes_the_hidden_state_over_the_network)
{
    struct small it;
    struct speed speed;

    small_make(&it);
    it.model.hparams.n_embd = 1500; /* 6000 bytes: 0.1 s at 60 kB/s, three times */
    it.devices[0].backend = BACKEND_RPC;
    it.devices[0].link_gb_s = 8e-5;
    it.devices[0].switch_us = 100;
    estimate(&it, &speed);
    cr_expect_eq(speed.switches, 3);
    cr_expect_float_eq(speed.switch_seconds, 3 * 0.1 + 2 * 100e-6, 1e-9);
    speed_clear(&speed);

    it.devices[0].backend = BACKEND_CUDA; /* a card's link is not counted */
    estimate(&it, &speed);
    cr_expect_float_eq(speed.switch_seconds, 2 * 100e-6, 1e-9);
    speed_clear(&speed);
}

Test(speed, no_plan_is_faster_than_the_bound_and_the_best_one_reaches_it)
{
    struct small it;
    struct speed speed;

    small_make(&it);
    estimate(&it, &speed);
    cr_assert(speed.bound_known);
    /* 1408 dense bytes and 892 of the experts on the card, the rest of the experts on the CPU */
    cr_expect_float_eq(1 / speed.bound_tokens_per_second,
                       (1408 + 892 * 0.25) / 3000 + (1600 - 892) * 0.25 / 500, 1e-9);
    cr_expect_leq(speed.tokens_per_second, speed.bound_tokens_per_second);
    speed_clear(&speed);

    it.use[0].budget = 100000;
    it.device[5] = 0;
    estimate(&it, &speed);
    cr_expect_float_eq(speed.tokens_per_second, speed.bound_tokens_per_second, 1e-9);
    speed_clear(&speed);
}

Test(speed, without_a_bandwidth_nothing_is_said)
{
    struct small it;
    struct speed speed;

    small_make(&it);
    it.rig.host.bandwidth_gb_s = 0;
    estimate(&it, &speed);
    cr_expect_not(speed.known);
    cr_expect_not(speed.bound_known);
    cr_expect_float_eq(speed.tokens_per_second, 0, 1e-12);
    speed_clear(&speed);
}
