#include "src/commands.h"

#include "model/plan/advice.h"
#include "src/output.h"
#include "src/plan_save.h"
#include "src/plan_summary.h"
#include "src/probe_cache.h"
#include "src/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool print_json(const struct plan_json_source *source, struct error *error)
{
    char *text = plan_json_text(source);
    bool printed = output_print(text, strlen(text), error);
    free(text);
    return printed;
}

static bool print_summary(const struct plan_json_source *source, const struct session *session,
                          bool ascii, struct error *error)
{
    struct strbuf out = {0};
    struct summary_style style = summary_style_find(ascii);
    plan_summary(source, &style, &out);
    if (session->notice != NULL) {
        strbuf_format(&out, "note: %s\n", session->notice);
    }
    bool printed = output_print(strbuf_text(&out), out.length, error);
    strbuf_clear(&out);
    return printed;
}

/* Figures that the user's llama.cpp gave for this very plan before. */
static void take_probe(const struct options *options, const struct session *session,
                       struct evaluation *evaluation)
{
    struct probe probe;
    struct probe_request request = probe_request_of(options, session, evaluation);
    if (probe_cache_look(&request, session->file, &probe)) {
        struct measured *measured = probe_measured(&probe, &session->rig);
        evaluation_take_measured(&session->rig, &session->plan, measured, evaluation);
        free(measured);
        probe_clear(&probe);
    }
}

/* The optimiser's own answers on other machines: only as long as they come at once. */
enum { ADVICE_MOST = 100000 }; /* tensors times runs */

static bool advise(const struct options *options, const struct session *session,
                   const struct evaluation *evaluation, struct advice *out)
{
    struct optimise_options optimise;
    size_t runs = session->rig.n_devices + 2;
    if (!session->has_before_auto || !session_find_strategy(options, session, &optimise, NULL)) {
        return false;
    }
    if (session->model->n_tensors * runs > ADVICE_MOST || optimise.strategy == STRATEGY_CONTEXT ||
        optimise.strategy == STRATEGY_FIT) {
        advice_limits(session->model, &session->rig, &session->plan, evaluation, out);
        return true;
    }
    advice_make(session->model, &session->rig, &session->before_auto, &optimise, &session->plan,
                out);
    return true;
}

int command_plan(const struct options *options, struct error *error)
{
    struct session session;
    struct evaluation evaluation = {0};
    struct advice advice = {0};
    bool done = session_open(options, false, &session, error) &&
                session_evaluate(&session, options, true, &evaluation, error);
    if (done) {
        session_print_notes(&session);
        if (options->json && session.notice != NULL) {
            fprintf(stderr, "otplan: note: %s\n", session.notice);
        }
        take_probe(options, &session, &evaluation);
        struct plan_json_source source = session_source(&session, &evaluation);
        source.advice = advise(options, &session, &evaluation, &advice) ? &advice : NULL;
        done = plan_save(options, &session, &source, error) &&
               (options->json ? print_json(&source, error)
                              : print_summary(&source, &session, options->ascii, error));
    }
    bool unfit = options->check && !evaluation.all_fit;
    advice_clear(&advice);
    evaluation_clear(&evaluation);
    session_close(&session);
    return !done ? (int)error->kind : unfit ? ERROR_UNFIT : 0;
}
