/* Writes the text of rules: names and sets of names as ECMAScript that std::regex and people can read.
 *
 * A suffix is what stands behind `blk.N.`: `ffn_gate_exps.weight`. The pattern stands right behind the
 * dot, so it is anchored in front, and it ends as early as the other names allow: at the end of the base
 * name, at its dot, at the end of the whole name, or earlier where all that begins so is meant (`attn_`).
 */
#ifndef OTPLAN_MODEL_OVERRIDE_RULE_TEXT_H
#define OTPLAN_MODEL_OVERRIDE_RULE_TEXT_H

#include "model/base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>

/* A beginning of suffixes; `whole`: the suffix ends there. */
struct suffix_cut {
    const char *text; /* borrowed from the suffix */
    size_t length;
    bool whole;
};

/* Cuts that match every needed suffix and no forbidden one. Returns how many; `cuts` has room for `n`.
 * One of length 0 that is not whole matches everything. */
size_t suffix_cuts_find(const char *const *suffixes, size_t n, const bool *needed,
                        const bool *forbidden, struct suffix_cut *cuts);
bool suffix_cut_matches(const struct suffix_cut *cut, const char *suffix);

/* Appends the cuts as one pattern, common parts written once: `ffn_(gate|up)_exps`. */
void suffix_cuts_write(const struct suffix_cut *cuts, size_t n, struct strbuf *out);

/* Appends `text` so that it stands for itself. Commas and equals signs, which -ot splits at, and bytes
 * outside printable ASCII become \xNN. */
void rule_text_escape(const char *text, size_t length, struct strbuf *out);

#endif
