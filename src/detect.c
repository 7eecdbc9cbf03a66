#include "src/detect.h"

#include "model/base/memory.h"
#include "src/cuda_visible.h"
#include "src/host_memory.h"
#include "src/nvml.h"

#include <stdlib.h>
#include <string.h>

static const char *variable(const char *const *environment, const char *name)
{
    size_t n = strlen(name);
    for (; environment != NULL && *environment != NULL; environment++) {
        if (strncmp(*environment, name, n) == 0 && (*environment)[n] == '=') {
            return *environment + n + 1;
        }
    }
    return NULL;
}

static void add_device(const struct card *card, struct rig *rig)
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
        .numa_node = -1,
    };
    if (card->capability_major > 0) {
        device->compute_capability =
            memory_format("%d.%d", card->capability_major, card->capability_minor);
    }
    rig->n_devices++;
}

void detect_devices(const char *const *environment, struct rig *rig)
{
    *rig = (struct rig){0};
    host_memory_read(&rig->host);
    const char *source = "NVML";
    size_t n = 0;
    struct card *cards = nvml_cards(&n);
    if (cards == NULL) {
        source = "nvidia-smi";
        cards = nvidia_smi_cards(&n);
    }
    /* CUDA_VISIBLE_DEVICES counts in CUDA's order. NVML cannot know that one, so where the cards differ they
     * are planned by bus, and exports say CUDA_DEVICE_ORDER=PCI_BUS_ID */
    const char *visible = variable(environment, "CUDA_VISIBLE_DEVICES");
    rig->order_uncertain =
        cuda_order_uncertain(cards, n, variable(environment, "CUDA_DEVICE_ORDER"), visible);
    size_t seen = n > 0 ? cuda_visible_apply(cards, n, visible) : 0;
    rig->devices = memory_array(seen, sizeof *rig->devices);
    for (size_t i = 0; i < seen; i++) {
        add_device(&cards[i], rig);
    }
    rig->found_by = seen > 0 ? memory_text(source)
                    : n > 0  ? memory_format("%s, all cards hidden by CUDA_VISIBLE_DEVICES", source)
                             : memory_text("looking for NVIDIA cards: none found");
    free(cards);
}
