#include "src/nvml.h"

#include "model/base/memory.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- our own declarations of what is used ---------------------------------------------------- */

enum { NVML_SUCCESS = 0, NVML_CLOCK_MEM = 2, NVML_MIG_ENABLED = 1, MOST_CARDS = 64 };

typedef void *nvml_device; /* opaque in the library */

struct nvml_memory {
    unsigned long long total, free, used;
};
struct nvml_pci { /* nvmlPciInfo_t: the first name's layout is a prefix of the newer ones */
    char bus_id_legacy[16];
    unsigned domain, bus, device, pci_device_id, pci_subsystem_id;
    char rest[64];
};

struct nvml {
    void *library;
    int (*init)(void);
    int (*shutdown)(void);
    int (*count)(unsigned *);
    int (*by_index)(unsigned, nvml_device *);
    int (*name)(nvml_device, char *, unsigned);
    int (*uuid)(nvml_device, char *, unsigned);
    int (*memory)(nvml_device, struct nvml_memory *);
    int (*pci)(nvml_device, struct nvml_pci *);
    int (*capability)(nvml_device, int *, int *);
    int (*max_clock)(nvml_device, int, unsigned *);
    int (*bus_width)(nvml_device, unsigned *);
    int (*link_generation)(nvml_device, unsigned *);
    int (*link_width)(nvml_device, unsigned *);
    int (*mig_mode)(nvml_device, unsigned *, unsigned *);
};

/* The first of the names that the library has. ISO C has no cast from an object to a function pointer. */
static void find(void *library, const char *name, const char *older, void *function)
{
    void *symbol = dlsym(library, name);
    if (symbol == NULL && older != NULL) {
        symbol = dlsym(library, older);
    }
    memcpy(function, &symbol, sizeof symbol);
}

