/* NVIDIA's management library, loaded while running: no header and no link to it is needed.
 *
 * Declarations are our own, of the few functions used (NVML API of driver 450 and later; the _v2 names fall
 * back to the first ones). $OTPLAN_NVML names another library, for tests.
 */
#ifndef OTPLAN_SRC_NVML_H
#define OTPLAN_SRC_NVML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A card as any of the sources tells it. */
struct card {
    char name[128];
    char uuid[96];                          /* "GPU-…", "" where unknown */
    char pci[32];                           /* "0000:01:00.0", lower case */
    uint64_t total, free;                   /* bytes */
    int capability_major, capability_minor; /* 0: unknown */
    double bandwidth_gb_s;                  /* 0: unknown */
    double link_gb_s;                       /* 0: unknown */
    bool mig; /* split into instances: CUDA sees those, not the card */
};

/* New list of the cards, in PCI order; NULL and 0 where the library or a driver is missing. */
struct card *nvml_cards(size_t *n);

/* The same from the program nvidia-smi. */
struct card *nvidia_smi_cards(size_t *n);

/* Sorts by PCI bus id. */
void cards_sort(struct card *cards, size_t n);
/* "00000000:01:00.0" and "0000:01:00.0" become "0000:01:00.0". */
void card_set_pci(struct card *card, const char *text);

#endif
