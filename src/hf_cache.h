/* Models that llama.cpp downloaded with -hf: where its caches keep them.
 *
 * Two layouts: the newer Hugging Face hub cache (HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME/hub,
 * XDG_CACHE_HOME/huggingface/hub: models--OWNER--REPO/snapshots/COMMIT/FILE) and llama.cpp's own
 * (LLAMA_CACHE, XDG_CACHE_HOME/llama.cpp: OWNER_REPO_FILE.gguf beside manifest=OWNER=REPO=TAG.json).
 */
#ifndef OTPLAN_SRC_HF_CACHE_H
#define OTPLAN_SRC_HF_CACHE_H

#include "model/base/error.h"

#include <stdbool.h>

/* New `*out`: the model's (first) file for OWNER/REPO[:TAG], `file` (-hff, or NULL) taking the tag's place.
 * Without a tag Q4_K_M, then Q4_0, then whatever is there. ERROR_INPUT: one line that it is not there and how
 * to name a file. Nothing is fetched. */
bool hf_cache_find(const char *repo, const char *file, char **out, struct error *error);

#endif
