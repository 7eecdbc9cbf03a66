/* The optimiser on models so small that every placement can be tried, and what it must never do. */
#include "model/base/memory.h"
#include "model/gguf/gguf_write.h"
#include "model/plan/advice.h"
#include "model/plan/optimise.h"
#include "model/plan/optimise_fit.h"
#include "model/plan/setting_list.h"
#include "model/plan/speed.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* ---- a mixture of experts of two layers, and two unlike cards ------------------------------- */

enum { LAYERS = 2, EXPERTS = 16, WIDE = 512 };

static const uint64_t MIB = 1U << 20;

struct stand {
    struct strbuf head;
    struct gguf *gguf;
    struct model *model;
    struct rig rig;
    struct plan start;
};

static void add_tensor(struct gguf_writer *writer, int layer, const char *name, uint32_t type,
                       uint64_t a, uint64_t b, uint64_t c)
{
    const uint64_t ne[] = {a, b, c};
    char *full = layer < 0 ? memory_text(name) : memory_format("blk.%d.%s", layer, name);
    gguf_write_tensor(writer, full, type, ne, c > 0 ? 3 : b > 0 ? 2 : 1);
    free(full);
}

static void add_layer(struct gguf_writer *writer, int il)
{
    add_tensor(writer, il, "attn_norm.weight", GGML_F32, WIDE, 0, 0);
    add_tensor(writer, il, "attn_q.weight", GGML_F16, WIDE, WIDE, 0);
    add_tensor(writer, il, "attn_k.weight", GGML_F16, WIDE, WIDE / 2, 0);
    add_tensor(writer, il, "attn_v.weight", GGML_F16, WIDE, WIDE / 2, 0);
    add_tensor(writer, il, "attn_output.weight", GGML_F16, WIDE, WIDE, 0);
    add_tensor(writer, il, "ffn_norm.weight", GGML_F32, WIDE, 0, 0);
    add_tensor(writer, il, "ffn_gate_inp.weight", GGML_F32, WIDE, EXPERTS, 0);
    add_tensor(writer, il, "ffn_gate_exps.weight", GGML_F16, WIDE, WIDE, EXPERTS);
    add_tensor(writer, il, "ffn_up_exps.weight", GGML_F16, WIDE, WIDE, EXPERTS);
    add_tensor(writer, il, "ffn_down_exps.weight", GGML_F16, WIDE, WIDE, EXPERTS);
}

static void write_head(struct strbuf *out)
{
    static const struct {
        const char *key;
        uint32_t value;
    } keys[] = {
        {"block_count", LAYERS},     {"context_length", 8192},       {"embedding_length", WIDE},
        {"attention.head_count", 8}, {"attention.head_count_kv", 4}, {"feed_forward_length", WIDE},
        {"expert_count", EXPERTS},   {"expert_used_count", 2},       {"vocab_size", 1024}};
    struct gguf_writer writer = {0};
    gguf_write_string(&writer, "general.architecture", "qwen3moe");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char *key = memory_format("qwen3moe.%s", keys[i].key);
        gguf_write_u32(&writer, key, keys[i].value);
        free(key);
    }
    gguf_write_f32(&writer, "qwen3moe.attention.layer_norm_rms_epsilon", 1e-6F);
    add_tensor(&writer, -1, "token_embd.weight", GGML_F16, WIDE, 1024, 0);
    add_tensor(&writer, -1, "output_norm.weight", GGML_F32, WIDE, 0, 0);
    add_tensor(&writer, -1, "output.weight", GGML_F16, WIDE, 1024, 0);
    for (int il = 0; il < LAYERS; il++) {
        add_layer(&writer, il);
    }
    gguf_write_finish(&writer, out);
}

static struct device card(const char *name, uint64_t mib, double bandwidth)
{
    return (struct device){.name = memory_text(name),
                           .device_name = memory_text(name),
                           .description = memory_text(""),
                           .backend = BACKEND_CUDA,
                           .total = mib * MIB,
                           .free = mib * MIB,
                           .margin = 0,
                           .bandwidth_gb_s = bandwidth,
                           .numa_node = -1};
}

