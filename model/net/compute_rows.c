#include "model/net/compute_rows.h"

#include "model/base/memory.h"

#include <stdlib.h>
#include <string.h>

static const char *const part_names[PART_COUNT] = {
    [PART_ATTN_NORM] = "attn_norm.weight",
    [PART_ATTN_NORM_B] = "attn_norm.bias",
    [PART_ATTN_NORM_2] = "attn_norm_2.weight",
    [PART_Q] = "attn_q.weight",
    [PART_Q_B] = "attn_q.bias",
    [PART_K] = "attn_k.weight",
    [PART_K_B] = "attn_k.bias",
    [PART_V] = "attn_v.weight",
    [PART_V_B] = "attn_v.bias",
    [PART_QKV] = "attn_qkv.weight",
    [PART_QKV_B] = "attn_qkv.bias",
    [PART_Q_NORM] = "attn_q_norm.weight",
    [PART_K_NORM] = "attn_k_norm.weight",
    [PART_OUT] = "attn_output.weight",
    [PART_OUT_B] = "attn_output.bias",
    [PART_SINKS] = "attn_sinks.weight",
    [PART_ATTN_GATE] = "attn_gate.weight",
    [PART_POST_ATTN_NORM] = "post_attention_norm.weight",
    [PART_Q_A] = "attn_q_a.weight",
    [PART_Q_A_NORM] = "attn_q_a_norm.weight",
    [PART_Q_LORA_B] = "attn_q_b.weight",
    [PART_KV_A_MQA] = "attn_kv_a_mqa.weight",
    [PART_KV_A_NORM] = "attn_kv_a_norm.weight",
    [PART_KV_LORA_B] = "attn_kv_b.weight",
    [PART_K_LORA_B] = "attn_k_b.weight",
    [PART_V_LORA_B] = "attn_v_b.weight",
    [PART_INDEXER_Q] = "indexer.attn_q_b.weight",
    [PART_INDEXER_K] = "indexer.attn_k.weight",
    [PART_INDEXER_K_NORM] = "indexer.k_norm.weight",
    [PART_INDEXER_K_NORM_B] = "indexer.k_norm.bias",
    [PART_INDEXER_PROJ] = "indexer.proj.weight",
    [PART_SHORT_CONV_IN] = "shortconv.in_proj.weight",
    [PART_SHORT_CONV] = "shortconv.conv.weight",
    [PART_SHORT_CONV_OUT] = "shortconv.out_proj.weight",
    [PART_KDA_CONV_Q] = "ssm_conv1d_q.weight",
    [PART_KDA_CONV_K] = "ssm_conv1d_k.weight",
    [PART_KDA_CONV_V] = "ssm_conv1d_v.weight",
    [PART_KDA_F_A] = "ssm_f_a.weight",
    [PART_KDA_F_B] = "ssm_f_b.weight",
    [PART_KDA_G_A] = "ssm_g_a.weight",
    [PART_KDA_G_B] = "ssm_g_b.weight",
    [PART_BLOCK_Q] = "indexer.q_proj.weight",
    [PART_BLOCK_Q_NORM] = "indexer.q_norm.weight",
    [PART_BLOCK_K] = "indexer.k_proj.weight",
    [PART_FFN_NORM] = "ffn_norm.weight",
    [PART_FFN_NORM_B] = "ffn_norm.bias",
    [PART_GATE] = "ffn_gate.weight",
    [PART_GATE_B] = "ffn_gate.bias",
    [PART_UP] = "ffn_up.weight",
    [PART_UP_B] = "ffn_up.bias",
    [PART_DOWN] = "ffn_down.weight",
    [PART_DOWN_B] = "ffn_down.bias",
    [PART_POST_FFN_NORM] = "post_ffw_norm.weight",
    [PART_ROUTER] = "ffn_gate_inp.weight",
    [PART_ROUTER_B] = "ffn_gate_inp.bias",
    [PART_PROBS_B] = "exp_probs_b.bias",
    [PART_GATE_EXPS] = "ffn_gate_exps.weight",
    [PART_GATE_EXPS_B] = "ffn_gate_exps.bias",
    [PART_UP_EXPS] = "ffn_up_exps.weight",
    [PART_UP_EXPS_B] = "ffn_up_exps.bias",
    [PART_DOWN_EXPS] = "ffn_down_exps.weight",
    [PART_DOWN_EXPS_B] = "ffn_down_exps.bias",
    [PART_GATE_UP_EXPS] = "ffn_gate_up_exps.weight",
    [PART_GATE_UP_EXPS_B] = "ffn_gate_up_exps.bias",
    [PART_SHEXP_ROUTER] = "ffn_gate_inp_shexp.weight",
    [PART_GATE_SHEXP] = "ffn_gate_shexp.weight",
    [PART_UP_SHEXP] = "ffn_up_shexp.weight",
    [PART_DOWN_SHEXP] = "ffn_down_shexp.weight",
    [PART_SSM_IN] = "ssm_in.weight",
    [PART_SSM_CONV] = "ssm_conv1d.weight",
    [PART_SSM_CONV_B] = "ssm_conv1d.bias",
    [PART_SSM_X] = "ssm_x.weight",
    [PART_SSM_DT] = "ssm_dt.weight",
    [PART_SSM_DT_B] = "ssm_dt.bias",
    [PART_SSM_DT_NORM] = "ssm_dt_norm.weight",
    [PART_SSM_B_NORM] = "ssm_b_norm.weight",
    [PART_SSM_C_NORM] = "ssm_c_norm.weight",
    [PART_SSM_A] = "ssm_a",
    [PART_SSM_D] = "ssm_d",
    [PART_SSM_NORM] = "ssm_norm.weight",
    [PART_SSM_OUT] = "ssm_out.weight",
    [PART_SSM_BETA_ALPHA] = "ssm_ba.weight",
    [PART_SSM_BETA] = "ssm_beta.weight",
    [PART_SSM_ALPHA] = "ssm_alpha.weight",
    [PART_TOKEN_EMBD] = "token_embd.weight",
    [PART_POSITION_EMBD] = "position_embd.weight",
    [PART_ROPE_FREQS] = "rope_freqs.weight",
    [PART_OUTPUT_NORM] = "output_norm.weight",
    [PART_OUTPUT_NORM_B] = "output_norm.bias",
    [PART_OUTPUT] = "output.weight",
    [PART_OUTPUT_B] = "output.bias",
};

