#include "model/plan/speculative.h"

#include "model/net/arch.h"

#include <stddef.h>
#include <string.h>

enum { NGRAM_CACHE_TOKENS = 8, MOST_TOKENS = 1 << 20 };

static const struct {
    const char *name;
    uint32_t type;
} names[] = {
    {"none", 0},
    {"draft-simple", SPECULATIVE_DRAFT_SIMPLE},
    {"draft-eagle3", SPECULATIVE_DRAFT_EAGLE3},
    {"draft-mtp", SPECULATIVE_DRAFT_MTP},
    {"draft-dflash", SPECULATIVE_DRAFT_DFLASH},
    {"draft-dspark", SPECULATIVE_DRAFT_DSPARK},
    {"ngram-simple", SPECULATIVE_NGRAM_SIMPLE},
    {"ngram-map-k", SPECULATIVE_NGRAM_MAP_K},
    {"ngram-map-k4v", SPECULATIVE_NGRAM_MAP_K4V},
    {"ngram-mod", SPECULATIVE_NGRAM_MOD},
    {"ngram-cache", SPECULATIVE_NGRAM_CACHE},
};
enum { NAME_COUNT = sizeof names / sizeof names[0] };

void speculative_default(struct speculative *speculative)
{
    *speculative = (struct speculative){.draft_n_max = 3,
                                        .ngram_mod = 64,
                                        .ngram_simple = 48,
                                        .ngram_map_k = 48,
                                        .ngram_map_k4v = 48};
}

bool speculative_types_read(const char *list, uint32_t *types)
{
    *types = 0;
    for (const char *at = list;; at++) {
        size_t n = strcspn(at, ",");
        size_t i = 0;
        while (i < NAME_COUNT &&
               (strlen(names[i].name) != n || strncmp(names[i].name, at, n) != 0)) {
            i++;
        }
        if (i == NAME_COUNT) {
            return false;
        }
        *types |= names[i].type;
        at += n;
        if (*at == '\0') {
            return true;
        }
    }
}

static uint32_t drafts(const struct speculative *speculative, uint32_t types, int64_t n)
{
    if ((speculative->types & types) == 0 || n < 0) {
        return 0;
    }
    return n > MOST_TOKENS ? MOST_TOKENS : (uint32_t)n;
}

enum {
    NEEDS_STATES = SPECULATIVE_DRAFT_EAGLE3 | SPECULATIVE_DRAFT_MTP | SPECULATIVE_DRAFT_DFLASH |
                   SPECULATIVE_DRAFT_DSPARK
};

uint32_t speculative_n_max(const struct speculative *speculative)
{
    const uint32_t each[] = {
        drafts(speculative, NEEDS_STATES | SPECULATIVE_DRAFT_SIMPLE, speculative->draft_n_max),
        drafts(speculative, SPECULATIVE_NGRAM_SIMPLE, speculative->ngram_simple),
        drafts(speculative, SPECULATIVE_NGRAM_MAP_K, speculative->ngram_map_k),
        drafts(speculative, SPECULATIVE_NGRAM_MAP_K4V, speculative->ngram_map_k4v),
        drafts(speculative, SPECULATIVE_NGRAM_MOD, speculative->ngram_mod),
        drafts(speculative, SPECULATIVE_NGRAM_CACHE, NGRAM_CACHE_TOKENS),
    };
    uint32_t most = 0;
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        most = each[i] > most ? each[i] : most;
    }
    return most;
}

uint32_t speculative_n_rs_seq(const struct speculative *speculative, const struct hparams *hparams)
{
    bool supported = hparams->arch != NULL && (hparams->arch->flags & ARCH_ROLLBACK) != 0;
    return supported ? drafts(speculative, NEEDS_STATES, speculative->draft_n_max) : 0;
}
