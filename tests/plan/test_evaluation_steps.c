// A step of a drag takes what it can from the step before it. Whatever was changed in between (what is moved by
// hand, homes, rules, cards), it must be in every field what an evaluation from nothing gives; and what is
// summed as rows move must be what a count over all rows gives.
#include "model/net/context_memory.h"
#include "model/text/arguments.h"
#include "tests/support/oracle.h"
#include "tests/support/run_program.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CARDS = 4 };

struct walk {
    struct open_model open;
    struct rig rig;
    struct plan plan;
    struct decisions decisions; // of all its steps
    uint64_t state;
    int step;
};

static uint32_t random_below(struct walk *walk, uint32_t n)
{
    walk->state ^= walk->state << 13;
    walk->state ^= walk->state >> 7;
    walk->state ^= walk->state << 17;
    return (uint32_t)((walk->state >> 11) % n);
}

// ---- changes ----

static void change_homes(struct walk *walk)
{
    uint32_t counts[MAX_CARDS + 1] = {0};
    uint32_t n = (uint32_t)walk->rig.n_devices + 1;
    for (uint32_t left = walk->open.model->hparams.n_layer + 1; left > 0;) {
        uint32_t take = 1 + random_below(walk, left);
        counts[random_below(walk, n)] += take;
        left -= take;
    }
    plan_set_runs(&walk->plan, walk->open.model, counts, walk->rig.n_devices);
}

static void change_rules(struct walk *walk)
{
    static const char *const rules[] = {"exps=CPU",
                                        "blk\\.[0-3]\\.=CUDA0",
                                        ".*=CPU",
                                        "attn=CUDA0,token_embd=CUDA1",
                                        "(=CPU",
                                        "norm=CPU",
                                        "nothing_at_all=CPU",
                                        "rope=CPU,.*=CUDA0",
                                        "output=CUDA9"};
    const char *arguments[4];
    size_t n = 0;
    for (uint32_t left = random_below(walk, 3); left > 0; left--) {
        arguments[n++] = "-ot";
        arguments[n++] = rules[random_below(walk, sizeof rules / sizeof *rules)];
    }
    struct plan other;
    struct argument_facts facts = {0};
    struct error error = {0};
    plan_init(&other, walk->open.model);
    arguments_read(&other, &facts, arguments, n, NULL, &error);
    argument_facts_clear(&facts);
    memcpy(other.moved, walk->plan.moved, other.n_rows * sizeof *other.moved);
    plan_clear(&walk->plan);
    walk->plan = other;
}

static void change_cards(struct walk *walk)
{
    static const uint32_t free_mib[MAX_CARDS] = {31569, 24000, 12090, 48090};
    rig_clear(&walk->rig);
    stand_in_rig(free_mib, 1 + random_below(walk, MAX_CARDS), &walk->rig);
    bool has_kernels = random_below(walk, 2) == 0;
    for (size_t i = 0; i < walk->rig.n_devices; i++) {
        walk->rig.devices[i].has_kernels = has_kernels;
        walk->rig.devices[i].backend = random_below(walk, 4) == 0 ? BACKEND_VULKAN : BACKEND_CUDA;
    }
}

// A block of layers and one group, or rows here and there; to a card that need not be there, or back.
static void move_some(struct walk *walk)
{
    const struct model *model = walk->open.model;
    int device = (int)random_below(walk, MAX_CARDS + 2) - 2;
    uint32_t n_layer = model->hparams.n_layer;
    int32_t first = (int32_t)random_below(walk, n_layer);
    int32_t last = first + (int32_t)random_below(walk, n_layer - (uint32_t)first);
    enum tensor_group group = (enum tensor_group)random_below(walk, GROUP_COUNT);
    bool scattered = random_below(walk, 4) == 0;
    for (uint32_t row = 0; row < model->n_tensors; row++) {
        const struct model_tensor *tensor = &model->tensors[row];
        bool block = tensor->layer >= first && tensor->layer <= last && tensor->group == group;
        if (scattered ? random_below(walk, 20) == 0 : block) {
            plan_move_rows(&walk->plan, model, &row, 1, device < -1 ? PLAN_UNMOVED : device);
        }
    }
}

static void change(struct walk *walk)
{
    static void (*const changes[])(struct walk *) = {change_homes, change_rules, change_cards,
                                                     move_some,    move_some,    move_some};
    changes[random_below(walk, sizeof changes / sizeof *changes)](walk);
}

// ---- comparing ----