static int by_text(const void *a, const void *b)
{
    return strcmp(part_names[*(const uint8_t *)a], part_names[*(const uint8_t *)b]);
}

/* Parts in the order of their names: `from` and what follows, before `to`. */
struct part_list {
    uint8_t parts[PART_COUNT];
    size_t n;
};

static void part_list_sort(struct part_list *list, int from, int to)
{
    list->n = 0;
    for (int part = from; part < to; part++)
        list->parts[list->n++] = (uint8_t)part;
    qsort(list->parts, list->n, sizeof list->parts[0], by_text);
}

static int find_part(const struct part_list *list, const char *name)
{
    size_t low = 0;
    size_t high = list->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(part_names[list->parts[middle]], name);
        if (order == 0)
            return list->parts[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

/* "blk.12.attn_q.weight" -> "attn_q.weight" */
static const char *name_in_layer(const char *name)
{
    const char *dot = strncmp(name, "blk.", 4) == 0 ? strchr(name + 4, '.') : NULL;
    return dot != NULL ? dot + 1 : "";
}

static void take_row(struct compute_rows *rows, const struct model *model,
                     const struct part_list *of_layers, const struct part_list *of_model,
                     int32_t index)
{
    const struct model_tensor *tensor = &model->tensors[index];
    uint32_t n_layer = model->hparams.n_layer;
    if (tensor->layer >= 0 && (uint32_t)tensor->layer < n_layer) {
        int part = find_part(of_layers, name_in_layer(tensor->name));
        if (part >= 0)
            rows->layers[tensor->layer][part] = index;
        return;
    }
    int part = find_part(of_model, tensor->name);
    if (part == PART_TOKEN_EMBD && tensor->tied_to >= 0)
        part = PART_OUTPUT;
    if (part >= PART_LAYER_COUNT)
        rows->global[part - PART_LAYER_COUNT] = index;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash ^= value;
    return (hash ^ hash >> 29) * UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t layer_kind(const struct compute_rows *rows, const struct model *model, uint32_t il)
{
    const struct hparams *hparams = &model->hparams;
    uint64_t hash = mix(hparams->n_head[il], hparams->n_head_kv[il]);
    hash = mix(hash, (uint64_t)hparams->is_swa[il] << 2 | (uint64_t)hparams->is_recurrent[il] << 1 |
                         (uint64_t)hparams->has_kv[il]);
    hash = mix(hash, rows->rotates[il]);
    for (int part = 0; part < PART_LAYER_COUNT; part++) {
        int32_t row = rows->layers[il][part];
        if (row < 0)
            continue;
        hash = mix(hash, (uint64_t)part);
        for (int i = 0; i < 4; i++)
            hash = mix(hash, model->tensors[row].ne[i]);
    }
    return hash;
}

static uint64_t key_u64(const struct model *model, const char *key, uint64_t fallback)
{
    char *full = memory_format("%s.%s", model->arch_name, key);
    uint64_t value = gguf_u64(model->gguf, full, fallback);
    free(full);
    return value;
}

static double key_f64(const struct model *model, const char *key, double fallback)
{
    char *full = memory_format("%s.%s", model->arch_name, key);
    double value = gguf_f64(model->gguf, full, fallback);
    free(full);
    return value;
}

static int64_t key_element(const struct model *model, const char *key, uint64_t index)
{
    char *full = memory_format("%s.%s", model->arch_name, key);
    const struct gguf_value *value = gguf_find(model->gguf, full);
    int64_t element = value != NULL ? gguf_element_i64(value, index) : 0;
    free(full);
    return element;
}

/* llama_model_rope_type, llama_hparams::use_mrope */
static bool has_mrope(const struct compute_rows *rows, const struct model *model)
{
    return rows->traits & TRAIT_MROPE || (rows->traits & TRAIT_MROPE_IF_GIVEN &&
                                          key_element(model, "rope.dimension_sections", 0) > 0 &&
                                          key_element(model, "rope.dimension_sections", 1) > 0);
}

static bool layer_rotates(const struct compute_rows *rows, const struct model *model, uint32_t il)
{
    const struct hparams *hparams = &model->hparams;
    uint32_t traits = rows->traits;
    if (traits & TRAIT_NO_ROPE) {
        return false;
    }
    if (traits &
        TRAIT_ROPE_IN_WINDOW) { /* cohere2moe: the leading dense layers turn all the same */
        uint64_t dense =
            traits & TRAIT_PARALLEL ? key_u64(model, "leading_dense_block_count", 0) : 0;
        return hparams->is_swa[il] || hparams->n_swa == 0 || il < dense;
    }
    if (traits & TRAIT_ROPE_BY_FOUR) { /* llama4 without windows: everywhere */
        return (il + 1) % 4 != 0 || (traits & TRAIT_NORM_OF_HEADS && hparams->n_swa == 0);
    }
    return !(traits & TRAIT_ROPE_IF_TUNED) || key_u64(model, "rope.scaling.finetuned", 1) != 0;
}

static void read_keys(struct compute_rows *rows, const struct model *model)
{
    double scale = key_f64(model, "expert_weights_scale", 0);
    rows->n_groups = (uint32_t)key_u64(model, "expert_group_count", 0);
    rows->n_group_used = (uint32_t)key_u64(model, "expert_group_used_count", 0);
    rows->weights_norm = key_u64(model, "expert_weights_norm", true);
    rows->weights_scale = scale < 0 || (scale > 0 && scale < 1) || scale > 1;
    rows->positions = has_mrope(rows, model) ? 4 : 1;
    if (key_f64(model, "logit_scale", 0) > 0 || key_f64(model, "logit_scale", 0) < 0)
        rows->traits |= TRAIT_SCALED_LOGITS;
    if (key_f64(model, "embedding_scale", 0) > 0)
        rows->traits |= TRAIT_SCALED_EMBD;
}

struct compute_rows *compute_rows_new(const struct model *model)
{
    struct compute_rows *rows = memory_new(sizeof *rows);
    uint32_t n_layer = model->hparams.n_layer;
    rows->layers = memory_array(n_layer, sizeof *rows->layers);
    rows->kind = memory_array(n_layer, sizeof *rows->kind);
    rows->rotates = memory_array(n_layer, sizeof *rows->rotates);
    memset(rows->layers, 0xff, n_layer * sizeof *rows->layers);
    memset(rows->global, 0xff, sizeof rows->global);
    rows->traits = model->hparams.arch != NULL ? model->hparams.arch->network : 0;
    read_keys(rows, model);
    struct part_list of_layers, of_model;
    part_list_sort(&of_layers, 0, PART_LAYER_COUNT);
    part_list_sort(&of_model, PART_LAYER_COUNT, PART_COUNT);
    for (size_t i = 0; i < model->n_tensors; i++)
        take_row(rows, model, &of_layers, &of_model, (int32_t)i);
    for (uint32_t il = 0; il < n_layer; il++)
        rows->rotates[il] = layer_rotates(rows, model, il);
    for (uint32_t il = 0; il < n_layer; il++)
        rows->kind[il] = layer_kind(rows, model, il);
    return rows;
}

void compute_rows_free(struct compute_rows **rows)
{
    if (*rows == NULL)
        return;
    free((*rows)->layers);
    free((*rows)->kind);
    free((*rows)->rotates);
    free(*rows);
    *rows = NULL;
}
