#include "src/plan_rules.h"

#include "model/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* What a rule held is moved there by hand; what none held is left at home. */
static void move_by_hand(struct plan *plan, const struct evaluation *evaluation)
{
    override_list_drop(&plan->given);
    plan->given = override_list_new();
    for (size_t row = 0; row < plan->n_rows; row++) {
        if (evaluation->override[row] >= 0 && evaluation->device[row] != DEVICE_NONE) {
            plan->moved[row] = evaluation->device[row];
        }
    }
}

static void add_rule(struct override_list *list, const struct rig *rig,
                     const struct generated_rule *rule)
{
    if (rule->cpu_moe == -1) {
        override_list_add(list, "-cmoe", NULL, false);
        return;
    }
    char *value = rule->cpu_moe > 0
                      ? memory_format("%d", (int)rule->cpu_moe)
                      : memory_format("%s=%s", rule->pattern, rig_name(rig, rule->device));
    override_list_add(list, rule->cpu_moe > 0 ? "-ncmoe" : "-ot", value, false);
    free(value);
}

/* The generated rules as given ones, with llama.cpp's own words where they say the same. */
static void give_rules(struct plan *plan, const struct rig *rig,
                       const struct evaluation *evaluation)
{
    override_list_drop(&plan->given);
    plan->given = override_list_new();
    for (size_t i = 0; i < evaluation->rules.n; i++) {
        add_rule(plan->given, rig, &evaluation->rules.rules[i]);
    }
    for (size_t row = 0; row < plan->n_rows; row++) {
        plan->moved[row] = PLAN_UNMOVED;
    }
}

static bool same_places(const struct model *model, const struct evaluation *a,
                        const struct evaluation *b)
{
    return memcmp(a->device, b->device, model->n_tensors * sizeof *a->device) == 0;
}

static bool has_words(const struct generated_rules *rules)
{
    for (size_t i = 0; i < rules->n; i++) {
        if (rules->rules[i].cpu_moe != 0) {
            return true;
        }
    }
    return false;
}

/* Takes the new plan and its evaluation for the old ones. */
static void replace(struct plan *plan, struct evaluation *evaluation, struct plan *with,
                    struct evaluation *with_evaluation)
{
    plan_clear(plan);
    evaluation_clear(evaluation);
    *plan = *with;
    *evaluation = *with_evaluation;
}

static void use_words(const struct model *model, const struct rig *rig, struct plan *plan,
                      struct evaluation *evaluation)
{
    struct plan worded;
    struct evaluation result;
    if (!has_words(&evaluation->rules)) {
        return;
    }
    plan_copy(&worded, plan);
    give_rules(&worded, rig, evaluation);
    plan_evaluate(model, rig, &worded, NULL, &result);
    if (result.refused.kind == ERROR_NONE && same_places(model, evaluation, &result)) {
        replace(plan, evaluation, &worded, &result);
    } else {
        plan_clear(&worded);
        evaluation_clear(&result);
    }
}

void plan_rules_anew(const struct model *model, const struct rig *rig, struct plan *plan,
                     struct evaluation *evaluation)
{
    struct plan anew;
    struct evaluation result;
    plan_copy(&anew, plan);
    move_by_hand(&anew, evaluation);
    plan_evaluate(model, rig, &anew, NULL, &result);
    if (!same_places(model, evaluation, &result)) {
        plan_clear(&anew);
        evaluation_clear(&result);
        return;
    }
    replace(plan, evaluation, &anew, &result);
    use_words(model, rig, plan, evaluation);
}
