/* hedge */
#include "model/net/model.h"

#include "model/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int32_t layer_of(const char *name, const char **base)
{
    int layer = 0;
    int used = 0;
    *base = name;
    if (sscanf(name, "blk.%d.%n", &layer, &used) == 1 && used > 0) {
        *base = name + used;
        return layer;
    }
    return -1;
}

static bool starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

static enum tensor_group group_of(int32_t layer, const char *base)
{
    if (layer < 0) {
        if (starts(base, "token_embd.") || starts(base, "position_embd") ||
            starts(base, "token_types") || starts(base, "per_layer_token_embd")) {
            return GROUP_EMBD;
        }
        if (starts(base, "output.")) {
            return GROUP_OUTPUT;
        }
        return strstr(base, "norm") != NULL ? GROUP_NORM : GROUP_OTHER;
    }
    if (starts(base, "nextn")) {
        return GROUP_MTP;
    }
    if (starts(base, "ffn_gate_inp") || starts(base, "exp_probs_b")) {
        return GROUP_ROUTER;
    }
    if (strstr(base, "norm") != NULL) {
        return GROUP_NORM;
    }
    if (strstr(base, "shexp") != NULL) {
        return GROUP_SHEXP;
    }
    if (starts(base, "ffn_gate_up_exps")) {
        return GROUP_GATE_UP_EXPS;
    }
    if (starts(base, "ffn_gate_exps")) {
        return GROUP_GATE_EXPS;
    }
    if (starts(base, "ffn_up_exps")) {
        return GROUP_UP_EXPS;
    }
    if (starts(base, "ffn_down_exps")) {
        return GROUP_DOWN_EXPS;
    }
    if (starts(base, "ffn")) {
        return GROUP_FFN;
    }
    if (starts(base, "ssm")) {
        return GROUP_SSM;
    }
    return starts(base, "attn") ? GROUP_ATTN : GROUP_OTHER;
}

static int by_name(const void *a, const void *b, void *data)
{
    const struct model *model = data;
    return strcmp(model->tensors[*(const uint32_t *)a].name,
                  model->tensors[*(const uint32_t *)b].name);
}

bool model_describe(const struct gguf *gguf, const char *path, bool load_mtp, struct model **out,
                    struct error *error)
{
    struct model *model = memory_new(sizeof *model);
    model->gguf = gguf;
    model->path = memory_text(path);
    model->arch_name = gguf_string(gguf, "general.architecture", "");
    model->name = gguf_string(gguf, "general.name", path);
    model->complete = gguf->complete;
    model->bytes = gguf->tensor_bytes;
    if (!hparams_read(gguf, &model->hparams, error)) {
        model_free(&model);
        return false;
    }
    const struct hparams *h = &model->hparams;
    model->tensors = memory_array(gguf->n_tensors + 1, sizeof *model->tensors);
    bool has_output = false;
    for (uint64_t i = 0; i < gguf->n_tensors; i++) {
        has_output = has_output || strcmp(gguf->tensors[i].name, "output.weight") == 0;
    }
    for (uint64_t i = 0; i < gguf->n_tensors; i++) {
        const struct gguf_tensor *from = &gguf->tensors[i];
        struct model_tensor *t = &model->tensors[model->n_tensors++];
        const char *base = NULL;
        *t = (struct model_tensor){
            .name = from->name, .type = from->type, .bytes = from->bytes, .tied_to = -1};
        memcpy(t->ne, from->ne, sizeof t->ne);
        t->layer = layer_of(from->name, &base);
        t->group = group_of(t->layer, base);
        t->mul_mat_id = t->group >= GROUP_GATE_EXPS && t->group <= GROUP_GATE_UP_EXPS;
        t->lookup = t->group == GROUP_EMBD;
        if (t->layer >= 0) {
            t->role = (uint32_t)t->layer + h->n_layer_nextn >= h->n_layer && h->n_layer_nextn > 0 &&
                              !load_mtp
                          ? ROLE_SKIPPED
                          : ROLE_LAYER;
            t->home_layer = (uint32_t)t->layer;
        } else if (t->group == GROUP_EMBD) {
            t->role = ROLE_INPUT;
        } else if (starts(base, "rope_f")) {
            t->role = ROLE_PER_BUFFER;
        } else {
            t->role = ROLE_OUTPUT;
            t->home_layer = h->n_layer;
        }
        if (!has_output && strcmp(from->name, "token_embd.weight") == 0) {
            struct model_tensor *twin = &model->tensors[model->n_tensors++];
            *twin = *t;
            twin->tied_to = (int32_t)model->n_tensors - 2;
            twin->role = ROLE_OUTPUT;
            twin->home_layer = h->n_layer;
        }
    }
    model->by_name = memory_array(model->n_tensors, sizeof *model->by_name);
    for (uint32_t i = 0; i < model->n_tensors; i++) {
        if (model->tensors[i].tied_to < 0) {
            model->by_name[model->n_names++] = i;
        }
    }
    qsort_r(model->by_name, model->n_names, sizeof *model->by_name, by_name, model);
    *out = model;
    return true;
}

void model_free(struct model **model)
{
    if (*model != NULL) {
        free((*model)->path);
        free((*model)->tensors);
        free((*model)->by_name);
        free(*model);
        *model = NULL;
    }
}

int64_t model_find_tensor(const struct model *model, const char *name)
{
    for (size_t i = 0; i < model->n_names; i++) {
        if (strcmp(model->tensors[model->by_name[i]].name, name) == 0) {
            return model->by_name[i];
        }
    }
    return -1;
}
