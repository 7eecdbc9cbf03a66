/* What the formats share: rules in order, and the arguments one flag at a time. */
#ifndef OTPLAN_MODEL_TEXT_EXPORT_PARTS_H
#define OTPLAN_MODEL_TEXT_EXPORT_PARTS_H

#include "model/text/export.h"
#include "model/text/flags.h"

/* Calls for every rule that llama.cpp takes, in order; -cmoe and its like written out. */
void export_each_rule(const struct export_source *source, struct strbuf *out,
                      void (*write)(struct strbuf *, const char *pattern, const char *buffer));
/* "p=B" with `separator` between; returns how many. */
size_t export_rules(const struct export_source *source, const char *separator, struct strbuf *out);

/* One flag of the arguments with its value. */
struct export_item {
    const struct flag *flag;
    bool off;               /* the negative spelling */
    bool rule;              /* -ot, -cmoe, -ncmoe or -ncffn */
    const char *value;      /* the first value, NULL without */
    const char *const *all; /* the words as they stand, n_words of them */
    size_t n_words;
};
/* Reads the item at `*at` and steps over it; false at the end. */
bool export_next(const struct export_source *source, size_t *at, struct export_item *item);

/* The flag that gives llama.cpp the model: -m for a file, -mu for an address. */
struct export_model_flag {
    const char *flag, *variable, *key; /* on a command line, in the environment, in a preset */
};
const struct export_model_flag *export_model_flag(const char *path);

/* A path for a command line: one that begins with `-` would be read as a flag. */
void export_add_path(const char *path, struct strbuf *out);

bool export_env(const struct export_source *source, struct strbuf *out, struct error *error);
bool export_ini(const struct export_source *source, struct strbuf *out, struct error *error);
bool export_bench(const struct export_source *source, struct strbuf *out, struct error *error);
bool export_ik(const struct export_source *source, struct strbuf *out, struct error *error);
bool export_llama_swap(const struct export_source *source, struct strbuf *out, struct error *error);

#endif
