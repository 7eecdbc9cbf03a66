#include "src/cuda_visible.h"

#include "model/base/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool begins(const char *uuid, const char *entry, size_t length)
{
    return length > 4 && uuid[0] != '\0' && strncasecmp(uuid, entry, length) == 0;
}

/* "MIG-GPU-UUID/1/0": an instance as drivers before 470 named it. */
static bool is_old_name(const struct card *card, const char *entry, size_t length)
{
    size_t n = strlen(card->card_uuid);
    char *name =
        memory_format("MIG-%s/%u/%u", card->card_uuid, card->gpu_instance, card->compute_instance);
    bool same = n > 0 && strlen(name) == length && strncasecmp(name, entry, length) == 0;
    free(name);
    return same;
}

static bool is_named(const struct card *card, const char *entry, size_t length)
{
    return begins(card->uuid, entry, length) || begins(card->card_uuid, entry, length) ||
           is_old_name(card, entry, length);
}

/* Index in the list of the card (of a split one: its first instance) that an entry names, or -1. */
static int find_card(const struct card *cards, size_t n, const char *entry, size_t length)
{
    bool is_number = length > 0 && isdigit((unsigned char)entry[0]);
    char *end = NULL;
    unsigned long index = is_number ? strtoul(entry, &end, 10) : 0;
    int found = -1;
    if (is_number && end != entry + length) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        if (is_number ? cards[i].index != index : !is_named(&cards[i], entry, length)) {
            continue;
        }
        bool is_same_card = found >= 0 && cards[found].index == cards[i].index;
        if (found >= 0 && !is_same_card) {
            return -1; /* not the beginning of one UUID alone */
        }
        found = found < 0 ? (int)i : found;
    }
    return found >= 0 && cards[found].is_closed ? -1 : found;
}

/* An instance is seen alone, and a split card without one not at all. */
static size_t keep_usable(struct card *cards, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (cards[i].is_instance) {
            cards[0] = cards[i];
            return 1;
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (!cards[i].is_closed) {
            cards[kept++] = cards[i];
        }
    }
    return kept;
}

size_t cuda_visible_apply(struct card *cards, size_t n, const char *visible)
{
    if (visible == NULL) {
        return keep_usable(cards, n);
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
    return keep_usable(cards, kept);
}

bool cuda_order_uncertain(const struct card *cards, size_t n, const char *order,
                          const char *visible)
{
    bool by_uuid = visible != NULL &&
                   (strncasecmp(visible, "GPU-", 4) == 0 || strncasecmp(visible, "MIG-", 4) == 0);
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
