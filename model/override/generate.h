/* Writes the override rules for a placement: few, readable, ECMAScript alone, no comma and no `=`.
 *
 * A rule is one set of layers times one set of tensor groups, `blk\.(1[2-9]|20)\.ffn_(gate|up)_exps`,
 * or one named tensor; numbers as a person writes them, at most 200 characters a pattern.
 */
#ifndef OTPLAN_MODEL_OVERRIDE_GENERATE_H
#define OTPLAN_MODEL_OVERRIDE_GENERATE_H

#include "model/override/override.h"

/* What the rules must do with each row of the model (twins share their original's name and entry). */
enum wanted {
    WANTED_FREE = -4, /* no rule of ours may decide it, and it does not care (skipped tensors) */
    WANTED_ALONE =
        -3, /* no rule may decide it: it stays where it is (home, or the given rules below) */
    /* >= DEVICE_HOST: a rule must decide it and send it there */
};

struct generated_rule {
    char *pattern; /* owned */
    int device;    /* index into the rig, or DEVICE_HOST */
    /* llama.cpp has a word for it: 0 none, -1 `-cmoe`, N > 0 `-ncmoe N` (N entries of the list) would
     * decide the same here. */
    int32_t cpu_moe;
};

struct generated_rules {
    struct generated_rule *rules;
    size_t n;
    int32_t *rule_of_row; /* owned, one per row of the model: the rule that decides it, or -1 */
};

/* `wanted[row]`: a device index, DEVICE_HOST, WANTED_ALONE or WANTED_FREE.
 * `stays[row]`: for WANTED_ALONE rows, the device they are on anyway (a rule that sends them there is
 * harmless and may be used to keep a later catch-all off them), or DEVICE_NONE to forbid that; may be NULL.
 * The rules are in order, first match wins. Fast: runs in every frame of a drag. */
void generate_rules(const struct model *model, const int16_t *wanted, const int16_t *stays,
                    struct generated_rules *out);
/* The same with more time for the fewest rules: for exports and --compact, up to some 0.1 s. */
void generate_rules_compact(const struct model *model, const int16_t *wanted, const int16_t *stays,
                            struct generated_rules *out);
void generated_rules_clear(struct generated_rules *rules);

/* Regex for a set of layer numbers, as a person would write it: {12..20} -> "(1[2-9]|20)", {7} -> "7".
 * `layers` ascending. Appends to `out`. */
struct strbuf;
void generate_layer_set(const uint32_t *layers, size_t n, struct strbuf *out);

#endif
