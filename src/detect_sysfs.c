#include "src/detect_sysfs.h"

#include "model/base/memory.h"
#include "src/environment.h"
#include "src/machine_tree.h"
#include "src/nvml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_CARDS = 64 };
static const uint64_t INTEL_LEAST = 1ULL << 30; /* a smaller window is graphics of the processor */

struct sysfs_card {
    unsigned number;    /* of /sys/class/drm/cardN */
    char pci[32];       /* "0000:03:00.0" */
    char *name;         /* owned */
    const char *memory; /* the file that told the memory */
    uint64_t total, free;
    char gfx[16];      /* "gfx1100"; "" unknown */
    unsigned kfd_node; /* 1 and up; 0: not in KFD's topology */
    bool intel;
};

/* ---- names ---------------------------------------------------------------------------------- */

/* "\t744c  Navi 31 [Radeon RX 7900 XTX]" below "1002  Advanced Micro Devices" of the PCI id list. */
static char *name_from_list(const char *path, unsigned vendor, unsigned device)
{
    char *file_path = machine_path("%s", path);
    FILE *file = fopen(file_path, "re");
    free(file_path);
    char line[256];
    bool inside = false;
    char *name = NULL;
    while (name == NULL && file != NULL && fgets(line, sizeof line, file) != NULL) {
        unsigned id = 0;
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '\t' && line[0] != '#' && sscanf(line, "%4x", &id) == 1) {
            inside = id == vendor;
        } else if (inside && line[0] == '\t' && line[1] != '\t' &&
                   sscanf(line + 1, "%4x", &id) == 1 && id == device && strlen(line) > 7) {
            name = memory_text(line + 7);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return name;
}

static char *card_name(unsigned number)
{
    static const char *const lists[] = {"/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids"};
    uint64_t vendor = 0;
    uint64_t device = 0;
    char *name = machine_line("/sys/class/drm/card%u/device/product_name", number);
    if (name != NULL && name[0] != '\0') {
        return name;
    }
    free(name);
    name = NULL;
    machine_number(&vendor, "/sys/class/drm/card%u/device/vendor", number);
    machine_number(&device, "/sys/class/drm/card%u/device/device", number);
    for (size_t i = 0; i < 2 && name == NULL; i++) {
        name = name_from_list(lists[i], (unsigned)vendor, (unsigned)device);
    }
    const char *maker = vendor == 0x8086 ? "Intel" : "AMD";
    char *full = name != NULL ? memory_format("%s %s", maker, name)
                              : memory_format("%s graphics [%04x:%04x]", maker, (unsigned)vendor,
                                              (unsigned)device);
    free(name);
    return full;
}

/* ---- one card ------------------------------------------------------------------------------- */

/* "PCI_SLOT_NAME=0000:03:00.0" and "DRIVER=amdgpu" of the device's uevent. */
static bool event_value(const char *text, const char *key, char *out, size_t size)
{
    char *named = memory_format("%s=", key);
    const char *at = text != NULL ? strstr(text, named) : NULL;
    size_t length = at != NULL ? strcspn(at + strlen(named), "\n") : size;
    bool fits = length < size;
    if (fits) {
        memcpy(out, at + strlen(named), length);
        out[length] = '\0';
    }
    free(named);
    return fits;
}

static bool read_amd(struct sysfs_card *card)
{
    uint64_t used = 0;
    bool read = machine_number(&card->total, "/sys/class/drm/card%u/device/mem_info_vram_total",
                               card->number);
    bool known =
        machine_number(&used, "/sys/class/drm/card%u/device/mem_info_vram_used", card->number);
    card->memory = known ? "mem_info_vram_total and _used" : "mem_info_vram_total, all of it free";
    card->free = used <= card->total ? card->total - used : 0;
    return read && card->total > 0;
}

/* Size of the third window of the PCI device: "0x000000a000000000 0x000000a3ffffffff 0x..." */
static uint64_t window_size(unsigned number)
{
    unsigned long long first = 0;
    unsigned long long last = 0;
    char *text = machine_text("/sys/class/drm/card%u/device/resource", number);
    const char *line = text;
    for (int i = 0; i < 2 && line != NULL; i++) {
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    bool read = line != NULL && sscanf(line, "%llx %llx", &first, &last) == 2 && last > first;
    free(text);
    return read ? (uint64_t)(last - first) + 1 : 0;
}

static bool read_intel(struct sysfs_card *card)
{
    static const char *const totals[] = {"lmem_total_bytes",
                                         "device/tile0/physical_vram_size_bytes"};
    uint64_t available = UINT64_MAX;
    for (size_t i = 0; i < 2 && card->total == 0; i++) {
        if (machine_number(&card->total, "/sys/class/drm/card%u/%s", card->number, totals[i])) {
            card->memory = totals[i];
        }
    }
    if (card->total == 0) {
        card->total = window_size(card->number);
        card->memory = "the size of its PCI memory window, all of it free";
    }
    bool told = machine_number(&available, "/sys/class/drm/card%u/lmem_avail_bytes", card->number);
    card->free = told && available <= card->total ? available : card->total;
    return card->total >= INTEL_LEAST;
}

/* KFD's node of a card: its place in ROCm's order and its gfx name. */
static void read_kfd(struct sysfs_card *card)
{
    unsigned domain = 0;
    unsigned bus = 0;
    unsigned device = 0;
    unsigned function = 0;
    size_t n = 0;
    unsigned *nodes = machine_numbered("/sys/class/kfd/kfd/topology/nodes", "", &n);
    if (sscanf(card->pci, "%x:%x:%x.%x", &domain, &bus, &device, &function) != 4) {
        n = 0;
    }
    for (size_t i = 0; i < n; i++) {
        char *text = machine_text("/sys/class/kfd/kfd/topology/nodes/%u/properties", nodes[i]);
        uint64_t location = 0;
        uint64_t where = 0;
        uint64_t version = 0;
        uint64_t lanes = 0;
        bool found = text != NULL && machine_field(text, "location_id", &location) &&
                     machine_field(text, "simd_count", &lanes) && lanes > 0 &&
                     location == (bus << 8 | device << 3 | function) &&
                     (!machine_field(text, "domain", &where) || where == domain);
        if (found && machine_field(text, "gfx_target_version", &version) && version < 1000000) {
            snprintf(card->gfx, sizeof card->gfx, "gfx%u%x%x", (unsigned)(version / 10000),
                     (unsigned)(version / 100 % 100), (unsigned)(version % 100));
            card->kfd_node = nodes[i] + 1;
        }
        free(text);
    }
    free(nodes);
}

static bool read_card(unsigned number, struct sysfs_card *card)
{
    char driver[32] = "";
    *card = (struct sysfs_card){.number = number};
    char *event = machine_text("/sys/class/drm/card%u/device/uevent", number);
    bool named = event_value(event, "DRIVER", driver, sizeof driver);
    char slot[32] = "";
    struct card bus = {0};
    if (event_value(event, "PCI_SLOT_NAME", slot, sizeof slot)) {
        card_set_pci(&bus, slot);
    }
    snprintf(card->pci, sizeof card->pci, "%s", bus.pci);
    free(event);
    bool amd = named && strcmp(driver, "amdgpu") == 0 && read_amd(card);
    card->intel = named && !amd && (strcmp(driver, "xe") == 0 || strcmp(driver, "i915") == 0);
    if (!amd && (!card->intel || !read_intel(card))) {
        return false;
    }
    if (amd) {
        read_kfd(card);
    }
    card->name = card_name(number);
    return card->total < (1ULL << 50);
}

/* ---- all of them, by backend ---------------------------------------------------------------- */

struct backend_names {
    const char *prefix;
    const char *variables[2]; /* that hide some */
    const char *assumption;
};
static const struct backend_names rocm = {
    "ROCm",
    {"HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"},
    "named as a ROCm build does; a Vulkan build says Vulkan0"};
static const struct backend_names sycl = {
    "SYCL", {NULL, NULL}, "named as a SYCL build does; a Vulkan build says Vulkan0"};
static const struct backend_names vulkan = {"Vulkan",
                                            {"GGML_VK_VISIBLE_DEVICES", NULL},
                                            "named as a Vulkan build does: ROCm's driver does "
                                            "not know it"};

/* Cuts a list of indices of cards down to those that `list` ("1,0") names, up to the first that is none. */
static size_t apply_mask(size_t *cards, size_t n, const char *list)
{
    size_t all[MOST_CARDS];
    size_t kept = 0;
    memcpy(all, cards, n * sizeof *all);
    while (kept < n) {
        char *end = NULL;
        unsigned long index = strtoul(list, &end, 10);
        if (*list < '0' || *list > '9' || index >= n) {
            break;
        }
        cards[kept++] = all[index];
        list = *end == ',' ? end + 1 : end;
    }
    return kept;
}

static void add_device(const struct sysfs_card *card, const struct backend_names *names,
                       size_t index, struct rig *rig)
{
    rig->devices = memory_resize(rig->devices, rig->n_devices + 1, sizeof *rig->devices);
    uint64_t node = UINT64_MAX;
    machine_number(&node, "/sys/class/drm/card%u/device/numa_node", card->number);
    struct device *device = &rig->devices[rig->n_devices++];
    *device = (struct device){
        .name = memory_format("%s%zu", names->prefix, index),
        .device_name = memory_format("%s%zu", names->prefix, index),
        .description = memory_text(card->name),
        .pci = card->pci[0] != '\0' ? memory_text(card->pci) : NULL,
        .compute_capability = card->gfx[0] != '\0' ? memory_text(card->gfx) : NULL,
        .has_kernels = true,
        .total = card->total,
        .free = card->free,
        .margin = -1,
        .numa_node = node < 1024 ? (int)node : -1,
        .found_by = memory_format("/sys/class/drm/card%u (%s)%s; %s", card->number, card->memory,
                                  card->kfd_node > 0 ? ", KFD topology" : "", names->assumption),
    };
    device->backend = backend_of_name(device->name);
}

static bool belongs(const struct sysfs_card *card, const struct backend_names *names)
{
    return names == &sycl   ? card->intel
           : names == &rocm ? card->kfd_node > 0
                            : !card->intel && card->kfd_node == 0;
}

static size_t add_backend(const struct sysfs_card *cards, size_t n,
                          const struct backend_names *names, const char *const *environment,
                          struct rig *rig)
{
    size_t chosen[MOST_CARDS] = {0};
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (belongs(&cards[i], names)) {
            chosen[count++] = i;
        }
    }
    size_t all = count;
    for (size_t i = 2; i-- > 0;) { /* ROCR's first: HIP counts what that left */
        const char *list =
            names->variables[i] != NULL ? environment_find(environment, names->variables[i]) : NULL;
        count = list != NULL ? apply_mask(chosen, count, list) : count;
    }
    for (size_t i = 0; i < count; i++) {
        add_device(&cards[chosen[i]], names, i, rig);
    }
    return all;
}

static int by_kfd(const void *a, const void *b)
{
    const struct sysfs_card *first = a;
    const struct sysfs_card *second = b;
    if (first->kfd_node != second->kfd_node) {
        return first->kfd_node < second->kfd_node ? -1 : 1;
    }
    return strcmp(first->pci, second->pci);
}

size_t detect_sysfs(const char *const *environment, struct rig *rig)
{
    size_t n_numbers = 0;
    size_t n = 0;
    unsigned *numbers = machine_numbered("/sys/class/drm", "card", &n_numbers);
    struct sysfs_card *cards = memory_array(MOST_CARDS, sizeof *cards);
    for (size_t i = 0; i < n_numbers && n < MOST_CARDS; i++) {
        if (read_card(numbers[i], &cards[n])) {
            n++;
        } else {
            free(cards[n].name);
            cards[n].name = NULL;
        }
    }
    qsort(cards, n, sizeof *cards, by_kfd);
    const struct backend_names *const backends[] = {&rocm, &sycl, &vulkan};
    size_t all = 0;
    for (size_t i = 0; i < 3; i++) {
        all += add_backend(cards, n, backends[i], environment, rig);
    }
    for (size_t i = 0; i < n; i++) {
        free(cards[i].name);
    }
    free(cards);
    free(numbers);
    return all;
}
