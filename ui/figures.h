/* Figures as the screen writes them: MiB with blanks between thousands, used rounded up, budgets down. */
#ifndef OTPLAN_UI_FIGURES_H
#define OTPLAN_UI_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FIGURE_MAX = 48 };

const char *figure_grouped(char out[FIGURE_MAX], uint64_t value);  /* "12 345 678" */
const char *figure_mib_up(char out[FIGURE_MAX], uint64_t bytes);   /* whole MiB, rounded up */
const char *figure_mib_down(char out[FIGURE_MAX], uint64_t bytes); /* whole MiB, rounded down */
const char *figure_gib_up(char out[FIGURE_MAX], uint64_t bytes);   /* "28.1", rounded up */
const char *figure_gib_down(char out[FIGURE_MAX], uint64_t bytes); /* rounded down */
const char *figure_mib(char out[FIGURE_MAX], uint64_t bytes);      /* "2 058.0" */
const char *figure_gib(char out[FIGURE_MAX], uint64_t bytes);      /* "262.0 GiB" */
/* In the unit the user chose: MiB with a tenth, or GiB with thousandths; its name. */
const char *figure_size(char out[FIGURE_MAX], uint64_t bytes, bool use_gib);
const char *figure_unit(bool use_gib);
const char *figure_change(char out[FIGURE_MAX], uint64_t before, uint64_t after,
                          bool use_gib);                                         /* "+1 050.0" */
const char *figure_percent(char out[FIGURE_MAX], uint64_t part, uint64_t whole); /* "94.0%" */

#endif
