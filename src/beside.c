#include "src/beside.h"

#include "model/base/memory.h"
#include "model/gguf/ggml_types.h"
#include "model/net/context_memory.h"
#include "model/text/flags.h"
#include "src/model_file.h"

#include <stdlib.h>
#include <string.h>

/* The draft twin of a flag, by its first spelling. */
static const char *const twins[][2] = {
    {"-ngld", "-ngl"}, {"-devd", "-dev"},   {"-ctkd", "-ctk"},     {"-ctvd", "-ctv"},
    {"-otd", "-ot"},   {"-cmoed", "-cmoe"}, {"-ncmoed", "-ncmoe"},
};

static const char *twin_of(const char *word)
{
    const struct flag *flag = flag_find(word, NULL);
    for (size_t i = 0; flag != NULL && i < sizeof twins / sizeof twins[0]; i++) {
        if (flag == flag_find(twins[i][0], NULL)) {
            return twins[i][1];
        }
    }
    return NULL;
}

static size_t words_taken(const char *word)
{
    const struct flag *flag = flag_find(word, NULL);
    return 1 + (flag != NULL ? (size_t)flag->n_values : 0);
}

/* The draft's flags as those of a model of its own; borrowed words in a new list. */
static const char **draft_words(const struct plan *plan, size_t *n)
{
    const struct extra_arguments *extra = plan->extra;
    size_t most = extra != NULL ? extra->n : 0;
    const char **words = memory_array(most + 1, sizeof *words);
    *n = 0;
    for (size_t i = 0; i < most; i += words_taken(extra->text[i])) {
        const char *twin = twin_of(extra->text[i]);
        size_t taken = words_taken(extra->text[i]);
        if (twin == NULL || i + taken > most) {
            continue;
        }
        words[(*n)++] = twin;
        for (size_t k = 1; k < taken; k++) {
            words[(*n)++] = extra->text[i + k];
        }
    }
    return words;
}

static bool draft_plan(const struct plan *plan, uint32_t n_ctx, struct plan *draft,
                       struct error *error)
{
    struct argument_facts facts = {0};
    size_t n = 0;
    plan_init(draft, NULL);
    draft->settings = plan->settings;
    draft->settings.n_ctx = n_ctx;
    draft->settings.type_k = draft->settings.type_v = GGML_F16;
    draft->settings.load_mtp = false;
    memcpy(draft->tensor_split, plan->tensor_split, sizeof draft->tensor_split);
    draft->n_tensor_split = plan->n_tensor_split;
    const char **words = draft_words(plan, &n);
    bool read = arguments_read(draft, &facts, words, n, NULL, error);
    argument_facts_clear(&facts);
    free(words);
    return read;
}

static void add_use(const struct evaluation *evaluation, struct rig *rig)
{
    for (size_t i = 0; i < rig->n_devices; i++) {
        rig->devices[i].beside += evaluation->devices[i].used;
    }
    rig->host.beside += evaluation->host.used;
}

static bool weigh_draft(const char *path, const struct plan *plan, uint32_t n_ctx, struct rig *rig,
                        struct error *error)
{
    struct model_file *file = NULL;
    struct model *model = NULL;
    struct plan draft;
    bool done = draft_plan(plan, n_ctx, &draft, error) && model_file_open(path, &file, error) &&
                model_describe(file->gguf, path, false, &model, error);
    if (done) {
        struct evaluation evaluation;
        plan_attach(&draft, model);
        plan_evaluate(model, rig, &draft, NULL, &evaluation);
        done = evaluation.refused.kind == ERROR_NONE ||
               error_set(error, ERROR_INPUT, "%s", evaluation.refused.text);
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

static void say(struct strbuf *notes, const char *flag, const struct error *error)
{
    strbuf_format(notes, "%s %s: not counted\n", flag, error->text);
}

/* What was weighed for other settings. */
static void forget(struct rig *rig)
{
    for (size_t i = 0; i < rig->n_devices; i++) {
        rig->devices[i].beside = 0;
    }
    rig->host.beside = 0;
    rig->has_projector = false;
}

void beside_weigh(const struct model *model, const struct plan *plan,
                  const struct argument_facts *facts, struct rig *rig, struct strbuf *notes)
{
    if (facts->draft_model == NULL && facts->mmproj == NULL) {
        return;
    }
    forget(rig);
    struct evaluation main_use;
    plan_evaluate(model, rig, plan, NULL, &main_use);
    struct error error = {0};
    if (facts->draft_model != NULL &&
        !weigh_draft(facts->draft_model, plan, main_use.resolved.n_ctx, rig, &error)) {
        say(notes, "-md", &error);
    }
    bool on_host = main_use.n_in_use == 0 || stays_on_host(plan);
    struct device *device = on_host ? &rig->host : &rig->devices[main_use.in_use[0]];
    error = (struct error){0};
    if (facts->mmproj != NULL && !weigh_projector(facts->mmproj, device, &error)) {
        say(notes, "--mmproj", &error);
    } else if (facts->mmproj != NULL) {
        rig->has_projector = true;
    }
    evaluation_clear(&main_use);
}
