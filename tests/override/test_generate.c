#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/override/generate.h"
#include "model/override/pattern.h"
#include "tests/support/named_model.h"
#include "tests/support/oracle.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

enum { CUDA0 = 0, CUDA1 = 1 };

static const char *const moe[] = {"attn_norm.weight",     "attn_output.weight",
                                  "ffn_norm.weight",      "ffn_gate_inp.weight",
                                  "ffn_down_exps.weight", "ffn_gate_exps.weight",
                                  "ffn_up_exps.weight",   "ffn_up_exps.bias",
                                  "ffn_up_shexp.weight",  NULL};
static const char *const others[] = {"token_embd.weight", "output_norm.weight", "output.weight",
                                     NULL};

static int16_t *nothing_moves(const struct model *model)
{
    int16_t *wanted = memory_array(model->n_tensors, sizeof *wanted);
    for (size_t i = 0; i < model->n_tensors; i++) {
        wanted[i] = WANTED_ALONE;
    }
    return wanted;
}

/* Sends what the pattern finds in layers [first, last] (or in all, with 0, -1). */
static void send(const struct model *model, int16_t *wanted, const char *what, int first, int last,
                 int device)
{
    struct pattern *pattern = NULL;
    cr_assert(pattern_compile(what, &pattern, NULL));
    for (size_t i = 0; i < model->n_tensors; i++) {
        int layer = model->tensors[i].layer;
        if (pattern_found(pattern, model->tensors[i].name) &&
            (last < first || (layer >= first && layer <= last))) {
            wanted[i] = (int16_t)device;
        }
    }
    pattern_free(&pattern);
}

/* Reads the rules back; cells that stay may be decided only by a rule that sends them where they are. */
static void read_back(const struct model *model, const int16_t *wanted, const int16_t *stays,
                      const struct generated_rules *rules)
{
    struct override_list *list = override_list_new();
    for (size_t i = 0; i < rules->n; i++) {
        char *value = memory_format("%s=X", rules->rules[i].pattern);
        cr_expect(strlen(rules->rules[i].pattern) <= 200);
        cr_expect_null(strpbrk(rules->rules[i].pattern, ",="));
        override_list_add(list, "-ot", value, false);
        cr_expect_null(list->entries[i].refused);
        free(value);
    }
    for (size_t row = 0; row < model->n_tensors; row++) {
        int32_t rule = override_list_match(list, model->tensors[row].name, 0);
        int device = rule < 0 ? DEVICE_NONE : rules->rules[rule].device;
        bool right = wanted[row] == WANTED_FREE || device == wanted[row] ||
                     (wanted[row] == WANTED_ALONE && rule < 0) ||
                     (wanted[row] == WANTED_ALONE && stays != NULL && device == stays[row]);
        cr_expect(right, "%s is sent to %d by rule %d", model->tensors[row].name, device, rule);
        cr_expect_eq(rules->rule_of_row[row], rule, "%s: rule %d, the generator says %d",
                     model->tensors[row].name, rule, rules->rule_of_row[row]);
    }
    override_list_drop(&list);
}

static void expect_rules(const struct model *model, const int16_t *wanted, const char *text)
{
    struct generated_rules rules;
    struct strbuf all = {0};
    generate_rules(model, wanted, NULL, &rules);
    for (size_t i = 0; i < rules.n; i++) {
        strbuf_format(&all, "%s%s=%d", i > 0 ? " " : "", rules.rules[i].pattern,
                      rules.rules[i].device);
    }
    cr_expect_str_eq(strbuf_text(&all), text);
    read_back(model, wanted, NULL, &rules);
    strbuf_clear(&all);
    generated_rules_clear(&rules);
}