static struct stand *stand_make(uint64_t first_mib, uint64_t second_mib)
{
    struct stand *stand = memory_new(sizeof *stand);
    struct error error = {.kind = ERROR_NONE};
    write_head(&stand->head);
    struct gguf_part part = {.path = "small.gguf",
                             .bytes = (const uint8_t *)stand->head.text,
                             .available = stand->head.length,
                             .file_bytes = stand->head.length};
    cr_assert(gguf_parse(&part, 1, &stand->gguf, &error), "%s", error.text);
    cr_assert(model_describe(stand->gguf, "small.gguf", false, &stand->model, &error), "%s",
              error.text);
    stand->rig = (struct rig){.devices = memory_array(2, sizeof(struct device)), .n_devices = 2};
    stand->rig.devices[0] = card("CUDA0", first_mib, 900);
    stand->rig.devices[1] = card("CUDA1", second_mib, 400);
    rig_init_host(&stand->rig.host, 4096 * MIB, 4096 * MIB);
    stand->rig.host.bandwidth_gb_s = 50;
    plan_init(&stand->start, stand->model);
    stand->start.settings.n_ctx = 1024;
    stand->start.settings.fit = false;
    return stand;
}

static void stand_free(struct stand *stand)
{
    plan_clear(&stand->start);
    rig_clear(&stand->rig);
    model_free(&stand->model);
    gguf_free(&stand->gguf);
    strbuf_clear(&stand->head);
    free(stand);
}

/* Tokens per second; 0 where it does not fit. */
static double speed_of(const struct stand *stand, const struct plan *plan)
{
    struct evaluation evaluation;
    struct speed speed;
    plan_evaluate(stand->model, &stand->rig, plan, NULL, &evaluation);
    speed_estimate(stand->model, &stand->rig, &evaluation, 0, &speed);
    double tokens = evaluation.all_fit ? speed.tokens_per_second : 0;
    speed_clear(&speed);
    evaluation_clear(&evaluation);
    return tokens;
}

static double optimised(const struct stand *stand, const char *strategy, struct plan *plan)
{
    struct optimise_options options = {.utilisation = 0.9};
    struct optimise_report report;
    struct error error = {.kind = ERROR_NONE};
    cr_assert(strategy_read(strategy, &options));
    cr_assert(
        plan_optimise(stand->model, &stand->rig, &stand->start, &options, plan, &report, &error),
        "%s", error.text);
    return speed_of(stand, plan);
}

static uint32_t row_of(const struct stand *stand, const char *name)
{
    int64_t row = model_find_tensor(stand->model, name);
    cr_assert(row >= 0, "%s", name);
    return (uint32_t)row;
}

static int device_of(const struct stand *stand, const struct plan *plan, const char *name)
{
    struct evaluation evaluation;
    plan_evaluate(stand->model, &stand->rig, plan, NULL, &evaluation);
    int device = evaluation.device[row_of(stand, name)];
    evaluation_clear(&evaluation);
    return device;
}

/* ---- every placement there is ------------------------------------------------------------------ */

static void send(const struct stand *stand, struct plan *plan, int layer, const char *const *names,
                 int device)
{
    for (; *names != NULL; names++) {
        char *name = memory_format("blk.%d.%s.weight", layer, *names);
        uint32_t row = row_of(stand, name);
        plan_move_rows(plan, stand->model, &row, 1, device);
        free(name);
    }
}

/* Two units a layer, each on the CPU or one of the cards; `code` counts through all of it. */
static double try_one(const struct stand *stand, const uint32_t *runs, unsigned code)
{
    static const char *const pair[] = {"ffn_gate_exps", "ffn_up_exps", NULL};
    static const char *const down[] = {"ffn_down_exps", NULL};
    struct plan plan;
    plan_copy(&plan, &stand->start);
    plan_set_runs(&plan, stand->model, runs, 2);
    for (int il = 0; il < LAYERS; il++) {
        send(stand, &plan, il, pair, (int)(code % 3) - 1);
        code /= 3;
        send(stand, &plan, il, down, (int)(code % 3) - 1);
        code /= 3;
    }
    double tokens = speed_of(stand, &plan);
    plan_clear(&plan);
    return tokens;
}

static double best_of_all(const struct stand *stand)
{
    double best = 0;
    for (uint32_t on_cpu = 0; on_cpu <= LAYERS + 1; on_cpu++) {
        for (uint32_t first = 0; on_cpu + first <= LAYERS + 1; first++) {
            const uint32_t runs[] = {on_cpu, first, LAYERS + 1 - on_cpu - first};
            for (unsigned code = 0; code < 81; code++) { /* three places for four units */
                double tokens = try_one(stand, runs, code);
                best = tokens > best ? tokens : best;
            }
        }
    }
    return best;
}

