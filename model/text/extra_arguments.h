/* Words of a command line that are handed through to every export. */
#ifndef OTPLAN_MODEL_TEXT_EXTRA_ARGUMENTS_H
#define OTPLAN_MODEL_TEXT_EXTRA_ARGUMENTS_H

#include "model/plan/plan.h"

/* Appends copies of `n` words to `*extra`, which becomes a list of its own where it was shared or NULL. */
void extra_arguments_add(struct extra_arguments **extra, const char *const *words, size_t n);

#endif
