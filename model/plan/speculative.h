/* Speculative decoding, as far as it decides sizes: how many tokens are drafted, and what is kept to undo them.
 *
 * Sources: common/speculative.cpp (common_speculative_n_max, the names of --spec-type), common/common.h
 * (need_n_rs_seq, defaults), src/llama-arch.cpp (llm_arch_supports_rs_rollback) of llama.cpp v0.5.0.
 */
#ifndef OTPLAN_MODEL_PLAN_SPECULATIVE_H
#define OTPLAN_MODEL_PLAN_SPECULATIVE_H

#include <stdbool.h>
#include <stdint.h>

struct hparams;

enum speculative_type {
    SPECULATIVE_DRAFT_SIMPLE = 1U << 0,
    SPECULATIVE_DRAFT_EAGLE3 = 1U << 1,
    SPECULATIVE_DRAFT_MTP = 1U << 2,
    SPECULATIVE_DRAFT_DFLASH = 1U << 3,
    SPECULATIVE_DRAFT_DSPARK = 1U << 4,
    SPECULATIVE_NGRAM_SIMPLE = 1U << 5,
    SPECULATIVE_NGRAM_MAP_K = 1U << 6,
    SPECULATIVE_NGRAM_MAP_K4V = 1U << 7,
    SPECULATIVE_NGRAM_MOD = 1U << 8,
    SPECULATIVE_NGRAM_CACHE = 1U << 9,
};

/* As given. */
struct speculative {
    uint32_t types;        /* --spec-type: enum speculative_type, or-ed; 0 none */
    int64_t draft_n_max;   /* --spec-draft-n-max, tokens */
    int64_t ngram_mod;     /* --spec-ngram-mod-n-max */
    int64_t ngram_simple;  /* --spec-ngram-simple-size-m */
    int64_t ngram_map_k;   /* --spec-ngram-map-k-size-m */
    int64_t ngram_map_k4v; /* --spec-ngram-map-k4v-size-m */
};
void speculative_default(struct speculative *speculative);

/* Reads --spec-type's list ("draft-mtp,ngram-mod", "none"). False where llama.cpp knows a name not. */
bool speculative_types_read(const char *list, uint32_t *types);

/* The most tokens drafted at once: a slot's logits rows are one more. */
uint32_t speculative_n_max(const struct speculative *speculative);
/* States kept for each sequence beside the newest one, to go back to where a draft was right. */
uint32_t speculative_n_rs_seq(const struct speculative *speculative, const struct hparams *hparams);

#endif
