/* Small sets of lines of a grid, by value: what a search holds thousands of. */
#ifndef OTPLAN_MODEL_OVERRIDE_BIT_SET_H
#define OTPLAN_MODEL_OVERRIDE_BIT_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { BIT_SET_WORDS = 4, BIT_SET_MAX = BIT_SET_WORDS * 64 };

struct bit_set {
    uint64_t words[BIT_SET_WORDS];
};

static inline bool bit_set_has(const struct bit_set *set, size_t bit)
{
    return (set->words[bit / 64] >> (bit % 64)) & 1;
}

static inline void bit_set_add(struct bit_set *set, size_t bit)
{
    set->words[bit / 64] |= 1ull << (bit % 64);
}

static inline struct bit_set bit_set_and(struct bit_set a, const struct bit_set *b)
{
    for (size_t i = 0; i < BIT_SET_WORDS; i++) {
        a.words[i] &= b->words[i];
    }
    return a;
}

static inline struct bit_set bit_set_without(struct bit_set a, const struct bit_set *b)
{
    for (size_t i = 0; i < BIT_SET_WORDS; i++) {
        a.words[i] &= ~b->words[i];
    }
    return a;
}

static inline bool bit_set_empty(const struct bit_set *set)
{
    return (set->words[0] | set->words[1] | set->words[2] | set->words[3]) == 0;
}

static inline bool bit_set_equal(const struct bit_set *a, const struct bit_set *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static inline bool bit_set_inside(const struct bit_set *a, const struct bit_set *b)
{
    struct bit_set rest = bit_set_without(*a, b);
    return bit_set_empty(&rest);
}

static inline unsigned bit_set_count_both(const struct bit_set *a, const struct bit_set *b,
                                          size_t n_words)
{
    unsigned count = 0;
    for (size_t i = 0; i < n_words; i++) {
        count += (unsigned)__builtin_popcountll(a->words[i] & b->words[i]);
    }
    return count;
}

#endif