#define SAME(what)                                                                                 \
    cr_expect(a->what == b->what, "%s, step %d: " #what, walk->open.model->path, walk->step)
#define SAME_BYTES(x, y, n, what)                                                                  \
    cr_expect((n) == 0 || memcmp(x, y, n) == 0, "%s, step %d: %s", walk->open.model->path,         \
              walk->step, what)

static void compare_use(const struct walk *walk, const struct device_use *a,
                        const struct device_use *b)
{
    SAME(model_source);
    SAME(context_source);
    SAME(compute_source);
    SAME(order);
    SAME(model);
    SAME(experts);
    SAME(context);
    SAME(compute);
    SAME(beside);
    SAME(used);
    SAME(margin);
    SAME(budget);
    SAME(headroom);
    SAME(fits);
    SAME_BYTES(a->terms.bytes, b->terms.bytes, sizeof a->terms.bytes,
               "terms of the compute buffer");
}

static void compare_rules(const struct walk *walk, const struct evaluation *a,
                          const struct evaluation *b)
{
    SAME(rules.n);
    for (size_t i = 0; i < a->rules.n && a->rules.n == b->rules.n; i++) {
        cr_expect_str_eq(a->rules.rules[i].pattern, b->rules.rules[i].pattern);
        SAME(rules.rules[i].device);
        SAME(rules.rules[i].cpu_moe);
    }
    for (size_t i = 0; i < a->rules.n + walk->plan.given->n_entries; i++) {
        SAME(rule_use[i].matches);
        SAME(rule_use[i].bytes);
        SAME(rule_use[i].experts);
    }
}

static void compare_layers(const struct walk *walk, const struct evaluation *a,
                           const struct evaluation *b)
{
    for (size_t il = 0; il <= walk->open.model->hparams.n_layer; il++) {
        SAME(layers[il].home);
        SAME(layers[il].cache);
        SAME(layers[il].context);
    }
    SAME(n_in_use);
    SAME_BYTES(a->in_use, b->in_use, a->n_in_use * sizeof *a->in_use, "in_use");
    SAME_BYTES(a->runs, b->runs, (a->n_in_use + 1) * sizeof *a->runs, "runs");
}

static void compare(const struct walk *walk, const struct evaluation *a, const struct evaluation *b)
{
    size_t n = walk->open.model->n_tensors;
    for (size_t i = 0; i < walk->rig.n_devices; i++) {
        compare_use(walk, &a->devices[i], &b->devices[i]);
    }
    compare_use(walk, &a->host, &b->host);
    compare_layers(walk, a, b);
    SAME_BYTES(a->device, b->device, n * sizeof *a->device, "device");
    SAME_BYTES(a->override, b->override, n * sizeof *a->override, "override");
    SAME(pipeline_parallel);
    SAME(all_fit);
    SAME(n_reached);
    SAME(resolved.flash_attn);
    compare_rules(walk, a, b);
    SAME(n_warnings);
    for (size_t i = 0; i < a->n_warnings && a->n_warnings == b->n_warnings; i++) {
        SAME(warnings[i].code);
        cr_expect_str_eq(a->warnings[i].message, b->warnings[i].message);
    }
    cr_expect_str_eq(a->refused.text, b->refused.text);
}

// ---- counting over ----

static void count_rules(const struct walk *walk, const struct evaluation *evaluation)
{
    const struct model *model = walk->open.model;
    size_t n = evaluation->rules.n + walk->plan.given->n_entries;
    struct rule_use *uses = calloc(n + 1, sizeof *uses);
    for (size_t row = 0; row < model->n_tensors; row++) {
        const struct model_tensor *tensor = &model->tensors[row];
        int32_t rule = evaluation->override[row];
        if (rule < 0 || tensor->tied_to >= 0) {
            continue;
        }
        uses[rule].matches++;
        uses[rule].bytes += tensor->bytes;
        uses[rule].experts += tensor_group_is_expert(tensor->group) ? tensor->bytes : 0;
    }
    for (size_t i = 0; i < n; i++) {
        const struct rule_use *a = &evaluation->rule_use[i], *b = &uses[i];
        SAME(matches);
        SAME(bytes);
        SAME(experts);
    }
    free(uses);
}

// Rows that copy or share memory are left to the tests of those.
static void count_bytes(const struct walk *walk, const struct evaluation *evaluation)
{
    const struct model *model = walk->open.model;
    uint64_t bytes[MAX_CARDS + 1] = {0};
    for (size_t row = 0; row < model->n_tensors; row++) {
        const struct model_tensor *tensor = &model->tensors[row];
        int device = evaluation->device[row];
        if (tensor->tied_to >= 0 || tensor->role == ROLE_PER_BUFFER) {
            return;
        }
        if (device != DEVICE_NONE) {
            enum backend backend = device >= 0 ? walk->rig.devices[device].backend : BACKEND_CPU;
            bytes[device + 1] +=
                weight_alloc_bytes(tensor->type, tensor->ne, tensor->bytes, backend);
        }
    }
    cr_expect(bytes[0] == evaluation->host.model, "%s, step %d", model->path, walk->step);
    for (size_t i = 0; i < walk->rig.n_devices; i++) {
        cr_expect(bytes[i + 1] == evaluation->devices[i].model, "%s, step %d", model->path,
                  walk->step);
    }
}

static void take_step(struct walk *walk)
{
    struct evaluation step, from_nothing;
    change(walk);
    plan_evaluate(walk->open.model, &walk->rig, &walk->plan, &walk->decisions, &step);
    plan_evaluate(walk->open.model, &walk->rig, &walk->plan, NULL, &from_nothing);
    compare(walk, &step, &from_nothing);
    count_rules(walk, &step);
    count_bytes(walk, &step);
    evaluation_clear(&step);
    evaluation_clear(&from_nothing);
}

static void walk_model(const char *path, int n_steps)
{
    struct walk walk = {.state = 0x9E3779B97F4A7C15ULL};
    open_model(path, &walk.open);
    plan_init(&walk.plan, walk.open.model);
    change_cards(&walk);
    for (walk.step = 0; walk.step < n_steps; walk.step++) {
        take_step(&walk);
    }
    decisions_clear(&walk.decisions);
    plan_clear(&walk.plan);
    rig_clear(&walk.rig);
    close_model(&walk.open);
}

Test(evaluation_steps, on_the_demo_are_whole_evaluations)
{
    walk_model(demo_model(), 40);
}

Test(evaluation_steps, on_the_reference_models_are_whole_evaluations)
{
    if (!oracle_present()) {
        cr_skip_test("no ../shared/oracle");
    }
    char **paths = oracle_models("models");
    for (size_t i = 0; paths[i] != NULL; i++) {
        walk_model(paths[i], 15);
    }
    oracle_models_free(&paths);
}
