#include "model/override/override.h"
#include "tests/support/named_model.h"

#include <criterion/criterion.h>
#include <string.h>

static struct override_list *list_with(const char *flag, const char *value)
{
    struct override_list *list = override_list_new();
    override_list_add(list, flag, value, false);
    return list;
}

static void expect_entry(const struct override_list *list, size_t i, const char *pattern,
                         const char *buffer)
{
    cr_assert_lt(i, list->n_entries);
    cr_expect_str_eq(list->entries[i].pattern, pattern);
    cr_expect_str_eq(list->entries[i].buffer, buffer);
}

Test(override_list, is_cut_at_every_comma_and_at_the_first_equals_sign)
{
    struct override_list *list = list_with("-ot", "a=CPU, b=CUDA0,c=x=y");
    cr_assert_eq(list->n_entries, 3);
    expect_entry(list, 0, "a", "CPU");
    expect_entry(list, 1, " b", "CUDA0"); /* nothing is trimmed */
    expect_entry(list, 2, "c", "x=y");
    override_list_drop(&list);
}

Test(override_list, a_piece_without_a_buffer_is_kept_and_refused)
{
    struct override_list *list = list_with("-ot", "blk\\.{1,3}=CPU");
    cr_assert_eq(list->n_entries, 2);
    cr_expect_not_null(list->entries[0].refused);
    cr_expect(strstr(list->arguments[0].refused, "no =") != NULL);
    cr_expect_eq(override_list_match(list, "blk.1", 0), -1);
    override_list_drop(&list);
    list = list_with("-ot", "a=CPU,");
    cr_expect(strstr(list->arguments[0].refused, "comma") != NULL);
    override_list_drop(&list);
}

Test(override_list, a_refused_pattern_never_matches)
{
    struct override_list *list = list_with("-ot", "[6-10]=CPU,x=CPU");
    cr_expect(strstr(list->entries[0].refused, "not a regular expression (range 6-1") != NULL);
    cr_expect_null(list->arguments[0].refused);
    cr_expect_eq(override_list_match(list, "x6", 0), 1);
    override_list_drop(&list);
}

Test(override_list, cpu_moe_is_a_pattern_at_its_place)
{
    struct override_list *list = override_list_new();
    override_list_add(list, "-ncmoe", "2", false);
    override_list_add(list, "-cmoe", NULL, false);
    override_list_add(list, "-ncffn", "1", false);
    cr_assert_eq(list->n_entries, 4);
    expect_entry(list, 1, "blk\\.1\\.ffn_(up|down|gate|gate_up)_(ch|)exps", "CPU");
    expect_entry(list, 2, "\\.ffn_(up|down|gate|gate_up)_(ch|)exps", "CPU");
    expect_entry(list, 3, "blk\\.0\\.ffn_(up|down|gate)\\.", "CPU");
    cr_expect_eq(override_list_match(list, "blk.1.ffn_gate_up_chexps.weight", 0), 1);
    cr_expect_eq(override_list_match(list, "blk.0.ffn_down_exps.weight", 1), 2);
    cr_expect_eq(override_list_match(list, "blk.0.ffn_down.weight", 0), 3);
    cr_expect_eq(override_list_match(list, "blk.0.ffn_down_shexp.weight", 0), -1);
    override_list_drop(&list);
}

Test(override_list, an_absurd_ncmoe_stays_within_the_limit)
{
    struct override_list *list = list_with("-ncmoe", "2000000000");
    cr_expect_eq(list->n_entries, (size_t)MAX_OVERRIDES + 1); /* one too many: refused */
    override_list_drop(&list);
    list = list_with("-ncmoe", "-1");
    cr_expect_not_null(list->arguments[0].refused);
    override_list_drop(&list);
}

Test(override_list, the_first_match_decides_and_tied_twins_go_together)
{
    const char *const names[] = {"token_embd.weight", "token_embd.weight", "blk.0.ffn_up.weight"};
    struct model *model = named_model_make(names, 3);
    int32_t decided[3];
    model->tensors[1].tied_to = 0;
    struct override_list *list = list_with("-ot", "embd=CUDA0,.*=CPU");
    override_list_decide(list, model, decided);
    cr_expect_eq(decided[0], 0);
    cr_expect_eq(decided[1], 0);
    cr_expect_eq(decided[2], 1);
    override_list_drop(&list);
    named_model_free(&model);
}
