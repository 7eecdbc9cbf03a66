/* The model as llama.cpp sees it: tensors with their group and the rule that gives them a device, and
 * the hyper-parameters that size caches and compute buffers. Built once per file, never changed.
 */
#ifndef OTPLAN_MODEL_NET_MODEL_H
#define OTPLAN_MODEL_NET_MODEL_H

#include "model/base/error.h"
#include "model/gguf/gguf.h"
#include "model/net/hparams.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `group` of interface.md section 3; also the rows of the layer map. */
enum tensor_group {
    GROUP_EMBD,
    GROUP_ATTN,
    GROUP_SSM,
    GROUP_FFN,    /* dense feed-forward */
    GROUP_ROUTER, /* ffn_gate_inp, exp_probs_b */
    GROUP_SHEXP,  /* shared experts */
    GROUP_GATE_EXPS,
    GROUP_UP_EXPS,
    GROUP_DOWN_EXPS,
    GROUP_GATE_UP_EXPS,
    GROUP_NORM,
    GROUP_MTP,
    GROUP_OUTPUT,
    GROUP_OTHER,
    GROUP_COUNT,
};
const char *tensor_group_name(enum tensor_group group); /* "gate_exps": the JSON's spelling */

struct compute_rows; /* see model/net/compute_rows.h */
struct name_lines;   /* see model/net/name_lines.h */
struct row_facts;    /* see model/net/row_facts.h */

/* Routed experts: of a token's many, only n_expert_used are read. */
bool tensor_group_is_expert(enum tensor_group group);

/* The rule that gives a tensor its device when no override decides. */
enum tensor_role {
    ROLE_INPUT,      /* always the CPU list (token_embd, position_embd, ...) */
    ROLE_LAYER,      /* device of layer `home_layer` */
    ROLE_OUTPUT,     /* device of the output layer (home index n_layer) */
    ROLE_PER_BUFFER, /* rope_freqs, rope_factors_*: one copy in each buffer type in use among the homes
                      * of the layers that create it (section 12.1); `home_layer` is the first of them */
    ROLE_SKIPPED,    /* llama.cpp does not load it: nextn blocks without MTP, masked_embd, ... */
};

struct model_tensor {
    const char *name; /* borrowed from the gguf; < 64 bytes */
    const struct ggml_type_info *type;
    uint64_t ne[4];
    uint64_t bytes; /* ggml_nbytes, without padding */
    int32_t layer;  /* N of blk.N, -1 without */
    enum tensor_group group;
    enum tensor_role role;
    uint32_t
        home_layer; /* ROLE_LAYER/PER_BUFFER: whose home it takes (0..n_layer-1); ROLE_OUTPUT: n_layer */
    int32_t tied_to; /* >= 0: this row is the second use of row `tied_to` (always row - 1): the
                              * tied token_embd as OUTPUT. Same name, own device; both in one buffer type
                              * share one allocation, and then this row has 0 bytes there */
    bool mul_mat_id; /* used by MUL_MAT_ID (experts); repacking and op offload ask */
    bool lookup;     /* a table read by row: counts 0 in the speed model (the tied twin counts 1) */
};

struct model {
    const struct gguf *gguf; /* borrowed; must outlive the model */
    char *path;              /* owned: as the user named it (first part) */
    const char *name;        /* general.name or file name; borrowed from gguf or path */
    const char *arch_name;   /* general.architecture, as in the file; borrowed */
    struct hparams hparams;
    size_t n_tensors;             /* rows: file tensors plus tied twins */
    struct model_tensor *tensors; /* in file order, a twin right after its original */
    uint64_t bytes;               /* sum of the file's tensor bytes */
    uint64_t file_bytes;          /* size of all parts */
    bool complete;                /* false: only the head(s) are here */
    struct compute_rows *compute; /* owned or NULL: parts of the network, for compute_estimate */
    struct name_lines *lines;     /* owned: names by layer and suffix, for the rules */
    struct row_facts *facts;      /* owned: the rows packed, for what is done in every frame */
};

/* New `*out`, free with model_free. `load_mtp`: --spec-type contains draft-mtp, nextn blocks are loaded.
 * ERROR_INPUT for files that are no language model (projector, LoRA, imatrix, vocabulary, control
 * vector: says what it is and which flag takes it) and for hyper-parameters llama.cpp refuses. */
bool model_describe(const struct gguf *gguf, const char *path, bool load_mtp, struct model **out,
                    struct error *error);
void model_free(struct model **model);

/* ROLE_PER_BUFFER: does layer `il` create (and so keep a copy of) this tensor? Usually every trunk layer does. */
bool model_layer_creates(const struct model *model, const struct model_tensor *tensor, uint32_t il);

/* Row of the tensor with this exact name (the original, not a twin), or -1. */
int64_t model_find_tensor(const struct model *model, const char *name);

#endif
