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
    cr_expect_str_eq(found->message, words);
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
           "the blank after the comma is part of the pattern ' blk\\.2\\.ffn_up_exps', and no "
           "tensor name has a blank: remove it",
           "blk\\.2\\.ffn_up_exps=CPU");
    expect("blk\\.(1[6-9] | 2[0-9])\\.ffn=CPU", 0, FINDING_BLANK,
           "a blank is part of the pattern 'blk\\.(1[6-9] | 2[0-9])\\.ffn', and no tensor name has "
           "one: remove it",
           "blk\\.(1[6-9]|2[0-9])\\.ffn=CPU");
}

Test(explain, a_comma_inside_a_pattern)
{
    expect("blk\\.[0-9]{1,2}\\.ffn=CPU", 0, FINDING_COMMA,
           "the comma in 'blk\\.[0-9]{1,2}\\.ffn' cuts the rule in two: braces with a comma cannot "
           "be written in -ot; for numbers write (1|2|3), for a repeat name each count",
           NULL);
    expect("exps=CUDA0,", 1, FINDING_COMMA,
           "'': invalid value: there is a comma with nothing behind or before it; llama.cpp stops "
           "here",
           NULL);
    expect("exps=CUDA0,CUDA1", 1, FINDING_COMMA,
           "'CUDA1' is a second buffer type: a rule takes one", NULL);
    expect("exps:CUDA0", 0, FINDING_SEPARATOR,
           "'exps:CUDA0' has a : where llama.cpp wants =", "exps=CUDA0");
}

Test(explain, number_ranges)
{
    expect("blk\\.[6-10]\\.ffn=CPU", 0, FINDING_NUMBER_RANGE,
           "[6-10] is a set of single characters, not a range of numbers: write ([6-9]|10)",
           "blk\\.([6-9]|10)\\.ffn=CPU");
    expect("blk\\.[0-15]\\.ffn=CPU", 0, FINDING_NUMBER_RANGE,
           "[0-15] is a set of single characters, not a range of numbers: write ([0-9]|1[0-5])",
           "blk\\.([0-9]|1[0-5])\\.ffn=CPU");
    expect("blk\\.([11|12])\\.ffn=CPU", 0, FINDING_NUMBER_RANGE,
           "[11|12] is a set of single characters, not a range of numbers: write 1[12]",
           "blk\\.(1[12])\\.ffn=CPU");
    expect("blk\\.(10-19)\\.ffn=CPU", 0, FINDING_NUMBER_RANGE,
           "(10-19) is plain text, not a range of numbers: write 1[0-9]", "blk\\.1[0-9]\\.ffn=CPU");
    expect("blk.{20-25}.ffn=CPU", 0, FINDING_NUMBER_RANGE,
           "{20-25} is no repeat count, not a range of numbers: write 2[0-5]",
           "blk.2[0-5].ffn=CPU");
    expect("blk.0-18=CUDA0", 0, FINDING_NUMBER_RANGE,
           "0-18 is plain text, not a range of numbers: write ([0-9]|1[0-8])",
           "blk.([0-9]|1[0-8])=CUDA0");
    explain("blk\\.[0-9]\\.ffn=CPU");
    cr_expect_null(finding_of(0, FINDING_NUMBER_RANGE), "a set of digits is what it says");
    finish();
}

Test(explain, a_pattern_that_llama_cpp_refuses)
{
    expect("*exps=CPU", 0, FINDING_REFUSED,
           "'*exps': not a regular expression (* has nothing before it to repeat: for any text "
           "write .*); llama.cpp stops at load",
           NULL);
}

/* Patterns are compiled when a name gets to them. */
Test(explain, a_refused_pattern_that_no_tensor_gets_to)
{
    expect(".=CPU,blk\\.[6-10]=CUDA0", 1, FINDING_REFUSED,
           "'blk\\.[6-10]': not a regular expression (range 6-1 is backwards: [6-10] is not "
           "a number range, write ([6-9]|10)); llama.cpp does not get to it: earlier rules "
           "take every tensor",
           NULL);
    explain("blk=CPU,blk\\.[6-10]=CUDA0");
    cr_expect(!explanation.entries[1].unread, "output.weight gets to it");
    finish();
}

Test(explain, a_dot_that_takes_a_digit)
{
    expect("blk.1.=CUDA0", 0, FINDING_DOT,
           "an unescaped . in 'blk.1.' takes any character: it matches 77 tensors, with \\. 7",
           "blk.1\\.=CUDA0");
    explain("blk.1.ffn.up=CUDA0");
    cr_expect_null(finding_of(0, FINDING_DOT), "a dot for the underscore is no mistake");
    finish();
}

