/* A model on a server: hf:OWNER/REPO..., https://... or http://..., any part of a split one. Only the heads
 * are fetched.
 */
#ifndef OTPLAN_SRC_REMOTE_MODEL_H
#define OTPLAN_SRC_REMOTE_MODEL_H

#include "src/remote_heads.h"

struct remote_model {
    struct remote_head *heads; /* owned: one a part, in order */
    size_t n;
    bool from_cache; /* the server could not be reached; this is what it said before */
};

bool remote_model_name(const char *name);

/* `options` may be NULL: the usual ones, with progress on a terminal's stderr and Ctrl-C heard. Free with
 * remote_model_clear. ERROR_INPUT, ERROR_SYSTEM (network), ERROR_INTERRUPTED (Ctrl-C). */
bool remote_model_fetch(const char *name, const struct remote_options *options,
                        struct remote_model *out, struct error *error);
void remote_model_clear(struct remote_model *model);

#endif
