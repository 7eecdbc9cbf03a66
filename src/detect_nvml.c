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

struct nvml_process { /* nvmlProcessInfo_t; before driver 450 it ended behind the bytes */
    unsigned pid;
    unsigned long long bytes;
    unsigned gpu_instance, compute_instance;
};
struct nvml_process_old {
    unsigned pid;
    unsigned long long bytes;
};
typedef int process_list(nvml_device, unsigned *, void *);

struct nvml {
    void *library;
    bool is_started;
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
    int (*most_instances)(nvml_device, unsigned *);
    int (*instance)(nvml_device, unsigned, nvml_device *);
    int (*gpu_instance)(nvml_device, unsigned *);
    int (*compute_instance)(nvml_device, unsigned *);
    process_list *processes[2]; /* computing, drawing */
    bool old_processes;
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

static void find_processes(struct nvml *nvml)
{
    static const char *const kinds[] = {"Compute", "Graphics"};
    for (size_t i = 0; i < 2; i++) {
        char newest[64];
        char newer[64];
        char oldest[64];
        snprintf(newest, sizeof newest, "nvmlDeviceGet%sRunningProcesses_v3", kinds[i]);
        snprintf(newer, sizeof newer, "nvmlDeviceGet%sRunningProcesses_v2", kinds[i]);
        snprintf(oldest, sizeof oldest, "nvmlDeviceGet%sRunningProcesses", kinds[i]);
        find(nvml->library, newest, newer, &nvml->processes[i]);
        if (nvml->processes[i] == NULL) {
            find(nvml->library, oldest, NULL, &nvml->processes[i]);
            nvml->old_processes = true;
        }
    }
}

static bool find_all(struct nvml *nvml)
{
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
    find(library, "nvmlDeviceGetMaxMigDeviceCount", NULL, &nvml->most_instances);
    find(library, "nvmlDeviceGetMigDeviceHandleByIndex", NULL, &nvml->instance);
    find(library, "nvmlDeviceGetGpuInstanceId", NULL, &nvml->gpu_instance);
    find(library, "nvmlDeviceGetComputeInstanceId", NULL, &nvml->compute_instance);
    find_processes(nvml);
    return nvml->init != NULL && nvml->count != NULL && nvml->by_index != NULL &&
           nvml->memory != NULL && nvml->pci != NULL;
}

struct nvml *nvml_open(void)
{
    const char *other = getenv("OTPLAN_NVML");
    struct nvml *nvml = memory_new(sizeof *nvml);
    nvml->library = dlopen(other != NULL ? other : "libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
    nvml->is_started = nvml->library != NULL && find_all(nvml) && nvml->init() == NVML_SUCCESS;
    if (nvml->is_started) {
        return nvml;
    }
    nvml_close(nvml);
    return NULL;
}

void nvml_close(struct nvml *nvml)
{
    if (nvml == NULL) {
        return;
    }
    if (nvml->is_started && nvml->shutdown != NULL) {
        nvml->shutdown();
    }
    if (nvml->library != NULL) {
        dlclose(nvml->library);
    }
    free(nvml);
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
static void read_bandwidth(const struct nvml *nvml, nvml_device device, struct card *card)
{
    unsigned mhz = 0;
    unsigned bits = 0;
    if (nvml->max_clock != NULL && nvml->bus_width != NULL &&
        nvml->max_clock(device, NVML_CLOCK_MEM, &mhz) == NVML_SUCCESS &&
        nvml->bus_width(device, &bits) == NVML_SUCCESS && mhz < 100000 && bits < 65536) {
        card->memory_mhz = mhz;
        card->memory_bits = bits;
        card->bandwidth_gb_s = (double)mhz * 1e6 * 2 * bits / 8 / 1e9;
    }
}

/* GB/s of a lane by PCIe generation, one way, after encoding. */
static void read_link(const struct nvml *nvml, nvml_device device, struct card *card)
{
    static const double lanes[] = {0, 0.25, 0.5, 0.985, 1.969, 3.938, 7.563};
    unsigned generation = 0;
    unsigned width = 0;
    if (nvml->link_generation != NULL && nvml->link_width != NULL &&
        nvml->link_generation(device, &generation) == NVML_SUCCESS &&
        nvml->link_width(device, &width) == NVML_SUCCESS && width <= 32 &&
        generation < sizeof lanes / sizeof lanes[0]) {
        card->link_generation = generation;
        card->link_width = width;
        card->link_gb_s = lanes[generation] * width;
    }
}

static void add_process(struct card *card, unsigned pid, unsigned long long bytes)
{
    for (size_t i = 0; i < card->n_processes; i++) {
        if (card->processes[i].pid == pid) { /* computes and draws: one context, told twice */
            return;
        }
    }
    if (card->n_processes < CARD_PROCESSES) {
        card->processes[card->n_processes++] = (struct card_process){
            pid, bytes > card->total ? UINT64_MAX : bytes}; /* "not available" is all ones */
    }
}

static void read_processes(const struct nvml *nvml, nvml_device device, struct card *card)
{
    union {
        struct nvml_process now[CARD_PROCESSES];
        struct nvml_process_old old[CARD_PROCESSES];
    } list;
    for (size_t kind = 0; kind < 2; kind++) {
        unsigned n = CARD_PROCESSES;
        memset(&list, 0, sizeof list);
        if (nvml->processes[kind] == NULL ||
            nvml->processes[kind](device, &n, &list) != NVML_SUCCESS || n > CARD_PROCESSES) {
            continue;
        }
        card->has_processes = true;
        for (unsigned i = 0; i < n; i++) {
            add_process(card, nvml->old_processes ? list.old[i].pid : list.now[i].pid,
                        nvml->old_processes ? list.old[i].bytes : list.now[i].bytes);
        }
    }
}

static bool read_memory(const struct nvml *nvml, nvml_device device, struct card *card)
{
    struct nvml_memory memory = {0};
    if (nvml->memory(device, &memory) != NVML_SUCCESS || memory.free > memory.total) {
        return false;
    }
    card->total = memory.total;
    card->free = memory.free;
    return true;
}

static void read_names(const struct nvml *nvml, nvml_device device, struct card *card)
{
    bool named =
        nvml->name != NULL && nvml->name(device, card->name, sizeof card->name) == NVML_SUCCESS;
    bool marked =
        nvml->uuid != NULL && nvml->uuid(device, card->uuid, sizeof card->uuid) == NVML_SUCCESS;
    card->name[named ? sizeof card->name - 1 : 0] = '\0';
    card->uuid[marked ? sizeof card->uuid - 1 : 0] = '\0';
}

static bool read_card(const struct nvml *nvml, nvml_device device, struct card *card)
{
    struct nvml_pci pci = {0};
    *card = (struct card){0};
    if (!read_memory(nvml, device, card) || nvml->pci(device, &pci) != NVML_SUCCESS) {
        return false;
    }
    snprintf(card->pci, sizeof card->pci, "%04x:%02x:%02x.0", pci.domain & 0xffff, pci.bus & 0xff,
             pci.device & 0xff);
    read_names(nvml, device, card);
    if (nvml->capability != NULL && nvml->capability(device, &card->capability_major,
                                                     &card->capability_minor) != NVML_SUCCESS) {
        card->capability_major = card->capability_minor = 0;
    }
    read_bandwidth(nvml, device, card);
    read_link(nvml, device, card);
    read_processes(nvml, device, card);
    return true;
}

/* ---- instances of a card (MIG) --------------------------------------------------------------- */

static bool is_split(const struct nvml *nvml, nvml_device device)
{
    unsigned current = 0;
    unsigned pending = 0;
    return nvml->mig_mode != NULL && nvml->instance != NULL && nvml->most_instances != NULL &&
           nvml->mig_mode(device, &current, &pending) == NVML_SUCCESS &&
           current == NVML_MIG_ENABLED;
}

/* What is an instance's own: memory, name, UUID, processes; its share of the bandwidth by its memory. */
static bool read_instance(const struct nvml *nvml, nvml_device device, const struct card *whole,
                          struct card *card)
{
    *card = *whole;
    card->is_instance = true;
    card->is_closed = false;
    card->n_processes = 0;
    card->has_processes = false;
    snprintf(card->card_uuid, sizeof card->card_uuid, "%s", whole->uuid);
    if (!read_memory(nvml, device, card)) {
        return false;
    }
    read_names(nvml, device, card);
    if (card->name[0] == '\0') {
        snprintf(card->name, sizeof card->name, "%.100s MIG", whole->name);
    }
    if (nvml->gpu_instance != NULL) {
        nvml->gpu_instance(device, &card->gpu_instance);
    }
    if (nvml->compute_instance != NULL) {
        nvml->compute_instance(device, &card->compute_instance);
    }
    double share = whole->total > 0 ? (double)card->total / (double)whole->total : 1;
    card->bandwidth_gb_s = whole->bandwidth_gb_s * (share < 1 ? share : 1);
    read_processes(nvml, device, card);
    return true;
}

static size_t read_instances(const struct nvml *nvml, nvml_device device, const struct card *whole,
                             struct card *cards, size_t room)
{
    unsigned most = 0;
    size_t n = 0;
    if (nvml->most_instances(device, &most) != NVML_SUCCESS) {
        return 0;
    }
    for (unsigned i = 0; i < most && n < room; i++) {
        nvml_device instance = NULL;
        if (nvml->instance(device, i, &instance) == NVML_SUCCESS && instance != NULL &&
            read_instance(nvml, instance, whole, &cards[n])) {
            n++;
        }
    }
    return n;
}

/* ---- all of them ---------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
    const struct card *left = a;
    const struct card *right = b;
    int order = strcmp(left->pci, right->pci);
    return order != 0 ? order
           : left->gpu_instance != right->gpu_instance
               ? (int)left->gpu_instance - (int)right->gpu_instance
               : (int)left->compute_instance - (int)right->compute_instance;
}

void cards_sort(struct card *cards, size_t n)
{
    if (n > 1) {
        qsort(cards, n, sizeof *cards, by_place);
    }
    for (size_t i = 1; i < n; i++) {
        bool same = strcmp(cards[i].pci, cards[i - 1].pci) == 0;
        cards[i].index = cards[i - 1].index + (same ? 0 : 1);
    }
}

struct card *nvml_read(const struct nvml *nvml, size_t *n)
{
    unsigned count = 0;
    *n = 0;
    if (nvml->count(&count) != NVML_SUCCESS || count == 0) {
        return NULL;
    }
    count = count > MOST_CARDS ? MOST_CARDS : count;
    struct card *cards = memory_array(MOST_CARDS, sizeof *cards);
    for (unsigned i = 0; i < count && *n < MOST_CARDS; i++) {
        nvml_device device = NULL;
        struct card card;
        if (nvml->by_index(i, &device) != NVML_SUCCESS || !read_card(nvml, device, &card)) {
            continue;
        }
        card.is_closed = is_split(nvml, device);
        size_t instances =
            card.is_closed ? read_instances(nvml, device, &card, &cards[*n], MOST_CARDS - *n) : 0;
        if (instances == 0) {
            cards[*n] = card;
        }
        *n += instances > 0 ? instances : 1;
    }
    cards_sort(cards, *n);
    if (*n == 0) {
        free(cards);
        return NULL;
    }
    return cards;
}

struct card *nvml_cards(size_t *n)
{
    struct nvml *nvml = nvml_open();
    *n = 0;
    struct card *cards = nvml != NULL ? nvml_read(nvml, n) : NULL;
    nvml_close(nvml);
    return cards;
}
