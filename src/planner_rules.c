/* The repair of a rule, as the overrides screen shows it. */
#include "src/planner_commands.h"

#include "model/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* The first repair among the findings; borrowed, NULL where there is none. */
static const char *first_repair(const struct findings *findings)
{
    for (size_t i = 0; i < findings->n; i++) {
        if (findings->items[i].repair != NULL) {
            return findings->items[i].repair;
        }
    }
    return NULL;
}

static void take_repaired(struct planner *planner, size_t entry, size_t rule, const char *repair)
{
    struct planner_step step;
    char *name = memory_format("repair rule %zu", rule);
    planner_step_copy(&step, planner_now(planner));
    struct override_list *repaired = override_list_replace(step.plan.given, entry, repair);
    override_list_drop(&step.plan.given);
    step.plan.given = repaired;
    planner_take(planner, &step, name);
    planner_say(planner, false, "rule %zu is now %s; u undoes", rule, repair);
    free(name);
}

bool planner_run_repair(struct planner *planner, const struct words *words, struct error *error)
{
    struct planner_step *now = planner_now(planner);
    char *end = NULL;
    size_t ours = planner->held.rules.n;
    size_t rule = words->n == 2 ? strtoul(words->word[1], &end, 10) : 0;
    if (end == NULL || *end != '\0' || rule <= ours || rule - ours > now->plan.given->n_entries) {
        return error_set(error, ERROR_USAGE, "use: repair N, a given rule of the overrides screen");
    }
    struct entry_explanation explained;
    size_t entry = rule - ours - 1;
    override_explain(planner->model, &now->rig, now->plan.given, &planner->held, entry, &explained);
    const char *repair = first_repair(&explained.findings);
    bool fine = repair != NULL ||
                error_set(error, ERROR_INPUT, "rule %zu: there is no repair to take", rule);
    if (fine) {
        take_repaired(planner, entry, rule, repair);
    }
    entry_explanation_clear(&explained);
    return fine;
}
