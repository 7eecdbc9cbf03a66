/* hedge */
#include "model/net/model.h"

#include <string.h>

const char *tensor_group_name(enum tensor_group group)
{
    static const char *const names[GROUP_COUNT] = {
        "embd",    "attn",      "ssm",          "ffn",  "router", "shexp",  "gate_exps",
        "up_exps", "down_exps", "gate_up_exps", "norm", "mtp",    "output", "other"};
    return names[group];
}
