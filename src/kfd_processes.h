/* Who holds memory on an AMD card: the kernel's list of compute processes, /sys/class/kfd/kfd/proc/PID/vram_GPU. */
#ifndef OTPLAN_SRC_KFD_PROCESSES_H
#define OTPLAN_SRC_KFD_PROCESSES_H

#include "src/nvml.h"

/* Fills `out` (CARD_PROCESSES of them) for the card on a bus ("0000:43:00.0"); `*n` how many. False where the
 * kernel does not list any process or does not know the card. */
bool kfd_processes(const char *pci, struct card_process *out, size_t *n);

#endif
