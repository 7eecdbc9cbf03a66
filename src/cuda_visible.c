#include "src/cuda_visible.h"

#include "model/base/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Index of the card that an entry names, or -1. */
static int find_card(const struct card *cards, size_t n, const char *entry, size_t length)
{
    if (length > 0 && isdigit((unsigned char)entry[0])) {
        char *end = NULL;
        unsigned long index = strtoul(entry, &end, 10);
        return end == entry + length && index < n ? (int)index : -1;
    }
    int found = -1;
    for (size_t i = 0; i < n && length > 4; i++) {
        if (strncasecmp(cards[i].uuid, entry, length) == 0) {
            found = found < 0 ? (int)i : -2;
            if (found == -2) {
                return -1; /* not the beginning of one UUID alone */
            }
        }
    }
    return found;
}

size_t cuda_visible_apply(struct card *cards, size_t n, const char *visible)
{
    if (visible == NULL) {
        return n;
    }
    struct card *all = memory_copy(cards, n * sizeof *cards);
    bool *taken = memory_array(n, sizeof *taken);
    size_t kept = 0;
    for (const char *at = visible; kept < n;) {
        at += strspn(at, " ");
        size_t length = strcspn(at, ",");
        size_t trimmed = length;
        while (trimmed > 0 && at[trimmed - 1] == ' ') {
            trimmed--;
        }
        int card = find_card(all, n, at, trimmed);
        if (card < 0) {
            break;
        }
        if (taken[card]) {
            kept = 0; /* CUDA takes a card named twice for no list at all */
            break;
        }
        taken[card] = true;
        cards[kept++] = all[card];
        if (at[length] == '\0') {
            break;
        }
        at += length + 1;
    }
    free(all);
    free(taken);
    return kept;
}

bool cuda_order_uncertain(const struct card *cards, size_t n, const char *order,
                          const char *visible)
{
    bool by_uuid = visible != NULL && strncasecmp(visible, "GPU-", 4) == 0;
    if (by_uuid || (order != NULL && strcmp(order, "PCI_BUS_ID") == 0)) {
        return false;
    }
    for (size_t i = 1; i < n; i++) {
        if (strcmp(cards[i].name, cards[0].name) != 0 || cards[i].total != cards[0].total) {
            return true;
        }
    }
    return false;
}
