/* Repairs of the text of one rule: each function gives what the writer may have meant, or NULL where
 * there is nothing to repair. New strings; whether the repair helps is the caller's to try.
 */
#ifndef OTPLAN_MODEL_OVERRIDE_EXPLAIN_REPAIR_H
#define OTPLAN_MODEL_OVERRIDE_EXPLAIN_REPAIR_H

#include "model/plan/device.h"

#include <stddef.h>

/* Without the blanks. */
char *repair_blanks(const char *pattern);
/* [6-10], [0-15], [11|12], (0-9), {50-60} or a plain 0-18 as a set of numbers. `wrong`, `right`: new strings,
 * the part and what it becomes. */
char *repair_number_range(const char *pattern, char **wrong, char **right);
/* The n-th unescaped dot (from 0) that stands for itself escaped; NULL when there are fewer. */
char *repair_dot(const char *pattern, size_t n);
/* Doubled backslashes halved, \d put back where `d+` is left, quotes taken off. */
char *repair_quoting(const char *pattern);
/* `*` as a shell means it. */
char *repair_glob(const char *pattern);
/* A buffer type of the rig that was meant: other case, quotes, blanks, GPU0 for CUDA0, CUDA for CUDA0. */
char *repair_buffer(const char *buffer, const struct rig *rig);

#endif
