/* A machine in one line: --rig "2x RTX 3090 + RTX 4060 Ti 16GB + 128G DDR4-3200x2".
 *
 * Parts joined by `+`:
 *
 *   [N x] NAME [SIZE]            N accelerators of the database; SIZE where they share the host's memory
 *                                or to set another one: "M3 Max 128G"
 *   [N x] RPC[host:port] NAME [@ GB/s]   the same behind another machine, at the network's GB/s
 *   SIZE [DDR4-3200x2 | @ GB/s]  host memory: type and MT/s, times channels
 *
 * SIZE is 128G or 128GB, in GiB. Devices get llama.cpp's names and order: RPC first, server by server, then CUDA,
 * ROCm, MTL, SYCL, each in the order given. `free` is what llama.cpp was seen to find on such a card, else its
 * total. A switch to an RPC host costs RPC_SWITCH_US: a round trip on a wired network; a device file or the network's
 * own figures say it better.
 */
#ifndef OTPLAN_MODEL_PLAN_RIG_SPEC_H
#define OTPLAN_MODEL_PLAN_RIG_SPEC_H

#include "model/plan/accelerators.h"

enum { RPC_SWITCH_US = 200 };

/* Fills `out`, which is overwritten; free with rig_clear. Without host memory in the line, host.total is 0
 * and the caller's to fill. ERROR_USAGE names the part that is not understood. */
bool rig_spec_read(const char *spec, const struct accelerators *accelerators, struct rig *out,
                   struct error *error);

#endif