Test(optimise, finds_the_best_of_all_placements)
{
    static const uint64_t sizes[][2] = {{36, 24}, {44, 30}, {30, 40}, {60, 20}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct stand *stand = stand_make(sizes[i][0], sizes[i][1]);
        struct plan plan;
        double found = optimised(stand, "speed", &plan);
        double best = best_of_all(stand);
        cr_expect(best > 0 && found >= best * 0.995, "cards of %llu and %llu MiB: %f, best %f",
                  (unsigned long long)sizes[i][0], (unsigned long long)sizes[i][1], found, best);
        plan_clear(&plan);
        stand_free(stand);
    }
}

/* The second card behind a network: at 20 us a switch it is worth using, at 2 ms it is not. */
Test(optimise, finds_the_best_of_all_placements_with_an_rpc_host)
{
    static const double microseconds[] = {20, 2000};
    for (size_t i = 0; i < sizeof microseconds / sizeof *microseconds; i++) {
        struct stand *stand = stand_make(36, 60);
        struct plan plan;
        stand->rig.devices[1].backend = BACKEND_RPC;
        stand->rig.devices[1].switch_us = microseconds[i];
        stand->rig.devices[1].link_gb_s = 0.125;
        double found = optimised(stand, "speed", &plan);
        double best = best_of_all(stand);
        cr_expect(best > 0 && found >= best * 0.995, "%g us: %f, best %f", microseconds[i], found,
                  best);
        plan_clear(&plan);
        stand_free(stand);
    }
}

static const char *const strategies[] = {"speed",      "balance", "experts-cpu",
                                         "aggressive", "context", "fit"};
enum { N_STRATEGIES = sizeof strategies / sizeof *strategies };

/* ---- what it must never do --------------------------------------------------------------------- */

Test(optimise, fits_with_every_strategy_and_keeps_gate_and_up_together)
{
    struct stand *stand = stand_make(60, 40);
    for (size_t i = 0; i + 1 < N_STRATEGIES; i++) { /* not what --fit does */
        struct plan plan;
        cr_expect(optimised(stand, strategies[i], &plan) > 0, "%s is over budget", strategies[i]);
        for (int il = 0; il < LAYERS; il++) {
            char *gate = memory_format("blk.%d.ffn_gate_exps.weight", il);
            char *up = memory_format("blk.%d.ffn_up_exps.weight", il);
            cr_expect_eq(device_of(stand, &plan, gate), device_of(stand, &plan, up), "%s",
                         strategies[i]);
            free(gate);
            free(up);
        }
        plan_clear(&plan);
    }
    stand_free(stand);
}

Test(optimise, is_never_slower_than_fit)
{
    for (uint64_t mib = 20; mib <= 140; mib += 15) {
        struct stand *stand = stand_make(mib, mib / 2);
        struct error error = {.kind = ERROR_NONE};
        struct plan plan;
        struct plan fit;
        double found = optimised(stand, "speed", &plan);
        if (plan_fit(stand->model, &stand->rig, &stand->start, &fit, &error)) {
            fit.settings.n_ctx = stand->start.settings.n_ctx;
            cr_expect(found >= speed_of(stand, &fit) * 0.9999, "%llu MiB: %f, fit %f",
                      (unsigned long long)mib, found, speed_of(stand, &fit));
            plan_clear(&fit);
        }
        plan_clear(&plan);
        stand_free(stand);
    }
}

Test(optimise, leaves_what_is_locked_and_places_the_rest_around_it)
{
    struct stand *stand = stand_make(200, 200); /* all of it would fit */
    struct plan plan;
    uint32_t kept = row_of(stand, "blk.1.ffn_down_exps.weight");
    plan_move_rows(&stand->start, stand->model, &kept, 1, DEVICE_HOST);
    stand->start.locked[kept] = 1;
    cr_expect(optimised(stand, "speed", &plan) > 0);
    cr_expect_eq(device_of(stand, &plan, "blk.1.ffn_down_exps.weight"), DEVICE_HOST);
    cr_expect_neq(device_of(stand, &plan, "blk.0.ffn_down_exps.weight"), DEVICE_HOST);
    cr_expect(plan.locked[kept] == 1, "it is locked afterwards too");
    plan_clear(&plan);
    stand_free(stand);
}

