/* Placements from text: what people paste or keep in files, read as --import reads it. */
#include "src/import_file.h"
#include "src/planner_state.h"

#include "model/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The flags without those that name the model: it is open already. Returns how many words. */
static size_t keep_flags(const struct imported *imported, const char **kept)
{
    size_t n = 0;
    for (size_t i = 0; i < imported->n_arguments;) {
        enum flag_use use = FLAG_PASS;
        int n_values = 0;
        bool known = llama_flag_known(imported->arguments[i], &use, &n_values);
        size_t end = i + 1 + (known ? (size_t)n_values : 0);
        for (; i < end && i < imported->n_arguments; i++) {
            if (use != FLAG_MODEL) {
                kept[n++] = imported->arguments[i];
            }
        }
    }
    return n;
}

static bool has_flag(const char *const *words, size_t n, const char *a, const char *b)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(words[i], a) == 0 || strcmp(words[i], b) == 0) {
            return true;
        }
    }
    return false;
}

/* Rules are replaced, not added to; homes only where the text says where they are. */
static void forget_placement(struct plan *plan, const char *const *words, size_t n)
{
    override_list_drop(&plan->given);
    plan->given = override_list_new();
    for (size_t row = 0; row < plan->n_rows; row++) {
        if (plan->locked[row] == 0) {
            plan->moved[row] = PLAN_UNMOVED;
        }
    }
    if (has_flag(words, n, "-ngl", "--n-gpu-layers") ||
        has_flag(words, n, "-ts", "--tensor-split")) {
        plan->n_gpu_layers = -1;
        plan->n_tensor_split = 0;
    }
}

/* What it was read as and what was different, as far as one line holds it. */
static void say_imported(struct planner *planner, const char *name, const struct plan *plan,
                         const struct strbuf *notes)
{
    size_t rules = plan->given->n_entries;
    size_t n = strcspn(strbuf_text(notes), "\n");
    planner_say(planner, false, "%s: %zu rule%s%s%.*s; u undoes", name, rules,
                rules == 1 ? "" : "s", n > 0 ? "; " : "", (int)n, strbuf_text(notes));
}

static bool step_of_import(struct planner *planner, const struct imported *imported,
                           const char *name, struct planner_step *step, struct error *error)
{
    struct argument_facts facts = {0};
    const char **kept = memory_array(imported->n_arguments + 1, sizeof *kept);
    size_t n = keep_flags(imported, kept);
    planner_step_copy(step, planner_now(planner));
    forget_placement(&step->plan, kept, n);
    bool fine = n + imported->n_environment > 0
                    ? arguments_read(&step->plan, &facts, kept, n,
                                     (const char *const *)imported->environment, error)
                    : error_set(error, ERROR_INPUT, "%s: nothing in it places tensors", name);
    if (!fine) {
        planner_step_clear(step);
    }
    argument_facts_clear(&facts);
    free(kept);
    return fine;
}

bool planner_read_import(struct planner *planner, const char *text, const char *name,
                         struct planner_step *step, struct strbuf *notes, struct error *error)
{
    struct imported imported;
    bool fine = import_buffer(name, text, strlen(text), &imported, notes, error) &&
                step_of_import(planner, &imported, name, step, error);
    imported_clear(&imported);
    return fine;
}

bool planner_import(struct planner *planner, const char *text, const char *name,
                    struct error *error)
{
    struct planner_step step;
    struct strbuf notes = {0};
    bool fine = planner_read_import(planner, text, name, &step, &notes, error);
    if (fine) {
        char *title = memory_format("import %s", name);
        planner_take(planner, &step, title);
        say_imported(planner, name, &planner_now(planner)->plan, &notes);
        free(title);
    }
    strbuf_clear(&notes);
    return fine;
}
