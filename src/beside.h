/* What stands beside the model on its devices: the draft model of -md with its own placement flags, the second
 * context of --spec-type draft-mtp, and the multimodal projector of --mmproj.
 *
 * Read of llama.cpp (v0.5.0 and near it): common_base_params_to_speculative and common_speculative_init_result
 * (common/speculative.cpp), server_context_impl::load_model (tools/server/server-context.cpp). A draft model takes
 * from its own flags (-ngld, -devd, -otd, -cmoed, -ncmoed, -ctkd, -ctvd and their variables) the layers, devices,
 * overrides and cache types, which do not follow the main ones: without a flag they are llama.cpp's defaults. All
 * else is the main context's: size, slots, batch sizes, -kvu, -fa, -nkvo, -ts, -sm, -mg, --override-kv. One row of
 * logits a slot is reserved, and no states to roll back to. There is no context size of its own (-cd is gone).
 * draft-mtp without -md adds a context to the main model: a cache of the cache types of -ctkd and -ctvd on its
 * nextn layers, whose weights are counted with the model, and the compute buffers of the devices that hold them;
 * those are an estimate, the trunk's own graph standing for the smaller one of the nextn layer.
 * Of the projector the weights are counted, on the first device in use; its compute buffer is not modelled.
 */
#ifndef OTPLAN_SRC_BESIDE_H
#define OTPLAN_SRC_BESIDE_H

#include "model/base/strbuf.h"
#include "model/text/arguments.h"

/* Fills `beside` of the rig's devices anew, for the plan's settings: called again whenever they change. False
 * where llama.cpp would not start: a file that it cannot open, flags of the draft that it refuses. With
 * facts->elsewhere a file that is not here is told in `notes` instead, one a line, and not counted. */
bool beside_weigh(const struct model *model, const struct plan *plan,
                  const struct argument_facts *facts, struct rig *rig, struct strbuf *notes,
                  struct error *error);

#endif
