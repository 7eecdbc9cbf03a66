/* AMD and Intel cards from the kernel's trees, without any of their libraries.
 *
 * AMD: amdgpu's mem_info_vram_* below /sys/class/drm/cardN/device, and /sys/class/kfd/kfd/topology for the gfx
 * name and the order that ROCm counts in. A card that KFD does not know is named as a Vulkan build would.
 * Intel: drivers xe and i915; memory from lmem_total_bytes or physical_vram_size_bytes, else the size of the
 * card's memory window (PCI BAR 2). Graphics of the processor (no memory of their own) are left out.
 */
#ifndef OTPLAN_SRC_DETECT_SYSFS_H
#define OTPLAN_SRC_DETECT_SYSFS_H

#include "model/plan/device.h"

/* Appends to rig->devices, cut down by the lists of numbers in HIP_VISIBLE_DEVICES, ROCR_VISIBLE_DEVICES and
 * GGML_VK_VISIBLE_DEVICES. Returns how many cards there are, hidden ones counted. */
size_t detect_sysfs(const char *const *environment, struct rig *rig);

#endif
