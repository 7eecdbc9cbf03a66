/* The model hub: hf:OWNER/REPO[@REVISION][:QUANT] and hf:OWNER/REPO/FILE.gguf, its token, its address.
 *
 * HF_ENDPOINT is the hub's address (https://huggingface.co), HF_TOKEN the token; else the file HF_TOKEN_PATH,
 * HF_HOME/token, XDG_CACHE_HOME/huggingface/token or ~/.cache/huggingface/token.
 */
#ifndef OTPLAN_SRC_REMOTE_HUB_H
#define OTPLAN_SRC_REMOTE_HUB_H

#include "src/remote_transfer.h"

/* New: the hub's address without a slash at its end. */
char *remote_hub_endpoint(void);
/* New: the token, or NULL. */
char *remote_hub_token(void);

/* New `*url`: the address of the model's (first) file. Without a quant Q4_K_M, then Q4_0, then the first
 * model there, as llama.cpp chooses. `*from_cache`: the hub could not be reached and its list of before was
 * taken. ERROR_INPUT names what is there where the quant is not. */
bool remote_hub_find(const char *name, const struct remote_options *options, char **url,
                     bool *from_cache, struct error *error);

#endif