Test(explain, quoting_that_went_wrong)
{
    expect("blk\\\\.1\\\\.ffn_up_exps=CPU", 0, FINDING_QUOTING,
           "'blk\\\\.1\\\\.ffn_up_exps': quoting went wrong on the way (a lost or doubled "
           "backslash, or "
           "quotes kept)",
           "blk\\.1\\.ffn_up_exps=CPU");
    expect("blk.d+.ffn_up_exps=CPU", 0, FINDING_QUOTING,
           "'blk.d+.ffn_up_exps': quoting went wrong on the way (a lost or doubled backslash, or "
           "quotes kept)",
           "blk.\\d+.ffn_up_exps=CPU");
    expect("\"exps=CPU\"", 0, FINDING_QUOTING,
           "'\"exps': quoting went wrong on the way (a lost or doubled backslash, or quotes kept)",
           "exps=CPU");
    expect("\"exps=CPU\"", 0, FINDING_UNKNOWN_BUFFER,
           "'CPU\"' is no buffer type that -ot takes; llama.cpp stops: it has CUDA0, CUDA1, CPU",
           "exps=CPU");
}

Test(explain, a_glob)
{
    expect("blk\\.*\\.ffn_*_exps=CPU", 0, FINDING_GLOB,
           "'blk\\.*\\.ffn_*_exps': * repeats the character before it; for any text write .*",
           "blk\\..*\\.ffn_.*_exps=CPU");
}

Test(explain, nothing_matches)
{
    expect("blk\\.99\\.=CPU", 0, FINDING_UNMATCHED, "'blk\\.99\\.' matches no tensor of this model",
           NULL);
}

Test(explain, an_earlier_rule_takes_all)
{
    explain("exps=CPU,blk\\.3\\.ffn_up_exps=CUDA0");
    const struct finding *shadowed = finding_of(1, FINDING_SHADOWED);
    cr_assert_not_null(shadowed);
    cr_expect_str_eq(
        shadowed->message,
        "'blk\\.3\\.ffn_up_exps' decides nothing: rule 1 'exps' takes the one tensor it "
        "matches; put it before that one");
    finish();
    explain("exps=CPU,ffn_up_exps=CUDA0");
    cr_expect_str_eq(finding_of(1, FINDING_SHADOWED)->message,
                     "'ffn_up_exps' decides nothing: earlier rules take all 30 tensors it matches, "
                     "most of them rule 1 'exps'; put it before that one");
    finish();
    explain("exps=CPU,blk\\.3\\.ffn_up_exps=CUDA0");
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
    expect("exps=CUDA7", 0, FINDING_UNKNOWN_DEVICE,
           "there is no device 'CUDA7' here; llama.cpp stops: it has CUDA0, CUDA1, CPU", NULL);
    expect("exps=GPU1", 0, FINDING_UNKNOWN_DEVICE,
           "there is no device 'GPU1' here; llama.cpp stops: it has CUDA0, CUDA1, CPU",
           "exps=CUDA1");
    expect("exps=cuda0", 0, FINDING_UNKNOWN_BUFFER,
           "'cuda0' is no buffer type that -ot takes; llama.cpp stops: it has CUDA0, CUDA1, CPU",
           "exps=CUDA0");
    expect(
        "exps=CUDA_Host", 0, FINDING_UNKNOWN_BUFFER,
        "'CUDA_Host' is no buffer type that -ot takes; llama.cpp stops: it has CUDA0, CUDA1, CPU",
        "exps=CPU");
    expect("exps=CPU ", 0, FINDING_UNKNOWN_BUFFER,
           "'CPU ' is no buffer type that -ot takes; llama.cpp stops: it has CUDA0, CUDA1, CPU",
           "exps=CPU");
}

Test(explain, more_than_llama_cpp_takes)
{
    explain("exps=CPU");
    explanation_clear(&explanation);
    override_list_add(list, "-ncmoe", "9999", false);
    overrides_explain(model, &rig, list, NULL, &explanation);
    cr_assert_eq(explanation.findings.n, 1);
    cr_expect_eq(explanation.findings.items[0].code, FINDING_TOO_MANY);
    cr_expect_str_eq(explanation.findings.items[0].message,
                     "4096 overrides: llama.cpp aborts at 4096; --compact writes fewer");
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
    cr_expect_str_eq(apart->message,
                     "layers 0-3: gate and up experts are on different devices; keep the two "
                     "together and move down instead");
    cr_expect_str_eq(behind->message,
                     "layer 5: attention goes to CUDA1, its cache stays where the layer is: -ot "
                     "never moves the cache, -ts does");
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
