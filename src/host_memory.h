/* The machine's own memory: /proc/meminfo, cut down to what a control group (v2 or v1) allows, and its NUMA
 * nodes. Paths: src/machine_tree.h.
 */
#ifndef OTPLAN_SRC_HOST_MEMORY_H
#define OTPLAN_SRC_HOST_MEMORY_H

#include "model/plan/device.h"

/* Fills `host` as rig_init_host does, with how it was found; 0 bytes where nothing can be read. */
void host_memory_read(struct device *host);

struct numa_node {
    unsigned number;
    uint64_t total, free; /* bytes */
};
/* New list of the nodes with memory, `*n` of them. */
struct numa_node *host_numa_nodes(size_t *n);

#endif
