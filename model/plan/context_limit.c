#include "model/plan/context_limit.h"

uint32_t context_largest(uint32_t most, bool (*holds)(void *payload, uint32_t n_ctx), void *payload)
{
    if (most == 0 || holds(payload, most)) {
        return most;
    }
    uint32_t good = 0;
    uint32_t bad = (most + CONTEXT_STEP - 1) / CONTEXT_STEP;
    while (bad - good > 1) {
        uint32_t middle = good + (bad - good) / 2;
        if (holds(payload, middle * CONTEXT_STEP)) {
            good = middle;
        } else {
            bad = middle;
        }
    }
    return good * CONTEXT_STEP;
}

uint32_t context_most(const struct model *model, const struct evaluation *evaluation)
{
    uint32_t trained = model->hparams.n_ctx_train;
    return trained > evaluation->resolved.n_ctx ? trained : evaluation->resolved.n_ctx;
}
