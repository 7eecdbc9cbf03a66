/* The one table of llama.cpp's flags (common/arg.cpp of v0.5.0): spellings, environment variable, how many
 * words follow, and what otplan does with it.
 *
 * The order of the rows is the order in which llama.cpp reads environment variables.
 */
#ifndef OTPLAN_MODEL_TEXT_FLAGS_H
#define OTPLAN_MODEL_TEXT_FLAGS_H

#include "model/text/arguments.h"

/* What reading a flag does; FLAG_ID_PASS for all that are handed through as they are. */
enum flag_id {
    FLAG_ID_PASS,
    FLAG_ID_CTX_SIZE,
    FLAG_ID_BATCH,
    FLAG_ID_UBATCH,
    FLAG_ID_SWA_FULL,
    FLAG_ID_FLASH_ATTN,
    FLAG_ID_KV_OFFLOAD,
    FLAG_ID_REPACK,
    FLAG_ID_NO_HOST,
    FLAG_ID_CACHE_TYPE_K,
    FLAG_ID_CACHE_TYPE_V,
    FLAG_ID_RPC,
    FLAG_ID_LOAD_MODE,
    FLAG_ID_DEVICE,
    FLAG_ID_OVERRIDE_TENSOR,
    FLAG_ID_CPU_MOE,
    FLAG_ID_N_CPU_MOE,
    FLAG_ID_N_CPU_FFN,
    FLAG_ID_GPU_LAYERS,
    FLAG_ID_SPLIT_MODE,
    FLAG_ID_TENSOR_SPLIT,
    FLAG_ID_MAIN_GPU,
    FLAG_ID_FIT,
    FLAG_ID_FIT_TARGET,
    FLAG_ID_OP_OFFLOAD,
    FLAG_ID_MODEL,
    FLAG_ID_MODEL_URL,
    FLAG_ID_HF_REPO,
    FLAG_ID_HF_FILE,
    FLAG_ID_OFFLINE,
    FLAG_ID_KV_UNIFIED,
    FLAG_ID_KV_UNIFIED_PER_SLOT,
    FLAG_ID_PARALLEL,
    FLAG_ID_MMPROJ,
    FLAG_ID_DRAFT_MODEL,
    FLAG_ID_SPEC_TYPE,
    FLAG_ID_OVERRIDE_KV,
    FLAG_ID_DRAFT_TWIN, /* of a placement flag, for the draft model */
    FLAG_ID_SPEC_DEFAULT,
    FLAG_ID_DRAFT_N_MAX,
    FLAG_ID_NGRAM_MOD,
    FLAG_ID_NGRAM_SIMPLE,
    FLAG_ID_NGRAM_MAP_K,
    FLAG_ID_NGRAM_MAP_K4V,
    FLAG_ID_EMBEDDING,
    FLAG_ID_POOLING,
};

struct flag {
    enum flag_id id;
    enum flag_use use;
    int n_values;            /* words that follow */
    const char *names;       /* spellings between blanks, the one otplan writes first */
    const char *off_names;   /* spellings that say no ("-nkvo --no-kv-offload"), "" without */
    const char *environment; /* without LLAMA_ARG_; NULL without. "=NAME": the full name */
    const char *instead;     /* FLAG_REMOVED: what to write now */
};

/* The row for a word of a command line; NULL where llama.cpp has no such flag. `off`: true where the word is
 * the negative spelling. Long names take `_` for `-`. */
const struct flag *flag_find(const char *word, bool *off);
const struct flag *flag_by_id(enum flag_id id);

/* All rows, in order; n_flags of them. */
const struct flag *flag_table(size_t *n_flags);

/* The spelling nearest to an unknown word, or NULL where none is near. New. */
char *flag_suggest(const char *word);
/* First spelling of a row, e.g. "-c". New. */
char *flag_spelling(const struct flag *flag, bool off);

#endif
