/* Writes one rule of a grid: layers times suffixes as a pattern of at most 200 characters, shortened where
 * nothing else is hit, and in parts where it is too long. Keeps what is decided, for the rules behind it.
 */
#ifndef OTPLAN_MODEL_OVERRIDE_RULE_WRITE_H
#define OTPLAN_MODEL_OVERRIDE_RULE_WRITE_H

#include "model/override/generate.h"
#include "model/override/name_grid.h"

/* Rules of one grid being written, in order. */
struct rule_writer {
    const struct model *model;
    const struct name_grids *grids;
    const struct name_grid *grid;
    uint32_t *decided;    /* per cell: the rule before that decides it, + 1; 0 without */
    bool plain_block;     /* `blk\.` occurs in no other name: no need for more in front */
    bool layers_optional; /* a pattern may go without its layers, if it is checked */
    struct generated_rules *out;
};

/* A rule to be written: the cells it must decide are within layers x suffixes. */
struct rule_wish {
    int colour;
    bool *layers;   /* per layer of the grid */
    bool *suffixes; /* per suffix */
};

/* Writes the wish, and marks what it decides. It must hold no cell that is undecided and of another colour. */
void rule_write(struct rule_writer *writer, const struct rule_wish *wish);

/* Takes `pattern`. */
void generated_rules_add(struct generated_rules *rules, char *pattern, int device, int32_t cpu_moe);

#endif
