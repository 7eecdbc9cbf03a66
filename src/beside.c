#include "src/beside.h"

#include "model/base/memory.h"
#include "model/gguf/ggml_types.h"
#include "model/net/arch.h"
#include "model/net/context_memory.h"
#include "model/text/flags.h"
#include "src/model_file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t words_taken(const char *word)
{
    const struct flag *flag = flag_find(word, NULL);
    return 1 + (flag != NULL ? (size_t)flag->n_values : 0);
}

/* The main context's settings as a draft's context has them (common_base_params_to_speculative). */
static void draft_settings(const struct plan *plan, uint32_t n_ctx, struct settings *out)
{
    *out = plan->settings;
    out->n_ctx = n_ctx;
    out->type_k = out->type_v = GGML_F16;
    speculative_default(&out->speculative);
    out->mtp_context = plan->settings.load_mtp;
}

static bool read_draft_words(const struct argument_facts *facts, struct plan *draft,
                             struct error *error)
{
    struct argument_facts unused = {0};
    bool read = arguments_read(draft, &unused, (const char *const *)facts->draft.text,
                               facts->draft.n, NULL, error);
    argument_facts_clear(&unused);
    return read;
}

static bool draft_plan(const struct plan *plan, const struct argument_facts *facts, uint32_t n_ctx,
                       struct plan *draft, struct error *error)
{
    plan_init(draft, NULL);
    draft_settings(plan, n_ctx, &draft->settings);
    memcpy(draft->tensor_split, plan->tensor_split, sizeof draft->tensor_split);
    draft->n_tensor_split = plan->n_tensor_split;
    return read_draft_words(facts, draft, error);
}

static void add_use(const struct evaluation *evaluation, struct rig *rig)
{
    for (size_t i = 0; i < rig->n_devices; i++) {
        rig->devices[i].beside += evaluation->devices[i].used;
    }
    rig->host.beside += evaluation->host.used;
}

static bool open_draft(const struct plan *plan, const struct argument_facts *facts,
                       struct model_file **file, struct model **model, struct error *error)
{
    const char *path = facts->draft_model;
    if (!model_file_open(path, file, error)) {
        return false;
    }
    gguf_overrides_apply(&facts->override_kv, (*file)->gguf);
    return model_describe((*file)->gguf, path, plan->settings.load_mtp, model, error);
}

static bool weigh_draft(const struct plan *plan, const struct argument_facts *facts, uint32_t n_ctx,
                        struct rig *rig, struct error *error)
{
    struct model_file *file = NULL;
    struct model *model = NULL;
    struct plan draft;
    bool done = draft_plan(plan, facts, n_ctx, &draft, error) &&
                open_draft(plan, facts, &file, &model, error);
    if (done) {
        struct evaluation evaluation;
        draft.settings.mtp_context = draft.settings.mtp_context && model->hparams.n_layer_nextn > 0;
        plan_attach(&draft, model);
        plan_evaluate(model, rig, &draft, NULL, &evaluation);
        done = evaluation.refused.kind == ERROR_NONE ||
               error_set(error, ERROR_INPUT, "%s: %s", facts->draft_model, evaluation.refused.text);
        if (done) {
            add_use(&evaluation, rig);
        }
        evaluation_clear(&evaluation);
    }
    plan_clear(&draft);
    model_free(&model);
    model_file_close(&file);
    return done;
}

/* ---- the second context of draft-mtp -------------------------------------------------------- */

static bool has_nextn(const struct model *model)
{
    const struct hparams *hparams = &model->hparams;
    bool never = hparams->arch != NULL && (hparams->arch->flags & ARCH_MTP_NEVER) != 0;
    return hparams->n_layer_nextn > 0 && !never;
}

/* The devices that run it: those of the nextn layers and of the output. */
static bool runs_nextn(const struct model *model, const struct evaluation *evaluation,
                       int16_t device)
{
    const struct hparams *hparams = &model->hparams;
    for (uint32_t il = hparams->n_layer - hparams->n_layer_nextn; il <= hparams->n_layer; il++) {
        if (evaluation->layers[il].home == device) {
            return true;
        }
    }
    return false;
}

static void add_second_context(const struct model *model, const struct evaluation *evaluation,
                               struct rig *rig)
{
    for (size_t i = 0; i < rig->n_devices; i++) {
        bool runs = runs_nextn(model, evaluation, (int16_t)i);
        rig->devices[i].beside +=
            evaluation->devices[i].context + (runs ? evaluation->devices[i].compute : 0);
    }
    rig->host.beside += evaluation->host.context + evaluation->host.compute;
}

