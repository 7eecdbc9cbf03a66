/* hedge */
#include "model/plan/settings.h"

#include <string.h>

static const char *const targets[] = {"llama-server", "llama-cli", "llama-bench", "llama-fit-params"};

const char *target_name(enum target target)
{
    return targets[target];
}

bool target_by_name(const char *name, enum target *out)
{
    for (int i = 0; i < 4; i++) {
        if (strcmp(name, targets[i]) == 0) {
            *out = (enum target)i;
            return true;
        }
    }
    return false;
}

void settings_default(struct settings *s)
{
    *s = (struct settings){.n_batch = 2048, .n_ubatch = 512, .n_parallel = -1, .kv_unified = UNSET,
                           .type_k = GGML_F16, .type_v = GGML_F16, .offload_kqv = true, .op_offload = true,
                           .repack = true, .fit = true};
}

bool settings_resolve(const struct settings *s, const struct model *model, struct resolved *out,
                      struct error *error)
{
    (void)error;
    *out = (struct resolved){0};
    bool server = s->target == TARGET_LLAMA_SERVER;
    out->n_seq = s->n_parallel > 0 ? (uint32_t)s->n_parallel : server ? 4 : 1;
    out->kv_unified = s->kv_unified == UNSET ? server && s->n_parallel < 0 : s->kv_unified == ON;
    uint32_t n = s->n_ctx > 0 ? (uint32_t)s->n_ctx : model->hparams.n_ctx_train;
    out->n_batch = (uint32_t)s->n_batch < n ? (uint32_t)s->n_batch : n;
    out->n_ubatch = (uint32_t)s->n_ubatch < out->n_batch ? (uint32_t)s->n_ubatch : out->n_batch;
    n = (n + 255) / 256 * 256;
    out->n_stream = out->kv_unified ? 1 : out->n_seq;
    out->n_ctx_seq = out->kv_unified ? n : (n / out->n_seq + 255) / 256 * 256;
    out->n_ctx = out->kv_unified ? n : out->n_ctx_seq * out->n_seq;
    out->n_outputs = server ? out->n_seq : out->n_ubatch;
    out->type_k = s->type_k;
    out->type_v = s->type_v;
    out->flash_attn = out->cache_flash_attn = s->flash_attn != FLASH_ATTN_OFF;
    const struct ggml_type_info *type_v = ggml_type_find(s->type_v);
    bool needed = type_v != NULL && type_v->quantized; /* a quantised V: auto means on */
    out->flash_attn_auto = s->flash_attn == FLASH_ATTN_AUTO && !needed;
    out->offload_kqv = s->offload_kqv;
    out->op_offload = s->op_offload;
    out->swa_full = s->swa_full;
    out->repack = s->repack;
    out->no_host = s->no_host;
    out->load_mode = s->load_mode == LOAD_AUTO ? LOAD_MMAP : s->load_mode;
    return true;
}
