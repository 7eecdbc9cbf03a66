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

/* New: the names for -dev without the device that is furthest over its budget; NULL where none may go. */
static char *devices_but_fullest(const struct session *session, const struct rig *rig,
                                 const struct plan *plan)
{
    struct evaluation evaluation;
    struct strbuf names = {0};
    int16_t fullest = DEVICE_NONE;
    plan_evaluate(session->model, rig, plan, NULL, &evaluation);
    for (size_t i = 0; i < evaluation.n_in_use; i++) {
        const struct device_use *use = &evaluation.devices[evaluation.in_use[i]];
        bool fuller =
            fullest == DEVICE_NONE || use->headroom < evaluation.devices[fullest].headroom;
        fullest = use->headroom < 0 && fuller ? evaluation.in_use[i] : fullest;
    }
    for (size_t i = 0; fullest != DEVICE_NONE && i < evaluation.n_in_use; i++) {
        if (evaluation.in_use[i] != fullest) {
            strbuf_add(&names, names.length > 0 ? "," : "");
            strbuf_add(&names, rig->devices[evaluation.in_use[i]].device_name);
        }
    }
    evaluation_clear(&evaluation);
    return names.length > 0 ? strbuf_take(&names) : NULL;
}

/* A card may have too little left even for the compute buffer of a device in use: then it goes without it. */
static char *search(const struct session *session, const struct rig *rig)
{
    int64_t end = now_ms() + PATIENCE_MS;
    struct optimise_options options = {.strategy = STRATEGY_SPEED,
                                       .depth = session->depth,
                                       .utilisation = 1.0,
                                       .go_on = go_on,
                                       .payload = &end};
    struct plan start;
    char *command = NULL;
    bool more = true;
    plan_copy(&start, &session->plan);
    while (command == NULL && more) {
        struct optimise_report report = {0};
        struct plan plan;
        struct error error = {0};
        more = plan_optimise(session->model, rig, &start, &options, &plan, &report, &error);
        if (!more) {
            break;
        }
        command = command_of(session, rig, &plan);
        char *names = command == NULL ? devices_but_fullest(session, rig, &plan) : NULL;
        more = names != NULL && now_ms() < end;
        free(start.devices);
        start.devices = names;
        plan_clear(&plan);
    }
    plan_clear(&start);
    return command;
}

char *watch_replan(const struct watch *watch, const struct session *session, bool *same)
{
    struct rig rig;
    rig_copy(&rig, &session->rig);
    bool is_known = watch_apply(watch, &rig);
    char *command = is_known ? command_of(session, &rig, &session->plan) : NULL;
    *same = command != NULL;
    if (is_known && command == NULL) {
        command = search(session, &rig);
    }
    rig_clear(&rig);
    return command;
}
