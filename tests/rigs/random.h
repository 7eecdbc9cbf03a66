/* The optimiser on rigs that nobody chose: unlike cards, tiny ones, tiny hosts, figures that are missing. */
#ifndef OTPLAN_TESTS_RIGS_RANDOM_H
#define OTPLAN_TESTS_RIGS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* `n` cases from `seed` on, one after another: a reference model, a rig, settings, locks. Prints what the optimiser
 * should not have done, with the seed that does it again; returns how many cases that was. */
size_t random_rigs(uint32_t seed, size_t n);

#endif
