/* `probe`: llama.cpp asked beside the screen, on a thread that holds nothing of the planner's. Its figures
 * belong to the step that was asked about; an edit or Esc cancels. */
#include "src/planner_state.h"

#include "model/base/memory.h"
#include "src/nvml.h"
#include "src/probe_cache.h"
#include "src/remote_model.h"
#include "ui/terminal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct planner_asked {
    pthread_t thread;
    atomic_bool is_cancelled, is_done;
    uint64_t id; /* step that is asked about */
    bool by_itself, cards_held;
    struct timespec begin;
    long last_second;
    struct probe_question question;
    char *key;
    bool succeeded;
    struct probe probe;
    struct error error;
};

static long seconds_since(const struct timespec *begin)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)(now.tv_sec - begin->tv_sec);
}

/* On the worker's thread, several times a second: a frame a second shows that it goes on. */
static bool go_on(void *payload)
{
    struct planner_asked *asked = payload;
    long second = seconds_since(&asked->begin);
    if (second != asked->last_second) {
        asked->last_second = second;
        terminal_wake();
    }
    return !atomic_load(&asked->is_cancelled);
}

/* llama.cpp opens every card and asks for memory there: not beside a server at work. */
static bool cards_are_held(void)
{
    size_t n = 0;
    struct card *cards = nvml_cards(&n);
    bool held = n == 0; /* no driver tells */
    for (size_t i = 0; i < n; i++) {
        held = held || !cards[i].has_processes || cards[i].n_processes > 0;
    }
    free(cards);
    return held;
}

static void *work(void *payload)
{
    struct planner_asked *asked = payload;
    asked->succeeded = probe_cache_find(asked->key, &asked->probe);
    asked->probe.cached = asked->succeeded;
    asked->cards_held = !asked->succeeded && asked->by_itself && cards_are_held();
    if (!asked->succeeded && !asked->cards_held &&
        probe_ask(&asked->question, &asked->probe, &asked->error)) {
        probe_cache_keep(asked->key, &asked->probe);
        asked->succeeded = true;
    }
    atomic_store(&asked->is_done, true);
    terminal_wake();
    return NULL;
}

static void asked_free(struct planner_asked *asked)
{
    probe_question_clear(&asked->question);
    probe_clear(&asked->probe);
    free(asked->key);
    free(asked);
}

/* ---- the answer ----------------------------------------------------------------------------- */

const struct planner_answer *planner_probe_answer(const struct planner *planner)
{
    uint64_t id = planner->steps[planner->at].id;
    for (size_t i = planner->n_answers; i-- > 0;) {
        if (planner->answers[i].id == id) {
            return &planner->answers[i];
        }
    }
    return NULL;
}

void planner_probe_apply(struct planner *planner)
{
    const struct planner_answer *answer = planner_probe_answer(planner);
    const struct planner_step *now = planner_now(planner);
    if (answer != NULL) {
        evaluation_take_measured(&now->rig, &now->plan, answer->measured, &planner->held);
    }
}

/* The first figure that is off by more than 1 %, in words. False where all agree. */
static bool find_difference(const struct planner *planner, const struct measured *measured,
                            char *out, size_t n)
{
    const struct rig *rig = &planner->steps[planner->at].rig;
    for (size_t i = 0; i <= rig->n_devices; i++) {
        const struct device_use *use =
            i < rig->n_devices ? &planner->held.devices[i] : &planner->held.host;
        const struct {
            const char *name;
            uint64_t bytes, mib;
        } figures[] = {{"weights", use->model, measured[i].model_mib},
                       {"context", use->context, measured[i].context_mib},
                       {"compute", use->compute, measured[i].compute_mib}};
        for (size_t k = 0; measured[i].known && k < 3; k++) {
            if (measured_differs(figures[k].bytes, figures[k].mib)) {
                snprintf(out, n, "%s %s: predicted %llu MiB, llama.cpp says %llu",
                         i < rig->n_devices ? rig->devices[i].name : "CPU", figures[k].name,
                         (unsigned long long)(figures[k].bytes >> 20),
                         (unsigned long long)figures[k].mib);
                return true;
            }
        }
    }
    return false;
}

static void take_answer(struct planner *planner, const struct planner_asked *asked)
{
    const struct probe *probe = &asked->probe;
    char difference[200];
    struct planner_answer answer = {
        .id = asked->id,
        .measured = probe_measured(probe, &planner_now(planner)->rig),
        .text = memory_format("probe, llama.cpp %s", probe->version),
    };
    bool differs = find_difference(planner, answer.measured, difference, sizeof difference);
    planner->answers =
        memory_resize(planner->answers, planner->n_answers + 1, sizeof *planner->answers);
    planner->answers[planner->n_answers++] = answer;
    planner_probe_apply(planner);
    const char *cached = probe->cached ? " (cached)" : "";
    if (differs) {
        planner_say(planner, true, "probe%s differs by more than 1 %%: %s", cached, difference);
    } else {
        planner_say(planner, false, "probe%s agrees with the prediction; i shows the figures",
                    cached);
    }
}

static void tell_held(struct planner *planner)
{
    if (!planner->told_cards_held) {
        planner_say(planner, false,
                    "not probed: a process holds memory on the cards; p asks all the same");
    }
    planner->told_cards_held = true;
}

