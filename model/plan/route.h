/* The way of a token through the devices, and what each change of device costs (interface.md section 5).
 *
 * A layer works in three steps: attention or state, the dense feed-forward, the routed experts. A step runs where
 * its largest tensor is; the embedding is looked up on the CPU, and the output comes last. Each time the next step
 * runs elsewhere, that is a switch, and costs
 *
 *   switch_us of where it goes + hidden state / network for each end of it that is an RPC host,
 *
 * network = link_gb_s * link efficiency, hidden state = n_embd values of F32, which is what ggml copies between the
 * parts of a graph. Without link_gb_s only switch_us counts. A card's own link is not asked: on a PCIe bus the
 * copy of one token's hidden state takes less than it takes to start it.
 */
#ifndef OTPLAN_MODEL_PLAN_ROUTE_H
#define OTPLAN_MODEL_PLAN_ROUTE_H

#include "model/plan/evaluation.h"

enum { ROUTE_STEPS = 3 }; /* of a layer; the output is the first step of one layer more */

/* New array of (n_layer + 1) * ROUTE_STEPS device numbers, DEVICE_NONE for a step without tensors. free() it. */
int16_t *route_find(const struct model *model, const struct evaluation *evaluation);

/* Whether a tensor is one of the routed experts'. */
bool route_is_expert(const struct model *model, size_t row);

/* Bytes that go over when a token's work goes to another device. */
double route_hidden_bytes(const struct model *model);
/* Seconds for `bytes` over the network to an RPC host; 0 for any other device, or where link_gb_s is unknown. */
double route_network_seconds(const struct device *device, double bytes);
double route_switch_seconds(const struct model *model, const struct device *from,
                            const struct device *to);

#endif