Test(optimise, finds_the_same_from_wherever_it_starts)
{
    static const uint32_t runs[] = {1, 2, 0};
    struct stand *stand = stand_make(44, 30);
    struct plan from_home;
    struct plan from_elsewhere;
    uint32_t row = row_of(stand, "blk.0.ffn_up_exps.weight");
    optimised(stand, "speed", &from_home);
    plan_set_runs(&stand->start, stand->model, runs, 2);
    plan_move_rows(&stand->start, stand->model, &row, 1, DEVICE_HOST);
    optimised(stand, "speed", &from_elsewhere);
    for (row = 0; row < stand->model->n_tensors; row++) {
        const char *name = stand->model->tensors[row].name;
        cr_expect_eq(device_of(stand, &from_home, name), device_of(stand, &from_elsewhere, name),
                     "%s", name);
    }
    plan_clear(&from_home);
    plan_clear(&from_elsewhere);
    stand_free(stand);
}

Test(optimise, keeps_the_settings)
{
    struct stand *stand = stand_make(60, 40);
    struct plan plan;
    stand->start.settings.type_k = GGML_Q8_0;
    stand->start.settings.n_ctx = 2048;
    optimised(stand, "speed", &plan);
    cr_expect_eq(plan.settings.type_k, GGML_Q8_0);
    cr_expect_eq(plan.settings.n_ctx, 2048);
    plan_clear(&plan);
    stand_free(stand);
}

/* The lock of a whole layer holds its cache as well, which no rule could: it lives where the home is. */
Test(optimise, keeps_the_home_of_a_layer_that_is_locked_whole)
{
    static const uint32_t runs[] = {0, 2, 1}; /* both layers on the first card, the slow one here */
    struct stand *stand = stand_make(200, 200);
    stand->rig.devices[0].bandwidth_gb_s = 100;
    plan_set_runs(&stand->start, stand->model, runs, 2);
    for (size_t row = 0; row < stand->model->n_tensors; row++) {
        stand->start.locked[row] = stand->model->tensors[row].layer == 1;
    }
    for (size_t i = 0; i + 1 < N_STRATEGIES; i++) { /* --fit knows no homes that are kept */
        struct plan plan;
        struct evaluation evaluation;
        optimised(stand, strategies[i], &plan);
        plan_evaluate(stand->model, &stand->rig, &plan, NULL, &evaluation);
        cr_expect_eq(evaluation.layers[1].cache, 0, "%s", strategies[i]);
        cr_expect_eq(device_of(stand, &plan, "blk.1.attn_q.weight"), 0, "%s", strategies[i]);
        evaluation_clear(&evaluation);
        plan_clear(&plan);
    }
    stand_free(stand);
}

Test(optimise, leaves_locked_weights_with_every_strategy)
{
    struct stand *stand = stand_make(60, 40);
    uint32_t kept = row_of(stand, "blk.0.ffn_up_exps.weight");
    plan_move_rows(&stand->start, stand->model, &kept, 1, 1);
    stand->start.locked[kept] = 1;
    for (size_t i = 0; i < N_STRATEGIES; i++) {
        struct plan plan;
        cr_expect(optimised(stand, strategies[i], &plan) > 0, "%s is over budget", strategies[i]);
        cr_expect_eq(device_of(stand, &plan, "blk.0.ffn_up_exps.weight"), 1, "%s", strategies[i]);
        plan_clear(&plan);
    }
    stand_free(stand);
}

Test(optimise, leaves_locked_settings)
{
    struct stand *stand = stand_make(60, 40);
    struct plan plan;
    struct error error = {.kind = ERROR_NONE};
    const struct setting *context = setting_find("ctx");
    setting_lock(context, &stand->start, true);
    for (size_t i = 0; i < N_STRATEGIES; i++) {
        optimised(stand, strategies[i], &plan);
        cr_expect_eq(plan.settings.n_ctx, 1024, "%s", strategies[i]);
        cr_expect(setting_is_locked(context, &plan), "%s", strategies[i]);
        plan_clear(&plan);
    }
    cr_expect_not(setting_set(context, &stand->start, "2048", &error));
    cr_expect(strstr(error.text, "locked") != NULL, "%s", error.text);
    setting_lock(context, &stand->start, false);
    cr_expect(setting_set(context, &stand->start, "2048", &error));
    stand_free(stand);
}