Test(generate, numbers_are_written_as_a_person_would)
{
    static const struct {
        uint32_t first, last, step;
        const char *text;
    } cases[] = {{7, 7, 1, "7"},
                 {6, 10, 1, "([6-9]|10)"},
                 {12, 20, 1, "(1[2-9]|20)"},
                 {12, 19, 1, "1[2-9]"},
                 {0, 1, 1, "[01]"},
                 {0, 60, 1, "([0-9]|[1-5][0-9]|60)"},
                 {0, 60, 10, "(0|[1-6]0)"},
                 {98, 102, 1, "(9[89]|10[0-2])"},
                 {100, 199, 1, "1[0-9][0-9]"},
                 {1, 9, 2, "[13579]"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t layers[200];
        size_t n = 0;
        struct strbuf text = {0};
        for (uint32_t layer = cases[i].first; layer <= cases[i].last; layer += cases[i].step) {
            layers[n++] = layer;
        }
        generate_layer_set(layers, n, &text);
        cr_expect_str_eq(strbuf_text(&text), cases[i].text);
        strbuf_clear(&text);
    }
}

Test(generate, one_rule_for_layers_times_groups)
{
    struct model *model = named_model_grid(61, moe, others);
    int16_t *wanted = nothing_moves(model);
    expect_rules(model, wanted, "");
    send(model, wanted, "ffn_(gate|down)_exps", 12, 20, CUDA1);
    expect_rules(model, wanted, "blk\\.(1[2-9]|20)\\.ffn_(gate|down)_exps=1");
    send(model, wanted, "exps", 12, 20, CUDA1);
    expect_rules(model, wanted, "blk\\.(1[2-9]|20)\\.ffn_(gate|up|down)_exps=1");
    free(wanted);
    named_model_free(&model);
}

Test(generate, names_only_what_is_meant)
{
    struct model *model = named_model_grid(12, moe, others);
    int16_t *wanted = nothing_moves(model);
    send(model, wanted, "ffn_up_exps.weight", 1, 1, CUDA0);
    expect_rules(model, wanted,
                 "blk\\.1\\.ffn_up_exps\\.weight=0"); /* not the bias, not layer 11 */
    send(model, wanted, "^output\\.weight", 0, -1, CUDA1);
    expect_rules(model, wanted, "blk\\.1\\.ffn_up_exps\\.weight=0 ^output\\.weight=1");
    free(wanted);
    named_model_free(&model);
}

Test(generate, whole_layers_need_no_names)
{
    struct model *model = named_model_grid(40, moe, others);
    int16_t *wanted = nothing_moves(model);
    send(model, wanted, "", 30, 33, CUDA1);
    expect_rules(model, wanted, "blk\\.3[0-3]\\.=1");
    free(wanted);
    named_model_free(&model);
}

Test(generate, a_catch_all_stands_last)
{
    struct model *model = named_model_grid(61, moe, others);
    int16_t *wanted = nothing_moves(model);
    struct generated_rules rules;
    send(model, wanted, "exps", 0, -1, DEVICE_HOST);
    send(model, wanted, "exps", 12, 20, CUDA1);
    expect_rules(model, wanted,
                 "blk\\.(1[2-9]|20)\\.ffn_(gate|up|down)_exps=1 \\.ffn_(gate|up|down)_exps=-1");
    generate_rules(model, wanted, NULL, &rules);
    cr_expect_eq(rules.rules[0].cpu_moe, 0);
    cr_expect_eq(rules.rules[1].cpu_moe, -1, "-cmoe says the same");
    generated_rules_clear(&rules);
    free(wanted);
    named_model_free(&model);
}

/* Everything on one device, but for what an earlier rule takes. */
Test(generate, one_rule_takes_all_that_is_left)
{
    static const char *const two[] = {"attn_q.weight", "ffn_up.weight", NULL};
    static const char *const outside[] = {"token_embd.weight", "output.weight",
                                          "output_norm.weight", NULL};
    struct model *model = named_model_grid(20, two, outside);
    int16_t *wanted = memory_array(model->n_tensors, sizeof *wanted);
    for (size_t row = 0; row < model->n_tensors; row++) {
        wanted[row] = DEVICE_HOST;
    }
    expect_rules(model, wanted, ".*=-1");
    for (size_t row = 0; row < model->n_tensors; row++) {
        const struct model_tensor *tensor = &model->tensors[row];
        wanted[row] = tensor->layer >= 5 && tensor->layer < 9 ? CUDA0 : DEVICE_HOST;
        wanted[row] = strcmp(tensor->name, "output_norm.weight") == 0 ? CUDA1 : wanted[row];
    }
    expect_rules(model, wanted, "blk\\.[5-8]\\.=0 output_norm\\.weight=1 .*=-1");
    wanted[model->n_tensors - 2] = WANTED_ALONE;
    struct generated_rules rules;
    generate_rules(model, wanted, NULL, &rules);
    read_back(model, wanted, NULL, &rules);
    generated_rules_clear(&rules);
    free(wanted);
    named_model_free(&model);
}

Test(generate, the_first_layers_have_a_word)
{
    struct model *model = named_model_grid(61, moe, others);
    int16_t *wanted = nothing_moves(model);
    struct generated_rules rules;
    send(model, wanted, "exps", 0, 16, DEVICE_HOST);
    generate_rules(model, wanted, NULL, &rules);
    cr_assert_eq(rules.n, 1);
    cr_expect_eq(rules.rules[0].cpu_moe, 17, "-ncmoe 17");
    generated_rules_clear(&rules);
    free(wanted);
    named_model_free(&model);
}

Test(generate, what_stays_may_shield_from_a_catch_all)
{
    static const char *const four[] = {"a.weight", "b.weight", "c.weight", "d.weight", NULL};
    struct model *model = named_model_grid(8, four, NULL);
    int16_t *wanted = memory_array(model->n_tensors, sizeof *wanted);
    int16_t *stays = memory_array(model->n_tensors, sizeof *stays);
    struct generated_rules rules;
    for (size_t i = 0; i < model->n_tensors; i++) {
        bool kept = i == 0 || i == 5 || i == 10 || i == 15;
        wanted[i] = kept ? WANTED_ALONE : DEVICE_HOST;
        stays[i] = CUDA0;
    }
    generate_rules_compact(model, wanted, stays, &rules);
    read_back(model, wanted, stays, &rules);
    cr_expect_leq(rules.n, 4);
    generated_rules_clear(&rules);
    free(wanted);
    free(stays);
    named_model_free(&model);
}

Test(generate, strange_names_are_taken_literally)
{
    const char *const names[] = {"a,b=c.weight",        "axb=c.weight",       "blk.1.x+y.weight",
                                 "blk.01.z.weight",     "enc.blk.1.q.weight", "dec.blk.1.q.weight",
                                 "blk.1.q.weight",      "blk.1.caf\xc3\xa9",  "blk.11.q.weight",
                                 "blk.1.q.weight.scale"};
    enum { N = sizeof names / sizeof names[0] };
    struct model *model = named_model_make(names, N);
    for (unsigned bits = 1; bits < 1u << N; bits++) {
        int16_t wanted[N];
        struct generated_rules rules;
        for (size_t i = 0; i < N; i++) {
            wanted[i] = (bits >> i) & 1 ? CUDA0 : WANTED_ALONE;
        }
        generate_rules(model, wanted, NULL, &rules);
        read_back(model, wanted, NULL, &rules);
        generated_rules_clear(&rules);
    }
    named_model_free(&model);
}

/* --- the fewest rules --------------------------------------------------------------------------- */

/* Every list of rules, by brute force, for 3 layers x 3 tensors: a board is what is decided so far (9
 * bits); a rule is any set of layers times any set of tensors whose undecided cells are all meant for
 * one device. Breadth first over boards: the number of rules until all is decided. */
static unsigned least_rules(const int16_t *wanted)
{
    uint8_t seen[512] = {0};
    uint16_t queue[512] = {0};
    uint8_t depth[512] = {0};
    unsigned head = 0, tail = 1, all = 0;
    for (unsigned cell = 0; cell < 9; cell++) {
        all |= wanted[cell] >= DEVICE_HOST ? 1u << cell : 0;
    }
    seen[0] = 1;
    while (head < tail) {
        unsigned board = queue[head++];
        if ((board & all) == all) {
            return depth[board];
        }
        for (unsigned shape = 0; shape < 64; shape++) {
            unsigned next = board;
            int device = DEVICE_NONE;
            bool legal = true;
            for (unsigned cell = 0; cell < 9; cell++) {
                bool held = (shape >> (cell / 3)) & 1 && (shape >> (3 + cell % 3)) & 1;
                if (!held || (board >> cell) & 1) {
                    continue;
                }
                legal = legal && wanted[cell] >= DEVICE_HOST &&
                        (device == DEVICE_NONE || device == wanted[cell]);
                device = wanted[cell];
                next |= 1u << cell;
            }
            if (legal && !seen[next]) {
                seen[next] = 1;
                depth[next] = (uint8_t)(depth[board] + 1);
                queue[tail++] = (uint16_t)next;
            }
        }
    }
    return 99;
}

Test(generate, there_is_no_shorter_list)
{
    static const char *const three[] = {"a.weight", "b.weight", "c.weight", NULL};
    struct model *model = named_model_grid(3, three, NULL);
    uint32_t state = 7;
    for (int round = 0; round < 4000; round++) {
        static const int16_t values[] = {DEVICE_HOST, CUDA0, CUDA1, WANTED_ALONE};
        int16_t wanted[9];
        struct generated_rules rules;
        for (size_t i = 0; i < 9; i++) {
            state = state * 1664525u + 1013904223u;
            wanted[i] = values[(state >> 16) % (round % 2 == 0 ? 4 : 3)];
        }
        generate_rules_compact(model, wanted, NULL, &rules);
        read_back(model, wanted, NULL, &rules);
        cr_expect_eq(rules.n, least_rules(wanted));
        generated_rules_clear(&rules);
    }
    named_model_free(&model);
}

/* --- the reference plan, one rule a tensor ------------------------------------------------------ */

Test(generate, the_reference_plan_takes_at_most_four_rules)
{
    if (!oracle_present()) {
        cr_skip_test("the reference data is not here");
    }
    struct open_model open;
    struct generated_rules rules;
    struct override_list *list = override_list_new();
    struct json_object *plan = json_object_from_file(OTPLAN_SHARED "/plans/kimi-k2-4x5090.json");
    struct json_object *args = json_object_object_get(plan, "args");
    open_model(OTPLAN_SHARED "/oracle/models/kimi-k2-262gib-UD-IQ1_S.gguf", &open);
    for (size_t i = 1; i < json_object_array_length(args); i++) {
        const char *flag = json_object_get_string(json_object_array_get_idx(args, i - 1));
        if (strcmp(flag, "-ot") == 0) {
            override_list_add(list, "-ot",
                              json_object_get_string(json_object_array_get_idx(args, i)), false);
        }
    }
    int16_t *wanted = nothing_moves(open.model);
    for (size_t row = 0; row < open.model->n_tensors; row++) {
        int32_t entry = override_list_match(list, open.model->tensors[row].name, 0);
        if (entry >= 0) {
            const char *buffer = list->entries[entry].buffer;
            wanted[row] = (int16_t)(strcmp(buffer, "CPU") == 0 ? DEVICE_HOST : buffer[4] - '0');
        }
    }
    generate_rules_compact(open.model, wanted, NULL, &rules);
    cr_expect_leq(rules.n, 4);
    read_back(open.model, wanted, NULL, &rules);
    generated_rules_clear(&rules);
    free(wanted);
    override_list_drop(&list);
    json_object_put(plan);
    close_model(&open);
}
