/* Overrides: llama.cpp's -ot list. Parsing of values, the list as llama.cpp holds it, and matching.
 *
 * Grammar: split at every comma, each piece cut at its first `=`, nothing trimmed
 * (common/arg.cpp:252-284). Matching: std::regex ECMAScript, regex_search, first match in list order
 * wins (src/llama-model-loader.cpp:1234-1260). -cmoe, -ncmoe and -ncffn append to the same list.
 */
#ifndef OTPLAN_MODEL_OVERRIDE_OVERRIDE_H
#define OTPLAN_MODEL_OVERRIDE_OVERRIDE_H

#include "model/base/error.h"
#include "model/net/model.h"
#include "model/plan/device.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pattern; /* compiled, see pattern.h */

struct override {
    char *pattern; /* owned */
    char *buffer;  /* owned: buffer type name as written */
    uint32_t
        argument; /* which argument of the list it came from: index into override_list.arguments */
    struct pattern *compiled; /* owned; NULL where std::regex refuses the pattern */
    char *refused; /* owned or NULL: why llama.cpp would refuse this entry (bad regex, ...) */
    /* `refused` is about the pattern. llama.cpp reads the value at once, but compiles a pattern only when a
     * tensor gets to it, name by name (src/llama-model-loader.cpp:1238): where earlier entries take every
     * tensor, it never finds out. */
    bool bad_pattern;
};

/* One argument as given, repeated verbatim in exports: {"-ot", "a=CPU,b=CUDA0"}, {"-cmoe", NULL}. */
struct override_argument {
    char *flag;            /* owned: canonical short spelling: -ot -cmoe -ncmoe -ncffn */
    char *value;           /* owned or NULL */
    bool from_environment; /* LLAMA_ARG_OVERRIDE_TENSOR: stands before the command line */
    uint32_t first, count; /* its entries */
    char *refused;         /* owned or NULL: the value itself is refused (no `=`, empty piece) */
};

/* Immutable once built, shared by the plans of an undo history through `references`. */
struct override_list {
    int references;
    struct override *entries;
    size_t n_entries;
    struct override_argument *arguments;
    size_t n_arguments;
};

enum { MAX_OVERRIDES = 4095 }; /* llama.cpp aborts at 4096 (common/common.cpp:1706) */

struct override_list *override_list_new(void); /* empty, one reference */
struct override_list *override_list_hold(struct override_list *list);
void override_list_drop(struct override_list **list);

/* Appends one argument while the list is still being built (one reference). `flag` is "-ot", "-cmoe",
 * "-ncmoe" or "-ncffn" (value: the count). Never fails for a pattern: a refused piece is kept and marked. */
void override_list_add(struct override_list *list, const char *flag, const char *value,
                       bool from_environment);

/* A new list with `rule`, as one piece of a value is written, in place of an entry of an -ot argument. */
struct override_list *override_list_replace(const struct override_list *list, size_t entry,
                                            const char *rule);

/* Index of the first entry whose pattern is found in `name`, at or after `from`; -1 without. Refused
 * entries never match. */
int32_t override_list_match(const struct override_list *list, const char *name, size_t from);

/* decided[row] = index of the first matching entry, or -1, for every row of the model. */
void override_list_decide(const struct override_list *list, const struct model *model,
                          int32_t *decided);

#endif
