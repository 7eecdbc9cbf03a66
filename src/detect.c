#include "src/detect.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "src/card_context.h"
#include "src/cuda_visible.h"
#include "src/detect_sysfs.h"
#include "src/environment.h"
#include "src/host_memory.h"
#include "src/machine_tree.h"
#include "src/nvml.h"

#include <stdlib.h>
#include <string.h>

/* Node of the machine's memory that a card hangs on; -1 unknown. */
static int numa_node(const char *pci)
{
    uint64_t node = 0;
    bool read = machine_number(&node, "/sys/bus/pci/devices/%s/numa_node", pci);
    return read && node < 1024 ? (int)node : -1;
}

/* New: where each fact of a card was read, one line. */
static char *describe_card(const struct card *card, const char *source, const char *visible)
{
    struct strbuf out = {0};
    strbuf_format(&out, "%s: name, memory", source);
    strbuf_add(&out, card->capability_major > 0 ? ", compute capability" : "");
    if (card->memory_mhz > 0) {
        strbuf_format(&out, "; bandwidth from %u MHz x %u bits", card->memory_mhz,
                      card->memory_bits);
        strbuf_add(&out, card->is_instance ? ", its share" : "");
    }
    if (card->link_width > 0) {
        strbuf_format(&out, "; PCIe %u.0 x%u", card->link_generation, card->link_width);
    }
    if (card->is_instance) {
        strbuf_format(&out, "; MIG instance %u/%u", card->gpu_instance, card->compute_instance);
    }
    if (visible != NULL) {
        strbuf_format(&out, "; chosen by CUDA_VISIBLE_DEVICES=%.200s", visible);
    }
    return strbuf_take(&out);
}

static void add_device(const struct card *card, const char *source, const char *visible,
                       struct rig *rig)
{
    struct device *device = &rig->devices[rig->n_devices];
    *device = (struct device){
        .name = memory_format("CUDA%zu", rig->n_devices),
        .device_name = memory_format("CUDA%zu", rig->n_devices),
        .description = memory_text(card->name),
        .pci = memory_text(card->pci),
        .backend = BACKEND_CUDA,
        .has_kernels = true,
        .total = card->total,
        .free = card->free,
        .margin = -1,
        .bandwidth_gb_s = card->bandwidth_gb_s,
        .link_gb_s = card->link_gb_s,
        .numa_node = numa_node(card->pci),
        .found_by = describe_card(card, source, visible),
    };
    if (card->capability_major > 0) {
        device->compute_capability =
            memory_format("%d.%d", card->capability_major, card->capability_minor);
    }
    rig->n_devices++;
}

/* New: where the devices come from, in words. `source` NULL: there is no NVIDIA card. */
static char *describe(const char *source, size_t seen, size_t others, size_t others_seen)
{
    if (source == NULL && others == 0) {
        return memory_text("looking for NVIDIA, AMD and Intel cards: none found");
    }
    const char *first = source == NULL ? "" : source;
    const char *hidden =
        source != NULL && seen == 0 ? ", all cards hidden by CUDA_VISIBLE_DEVICES" : "";
    const char *second = others == 0 ? ""
                         : others_seen == 0
                             ? "sysfs, all cards hidden by a visible-devices variable"
                             : "sysfs";
    return memory_format("%s%s%s%s", first, hidden, source != NULL && others > 0 ? " and " : "",
                         second);
}

struct card *detect_read(const struct nvml *nvml, const char *const *environment, struct rig *rig,
                         size_t *n)
{
    *rig = (struct rig){0};
    host_memory_read(&rig->host);
    const char *source = "NVML";
    struct card *cards = nvml != NULL ? nvml_read(nvml, n) : NULL;
    if (cards == NULL) {
        source = "nvidia-smi";
        cards = nvidia_smi_cards(n);
    }
    /* CUDA_VISIBLE_DEVICES counts in CUDA's order. NVML cannot know that one, so where the cards differ they
     * are planned by bus, and exports say CUDA_DEVICE_ORDER=PCI_BUS_ID */
    const char *visible = environment_find(environment, "CUDA_VISIBLE_DEVICES");
    rig->order_uncertain = cuda_order_uncertain(
        cards, *n, environment_find(environment, "CUDA_DEVICE_ORDER"), visible);
    bool any = *n > 0;
    *n = any ? cuda_visible_apply(cards, *n, visible) : 0;
    rig->devices = memory_array(*n, sizeof *rig->devices);
    for (size_t i = 0; i < *n; i++) {
        add_device(&cards[i], source, visible, rig);
    }
    size_t others = detect_sysfs(environment, rig);
    card_contexts_apply(rig);
    rig->found_by = describe(any ? source : NULL, *n, others, rig->n_devices - *n);
    return cards;
}

void detect_devices(const char *const *environment, struct rig *rig)
{
    size_t n = 0;
    struct nvml *nvml = nvml_open();
    free(detect_read(nvml, environment, rig, &n));
    nvml_close(nvml);
}
