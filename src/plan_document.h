/* The plan document: a plan in a file (interface.md section 6). The placement is stored as llama.cpp
 * arguments and nowhere else.
 */
#ifndef OTPLAN_SRC_PLAN_DOCUMENT_H
#define OTPLAN_SRC_PLAN_DOCUMENT_H

#include "model/base/error.h"
#include "model/plan/device.h"
#include "model/plan/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PLAN_DOCUMENT_VERSION = 1 };

struct plan_document {
    char *model_path;         /* owned: as a program can open it from here; NULL where not given */
    char *model_name;         /* owned or NULL */
    uint64_t model_size;      /* bytes; 0 unknown */
    uint64_t model_n_tensors; /* 0 unknown */
    uint64_t head_hash;       /* model_file_head_hash; 0 unknown */
    enum target target;
    char **args; /* owned, n_args of them */
    size_t n_args;
    bool has_devices;
    struct rig rig; /* where has_devices */
    char **locks;   /* owned: names of tensors; flags of settings ("-c") */
    size_t n_locks;
    char *notes; /* owned or NULL */
};

/* Does the file look like JSON (its first byte that is no blank is a brace)? For telling a plan from a model. */
bool plan_document_is_json(const char *path);

/* Is it JSON with otplan_plan in it? */
bool plan_document_is_plan(const char *path);
/* Does the file begin as a GGUF does, or is it a folder? */
bool file_is_gguf(const char *path);

/* ERROR_INPUT with the place; JSON that is no plan is refused with a hint. Free with plan_document_clear. A
 * relative model path is looked for beside the document, then from here. */
bool plan_document_read(const char *path, struct plan_document *out, struct error *error);
void plan_document_clear(struct plan_document *document);

struct model;
struct plan;
struct evaluation;

/* Those of its locks that the model or the settings have. */
void plan_document_apply_locks(const struct plan_document *document, const struct model *model,
                               struct plan *plan);

struct plan_document_source {
    const struct model *model;
    const struct rig *rig;
    const struct plan *plan;
    const struct evaluation *evaluation;
    const char *model_path; /* the file to name; NULL: the model's own path */
    uint64_t head_hash;     /* 0 leaves it out */
    const char *notes;      /* or NULL */
};
/* New: the document's text. */
char *plan_document_text(const struct plan_document_source *source);
/* Writes it, in one step; an existing file is replaced with `force` only. ERROR_SYSTEM. */
bool plan_document_write(const char *path, const struct plan_document_source *source, bool force,
                         struct error *error);

#endif
