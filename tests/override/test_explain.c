/* Every defect a pasted -ot line can have, with the message and the repair a user sees. */
#include "model/override/explain.h"
#include "model/text/import.h"
#include "tests/support/named_model.h"
#include "tests/support/oracle.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const moe[] = {
    "attn_q.weight",      "attn_output.weight",   "ffn_gate_inp.weight", "ffn_gate_exps.weight",
    "ffn_up_exps.weight", "ffn_down_exps.weight", "ffn_up_shexp.weight", NULL};
static const char *const others[] = {"token_embd.weight", "output.weight", NULL};

static struct model *model;
static struct rig rig;
static struct override_list *list;
static struct explanation explanation;

static void explain(const char *value)
{
    static const uint32_t free_mib[] = {24000, 24000};
    model = named_model_grid(30, moe, others);
    stand_in_rig(free_mib, 2, &rig);
    list = override_list_new();
    override_list_add(list, "-ot", value, false);
    overrides_explain(model, &rig, list, NULL, &explanation);
}

static void finish(void)
{
    explanation_clear(&explanation);
    override_list_drop(&list);
    rig_clear(&rig);
    named_model_free(&model);
}

static const struct finding *finding_of(size_t entry, enum finding_code code)
{
    const struct findings *findings = &explanation.entries[entry].findings;
    for (size_t i = 0; i < findings->n; i++) {
        if (findings->items[i].code == code) {
            return &findings->items[i];
        }
    }
    return NULL;
}

/* `repair` NULL: none is offered. */
static void expect(const char *value, size_t entry, enum finding_code code, const char *words,
                   const char *repair)
{
    explain(value);
    const struct finding *found = finding_of(entry, code);
    cr_assert_not_null(found, "'%s' has no %s", value, finding_name(code));
    cr_expect(strstr(found->message, words) != NULL, "%s", found->message);
    if (repair == NULL) {
        cr_expect_null(found->repair, "%s", found->repair);
    } else {
        cr_expect_str_eq(found->repair, repair);
    }
    finish();
}

Test(explain, a_blank_after_a_comma)
{
    expect("blk\\.1\\.ffn_up_exps=CPU, blk\\.2\\.ffn_up_exps=CPU", 1, FINDING_BLANK,
           "the blank after the comma is part of the pattern", "blk\\.2\\.ffn_up_exps=CPU");
    expect("blk\\.(1[6-9] | 2[0-9])\\.ffn=CPU", 0, FINDING_BLANK, "a blank is part",
           "blk\\.(1[6-9]|2[0-9])\\.ffn=CPU");
}

Test(explain, a_comma_inside_a_pattern)
{
    expect("blk\\.[0-9]{1,2}\\.ffn=CPU", 0, FINDING_COMMA, "cuts the rule in two", NULL);
    expect("exps=CUDA0,", 1, FINDING_COMMA, "llama.cpp stops here", NULL);
    expect("exps=CUDA0,CUDA1", 1, FINDING_COMMA, "a rule takes one", NULL);
    expect("exps:CUDA0", 0, FINDING_SEPARATOR, "a : where llama.cpp wants =", "exps=CUDA0");
}

Test(explain, number_ranges)
{
    expect("blk\\.[6-10]\\.ffn=CPU", 0, FINDING_NUMBER_RANGE, "write ([6-9]|10)",
           "blk\\.([6-9]|10)\\.ffn=CPU");
    expect("blk\\.[0-15]\\.ffn=CPU", 0, FINDING_NUMBER_RANGE, "a set of single characters",
           "blk\\.([0-9]|1[0-5])\\.ffn=CPU");
    expect("blk\\.([11|12])\\.ffn=CPU", 0, FINDING_NUMBER_RANGE, "write 1[12]",
           "blk\\.(1[12])\\.ffn=CPU");
    expect("blk\\.(10-19)\\.ffn=CPU", 0, FINDING_NUMBER_RANGE, "plain text",
           "blk\\.1[0-9]\\.ffn=CPU");
    expect("blk.{20-25}.ffn=CPU", 0, FINDING_NUMBER_RANGE, "write 2[0-5]", "blk.2[0-5].ffn=CPU");
    expect("blk.0-18=CUDA0", 0, FINDING_NUMBER_RANGE, "write ([0-9]|1[0-8])",
           "blk.([0-9]|1[0-8])=CUDA0");
    explain("blk\\.[0-9]\\.ffn=CPU");
    cr_expect_null(finding_of(0, FINDING_NUMBER_RANGE), "a set of digits is what it says");
    finish();
}

Test(explain, a_pattern_that_llama_cpp_refuses)
{
    expect("*exps=CPU", 0, FINDING_REFUSED, "nothing before it to repeat", NULL);
}

Test(explain, a_dot_that_takes_a_digit)
{
    expect("blk.1.=CUDA0", 0, FINDING_DOT, "an unescaped . in 'blk.1.' takes any character",
           "blk.1\\.=CUDA0");
    explain("blk.1.ffn.up=CUDA0");
    cr_expect_null(finding_of(0, FINDING_DOT), "a dot for the underscore is no mistake");
    finish();
}

Test(explain, quoting_that_went_wrong)
{
    expect("blk\\\\.1\\\\.ffn_up_exps=CPU", 0, FINDING_QUOTING, "quoting went wrong",
           "blk\\.1\\.ffn_up_exps=CPU");
    expect("blk.d+.ffn_up_exps=CPU", 0, FINDING_QUOTING, "a lost or doubled backslash",
           "blk.\\d+.ffn_up_exps=CPU");
    expect("\"exps=CPU\"", 0, FINDING_QUOTING, "quotes", "exps=CPU\"");
    expect("\"exps=CPU\"", 0, FINDING_UNKNOWN_BUFFER, "'CPU\"' is no buffer type", "\"exps=CPU");
}

