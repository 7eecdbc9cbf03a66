/* Which cards a CUDA program sees, and in what order: CUDA_VISIBLE_DEVICES and CUDA_DEVICE_ORDER.
 *
 * Source: CUDA programming guide, "CUDA environment variables": a list of indices, UUIDs or unique
 * beginnings of UUIDs; the first entry that is none of them hides itself and all after it. Instances of a card
 * (MIG user guide, "CUDA visible devices"): MIG-UUID, before driver 470 MIG-GPU-UUID/INSTANCE/COMPUTE; a
 * program sees one instance, the first, and beside it no card at all.
 */
#ifndef OTPLAN_SRC_CUDA_VISIBLE_H
#define OTPLAN_SRC_CUDA_VISIBLE_H

#include "src/nvml.h"

/* Cuts `cards` (in PCI order) down to those that `visible` names, in its order, and returns how many are left.
 * NULL leaves them as they are; "" hides them all. */
size_t cuda_visible_apply(struct card *cards, size_t n, const char *visible);

/* True where CUDA may number these cards (all of the machine's) otherwise than by bus: they differ, `order` is not
 * PCI_BUS_ID, and `visible` does not name them by UUID. */
bool cuda_order_uncertain(const struct card *cards, size_t n, const char *order,
                          const char *visible);

#endif
