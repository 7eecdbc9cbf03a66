/* What stands beside the model on its devices: the draft model of -md with its own placement flags, and the
 * multimodal projector of --mmproj.
 *
 * The draft model runs with the main context's settings (server-context.cpp of llama.cpp v0.5.0): its size, batch
 * sizes, -ts and -sm; its layers, devices, cache types and overrides come from the draft twins alone.
 * Of the projector the weights are counted, on the first device in use; its compute buffer is not modelled.
 */
#ifndef OTPLAN_SRC_BESIDE_H
#define OTPLAN_SRC_BESIDE_H

#include "model/base/strbuf.h"
#include "model/text/arguments.h"

/* Fills `beside` of the rig's devices anew, for the plan's settings: called again whenever they change. What cannot be opened is told in `notes`, one a line, and not counted. */
void beside_weigh(const struct model *model, const struct plan *plan,
                  const struct argument_facts *facts, struct rig *rig, struct strbuf *notes);

#endif
