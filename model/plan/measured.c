#include "model/plan/measured.h"

#include "model/plan/warnings.h"

static const double MIB = 1048576.0;

bool measured_differs(uint64_t bytes, uint64_t mib)
{
    double ours = (double)bytes / MIB;
    double theirs = (double)mib;
    double off = ours < theirs ? theirs - ours : ours > theirs + 1 ? ours - theirs - 1 : 0;
    return off > 1 && off > 0.01 * theirs;
}

static void take(uint64_t *bytes, enum figure_source *source, uint64_t mib)
{
    if (*source == FIGURE_EXACT && *bytes >> 20 == mib) {
        return;
    }
    *bytes = (mib + 1) << 20;
    *source = FIGURE_PROBE;
}

static bool take_all(struct device_use *use, const struct measured *measured)
{
    if (!measured->known) {
        return false;
    }
    bool differs = measured_differs(use->model, measured->model_mib) ||
                   measured_differs(use->context, measured->context_mib) ||
                   measured_differs(use->compute, measured->compute_mib);
    take(&use->model, &use->model_source, measured->model_mib);
    take(&use->context, &use->context_source, measured->context_mib);
    take(&use->compute, &use->compute_source, measured->compute_mib);
    return differs;
}

bool evaluation_take_measured(const struct rig *rig, const struct plan *plan,
                              const struct measured *measured, struct evaluation *evaluation)
{
    bool differs = false;
    for (size_t i = 0; i < rig->n_devices; i++) {
        differs = take_all(&evaluation->devices[i], &measured[i]) || differs;
    }
    differs = take_all(&evaluation->host, &measured[rig->n_devices]) || differs;
    evaluation_find_budgets(rig, plan, evaluation);
    warnings_budgets_again(rig, evaluation);
    return differs;
}
