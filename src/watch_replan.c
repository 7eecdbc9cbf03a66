#include "src/watch_replan.h"

#include "model/plan/optimise.h"
#include "model/text/export.h"

#include <stdlib.h>
#include <time.h>

enum { PATIENCE_MS = 1500 };

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool go_on(void *payload)
{
    return now_ms() < *(const int64_t *)payload;
}

/* New: the command of a plan; NULL where it does not fit. */
static char *command_of(const struct session *session, const struct rig *rig,
                        const struct plan *plan)
{
    struct evaluation evaluation;
    struct strbuf command = {0};
    plan_evaluate(session->model, rig, plan, NULL, &evaluation);
    bool fits = evaluation.all_fit && evaluation.refused.kind == ERROR_NONE;
    if (fits) {
        size_t n = 0;
        char **args = arguments_write(session->model, rig, plan, &evaluation, &n);
        const struct export_source source = {
            .model = session->model,
            .rig = rig,
            .plan = plan,
            .evaluation = &evaluation,
            .args = (const char *const *)args,
            .n_args = n,
            .model_path = session_model_path(session),
        };
        export_command(&source, &command);
        arguments_free(&args);
    }
    evaluation_clear(&evaluation);
    return fits ? strbuf_take(&command) : NULL;
}

char *watch_replan(const struct watch *watch, const struct session *session, bool *same)
{
    int64_t end = now_ms() + PATIENCE_MS;
    struct optimise_options options = {.strategy = STRATEGY_SPEED,
                                       .depth = session->depth,
                                       .utilisation = 1.0,
                                       .go_on = go_on,
                                       .payload = &end};
    struct optimise_report report = {0};
    struct rig rig;
    struct plan plan;
    struct error error = {0};
    rig_copy(&rig, &session->rig);
    char *command = watch_apply(watch, &rig) ? command_of(session, &rig, &session->plan) : NULL;
    *same = command != NULL;
    if (command == NULL &&
        plan_optimise(session->model, &rig, &session->plan, &options, &plan, &report, &error)) {
        command = command_of(session, &rig, &plan);
        plan_clear(&plan);
    }
    optimise_report_clear(&report);
    rig_clear(&rig);
    return command;
}
