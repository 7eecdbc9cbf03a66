/* Exports: a plan's arguments in the form that the next program reads.
 *
 * Every format is made from the one list that arguments_write gives, so all say the same.
 */
#ifndef OTPLAN_MODEL_TEXT_EXPORT_H
#define OTPLAN_MODEL_TEXT_EXPORT_H

#include "model/base/strbuf.h"
#include "model/text/arguments.h"

enum export_format {
    EXPORT_ARGS,       /* one line, shell-quoted, without program and model */
    EXPORT_OT,         /* what follows one -ot: p=B,p=B */
    EXPORT_LINES,      /* a comment header, then one -ot "p=B" a line */
    EXPORT_SCRIPT,     /* POSIX sh */
    EXPORT_ENV,        /* LLAMA_ARG_X=value lines, unquoted */
    EXPORT_INI,        /* a --models-preset section */
    EXPORT_JSON,       /* plan --json: written by src, which has the JSON */
    EXPORT_BENCH,      /* llama-bench arguments */
    EXPORT_IK,         /* ik_llama.cpp arguments */
    EXPORT_KOBOLD,     /* a .kcpps file: written by src */
    EXPORT_LLAMA_SWAP, /* one YAML models: entry */
    EXPORT_FORMAT_COUNT,
};
const char *export_format_name(enum export_format format);
bool export_format_by_name(const char *name, enum export_format *out);

struct export_source {
    const struct model *model;
    const struct rig *rig;
    const struct plan *plan;
    const struct evaluation *evaluation;
    const char *model_path;  /* the file to name */
    char **owned;            /* as arguments_write gives them */
    const char *const *args; /* the same */
    size_t n_args;
};

/* Writes the arguments of a plan; the rest is borrowed. Free with export_source_clear. */
void export_source_make(struct export_source *source, const struct model *model,
                        const struct rig *rig, const struct plan *plan,
                        const struct evaluation *evaluation, const char *model_path);
void export_source_clear(struct export_source *source);

/* Appends the text, ending in a newline, for all formats but the two that are JSON. ERROR_INPUT where the
 * format cannot say what the plan needs. */
bool export_write(enum export_format format, const struct export_source *source, struct strbuf *out,
                  struct error *error);

/* What a user of the format should know, or NULL: what its program does otherwise. */
const char *export_note(enum export_format format, const struct export_source *source);

/* One shell-quoted line, `llama-server -m MODEL ARGS`, with the variables it needs in front. No newline. */
void export_command(const struct export_source *source, struct strbuf *out);

/* Variables to set (CUDA_DEVICE_ORDER=PCI_BUS_ID where the order of the cards is known by bus only) and
 * LLAMA_ARG_* variables whose rules are in the arguments already and must not come first. The i-th or NULL. */
const char *export_variable(const struct export_source *source, size_t i);
const char *export_unset_variable(const struct export_source *source, size_t i);

#endif
