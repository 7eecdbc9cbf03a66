#include "src/kfd_processes.h"

#include "src/machine_tree.h"

#include <stdio.h>
#include <stdlib.h>

static const char nodes_folder[] = "/sys/class/kfd/kfd/topology/nodes";
static const char processes_folder[] = "/sys/class/kfd/kfd/proc";

static bool is_node(unsigned node, uint64_t domain, uint64_t location)
{
    uint64_t its_domain = 0;
    uint64_t its_location = 0;
    char *text = machine_text("%s/%u/properties", nodes_folder, node);
    bool same = text != NULL && machine_field(text, "location_id", &its_location) &&
                its_location == location &&
                (!machine_field(text, "domain", &its_domain) || its_domain == domain);
    free(text);
    return same;
}

/* The kernel's number of the card on a bus; 0: unknown. */
static uint64_t gpu_of(const char *pci)
{
    unsigned domain = 0;
    unsigned bus = 0;
    unsigned device = 0;
    unsigned function = 0;
    if (sscanf(pci, "%x:%x:%x.%x", &domain, &bus, &device, &function) != 4) {
        return 0;
    }
    uint64_t location = (uint64_t)bus << 8 | device << 3 | function;
    uint64_t gpu = 0;
    size_t n = 0;
    unsigned *nodes = machine_numbered(nodes_folder, "", &n);
    for (size_t i = 0; i < n && gpu == 0; i++) {
        if (is_node(nodes[i], domain, location)) {
            machine_number(&gpu, "%s/%u/gpu_id", nodes_folder, nodes[i]);
        }
    }
    free(nodes);
    return gpu;
}

bool kfd_processes(const char *pci, struct card_process *out, size_t *n)
{
    uint64_t gpu = gpu_of(pci);
    size_t n_pids = 0;
    *n = 0;
    if (gpu == 0) {
        return false;
    }
    unsigned *pids = machine_numbered(processes_folder, "", &n_pids);
    for (size_t i = 0; i < n_pids && *n < CARD_PROCESSES; i++) {
        uint64_t bytes = 0;
        bool read = machine_number(&bytes, "%s/%u/vram_%llu", processes_folder, pids[i],
                                   (unsigned long long)gpu);
        if (read && bytes > 0) {
            out[(*n)++] = (struct card_process){pids[i], bytes};
        }
    }
    free(pids);
    return n_pids > 0;
}
