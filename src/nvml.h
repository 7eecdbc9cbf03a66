/* NVIDIA's management library, loaded while running: no header and no link to it is needed.
 *
 * Declarations are our own, of the few functions used (NVML API of driver 450 and later; the newer names fall
 * back to the first ones). $OTPLAN_NVML names another library, for tests.
 */
#ifndef OTPLAN_SRC_NVML_H
#define OTPLAN_SRC_NVML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CARD_PROCESSES = 48 };

struct card_process {
    unsigned pid;   /* as the driver counts: outside of containers */
    uint64_t bytes; /* UINT64_MAX: the driver does not tell */
};

/* A card as any of the sources tells it, or an instance of one (MIG). */
struct card {
    char name[128];
    char uuid[96];                          /* "GPU-…" or "MIG-…", "" where unknown */
    char pci[32];                           /* "0000:01:00.0", lower case */
    uint64_t total, free;                   /* bytes */
    int capability_major, capability_minor; /* 0: unknown */
    double bandwidth_gb_s;                  /* 0: unknown */
    unsigned memory_mhz, memory_bits;       /* what the bandwidth comes from; 0: unknown */
    double link_gb_s;                       /* 0: unknown */
    unsigned link_generation, link_width;   /* of PCIe, the most both ends can; 0: unknown */
    unsigned index;                         /* of the card, in PCI order */
    bool is_instance;                       /* CUDA sees an instance in place of its card */
    bool is_closed;                         /* split into instances, and has none */
    unsigned gpu_instance, compute_instance;
    char card_uuid[96]; /* of an instance: its card's */
    bool has_processes; /* the list below is the driver's */
    struct card_process processes[CARD_PROCESSES];
    size_t n_processes;
};

/* The library, held open: asking it again is quick then. NULL where it or a driver is missing. */
struct nvml *nvml_open(void);
void nvml_close(struct nvml *nvml); /* NULL is fine */

/* New list of the cards, in PCI order, instances in their card's place; NULL and 0 where there is none. */
struct card *nvml_read(const struct nvml *nvml, size_t *n);
/* The same, opening and closing. */
struct card *nvml_cards(size_t *n);

/* The same from the program nvidia-smi. */
struct card *nvidia_smi_cards(size_t *n);

/* Sorts by PCI bus id, instances of a card by their number, and sets `index`. */
void cards_sort(struct card *cards, size_t n);
/* "00000000:01:00.0" and "0000:01:00.0" become "0000:01:00.0". */
void card_set_pci(struct card *card, const char *text);

#endif
