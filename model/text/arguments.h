/* llama.cpp's arguments: one table of flags, read into a plan and written back.
 *
 * Takes arrays of strings; argv and the environment belong to src. Names are exact, no prefixes; long
 * options accept `_` for `-` as llama.cpp does (common/arg.cpp:820).
 */
#ifndef OTPLAN_MODEL_TEXT_ARGUMENTS_H
#define OTPLAN_MODEL_TEXT_ARGUMENTS_H

#include "model/base/strbuf.h"
#include "model/base/word_list.h"
#include "model/gguf/gguf_override.h"
#include "model/plan/evaluation.h"

/* One flag of llama.cpp (the table covers all that the interface names and, with `values`, every other
 * one that takes a value, so that `-t 16` or `--host 0.0.0.0` is skipped whole and handed through). */
enum flag_use {
    FLAG_PLAN,  /* read into the plan */
    FLAG_MODEL, /* -m, -mu, -hf: names the model */
    FLAG_PASS,  /* kept and handed through */
    FLAG_REMOVED, /* llama.cpp no longer takes it (--mmap, --no-mmap, --mlock): refused with the new spelling */
};

/* What a command line says beside the plan. */
struct argument_facts {
    char *model;     /* owned or NULL: -m */
    char *model_url; /* owned or NULL: -mu */
    char *hf_repo;   /* owned or NULL: -hf */
    char *hf_file;   /* owned or NULL: -hff */
    bool offline;    /* --offline */
    bool ngl_given, ts_given, ot_given, ctx_given, fit_given, type_k_given, type_v_given;
    char *mmproj;      /* owned or NULL */
    char *draft_model; /* owned or NULL */
    char *rpc;         /* owned or NULL */
    struct gguf_overrides override_kv;
    struct word_list draft; /* the draft model's placement flags, as those of a model of its own */
    bool elsewhere; /* set by the caller: paths may be those of a container or another machine */
};
void argument_facts_clear(struct argument_facts *facts);

/* Is `word` a llama.cpp flag, and how many values does it take? 0 where unknown. */
bool llama_flag_known(const char *word, enum flag_use *use, int *n_values);

/* Reads `arguments` into `plan` (plan_init'ed; a NULL-model plan_init is fine: rows are attached later with
 * plan_attach). `environment`: "LLAMA_ARG_X=value" strings, NULL-terminated or NULL, read first. Problems are
 * ERROR_USAGE (unknown flag of otplan's own, missing value) or ERROR_INPUT (llama.cpp refuses it). */
bool arguments_read(struct plan *plan, struct argument_facts *facts, const char *const *arguments,
                    size_t n, const char *const *environment, struct error *error);

/* The exact argument list for a plan: new strings, NULL-terminated; free with arguments_free.
 * Order: -c, -ngl, -ts, ... -fit off, then -ot: generated rules, then the given ones verbatim, then extra. */
char **arguments_write(const struct model *model, const struct rig *rig, const struct plan *plan,
                       const struct evaluation *evaluation, size_t *n);
void arguments_free(char ***arguments);

/* Appends `word` to `out`, quoted for POSIX sh where it needs to be. */
void shell_quote(struct strbuf *out, const char *word);

#endif
