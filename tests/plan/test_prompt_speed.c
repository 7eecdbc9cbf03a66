/* The speed of prompts by numbers worked out by hand: arithmetic, reading, copying over the link. */
#include "model/plan/prompt_speed.h"

#include "model/gguf/ggml_types.h"
#include "model/net/row_facts.h"

#include <criterion/criterion.h>
#include <string.h>

/* One layer of 64 x 100 attention on the card; its experts, 64 x 100 x 4 of which one is used, on the CPU; an
 * output of 64 x 1000 on the card. A byte an element, 100 tokens at once. */
enum { TENSORS = 3, TOKENS = 100 };

struct small {
    struct model model;
    struct model_tensor tensors[TENSORS];
    struct rig rig;
    struct device devices[2];
    struct evaluation evaluation;
    struct layer_place layers[2];
    int16_t device[TENSORS], in_use[2];
};

static struct model_tensor tensor(const char *name, uint64_t rows, uint64_t experts,
                                  enum tensor_role role)
{
    return (struct model_tensor){.name = name,
                                 .type = ggml_type_by_name("q8_0"),
                                 .ne = {64, rows, experts, 1},
                                 .bytes = 64 * rows * experts,
                                 .layer = role == ROLE_OUTPUT ? -1 : 0,
                                 .role = role,
                                 .tied_to = -1};
}

static void small_make(struct small *it)
{
    static const int16_t device[] = {0, DEVICE_HOST, 0};
    memset(it, 0, sizeof *it);
    it->tensors[0] = tensor("blk.0.attn_q.weight", 100, 1, ROLE_LAYER);
    it->tensors[1] = tensor("blk.0.ffn_up_exps.weight", 100, 4, ROLE_LAYER);
    it->tensors[2] = tensor("output.weight", 1000, 1, ROLE_OUTPUT);
    memcpy(it->device, device, sizeof device);
    it->model.tensors = it->tensors;
    it->model.n_tensors = TENSORS;
    it->model.hparams.n_layer = 1;
    it->model.hparams.n_expert = 4;
    it->model.hparams.n_expert_used = 1;
    for (int i = 0; i < 2; i++) { /* 3000 B/s, 500 operations/s, 75 B/s over the link */
        it->devices[i] = (struct device){.name = i == 0 ? "CUDA0" : "CUDA1",
                                         .backend = BACKEND_CUDA,
                                         .bandwidth_gb_s = 4e-6,
                                         .tflops = 1e-9,
                                         .link_gb_s = 1e-7};
        it->in_use[i] = (int16_t)i;
    }
    it->rig.devices = it->devices;
    it->rig.n_devices = 2;
    it->rig.host = (struct device){.name = "CPU", .bandwidth_gb_s = 2e-6}; /* 1500 B/s */
    it->evaluation.device = it->device;
    it->evaluation.layers = it->layers;
    it->layers[0].cache = it->layers[1].cache = DEVICE_NONE;
    it->evaluation.in_use = it->in_use;
    it->evaluation.n_in_use = 2;
    it->evaluation.resolved.op_offload = true;
    it->evaluation.resolved.n_ubatch = TOKENS;
    it->evaluation.resolved.n_batch = TOKENS;
}

static struct prompt_speed estimate_at(struct small *it, uint64_t depth)
{
    struct prompt_speed speed;
    it->model.facts = row_facts_new(&it->model);
    prompt_speed_estimate(&it->model, &it->rig, &it->evaluation, depth, &speed);
    row_facts_free(&it->model.facts);
    return speed;
}

static struct prompt_speed estimate(struct small *it)
{
    return estimate_at(it, 0);
}

/* All experts are chosen by 100 tokens, but for 0.75^100 of them. */
static const double touched = 25600 * (1 - 3.2072e-13);
static const double dense = 2.0 * 6400 * TOKENS / 500;
static const double experts = 2.0 * 25600 * 0.25 * TOKENS / 500;
static const double output = 64000 / 3000.0; /* one row: reading is all it costs */

Test(prompt_speed, host_weights_are_copied_to_the_first_card_and_worked_on_there)
{
    struct small it;
    small_make(&it);
    struct prompt_speed speed = estimate(&it);
    cr_assert(speed.known, "%s", speed.unknown_because);
    cr_expect_eq(speed.offload, 0);
    cr_expect_float_eq(speed.devices[0].bytes_copied, touched, 1e-3);
    cr_expect_float_eq(speed.devices[0].copy_seconds, touched / 75, 1e-3);
    cr_expect_float_eq(speed.devices[0].seconds, dense + experts + output + touched / 75, 1e-3);
    cr_expect_float_eq(speed.host.seconds, 0, 1e-9);
    cr_expect_float_eq(speed.tokens_per_second, TOKENS / (dense + experts + output + touched / 75),
                       1e-6);
    prompt_speed_clear(&speed);
}

Test(prompt_speed, slow_memory_counts_where_it_takes_longer_than_the_arithmetic)
{
    struct small it;
    small_make(&it);
    it.device[1] = 0;
    it.devices[0].bandwidth_gb_s = 2e-9; /* 1.5 B/s */
    struct prompt_speed speed = estimate(&it);
    cr_expect_float_eq(speed.devices[0].seconds, (6400 + touched + 64000) / 1.5, 1e-3);
    cr_expect_float_eq(speed.devices[0].bytes_copied, 0, 1e-9);
    prompt_speed_clear(&speed);
}