Test(explain, a_glob)
{
    expect("blk\\.*\\.ffn_*_exps=CPU", 0, FINDING_GLOB, "for any text write .*",
           "blk\\..*\\.ffn_.*_exps=CPU");
}

Test(explain, nothing_matches)
{
    expect("blk\\.99\\.=CPU", 0, FINDING_UNMATCHED, "matches no tensor of this model", NULL);
}

Test(explain, an_earlier_rule_takes_all)
{
    explain("exps=CPU,blk\\.3\\.ffn_up_exps=CUDA0");
    const struct finding *shadowed = finding_of(1, FINDING_SHADOWED);
    cr_assert_not_null(shadowed);
    cr_expect(strstr(shadowed->message, "rule 1 'exps'; put it before that one") != NULL);
    cr_expect_eq(explanation.entries[1].matches, 1);
    cr_expect_eq(explanation.entries[1].left, 0);
    cr_expect_eq(explanation.entries[1].shadowed_by, 0);
    cr_expect_str_eq(explanation.entries[1].layers, "3");
    cr_expect_str_eq(explanation.entries[0].left_layers, "0-29");
    cr_expect_eq(explanation.entries[0].left_bytes, 90ull << 20);
    finish();
}

Test(explain, buffers_that_are_not_there)
{
    expect("exps=CUDA7", 0, FINDING_UNKNOWN_DEVICE, "there is no device 'CUDA7'", NULL);
    expect("exps=GPU1", 0, FINDING_UNKNOWN_DEVICE, "it has CUDA0, CUDA1, CPU", "exps=CUDA1");
    expect("exps=cuda0", 0, FINDING_UNKNOWN_BUFFER, "no buffer type that -ot takes", "exps=CUDA0");
    expect("exps=CUDA_Host", 0, FINDING_UNKNOWN_BUFFER, "CUDA_Host", "exps=CPU");
    expect("exps=CPU ", 0, FINDING_UNKNOWN_BUFFER, "'CPU '", "exps=CPU");
}

Test(explain, more_than_llama_cpp_takes)
{
    explain("exps=CPU");
    explanation_clear(&explanation);
    override_list_add(list, "-ncmoe", "9999", false);
    overrides_explain(model, &rig, list, NULL, &explanation);
    cr_assert_eq(explanation.findings.n, 1);
    cr_expect_eq(explanation.findings.items[0].code, FINDING_TOO_MANY);
    finish();
}

Test(explain, gate_and_up_apart_and_the_cache_left_behind)
{
    static const uint32_t free_mib[] = {24000, 24000};
    struct open_model open;
    struct plan plan;
    struct evaluation evaluation;
    if (!oracle_present()) {
        cr_skip_test("the reference data is not here");
    }
    open_model(OTPLAN_SHARED "/oracle/models/qwen3-30b-a3b-Q4_K_M.gguf", &open);
    stand_in_rig(free_mib, 2, &rig);
    plan_init(&plan, open.model);
    plan.n_gpu_layers = 49;
    override_list_add(plan.given, "-ot", "blk\\.[0-3]\\.ffn_up_exps=CPU,blk\\.5\\.attn=CUDA1",
                      false);
    plan_evaluate(open.model, &rig, &plan, NULL, &evaluation);
    overrides_explain(open.model, &rig, plan.given, &evaluation, &explanation);
    const struct finding *apart = finding_of(0, FINDING_GATE_UP_SPLIT);
    const struct finding *behind = finding_of(1, FINDING_CACHE_BEHIND);
    cr_assert_not_null(apart);
    cr_assert_not_null(behind);
    cr_expect(strstr(apart->message, "layers 0-3: gate and up") != NULL, "%s", apart->message);
    cr_expect(strstr(behind->message, "layers 5: attention goes to CUDA1") != NULL);
    explanation_clear(&explanation);
    evaluation_clear(&evaluation);
    plan_clear(&plan);
    rig_clear(&rig);
    close_model(&open);
}

/* The published list that claims 99.8% of four cards: its first rule takes every expert. */
Test(explain, the_list_whose_first_rule_takes_it_all)
{
    static char text[1 << 14];
    static const uint32_t free_mib[] = {31569, 31292, 32090, 32090};
    struct open_model open;
    struct imported imported;
    struct error error = {0};
    size_t dead = 0;
    if (!oracle_present()) {
        cr_skip_test("the reference data is not here");
    }
    FILE *file = fopen(OTPLAN_SHARED "/ot-corpus/files/optimized_tensor_params.txt", "r");
    cr_assert_not_null(file);
    size_t size = fread(text, 1, sizeof text, file);
    fclose(file);
    cr_assert(import_text(text, size, NULL, &imported, &error), "%s", error.text);
    open_model(OTPLAN_SHARED "/oracle/models/kimi-k2-262gib-UD-IQ1_S.gguf", &open);
    stand_in_rig(free_mib, 4, &rig);
    list = override_list_new();
    for (size_t i = 0; i + 1 < imported.n_arguments; i += 2) {
        override_list_add(list, "-ot", imported.arguments[i + 1], false);
    }
    overrides_explain(open.model, &rig, list, NULL, &explanation);
    cr_assert_eq(explanation.n_entries, 25);
    cr_expect_eq(explanation.entries[0].left, 180);
    for (size_t i = 0; i < 25; i++) {
        dead += explanation.entries[i].left == 0;
    }
    cr_expect_eq(dead, 14);
    explanation_clear(&explanation);
    override_list_drop(&list);
    rig_clear(&rig);
    imported_clear(&imported);
    close_model(&open);
}
