#include "model/override/generate.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"

#include <stdlib.h>

/* {2..9} -> "[2-9]", {0,1} -> "[01]", {5} -> "5". Bit d of `digits` stands for digit d. */
static void write_digits(unsigned digits, struct strbuf *out)
{
    if ((digits & (digits - 1)) == 0) {
        strbuf_format(out, "%d", __builtin_ctz(digits));
        return;
    }
    strbuf_add_char(out, '[');
    for (int d = 0; d < 10; d++) {
        int last = d;
        if (((digits >> d) & 1) == 0) {
            continue;
        }
        while (last < 9 && (digits >> (last + 1)) & 1) {
            last++;
        }
        strbuf_format(out, last == d ? "%d" : last == d + 1 ? "%d%d" : "%d-%d", d, last);
        d = last;
    }
    strbuf_add_char(out, ']');
}

enum { MASKS = 1024, NOTHING = -1 };

/* Numbers without their last digit, chained by the set of last digits they take. */
struct prefixes {
    uint32_t *prefix;
    int32_t *next;
    size_t n;
    unsigned order[MASKS]; /* masks by first use */
    size_t n_masks;
    int32_t head[MASKS], tail[MASKS];
};

static void prefixes_chain(struct prefixes *all, unsigned mask, int32_t index)
{
    all->next[index] = NOTHING;
    if (all->head[mask] == NOTHING) {
        all->order[all->n_masks++] = mask;
        all->head[mask] = index;
    } else {
        all->next[all->tail[mask]] = index;
    }
    all->tail[mask] = index;
}

static struct prefixes *prefixes_of(const uint32_t *numbers, size_t n)
{
    struct prefixes *all = memory_new(sizeof *all);
    all->prefix = memory_array(n, sizeof *all->prefix);
    all->next = memory_array(n, sizeof *all->next);
    for (size_t i = 0; i < MASKS; i++) {
        all->head[i] = NOTHING;
    }
    for (size_t i = 0; i < n;) {
        unsigned mask = 0;
        uint32_t prefix = numbers[i] / 10;
        for (; i < n && numbers[i] / 10 == prefix; i++) {
            mask |= 1u << (numbers[i] % 10);
        }
        all->prefix[all->n] = prefix;
        prefixes_chain(all, mask, (int32_t)all->n++);
    }
    return all;
}

static size_t write_alternatives(const uint32_t *numbers, size_t n, int digits, struct strbuf *out);

static void write_one_mask(const struct prefixes *all, unsigned mask, int digits,
                           struct strbuf *out)
{
    size_t n = 0;
    struct strbuf front = {0};
    uint32_t *chosen = memory_array(all->n, sizeof *chosen);
    for (int32_t i = all->head[mask]; i != NOTHING; i = all->next[i]) {
        chosen[n++] = all->prefix[i];
    }
    size_t alternatives = write_alternatives(chosen, n, digits - 1, &front);
    strbuf_format(out, alternatives > 1 ? "(%s)" : "%s", strbuf_text(&front));
    write_digits(mask, out);
    strbuf_clear(&front);
    free(chosen);
}

/* Numbers of equally many digits, ascending, joined by `|`; returns how many alternatives. */
static size_t write_alternatives(const uint32_t *numbers, size_t n, int digits, struct strbuf *out)
{
    if (digits == 1) {
        unsigned mask = 0;
        for (size_t i = 0; i < n; i++) {
            mask |= 1u << numbers[i];
        }
        write_digits(mask, out);
        return 1;
    }
    struct prefixes *all = prefixes_of(numbers, n);
    size_t alternatives = all->n_masks;
    for (size_t i = 0; i < alternatives; i++) {
        if (i > 0) {
            strbuf_add_char(out, '|');
        }
        write_one_mask(all, all->order[i], digits, out);
    }
    free(all->prefix);
    free(all->next);
    free(all);
    return alternatives;
}

static int count_digits(uint32_t number)
{
    int digits = 1;
    for (; number >= 10; number /= 10) {
        digits++;
    }
    return digits;
}

void generate_layer_set(const uint32_t *layers, size_t n, struct strbuf *out)
{
    struct strbuf all = {0};
    size_t alternatives = 0;
    for (size_t i = 0; i < n;) {
        size_t first = i;
        int digits = count_digits(layers[i]);
        while (i < n && count_digits(layers[i]) == digits) {
            i++;
        }
        if (alternatives > 0) {
            strbuf_add_char(&all, '|');
        }
        alternatives += write_alternatives(layers + first, i - first, digits, &all);
    }
    strbuf_format(out, alternatives > 1 ? "(%s)" : "%s", strbuf_text(&all));
    strbuf_clear(&all);
}
