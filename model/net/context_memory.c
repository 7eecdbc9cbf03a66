/* hedge */
#include "model/net/context_memory.h"

static uint64_t pad(uint64_t n, uint64_t to)
{
    return (n + to - 1) / to * to;
}

uint64_t weight_alloc_bytes(const struct ggml_type_info *type, const uint64_t ne[4], uint64_t bytes,
                            enum backend backend)
{
    uint64_t extra = 0;
    if (backend == BACKEND_CUDA && type->quantized && ne[0] % 512 != 0) {
        ggml_row_bytes(type, 512 - ne[0] % 512, &extra);
    }
    return pad(bytes + extra, backend == BACKEND_CPU ? 32 : 128);
}

bool context_layer_present(const struct model *model, uint32_t il)
{
    return model->hparams.has_kv[il];
}

static uint64_t cache(const struct resolved *r, uint32_t type, uint32_t row, enum backend backend)
{
    uint64_t bytes = 0;
    const struct ggml_type_info *info = ggml_type_find(type);
    ggml_row_bytes(info, row, &bytes);
    uint64_t ne[4] = {row, 1, 1, 1};
    return weight_alloc_bytes(info, ne, bytes * r->n_ctx_seq * r->n_stream, backend);
}

uint64_t context_layer_bytes(const struct model *model, const struct resolved *r, uint32_t il,
                             enum backend backend)
{
    const struct hparams *h = &model->hparams;
    return cache(r, r->type_k, hparams_k_row(h, il), backend) +
           (hparams_is_mla(h) ? 0 : cache(r, r->type_v, hparams_v_row(h, il), backend));
}

uint64_t context_layer_read(const struct model *model, const struct resolved *r, uint32_t il,
                            uint64_t depth)
{
    return context_layer_bytes(model, r, il, BACKEND_CPU) * depth /
           (r->n_ctx_seq > 0 ? r->n_ctx_seq : 1);
}