static bool weigh_second_context(const struct model *model, const struct plan *plan,
                                 const struct argument_facts *facts, uint32_t n_ctx,
                                 struct rig *rig, struct error *error)
{
    struct plan second;
    struct plan types;
    if (!draft_plan(plan, facts, n_ctx, &types, error)) {
        plan_clear(&types);
        return false;
    }
    plan_copy(&second, plan);
    second.settings = types.settings;
    struct evaluation evaluation;
    plan_evaluate(model, rig, &second, NULL, &evaluation);
    bool done = evaluation.refused.kind == ERROR_NONE ||
                error_set(error, ERROR_INPUT, "draft-mtp: %s", evaluation.refused.text);
    if (done) {
        add_second_context(model, &evaluation, rig);
    }
    evaluation_clear(&evaluation);
    plan_clear(&second);
    plan_clear(&types);
    return done;
}

/* ---- the projector -------------------------------------------------------------------------- */

static bool stays_on_host(const struct plan *plan)
{
    const struct extra_arguments *extra = plan->extra;
    bool host = false;
    const struct flag *offload = flag_find("--mmproj-offload", NULL);
    for (size_t i = 0; extra != NULL && i < extra->n; i += words_taken(extra->text[i])) {
        bool off = false;
        if (flag_find(extra->text[i], &off) == offload) {
            host = off;
        }
    }
    return host;
}

static bool weigh_projector(const char *path, struct device *device, struct error *error)
{
    struct model_file *file = NULL;
    if (!model_file_open(path, &file, error)) {
        return false;
    }
    for (size_t i = 0; i < file->gguf->n_tensors; i++) {
        const struct gguf_tensor *tensor = &file->gguf->tensors[i];
        device->beside +=
            weight_alloc_bytes(tensor->type, tensor->ne, tensor->bytes, device->backend);
    }
    model_file_close(&file);
    return true;
}

/* ---- all of it ------------------------------------------------------------------------------ */

/* What was weighed for other settings. */
static void forget(struct rig *rig)
{
    for (size_t i = 0; i < rig->n_devices; i++) {
        rig->devices[i].beside = 0;
    }
    rig->host.beside = 0;
    rig->has_projector = false;
}

/* A file of a container or another machine is not missing because it is not here. */
static bool settle(const struct argument_facts *facts, const char *flag, const char *path,
                   const struct error *why, struct strbuf *notes, struct error *error)
{
    if (path != NULL && facts->elsewhere && access(path, F_OK) != 0) {
        strbuf_format(notes, "%s %s: not counted\n", flag, why->text);
        return true;
    }
    return error_set(error, ERROR_INPUT, "%s %s", flag, why->text);
}

static bool weigh_drafts(const struct model *model, const struct plan *plan,
                         const struct argument_facts *facts, uint32_t n_ctx, struct rig *rig,
                         struct strbuf *notes, struct error *error)
{
    struct error why = {0};
    if (facts->draft_model != NULL) {
        return weigh_draft(plan, facts, n_ctx, rig, &why) ||
               settle(facts, "-md", facts->draft_model, &why, notes, error);
    }
    bool second = plan->settings.load_mtp && has_nextn(model);
    return !second || weigh_second_context(model, plan, facts, n_ctx, rig, &why) ||
           settle(facts, "--spec-type", NULL, &why, notes, error);
}

static bool weigh_projectors(const struct plan *plan, const struct argument_facts *facts,
                             const struct evaluation *main_use, struct rig *rig,
                             struct strbuf *notes, struct error *error)
{
    struct error why = {0};
    if (facts->mmproj == NULL) {
        return true;
    }
    bool on_host = main_use->n_in_use == 0 || stays_on_host(plan);
    struct device *device = on_host ? &rig->host : &rig->devices[main_use->in_use[0]];
    rig->has_projector = weigh_projector(facts->mmproj, device, &why);
    return rig->has_projector || settle(facts, "--mmproj", facts->mmproj, &why, notes, error);
}

bool beside_weigh(const struct model *model, const struct plan *plan,
                  const struct argument_facts *facts, struct rig *rig, struct strbuf *notes,
                  struct error *error)
{
    bool second = plan->settings.load_mtp && has_nextn(model);
    if (facts->draft_model == NULL && facts->mmproj == NULL && !second) {
        return true;
    }
    forget(rig);
    struct evaluation main_use;
    plan_evaluate(model, rig, plan, NULL, &main_use);
    bool weighed = weigh_drafts(model, plan, facts, main_use.resolved.n_ctx, rig, notes, error) &&
                   weigh_projectors(plan, facts, &main_use, rig, notes, error);
    evaluation_clear(&main_use);
    return weighed;
}
