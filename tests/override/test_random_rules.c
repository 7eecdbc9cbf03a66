/* 200 random placements of every reference model: the generated rules, read back by std::regex. */
#include "model/base/memory.h"
#include "model/override/generate.h"
#include "tests/support/oracle.h"
#include "tests/support/std_regex.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { N_PLANS = 200, N_DEVICES = 4 };

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Every tenth plan sends each tensor anywhere, the others bands of layers and some odd ones. */
static void random_wanted(const struct model *model, uint32_t *state, int16_t *wanted)
{
    bool wild = next_random(state) % 10 == 0;
    uint32_t first = next_random(state) % 60;
    uint32_t last = first + next_random(state) % 20;
    int16_t band = (int16_t)(next_random(state) % (N_DEVICES + 1)) - 1;
    for (size_t row = 0; row < model->n_tensors; row++) {
        const struct model_tensor *tensor = &model->tensors[row];
        uint32_t dice = next_random(state);
        bool moved = wild ? dice % 2 == 0 : dice % 40 == 0;
        wanted[row] = moved ? (int16_t)(next_random(state) % (N_DEVICES + 1)) - 1 : WANTED_ALONE;
        if (!wild && tensor->layer >= (int32_t)first && tensor->layer <= (int32_t)last &&
            tensor->group >= GROUP_GATE_EXPS) {
            wanted[row] = band;
        }
        if (tensor->tied_to >= 0) {
            wanted[row] = wanted[tensor->tied_to];
        }
    }
}

static void add_questions(const struct model *model, const struct generated_rules *rules,
                          struct strbuf *questions)
{
    strbuf_add(questions, "list\n");
    for (size_t i = 0; i < rules->n; i++) {
        strbuf_format(questions, "+%s\n", rules->rules[i].pattern);
    }
    for (size_t row = 0; row < model->n_tensors; row++) {
        strbuf_format(questions, "?%s\n", model->tensors[row].name);
    }
}

static void check_answers(const struct model *model, const int16_t *wanted,
                          const struct generated_rules *rules, char **answers)
{
    for (size_t i = 0; i < rules->n; i++) {
        cr_expect_str_eq(std_regex_next(answers), "ok", "%s", rules->rules[i].pattern);
    }
    for (size_t row = 0; row < model->n_tensors; row++) {
        long rule = strtol(std_regex_next(answers), NULL, 10);
        int device = rule < 0 ? WANTED_ALONE : rules->rules[rule].device;
        cr_expect_eq(device, wanted[row], "%s", model->tensors[row].name);
    }
}

static void check_model(const char *path)
{
    static struct generated_rules rules[N_PLANS];
    struct open_model open;
    struct strbuf questions = {0}, answers = {0};
    uint32_t state = 42;
    open_model(path, &open);
    size_t n = open.model->n_tensors;
    int16_t *wanted = memory_array(n * N_PLANS, sizeof *wanted);
    for (size_t i = 0; i < N_PLANS; i++) {
        random_wanted(open.model, &state, wanted + i * n);
        generate_rules(open.model, wanted + i * n, NULL, &rules[i]);
        cr_expect_leq(rules[i].n, MAX_OVERRIDES);
        add_questions(open.model, &rules[i], &questions);
    }
    std_regex_ask(&questions, &answers);
    char *at = answers.text;
    for (size_t i = 0; i < N_PLANS; i++) {
        check_answers(open.model, wanted + i * n, &rules[i], &at);
        generated_rules_clear(&rules[i]);
    }
    free(wanted);
    strbuf_clear(&questions);
    strbuf_clear(&answers);
    close_model(&open);
}

Test(random_rules, send_every_tensor_where_it_was_meant)
{
    std_regex_needed();
    if (!oracle_present()) {
        cr_skip_test("the reference data is not here");
    }
    char **paths = oracle_models("models");
    for (size_t i = 0; paths[i] != NULL; i++) {
        check_model(paths[i]);
    }
    oracle_models_free(&paths);
}
