/* The machine's own memory, from /proc/meminfo ($OTPLAN_PROC in place of /proc, for tests). */
#ifndef OTPLAN_SRC_HOST_MEMORY_H
#define OTPLAN_SRC_HOST_MEMORY_H

#include "model/plan/device.h"

/* Fills `host` as rig_init_host does; 0 bytes where nothing can be read. */
void host_memory_read(struct device *host);

#endif
