#include "model/net/tensor_groups.h"

#include "model/net/arch.h"

#include <stdlib.h>
#include <string.h>

static const char *const group_names[GROUP_COUNT] = {
    [GROUP_EMBD] = "embd",
    [GROUP_ATTN] = "attn",
    [GROUP_SSM] = "ssm",
    [GROUP_FFN] = "ffn",
    [GROUP_ROUTER] = "router",
    [GROUP_SHEXP] = "shexp",
    [GROUP_GATE_EXPS] = "gate_exps",
    [GROUP_UP_EXPS] = "up_exps",
    [GROUP_DOWN_EXPS] = "down_exps",
    [GROUP_GATE_UP_EXPS] = "gate_up_exps",
    [GROUP_NORM] = "norm",
    [GROUP_MTP] = "mtp",
    [GROUP_OUTPUT] = "output",
    [GROUP_OTHER] = "other",
};

const char *tensor_group_name(enum tensor_group group)
{
    return group_names[group];
}

bool tensor_group_is_expert(enum tensor_group group)
{
    return group == GROUP_GATE_EXPS || group == GROUP_UP_EXPS || group == GROUP_DOWN_EXPS ||
           group == GROUP_GATE_UP_EXPS;
}

/* ---- groups --------------------------------------------------------------------------------- */

enum match { STARTS, HOLDS };

struct group_rule {
    const char *text;
    enum match match;
    enum tensor_group group;
};

/* Tensors of a layer, by what follows `blk.N.`; the first rule that matches wins. */
static const struct group_rule layer_rules[] = {
    {"nextn.", STARTS, GROUP_MTP},
    {"ffn_gate_inp", STARTS, GROUP_ROUTER},
    {"exp_probs_b", STARTS, GROUP_ROUTER},
    {"ffn_exp_probs", STARTS, GROUP_ROUTER},
    {"norm", HOLDS, GROUP_NORM},
    {"shexp", HOLDS, GROUP_SHEXP},
    {"ffn_gate_up_exps", STARTS, GROUP_GATE_UP_EXPS},
    {"ffn_gate_up_chexps", STARTS, GROUP_GATE_UP_EXPS},
    {"ffn_gate_exps", STARTS, GROUP_GATE_EXPS},
    {"ffn_gate_chexps", STARTS, GROUP_GATE_EXPS},
    {"ffn_up_exps", STARTS, GROUP_UP_EXPS},
    {"ffn_up_chexps", STARTS, GROUP_UP_EXPS},
    {"ffn_down_exps", STARTS, GROUP_DOWN_EXPS},
    {"ffn_down_chexps", STARTS, GROUP_DOWN_EXPS},
    {"ffn", STARTS, GROUP_FFN},
    {"ssm", STARTS, GROUP_SSM},
    {"time_mix", STARTS, GROUP_SSM},
    {"channel_mix", STARTS, GROUP_FFN},
    {"shortconv", STARTS, GROUP_SSM},
    {"attn", STARTS, GROUP_ATTN},
    {"cross_attn", STARTS, GROUP_ATTN},
    {"indexer", STARTS, GROUP_ATTN},
};

static const struct group_rule model_rules[] = {
    {"token_embd_norm", STARTS, GROUP_NORM},
    {"token_embd", STARTS, GROUP_EMBD},
    {"position_embd", STARTS, GROUP_EMBD},
    {"token_types", STARTS, GROUP_EMBD},
    {"per_layer_token_embd", STARTS, GROUP_EMBD},
    {"norm", HOLDS, GROUP_NORM},
    {"output", STARTS, GROUP_OUTPUT},
    {"cls", STARTS, GROUP_OUTPUT},
    {"nextn.", STARTS, GROUP_MTP},
};

static bool starts_with(const char *name, const char *start)
{
    while (*start != '\0' && *name == *start) {
        name++;
        start++;
    }
    return *start == '\0';
}

static enum tensor_group group_by(const struct group_rule *rules, size_t n, const char *base)
{
    for (size_t i = 0; i < n; i++) {
        const char *text = rules[i].text;
        bool found = rules[i].match == HOLDS ? strstr(base, text) != NULL : starts_with(base, text);
        if (found) {
            return rules[i].group;
        }
    }
    return GROUP_OTHER;
}

int32_t tensor_layer(const char *name, const char **base)
{
    const char *at = strstr(name, "blk.");
    *base = name;
    if (at == NULL || (at > name && at[-1] != '.') || at[4] < '0' || at[4] > '9') {
        return -1;
    }
    char *end = NULL;
    long layer = strtol(at + 4, &end, 10);
    if (*end != '.' || layer > INT32_MAX / 2) {
        return -1;
    }
    *base = end + 1;
    return (int32_t)layer;
}

enum tensor_group tensor_group_of(int32_t layer, const char *base)
{
    return layer >= 0 ? group_by(layer_rules, sizeof layer_rules / sizeof layer_rules[0], base)
                      : group_by(model_rules, sizeof model_rules / sizeof model_rules[0], base);
}

/* ---- roles ---------------------------------------------------------------------------------- */

static const char *const input_names[] = {
    "token_embd.", "position_embd.", "token_types.", "per_layer_token_embd.", "hrm.z_l_init",
};

/* Repeating by class, but without a layer in the name: device of layer 0 (section 3.1). */
static const char *const first_layer_names[] = {
    "per_layer_model_proj.",
    "per_layer_proj_norm.",
    "conv1d.",
    "nextn.pre_projection.",
};

static const char *const per_layer_prefixes[] = {"posnet.", "convnext."};

static bool starts_with_any(const char *name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (starts_with(name, list[i])) {
            return true;
        }
    }
    return false;
}

#define ANY(name, list) starts_with_any(name, list, sizeof(list) / sizeof((list)[0]))

static enum tensor_role per_layer_role(const struct hparams *hparams, const char *name,
                                       uint32_t *home_layer)
{
    unsigned long il = strtoul(strchr(name, '.') + 1, NULL, 10);
    *home_layer = il < hparams->n_layer ? (uint32_t)il : 0;
    return ROLE_LAYER;
}

enum tensor_role tensor_role_of(const struct hparams *hparams, const char *name,
                                uint32_t *home_layer)
{
    uint32_t flags = hparams->arch != NULL ? hparams->arch->flags : 0;
    *home_layer = 0;
    if (ANY(name, input_names)) {
        return ROLE_INPUT;
    }
    if (strncmp(name, "masked_embd", strlen("masked_embd")) == 0) {
        return ROLE_SKIPPED;
    }
    if (strncmp(name, "rope_freqs.", strlen("rope_freqs.")) == 0) {
        return hparams->long_rope ? ROLE_SKIPPED : ROLE_PER_BUFFER;
    }
    if (strncmp(name, "rope_factors_", strlen("rope_factors_")) == 0) {
        bool always = (flags & ARCH_LONG_FACTORS) != 0;
        return hparams->long_rope || always ? ROLE_PER_BUFFER : ROLE_SKIPPED;
    }
    bool embd_norm = strncmp(name, "token_embd_norm.", strlen("token_embd_norm.")) == 0;
    if (ANY(name, first_layer_names) || (embd_norm && (flags & ARCH_FINAL_NORM_EMBD) == 0)) {
        return ROLE_LAYER;
    }
    if (ANY(name, per_layer_prefixes)) {
        return per_layer_role(hparams, name, home_layer);
    }
    *home_layer = hparams->n_layer;
    return ROLE_OUTPUT;
}