/* A larger context takes memory from the experts: no more of it than the loss that is allowed. */
Test(optimise, finds_a_context_within_the_loss)
{
    struct stand *stand = stand_make(60, 40);
    struct plan plain;
    struct plan none;
    struct plan some;
    double before = optimised(stand, "speed", &plain);
    double still = optimised(stand, "context:0%", &none);
    double slower = optimised(stand, "context:30", &some);
    cr_expect(still >= before * 0.9999, "%f, %f", still, before);
    cr_expect(slower >= before * 0.7, "%f, %f", slower, before);
    cr_expect(some.settings.n_ctx >= none.settings.n_ctx && none.settings.n_ctx >= 1024,
              "%lld %lld", (long long)none.settings.n_ctx, (long long)some.settings.n_ctx);
    cr_expect(some.settings.n_ctx <= 8192, "no more than the model was trained for");
    plan_clear(&plain);
    plan_clear(&none);
    plan_clear(&some);
    stand_free(stand);
}

Test(optimise, refuses_strategies_that_are_none)
{
    struct optimise_options options = {0};
    cr_expect(strategy_read("context", &options) && options.loss > 0.04 && options.loss < 0.06);
    cr_expect(strategy_read("context:12.5%", &options) && options.loss > 0.12);
    cr_expect(!strategy_read("context:", &options));
    cr_expect(!strategy_read("context:100%", &options));
    cr_expect(!strategy_read("context:-1", &options));
    cr_expect(!strategy_read("speed:5%", &options));
    cr_expect(!strategy_read("", &options));
    cr_expect(!strategy_read("fit:5%", &options));
    cr_expect(!strategy_read("aggressive:0", &options));
    cr_expect(!strategy_read("aggressive:120%", &options));
    cr_expect(strategy_read("aggressive:90%", &options) && options.utilisation > 0.89 &&
              options.utilisation < 0.91);
}

/* ---- what limits it ---------------------------------------------------------------------------- */

/* Room that is not used has a reason. */
Test(advice, says_why_a_card_is_left_empty)
{
    struct stand *stand = stand_make(200, 60);
    struct plan plan;
    struct evaluation evaluation;
    struct advice advice;
    struct strbuf text = {0};
    stand->rig.devices[0].bandwidth_gb_s = 40; /* the host has 50 */
    stand->rig.devices[1].backend = BACKEND_RPC;
    stand->rig.devices[1].switch_us = 1e6;
    optimised(stand, "speed", &plan);
    plan_evaluate(stand->model, &stand->rig, &plan, NULL, &evaluation);
    advice_limits(stand->model, &stand->rig, &plan, &evaluation, &advice);
    cr_expect_eq(advice.cards[0].reason, LIMIT_SLOWER);
    cr_expect_eq(advice.cards[1].reason, LIMIT_NETWORK);
    advice_limit_text(stand->model, &stand->rig, &advice, 0, &text);
    cr_expect(strstr(strbuf_text(&text), "slower than the CPU") != NULL, "%s", strbuf_text(&text));
    strbuf_clear(&text);
    advice_clear(&advice);
    evaluation_clear(&evaluation);
    plan_clear(&plan);
    stand_free(stand);
}

Test(advice, names_what_did_not_fit_and_what_would_help)
{
    struct stand *stand = stand_make(36, 24);
    struct optimise_options options = {.strategy = STRATEGY_SPEED};
    struct plan plan;
    struct advice advice;
    struct strbuf text = {0};
    optimised(stand, "speed", &plan);
    advice_make(stand->model, &stand->rig, &stand->start, &options, &plan, &advice);
    for (size_t i = 0; i < 2; i++) {
        cr_expect(advice.cards[i].left < advice.cards[i].smallest_bytes,
                  "card %zu has room for what is on the host", i);
        cr_expect(advice.cards[i].with_gib > advice.now, "all of it fits with a GiB more");
    }
    cr_expect_eq(advice.limiting, 0, "the faster card gains more");
    advice_limit_text(stand->model, &stand->rig, &advice, 0, &text);
    cr_expect(strstr(strbuf_text(&text), "the smallest that did not fit: blk.") != NULL, "%s",
              strbuf_text(&text));
    strbuf_clear(&text);
    advice_clear(&advice);
    plan_clear(&plan);
    stand_free(stand);
}