static void finish(struct planner *planner)
{
    struct planner_asked *asked = planner->asked;
    planner->asked = NULL;
    pthread_join(asked->thread, NULL);
    bool wanted = !atomic_load(&asked->is_cancelled) && asked->id == planner_now(planner)->id;
    if (wanted && asked->succeeded) {
        take_answer(planner, asked);
    } else if (wanted && asked->cards_held) {
        tell_held(planner);
    } else if (wanted) {
        planner_say(planner, true, "%s%.560s", asked->by_itself ? "probe, p asks again: " : "",
                    asked->error.text);
        planner->probe_by_itself = planner->probe_by_itself && !asked->by_itself;
    }
    asked_free(asked);
}

void planner_probe_poll(struct planner *planner)
{
    if (planner->asked != NULL && atomic_load(&planner->asked->is_done)) {
        finish(planner);
    }
}

bool planner_probe_cancel(struct planner *planner)
{
    return planner->asked != NULL && !atomic_exchange(&planner->asked->is_cancelled, true);
}

void planner_probe_close(struct planner *planner)
{
    if (planner->asked != NULL) {
        planner_probe_cancel(planner);
        finish(planner);
    }
    for (size_t i = 0; i < planner->n_answers; i++) {
        free(planner->answers[i].measured);
        free(planner->answers[i].text);
    }
    free(planner->answers);
    planner->answers = NULL;
    planner->n_answers = 0;
}

const char *planner_probe_progress(struct planner *planner)
{
    struct planner_asked *asked = planner->asked;
    if (asked == NULL || atomic_load(&asked->is_cancelled)) {
        return "";
    }
    snprintf(planner->probe_progress, sizeof planner->probe_progress,
             "probe: asking %s, %ld s; Esc cancels",
             asked->question.asks_server ? "llama-server" : "llama-fit-params",
             seconds_since(&asked->begin));
    return planner->probe_progress;
}

/* ---- the question --------------------------------------------------------------------------- */

static bool start(struct planner *planner, bool by_itself, struct error *error)
{
    const struct planner_step *now = planner_now(planner);
    const struct model_file *file = planner->options->file;
    if (file == NULL || planner->held.refused.kind != ERROR_NONE) {
        return error_set(error, ERROR_INPUT, "probe: %.500s",
                         file == NULL ? "there is no model file to ask about"
                                      : planner->held.refused.text);
    }
    if (planner->asked != NULL && !atomic_load(&planner->asked->is_cancelled)) {
        return error_set(error, ERROR_USAGE, "probe: llama.cpp is being asked; Esc cancels");
    }
    if (planner->asked != NULL) {
        finish(planner); /* cancelled: it ends within a tenth of a second */
    }
    struct probe_request request = {.folder = planner->options->llama_bin,
                                    .model_path = file->first_path,
                                    .model = planner->model,
                                    .rig = &now->rig,
                                    .plan = &now->plan,
                                    .evaluation = &planner->held};
    struct planner_asked *asked = memory_new(sizeof *asked);
    asked->id = now->id;
    asked->by_itself = by_itself;
    clock_gettime(CLOCK_MONOTONIC, &asked->begin);
    if (!probe_question_make(&request, &asked->question, error)) {
        asked_free(asked);
        return false;
    }
    asked->question.go_on = go_on;
    asked->question.payload = asked;
    asked->key = probe_cache_key(&asked->question, file, &now->rig);
    if (pthread_create(&asked->thread, NULL, work, asked) != 0) {
        asked_free(asked);
        return error_set(error, ERROR_SYSTEM, "probe: no thread for it");
    }
    planner->asked = asked;
    if (!planner->has_terminal) {
        finish(planner); /* a script waits for it */
    }
    return true;
}

bool planner_probe(struct planner *planner, struct error *error)
{
    planner->probe_due_ms = 0;
    return start(planner, false, error);
}

/* ---- by itself ------------------------------------------------------------------------------ */

enum { SETTLED_MS = 1000 };

static uint64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void planner_probe_schedule(struct planner *planner)
{
    const struct model_file *file = planner->options->file;
    bool wanted = planner->has_terminal && planner->probe_by_itself && file != NULL &&
                  !remote_model_name(file->first_path) && !planner_now(planner)->rig.simulated &&
                  planner->held.refused.kind == ERROR_NONE && planner_probe_answer(planner) == NULL;
    planner->probe_due_ms = wanted ? clock_ms() + SETTLED_MS : 0;
}

int planner_probe_wait_ms(const struct planner *planner)
{
    uint64_t now = clock_ms();
    if (planner->probe_due_ms == 0) {
        return -1;
    }
    return planner->probe_due_ms > now ? (int)(planner->probe_due_ms - now) : 0;
}

void planner_probe_start_due(struct planner *planner)
{
    struct error error = {0};
    if (planner_probe_wait_ms(planner) != 0) {
        return;
    }
    if (planner->is_preview || planner->job != NULL || planner->verify == VERIFY_PENDING) {
        planner_probe_schedule(planner); /* something is carried: not settled yet */
        return;
    }
    planner->probe_due_ms = 0;
    planner->message[0] = '\0'; /* room for its progress */
    if (!start(planner, true, &error)) {
        planner->probe_by_itself =
            false; /* no llama.cpp here, or none that can be asked about this */
    }
}