static bool nvml_open(struct nvml *nvml)
{
    const char *other = getenv("OTPLAN_NVML");
    nvml->library = dlopen(other != NULL ? other : "libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
    if (nvml->library == NULL) {
        return false;
    }
    void *library = nvml->library;
    find(library, "nvmlInit_v2", "nvmlInit", &nvml->init);
    find(library, "nvmlShutdown", NULL, &nvml->shutdown);
    find(library, "nvmlDeviceGetCount_v2", "nvmlDeviceGetCount", &nvml->count);
    find(library, "nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex", &nvml->by_index);
    find(library, "nvmlDeviceGetName", NULL, &nvml->name);
    find(library, "nvmlDeviceGetUUID", NULL, &nvml->uuid);
    find(library, "nvmlDeviceGetMemoryInfo", NULL, &nvml->memory);
    find(library, "nvmlDeviceGetPciInfo_v3", "nvmlDeviceGetPciInfo_v2", &nvml->pci);
    if (nvml->pci == NULL) {
        find(library, "nvmlDeviceGetPciInfo", NULL, &nvml->pci);
    }
    find(library, "nvmlDeviceGetCudaComputeCapability", NULL, &nvml->capability);
    find(library, "nvmlDeviceGetMaxClockInfo", NULL, &nvml->max_clock);
    find(library, "nvmlDeviceGetMemoryBusWidth", NULL, &nvml->bus_width);
    find(library, "nvmlDeviceGetMaxPcieLinkGeneration", NULL, &nvml->link_generation);
    find(library, "nvmlDeviceGetMaxPcieLinkWidth", NULL, &nvml->link_width);
    find(library, "nvmlDeviceGetMigMode", NULL, &nvml->mig_mode);
    bool usable = nvml->init != NULL && nvml->count != NULL && nvml->by_index != NULL &&
                  nvml->memory != NULL && nvml->pci != NULL;
    return usable && nvml->init() == NVML_SUCCESS;
}

static void nvml_close(struct nvml *nvml, bool started)
{
    if (started && nvml->shutdown != NULL) {
        nvml->shutdown();
    }
    if (nvml->library != NULL) {
        dlclose(nvml->library);
    }
}

/* ---- one card ------------------------------------------------------------------------------- */

void card_set_pci(struct card *card, const char *text)
{
    unsigned domain = 0;
    unsigned bus = 0;
    unsigned device = 0;
    unsigned function = 0;
    if (sscanf(text, "%x:%x:%x.%x", &domain, &bus, &device, &function) == 4) {
        snprintf(card->pci, sizeof card->pci, "%04x:%02x:%02x.%x", domain, bus & 0xff,
                 device & 0xff, function & 0xf);
    }
}

/* Two transfers a clock: the figure that the makers print. */
static double bandwidth(const struct nvml *nvml, nvml_device device)
{
    unsigned mhz = 0;
    unsigned bits = 0;
    bool known = nvml->max_clock != NULL && nvml->bus_width != NULL &&
                 nvml->max_clock(device, NVML_CLOCK_MEM, &mhz) == NVML_SUCCESS &&
                 nvml->bus_width(device, &bits) == NVML_SUCCESS && mhz < 100000 && bits < 65536;
    return known ? (double)mhz * 1e6 * 2 * bits / 8 / 1e9 : 0;
}

/* GB/s of a lane by PCIe generation, one way, after encoding. */
static double link_speed(const struct nvml *nvml, nvml_device device)
{
    static const double lanes[] = {0, 0.25, 0.5, 0.985, 1.969, 3.938, 7.563};
    unsigned generation = 0;
    unsigned width = 0;
    bool known = nvml->link_generation != NULL && nvml->link_width != NULL &&
                 nvml->link_generation(device, &generation) == NVML_SUCCESS &&
                 nvml->link_width(device, &width) == NVML_SUCCESS && width <= 32 &&
                 generation < sizeof lanes / sizeof lanes[0];
    return known ? lanes[generation] * width : 0;
}

static bool read_card(const struct nvml *nvml, nvml_device device, struct card *card)
{
    struct nvml_memory memory = {0};
    struct nvml_pci pci = {0};
    *card = (struct card){0};
    if (nvml->memory(device, &memory) != NVML_SUCCESS || nvml->pci(device, &pci) != NVML_SUCCESS ||
        memory.free > memory.total) {
        return false;
    }
    card->total = memory.total;
    card->free = memory.free;
    snprintf(card->pci, sizeof card->pci, "%04x:%02x:%02x.0", pci.domain & 0xffff, pci.bus & 0xff,
             pci.device & 0xff);
    bool named =
        nvml->name != NULL && nvml->name(device, card->name, sizeof card->name) == NVML_SUCCESS;
    bool marked =
        nvml->uuid != NULL && nvml->uuid(device, card->uuid, sizeof card->uuid) == NVML_SUCCESS;
    card->name[named ? sizeof card->name - 1 : 0] = '\0';
    card->uuid[marked ? sizeof card->uuid - 1 : 0] = '\0';
    if (nvml->capability != NULL && nvml->capability(device, &card->capability_major,
                                                     &card->capability_minor) != NVML_SUCCESS) {
        card->capability_major = card->capability_minor = 0;
    }
    unsigned current = 0;
    unsigned pending = 0;
    card->mig = nvml->mig_mode != NULL &&
                nvml->mig_mode(device, &current, &pending) == NVML_SUCCESS &&
                current == NVML_MIG_ENABLED;
    card->bandwidth_gb_s = bandwidth(nvml, device);
    card->link_gb_s = link_speed(nvml, device);
    return true;
}

/* ---- all of them ---------------------------------------------------------------------------- */

static int by_pci(const void *a, const void *b)
{
    return strcmp(((const struct card *)a)->pci, ((const struct card *)b)->pci);
}

void cards_sort(struct card *cards, size_t n)
{
    if (n > 1) {
        qsort(cards, n, sizeof *cards, by_pci);
    }
}

static struct card *read_cards(const struct nvml *nvml, size_t *n)
{
    unsigned count = 0;
    if (nvml->count(&count) != NVML_SUCCESS || count == 0) {
        return NULL;
    }
    count = count > MOST_CARDS ? MOST_CARDS : count;
    struct card *cards = memory_array(count, sizeof *cards);
    for (unsigned i = 0; i < count; i++) {
        nvml_device device = NULL;
        if (nvml->by_index(i, &device) == NVML_SUCCESS && read_card(nvml, device, &cards[*n])) {
            (*n)++;
        }
    }
    cards_sort(cards, *n);
    return cards;
}

struct card *nvml_cards(size_t *n)
{
    struct nvml nvml = {0};
    *n = 0;
    bool started = nvml_open(&nvml);
    struct card *cards = started ? read_cards(&nvml, n) : NULL;
    nvml_close(&nvml, started);
    if (*n == 0) {
        free(cards);
        return NULL;
    }
    return cards;
}
