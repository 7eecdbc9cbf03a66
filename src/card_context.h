/* What llama.cpp's own context takes on each card of this machine: measured, never guessed.
 *
 * The driver says what is free before llama.cpp starts; llama.cpp's --list-devices says what is free with its context
 * open, at the same moment. The difference is the context of that card under that driver. It is kept in
 * $XDG_CACHE_HOME/otplan/contexts, a line a card ("0000:01:00.0 523 NAME": MiB), and every later detection of the
 * card begins with it; `otplan devices --save` writes it as `context_mib`. A card never asked about has 0.
 */
#ifndef OTPLAN_SRC_CARD_CONTEXT_H
#define OTPLAN_SRC_CARD_CONTEXT_H

#include "model/plan/device.h"

/* The most that is believed: more is another process that came or went meanwhile. */
#define CARD_CONTEXT_MOST (UINT64_C(2) << 30)

/* Bytes between what the driver and llama.cpp called free; 0 where that says nothing. */
uint64_t card_context_between(uint64_t driver_free, uint64_t llama_free);

void card_contexts_apply(
    struct rig *rig); /* cards without a context of their own get the kept one */
void card_contexts_keep(const struct rig *rig); /* all that have one; nothing fails */

#endif
