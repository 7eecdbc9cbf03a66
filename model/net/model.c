#include "model/net/model.h"

#include "model/base/memory.h"
#include "model/net/arch.h"
#include "model/net/compute_rows.h"
#include "model/net/model_kind.h"
#include "model/net/name_lines.h"
#include "model/net/row_facts.h"
#include "model/net/tensor_groups.h"

#include <stdlib.h>
#include <string.h>

/* ---- rows ----------------------------------------------------------------------------------- */

/* nextn blocks are counted by -ngl but not loaded unless a draft-mtp speculation asks (section 2.3). */
static bool skipped_layer(const struct hparams *hparams, int32_t layer, bool load_mtp)
{
    uint32_t flags = hparams->arch != NULL ? hparams->arch->flags : 0;
    bool loads = load_mtp && (flags & ARCH_MTP_NEVER) == 0;
    uint32_t trunk = hparams->n_layer_physical - hparams->n_layer_nextn;
    return (uint32_t)layer >= hparams->n_layer_physical || ((uint32_t)layer >= trunk && !loads);
}

static void describe_row(const struct gguf_tensor *from, const struct hparams *hparams,
                         bool load_mtp, struct model_tensor *row)
{
    const char *base = NULL;
    *row = (struct model_tensor){
        .name = from->name, .type = from->type, .bytes = from->bytes, .tied_to = -1};
    memcpy(row->ne, from->ne, sizeof row->ne);
    row->layer = tensor_layer(from->name, &base);
    row->group = tensor_group_of(row->layer, base);
    row->mul_mat_id = tensor_group_is_expert(row->group);
    row->lookup = row->group == GROUP_EMBD;
    if (row->layer < 0) {
        row->role = tensor_role_of(hparams, from->name, &row->home_layer);
        return;
    }
    bool skipped =
        skipped_layer(hparams, row->layer, load_mtp) || strstr(base, "cross_attn_rel_b") != NULL;
    row->role = skipped ? ROLE_SKIPPED : ROLE_LAYER;
    row->home_layer = skipped ? 0 : (uint32_t)row->layer;
}

/* ---- tied embeddings ------------------------------------------------------------------------ */

static bool has_tensor(const struct gguf *gguf, const char *name)
{
    return gguf_find_tensor(gguf, name) >= 0;
}

/* The tensor that is loaded a second time, or NULL (section 3.3). */
static const char *tied_name(const struct gguf *gguf, const struct hparams *hparams)
{
    uint32_t flags = hparams->arch != NULL ? hparams->arch->flags : 0;
    if ((flags & ARCH_NO_OUTPUT) != 0) {
        return NULL;
    }
    bool output = has_tensor(gguf, "output.weight");
    if (!output && has_tensor(gguf, "token_embd.weight")) {
        return "token_embd.weight";
    }
    bool from_output = (flags & ARCH_TIED_OUTPUT) != 0 && output;
    return from_output && !has_tensor(gguf, "token_embd.weight") ? "output.weight" : NULL;
}

static void add_twin(struct model *model)
{
    size_t original = model->n_tensors - 1;
    struct model_tensor *twin = &model->tensors[model->n_tensors++];
    *twin = model->tensors[original];
    twin->tied_to = (int32_t)original;
    bool as_output = twin->role == ROLE_INPUT;
    twin->role = as_output ? ROLE_OUTPUT : ROLE_INPUT;
    twin->home_layer = as_output ? model->hparams.n_layer : 0;
    twin->lookup = !as_output;
}

static void describe_rows(const struct gguf *gguf, bool load_mtp, struct model *model)
{
    const char *tied = tied_name(gguf, &model->hparams);
    model->tensors = memory_array(gguf->n_tensors + 1, sizeof *model->tensors);
    for (uint64_t i = 0; i < gguf->n_tensors; i++) {
        describe_row(&gguf->tensors[i], &model->hparams, load_mtp,
                     &model->tensors[model->n_tensors++]);
        if (tied != NULL && strcmp(gguf->tensors[i].name, tied) == 0) {
            add_twin(model);
        }
    }
}

int64_t model_find_tensor(const struct model *model, const char *name)
{
    int64_t index = gguf_find_tensor(model->gguf, name);
    int64_t twin = (int64_t)model->facts->twin;
    return index + (twin > 0 && index >= twin ? 1 : 0);
}

/* ---- the door ------------------------------------------------------------------------------- */

static uint64_t file_bytes(const struct gguf *gguf)
{
    return gguf->head_bytes + gguf->tensor_bytes;
}

bool model_describe(const struct gguf *gguf, const char *path, bool load_mtp, struct model **out,
                    struct error *error)
{
    if (!model_kind_check(gguf, path, error)) {
        return false;
    }
    struct model *model = memory_new(sizeof *model);
    struct error inner = {0};
    if (!hparams_read(gguf, &model->hparams, &inner)) {
        free(model);
        return error_set(error, inner.kind, "%s: %s", path, inner.text);
    }
    model->gguf = gguf;
    model->path = memory_text(path);
    const char *slash = strrchr(model->path, '/');
    model->name = gguf_string(gguf, "general.name", slash == NULL ? model->path : slash + 1);
    model->arch_name = gguf_string(gguf, "general.architecture", "");
    model->bytes = gguf->tensor_bytes;
    model->file_bytes = file_bytes(gguf);
    model->complete = gguf->complete;
    describe_rows(gguf, load_mtp, model);
    model->compute = compute_rows_new(model);
    model->lines = name_lines_new(model);
    model->facts = row_facts_new(model);
    *out = model;
    return true;
}

void model_free(struct model **model)
{
    if (*model == NULL) {
        return;
    }
    free((*model)->path);
    free((*model)->tensors);
    compute_rows_free(&(*model)->compute);
    name_lines_free(&(*model)->lines);
    row_facts_free(&(*model)->facts);
    free(*model);
    *model = NULL;
}
