#include "src/compare_sides.h"

#include "model/base/memory.h"
#include "model/plan/compare.h"
#include "model/plan/context_limit.h"
#include "model/plan/prompt_speed.h"
#include "src/plan_document.h"
#include "src/session.h"

#include <stdlib.h>
#include <string.h>

/* -m and -hf among the flags, for a side that takes none of the others. */
static void keep_model_flags(const struct options *options, struct options *side)
{
    side->llama = memory_array(options->n_llama, sizeof *side->llama);
    side->n_llama = 0;
    for (size_t i = 0; i < options->n_llama;) {
        enum flag_use use = FLAG_PASS;
        int n_values = 0;
        llama_flag_known(options->llama[i], &use, &n_values);
        for (int k = 0; use == FLAG_MODEL && k <= n_values; k++) {
            side->llama[side->n_llama++] = options->llama[i + (size_t)k];
        }
        i += 1 + (size_t)n_values;
    }
}

/* Neither a model nor a plan: a file that people keep rules in. */
static bool is_import(const char *path)
{
    return path != NULL && !file_is_gguf(path) && !plan_document_is_plan(path);
}

/* The options of one side: `file` (a plan or a model, or NULL) in place of what was given, with all the flags
 * or with those that name the model alone. Free `llama` where it is another. */
static struct options side_options(const struct options *options, const char **file,
                                   bool keep_flags)
{
    struct options side = *options;
    side.plan = NULL;
    side.positional = file;
    side.n_positional = *file != NULL ? 1 : 0;
    if (is_import(*file)) {
        side.import = *file;
        side.n_positional = 0;
        return side;
    }
    if (!keep_flags) {
        keep_model_flags(options, &side);
    }
    return side;
}

/* ---- what a side amounts to ----------------------------------------------------------------- */

struct context_trial {
    const struct options *options;
    const struct side *side;
    struct decisions decisions; /* of the rules given */
    bool refused;               /* llama.cpp refuses the side as it is, whatever the context */
    bool in_memory; /* the host holds it all: a context that it cannot hold does not fit */
};

/* Does the side fit with this context, with the placement it has or, with --auto, one made for it? */
static bool fits_with(void *payload, uint32_t n_ctx)
{
    struct context_trial *trial = payload;
    const struct session *session = &trial->side->session;
    struct plan plan;
    struct plan placed;
    struct evaluation evaluation = {0};
    plan_copy(&plan, &session->plan);
    plan.settings.n_ctx = n_ctx;
    if (trial->options->strategy != NULL &&
        session_place(trial->options, session, &plan, &placed, NULL)) {
        plan_clear(&plan);
        plan = placed;
    }
    plan_evaluate(session->model, &session->rig, &plan, &trial->decisions, &evaluation);
    bool fits = evaluation.all_fit && (trial->refused || evaluation.refused.kind == ERROR_NONE) &&
                (!trial->in_memory || evaluation.host.headroom >= 0);
    evaluation_clear(&evaluation);
    plan_clear(&plan);
    return fits;
}

static uint32_t find_largest_context(const struct options *options, const struct side *side)
{
    struct context_trial trial = {
        .options = options,
        .side = side,
        .refused = side->evaluation.refused.kind != ERROR_NONE,
        .in_memory = side->evaluation.host.headroom >= 0,
    };
    uint32_t most = context_most(side->session.model, &side->evaluation);
    uint32_t largest = context_largest(most, fits_with, &trial);
    decisions_clear(&trial.decisions);
    return largest;
}

/* The type that most of the bytes have. */
static const char *find_mostly(const struct model *model)
{
    const struct ggml_type_info *most = NULL;
    uint64_t most_bytes = 0;
    for (size_t i = 0; i < model->n_tensors; i++) {
        const struct ggml_type_info *type = model->tensors[i].type;
        uint64_t bytes = 0;
        for (size_t k = 0; type != most && k < model->n_tensors; k++) {
            bytes += model->tensors[k].type == type ? model->tensors[k].bytes : 0;
        }
        if (bytes > most_bytes) {
            most = type;
            most_bytes = bytes;
        }
    }
    return most != NULL ? most->name : "";
}

static void find_speeds(struct side *side)
{
    const struct session *session = &side->session;
    struct speed speed;
    struct prompt_speed prompt;
    speed_estimate(session->model, &session->rig, &side->evaluation, session->depth, &speed);
    prompt_speed_estimate(session->model, &session->rig, &side->evaluation, session->depth,
                          &prompt);
    side->decode = speed.known ? speed.tokens_per_second : 0;
    side->prompt = prompt.known ? prompt.tokens_per_second : 0;
    speed_clear(&speed);
    prompt_speed_clear(&prompt);
}

static bool open_side(const struct options *options, struct side *out, struct error *error)
{
    if (!session_open(options, false, &out->session, error) ||
        !session_evaluate(&out->session, options, false, &out->evaluation, error)) {
        return false;
    }
    out->side = (struct compare_side){
        .model = out->session.model,
        .rig = &out->session.rig,
        .plan = &out->session.plan,
        .evaluation = &out->evaluation,
    };
    find_speeds(out);
    out->largest_context = find_largest_context(options, out);
    out->mostly = find_mostly(out->session.model);
    return true;
}

void compare_side_close(struct side *side)
{
    evaluation_clear(&side->evaluation);
    session_close(&side->session);
}

bool compare_sides_open(const struct options *options, struct side *before, struct side *after,
                        struct error *error)
{
    const char *first = options->n_positional > 0 ? options->positional[0] : options->plan;
    const char *second = options->n_positional > 1 ? options->positional[1] : NULL;
    const char *none = NULL;
    if (first == NULL || options->n_positional > 2) {
        const char *name = command_name(options->command);
        return error_set(error, ERROR_USAGE,
                         "%s takes BEFORE and AFTER, or the flags before and AFTER; see otplan "
                         "%s -h",
                         options->compare ? "--compare" : name, name);
    }
    struct options left = side_options(options, second != NULL ? &first : &none, true);
    struct options right = side_options(options, second != NULL ? &second : &first, second != NULL);
    before->path = second != NULL ? first : NULL;
    after->path = second != NULL ? second : first;
    bool opened = open_side(&left, before, error) && open_side(&right, after, error);
    if (right.llama != options->llama) {
        free(right.llama);
    }
    return opened;
}