Test(prompt_speed, without_op_offload_the_cpu_works_and_its_arithmetic_must_be_known)
{
    struct small it;
    small_make(&it);
    it.evaluation.resolved.op_offload = false;
    struct prompt_speed speed = estimate(&it);
    cr_expect_not(speed.known);
    cr_expect_str_eq(speed.unknown_because, "no arithmetic speed (tflops) of CPU");
    cr_expect_float_eq(speed.tokens_per_second, 0, 1e-12);
    prompt_speed_clear(&speed);

    it.rig.host.tflops = 2e-10; /* 100 operations a second */
    speed = estimate(&it);
    cr_assert(speed.known);
    cr_expect_eq(speed.offload, DEVICE_HOST);
    cr_expect_float_eq(speed.host.seconds, experts * 5, 1e-6);
    prompt_speed_clear(&speed);
}

Test(prompt_speed, few_tokens_at_once_are_not_worth_a_copy)
{
    struct small it;
    small_make(&it);
    it.evaluation.resolved.n_ubatch = it.evaluation.resolved.n_batch = 31;
    struct prompt_speed speed = estimate(&it);
    cr_assert(speed.known);
    cr_expect_eq(speed.offload, DEVICE_HOST);
    cr_expect_float_eq(speed.devices[0].copy_seconds, 0, 1e-12);
    prompt_speed_clear(&speed);
}

Test(prompt_speed, an_rpc_host_takes_no_copies)
{
    struct small it;
    small_make(&it);
    it.devices[0].backend = BACKEND_RPC;
    struct prompt_speed speed = estimate(&it);
    cr_expect_eq(speed.offload, 1);
    cr_expect_float_eq(speed.devices[1].seconds, touched / 75 + experts, 1e-3);
    prompt_speed_clear(&speed);
}

/* Attention and output on the RPC host: there with 100 tokens, back with them to the card that works on the CPU's
 * experts, and there again with one. */
Test(prompt_speed, hidden_states_go_over_the_network_to_an_rpc_host)
{
    struct small it;
    small_make(&it);
    it.model.hparams.n_embd = 10;
    it.devices[0].backend = BACKEND_RPC;
    it.devices[0].link_gb_s = 4e-6; /* 3000 B/s */
    struct prompt_speed speed = estimate(&it);
    cr_assert(speed.known, "%s", speed.unknown_because);
    cr_expect_float_eq(speed.devices[0].seconds, dense + output + (2 * TOKENS * 40 + 40) / 3000.0,
                       1e-6);
    prompt_speed_clear(&speed);

    it.devices[0].link_gb_s = 0;
    speed = estimate(&it);
    cr_expect_str_eq(speed.unknown_because, "no network speed (link_gb_s) of CUDA0");
    prompt_speed_clear(&speed);
}

Test(prompt_speed, what_is_missing_is_named)
{
    struct small it;
    small_make(&it);
    it.devices[0].link_gb_s = 0;
    struct prompt_speed speed = estimate(&it);
    cr_expect_not(speed.known);
    cr_expect_str_eq(speed.unknown_because, "no link speed of CUDA0");
    prompt_speed_clear(&speed);

    it.device[1] = 0; /* nothing to copy: the link is not asked for */
    speed = estimate(&it);
    cr_expect(speed.known);
    prompt_speed_clear(&speed);
}

Test(prompt_speed, with_pipeline_parallelism_cards_work_side_by_side)
{
    struct small it;
    small_make(&it);
    it.device[1] = 1;
    it.evaluation.resolved.n_batch = 4 * TOKENS;
    struct prompt_speed speed = estimate(&it);
    double first = dense + output;
    cr_expect_float_eq(speed.tokens_per_second, TOKENS / (first + experts), 1e-6);
    prompt_speed_clear(&speed);

    it.evaluation.pipeline_parallel = true;
    speed = estimate(&it);
    cr_expect_float_eq(speed.tokens_per_second, 4.0 * TOKENS / (first + experts + 3 * first), 1e-6);
    prompt_speed_clear(&speed);
}

Test(prompt_speed, attention_grows_with_the_depth)
{
    struct small it;
    small_make(&it);
    it.model.hparams.has_kv[0] = true;
    it.model.hparams.n_head[0] = 2;
    it.model.hparams.key_length = it.model.hparams.value_length = 8;
    it.layers[0].cache = 1;
    struct prompt_speed speed = estimate_at(&it, 1000);
    cr_expect_float_eq(speed.devices[1].seconds, 2.0 * TOKENS * 1050 * 2 * 16 / 500, 1e-6);
    prompt_speed_clear(&speed);
    it.model.hparams.is_swa[0] = true;
    it.model.hparams.n_swa = 64;
    speed = estimate_at(&it, 1000);
    cr_expect_float_eq(speed.devices[1].seconds, 2.0 * TOKENS * 64 * 2 * 16 / 500, 1e-6);
    prompt_speed_clear(&speed);
}

Test(prompt_speed, attention_over_a_cache_in_host_memory_is_done_on_the_card)
{
    struct small it;
    small_make(&it);
    it.device[1] = 0;
    it.model.hparams.has_kv[0] = true;
    it.model.hparams.n_head[0] = 2;
    it.model.hparams.key_length = it.model.hparams.value_length = 8;
    it.layers[0].cache = DEVICE_HOST;
    it.evaluation.resolved.offload_kqv = true;
    struct prompt_speed speed = estimate(&it);
    cr_expect(speed.known, "%s", speed.unknown_because);
    cr_expect_float_eq(speed.host.seconds, 0, 1e-12);
    prompt_speed_clear(&speed);
    it.evaluation.resolved.offload_kqv = false; /* -nkvo: the CPU's own work */
    speed = estimate(&it);
    cr_expect_not(speed.known);
    cr_expect_str_eq(speed.unknown_because, "no arithmetic speed (tflops) of CPU");
    prompt_speed_clear(&speed);
}
