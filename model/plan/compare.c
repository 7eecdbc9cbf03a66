#include "model/plan/compare.h"

#include "model/base/memory.h"
#include "model/plan/compare_moves.h"

#include <stdlib.h>
#include <string.h>

/* ---- each side alone ------------------------------------------------------------------------ */

static void count_experts(const struct compare_side *side, struct compare_summary *out)
{
    for (size_t row = 0; row < side->model->n_tensors; row++) {
        int16_t device = side->evaluation->device[row];
        if (tensor_group_is_expert(side->model->tensors[row].group) && device != DEVICE_NONE) {
            out->experts++;
            out->experts_on_devices += device >= 0 ? 1 : 0;
        }
    }
}

static void summarise(const struct compare_side *side, struct compare_summary *out)
{
    const struct evaluation *evaluation = side->evaluation;
    uint64_t used = 0;
    uint64_t budget = 0;
    *out = (struct compare_summary){
        .context = evaluation->resolved.n_ctx,
        .overrides = (uint32_t)(evaluation->rules.n + side->plan->given->n_entries),
        .fits = evaluation->all_fit,
    };
    for (size_t i = 0; i < side->rig->n_devices; i++) {
        const struct device_use *use = &evaluation->devices[i];
        out->devices_used += use->used > 0 ? 1 : 0;
        out->unused += use->budget > use->used ? use->budget - use->used : 0;
        used += use->used;
        budget += use->budget;
    }
    for (uint32_t i = 0; i < out->overrides; i++) {
        out->idle_overrides += evaluation->rule_use[i].matches == 0 ? 1 : 0;
    }
    out->utilisation = budget > 0 ? (double)used / (double)budget : 0;
    count_experts(side, out);
}

/* ---- devices -------------------------------------------------------------------------------- */

static const struct device_use *use_by_name(const struct compare_side *side, const char *name)
{
    int device = rig_find(side->rig, name);
    return device == DEVICE_NONE   ? NULL
           : device == DEVICE_HOST ? &side->evaluation->host
                                   : &side->evaluation->devices[device];
}

static void add_device(const char *name, const struct compare_side *before,
                       const struct compare_side *after, struct comparison *out)
{
    out->devices[out->n_devices++] = (struct compare_device){
        .name = name,
        .before = use_by_name(before, name),
        .after = use_by_name(after, name),
    };
}

static void pair_devices(const struct compare_side *before, const struct compare_side *after,
                         struct comparison *out)
{
    size_t most = before->rig->n_devices + after->rig->n_devices + 1;
    out->devices = memory_array(most, sizeof *out->devices);
    for (size_t i = 0; i < before->rig->n_devices; i++) {
        add_device(before->rig->devices[i].name, before, after, out);
    }
    for (size_t i = 0; i < after->rig->n_devices; i++) {
        if (rig_find(before->rig, after->rig->devices[i].name) == DEVICE_NONE) {
            add_device(after->rig->devices[i].name, before, after, out);
        }
    }
    add_device(before->rig->host.name, before, after, out);
}

/* ---- rules ---------------------------------------------------------------------------------- */

static char **rule_texts(const struct compare_side *side, size_t *n)
{
    const struct generated_rules *rules = &side->evaluation->rules;
    const struct override_list *given = side->plan->given;
    char **texts = memory_array(rules->n + given->n_entries, sizeof *texts);
    for (size_t i = 0; i < rules->n; i++) {
        texts[(*n)++] = memory_format("%s=%s", rules->rules[i].pattern,
                                      rig_name(side->rig, rules->rules[i].device));
    }
    for (size_t i = 0; i < given->n_entries; i++) {
        texts[(*n)++] = memory_format("%s=%s", given->entries[i].pattern, given->entries[i].buffer);
    }
    return texts;
}

/* Drops from both lists what both have, once for once. */
static void cancel(char **a, size_t n, char **b, size_t m)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < m && a[i] != NULL; k++) {
            if (b[k] != NULL && strcmp(a[i], b[k]) == 0) {
                free(a[i]);
                free(b[k]);
                a[i] = b[k] = NULL;
            }
        }
    }
}

static size_t squeeze(char **texts, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (texts[i] != NULL) {
            texts[kept++] = texts[i];
        }
    }
    return kept;
}

static void compare_rules(const struct compare_side *before, const struct compare_side *after,
                          struct comparison *out)
{
    size_t n = 0;
    size_t m = 0;
    out->removed = rule_texts(before, &n);
    out->added = rule_texts(after, &m);
    cancel(out->removed, n, out->added, m);
    out->n_removed = squeeze(out->removed, n);
    out->n_added = squeeze(out->added, m);
}

void plans_compare(const struct compare_side *before, const struct compare_side *after,
                   struct comparison *out)
{
    *out = (struct comparison){0};
    summarise(before, &out->before);
    summarise(after, &out->after);
    pair_devices(before, after, out);
    compare_moves(before, after, out);
    compare_rules(before, after, out);
}

void comparison_clear(struct comparison *comparison)
{
    free(comparison->devices);
    for (size_t i = 0; i < comparison->n_moves; i++) {
        free(comparison->moves[i].what);
    }
    free(comparison->moves);
    for (size_t i = 0; i < comparison->n_added; i++) {
        free(comparison->added[i]);
    }
    for (size_t i = 0; i < comparison->n_removed; i++) {
        free(comparison->removed[i]);
    }
    free(comparison->added);
    free(comparison->removed);
    *comparison = (struct comparison){0};
}
