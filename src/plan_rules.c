#include "src/plan_rules.h"

void plan_rules_anew(const struct model *model, const struct rig *rig, struct plan *plan,
                     struct evaluation *evaluation)
{
    struct plan anew;
    plan_copy(&anew, plan);
    override_list_drop(&anew.given);
    anew.given = override_list_new();
    for (size_t row = 0; row < anew.n_rows; row++) {
        anew.locked[row] = 0;
        /* what a rule held is moved there by hand; what none held is left at home */
        if (evaluation->override[row] >= 0 && evaluation->device[row] != DEVICE_NONE) {
            anew.moved[row] = evaluation->device[row];
        }
    }
    for (size_t row = 0; row < anew.n_rows; row++) {
        anew.locked[row] = plan->locked[row];
    }
    plan_clear(plan);
    *plan = anew;
    evaluation_clear(evaluation);
    plan_evaluate(model, rig, plan, NULL, evaluation);
}
