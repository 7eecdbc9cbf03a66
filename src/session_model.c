#include "src/session_model.h"

#include "model/base/memory.h"
#include "src/hf_cache.h"
#include "src/plan_document.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool session_plan_is_given(const struct options *options)
{
    return options->n_positional > 0 && plan_document_is_json(options->positional[0]);
}

/* The command line's own: with an address beside it, -m says where llama.cpp puts the download. */
static const char *flagged_model(const struct argument_facts *facts)
{
    bool there = facts->model != NULL && access(facts->model, F_OK) == 0;
    return facts->model_url != NULL && !there ? facts->model_url : facts->model;
}

/* What llama.cpp downloaded, else what it would download. */
static bool find_hf(const struct argument_facts *facts, char **path, struct error *error)
{
    const char *repo = facts->hf_repo;
    if (hf_cache_find(repo, facts->hf_file, path, error)) {
        return true;
    }
    if (facts->offline || strchr(repo, '/') == NULL) {
        return false;
    }
    *error = (struct error){0};
    *path = facts->hf_file == NULL
                ? memory_format("hf:%s", repo)
                : memory_format("hf:%.*s/%s", (int)strcspn(repo, ":"), repo, facts->hf_file);
    return true;
}

bool session_choose_model(const struct options *options, const struct plan_document *document,
                          const struct session *session, char **path, struct error *error)
{
    const char *given = options->n_positional > 0 && !session_plan_is_given(options)
                            ? options->positional[0]
                            : NULL;
    const char *flagged = flagged_model(&session->facts);
    bool two = given != NULL && flagged != NULL && strcmp(given, flagged) != 0;
    /* a file named beside a command, an import or for one side of a comparison is meant to replace theirs */
    bool replaces =
        options->after != NULL || options->import != NULL || options->command == COMMAND_COMPARE;
    if (two && !replaces) {
        return error_set(error, ERROR_USAGE, "two models given: %s and -m %s", given, flagged);
    }
    const char *named = given != NULL ? given : flagged;
    if (named == NULL && session->facts.hf_repo != NULL) {
        return find_hf(&session->facts, path, error);
    }
    named = named != NULL ? named : document->model_path;
    if (named == NULL) {
        return error_set(error, ERROR_USAGE, "no model given: name a GGUF file; see otplan %s%s-h",
                         command_name(options->command),
                         options->command == COMMAND_PLANNER ? "" : " ");
    }
    *path = memory_text(named);
    return true;
}

/* ---- reading it ------------------------------------------------------------------------------ */

/* --override-kv changes what the file says, and so what llama.cpp makes of its tensors: another number of
 * layers than there are is refused (done_getting_tensors, require_tensor). */
static bool describe(const char *path, struct session *session, struct error *error)
{
    struct gguf *gguf = session->file->gguf;
    char key[160];
    snprintf(key, sizeof key, "%.100s.block_count", gguf_string(gguf, "general.architecture", ""));
    uint64_t n_blocks = gguf_u64(gguf, key, 0);
    gguf_overrides_apply(&session->facts.override_kv, gguf);
    uint64_t n_now = gguf_u64(gguf, key, 0);
    if (n_now != n_blocks) {
        return error_set(
            error, ERROR_INPUT,
            "--override-kv %s: llama.cpp refuses it: %s (%llu layers, and the file has "
            "the tensors of %llu)",
            key, n_now < n_blocks ? "wrong number of tensors" : "missing tensor",
            (unsigned long long)n_now, (unsigned long long)n_blocks);
    }
    return model_describe(gguf, path, session->plan.settings.load_mtp, &session->model, error);
}

/* A plan may be used with another file of its model, but never unnoticed. */
static void notice_other_model(const struct plan_document *document, struct session *session)
{
    uint64_t n = session->model->gguf->n_tensors;
    if (document->model_n_tensors != 0 && document->model_n_tensors != n) {
        session->notice =
            memory_format("the plan was made for a model of %llu tensors; this one has %llu",
                          (unsigned long long)document->model_n_tensors, (unsigned long long)n);
    } else if (document->head_hash != 0 &&
               document->head_hash != model_file_head_hash(session->file)) {
        session->notice =
            memory_text("the plan was made for another file: this one's head differs");
    }
}

bool session_read_model(const char *path, const struct plan_document *document,
                        struct session *session, struct error *error)
{
    if (session->command.in_container && access(path, F_OK) != 0) {
        return error_set(error, ERROR_INPUT,
                         "%s: not there: it is a path inside the container; name the file as it is "
                         "called here: otplan FILE.gguf -- docker …",
                         path);
    }
    if (!model_file_open(path, &session->file, error) || !describe(path, session, error)) {
        return false;
    }
    notice_other_model(document, session);
    if (session->notice == NULL) {
        session->notice = memory_text(session->file->notice);
    }
    session->model->file_bytes = session->file->file_bytes;
    plan_attach(&session->plan, session->model);
    return true;
}
