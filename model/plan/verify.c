/* The read-back: the exported arguments, read as llama.cpp reads them, must give the plan on screen. */
#include "model/plan/evaluation.h"

#include "model/text/arguments.h"

static bool compare_layers(const struct model *model, const struct rig *rig,
                           const struct evaluation *shown, const struct evaluation *read,
                           struct error *error)
{
    for (uint32_t il = 0; il <= model->hparams.n_layer; il++) {
        const struct layer_place *a = &shown->layers[il];
        const struct layer_place *b = &read->layers[il];
        if (a->home != b->home || a->cache != b->cache || a->context != b->context) {
            return error_set(error, ERROR_SYSTEM,
                             "layer %u: shown on %s, the arguments give %s; please report this", il,
                             rig_name(rig, a->home), rig_name(rig, b->home));
        }
    }
    return true;
}

static bool compare_tensors(const struct model *model, const struct rig *rig,
                            const struct evaluation *shown, const struct evaluation *read,
                            struct error *error)
{
    for (size_t row = 0; row < model->n_tensors; row++) {
        if (shown->device[row] != read->device[row]) {
            return error_set(error, ERROR_SYSTEM,
                             "%s: shown on %s, the arguments give %s; please report this",
                             model->tensors[row].name, rig_name(rig, shown->device[row]),
                             rig_name(rig, read->device[row]));
        }
    }
    return true;
}

/* llama.cpp's own answer stands in place of what the rules give. */
static bool agrees(uint64_t shown, enum figure_source source, uint64_t read)
{
    return source == FIGURE_PROBE || shown == read;
}

static bool compare_bytes(const struct rig *rig, const struct evaluation *shown,
                          const struct evaluation *read, struct error *error)
{
    for (size_t i = 0; i <= rig->n_devices; i++) {
        const struct device_use *a = i < rig->n_devices ? &shown->devices[i] : &shown->host;
        const struct device_use *b = i < rig->n_devices ? &read->devices[i] : &read->host;
        if (!agrees(a->model, a->model_source, b->model) ||
            !agrees(a->context, a->context_source, b->context) ||
            !agrees(a->compute, a->compute_source, b->compute)) {
            return error_set(error, ERROR_SYSTEM,
                             "%s: %llu bytes shown, the arguments give %llu; please report this",
                             i < rig->n_devices ? rig->devices[i].name : "CPU",
                             (unsigned long long)a->used, (unsigned long long)b->used);
        }
    }
    return true;
}

bool evaluation_verify(const struct model *model, const struct rig *rig, const struct plan *plan,
                       const struct evaluation *evaluation, struct error *error)
{
    if (evaluation->refused.kind != ERROR_NONE) {
        return error_set(error, evaluation->refused.kind, "%s", evaluation->refused.text);
    }
    size_t n = 0;
    char **arguments = arguments_write(model, rig, plan, evaluation, &n);
    struct plan again;
    struct argument_facts facts = {0};
    plan_init(&again, model);
    again.settings.target = plan->settings.target;
    bool same = arguments_read(&again, &facts, (const char *const *)arguments, n, NULL, error);
    if (same) {
        struct evaluation read;
        plan_evaluate(model, rig, &again, NULL, &read);
        same = read.refused.kind == ERROR_NONE
                   ? compare_layers(model, rig, evaluation, &read, error) &&
                         compare_tensors(model, rig, evaluation, &read, error) &&
                         compare_bytes(rig, evaluation, &read, error)
                   : error_set(error, read.refused.kind, "%s", read.refused.text);
        evaluation_clear(&read);
    }
    argument_facts_clear(&facts);
    plan_clear(&again);
    arguments_free(&arguments);
    return same;
}
