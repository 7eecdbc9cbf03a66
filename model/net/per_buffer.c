/* Which layers create a tensor that exists once per buffer type (section 12.1). */
#include "model/net/model.h"

#include <string.h>

bool model_layer_creates(const struct model *model, const struct model_tensor *tensor, uint32_t il)
{
    const struct hparams *hparams = &model->hparams;
    if (il < tensor->home_layer || il >= hparams->n_layer_physical - hparams->n_layer_nextn) {
        return false;
    }
    /* models/gemma4.cpp:94-97: rope_freqs belongs to the full-attention layers */
    if (strcmp(model->arch_name, "gemma4") == 0) {
        return !hparams->is_swa[il];
    }
    return true;
}
