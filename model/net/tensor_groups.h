/* What a tensor is, by its name: the group it is shown in and the rule that gives it a device.
 *
 * Sources: src/llama-arch.cpp:719-1000 (LLM_TENSOR_INFOS: input, output or repeating) of llama.cpp v0.5.0.
 */
#ifndef OTPLAN_MODEL_NET_TENSOR_GROUPS_H
#define OTPLAN_MODEL_NET_TENSOR_GROUPS_H

#include "model/net/model.h"

/* N of `blk.N.` anywhere in the name (`enc.blk.3.…` too) and what follows it; -1 and the name itself without. */
int32_t tensor_layer(const char *name, const char **base);

enum tensor_group tensor_group_of(int32_t layer, const char *base);

/* Role and home of a tensor without a layer in its name. */
enum tensor_role tensor_role_of(const struct hparams *hparams, const char *name,
                                uint32_t *home_layer);

#endif
