/* The Watch screen's samples: a thread of its own reads them while the screen is open and sleeps otherwise, so that
 * a driver that takes its time holds nothing up and an idle planner stays idle.
 */
#include "src/planner_commands.h"

#include "model/base/memory.h"
#include "src/watch_source.h"
#include "ui/terminal.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { INTERVAL_MS = 1000 };

struct planner_watcher {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_wanted, is_over; /* under the mutex, as all below */
    bool has_sample;
    struct watch_sample sample;
};

/* ---- the thread ----------------------------------------------------------------------------- */

static void wait_interval(struct planner_watcher *watcher)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += INTERVAL_MS / 1000;
    until.tv_nsec += INTERVAL_MS % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    int woken = 0;
    while (woken == 0 && watcher->is_wanted && !watcher->is_over) {
        woken = pthread_cond_timedwait(&watcher->changed, &watcher->mutex, &until);
    }
}

static void read_sample(struct planner_watcher *watcher, struct watch_source **source)
{
    struct watch_sample sample;
    pthread_mutex_unlock(&watcher->mutex);
    *source = *source != NULL ? *source : watch_source_open(0);
    watch_source_read(*source, &sample);
    pthread_mutex_lock(&watcher->mutex);
    watch_sample_clear(&watcher->sample);
    watcher->sample = sample;
    watcher->has_sample = true;
    terminal_wake();
}

static void *work(void *payload)
{
    struct planner_watcher *watcher = payload;
    struct watch_source *source = NULL;
    pthread_mutex_lock(&watcher->mutex);
    while (!watcher->is_over) {
        if (watcher->is_wanted) {
            read_sample(watcher, &source);
            wait_interval(watcher);
        } else {
            pthread_cond_wait(&watcher->changed, &watcher->mutex);
        }
    }
    pthread_mutex_unlock(&watcher->mutex);
    watch_source_close(source);
    return NULL;
}

static struct planner_watcher *watcher_start(void)
{
    struct planner_watcher *watcher = memory_new(sizeof *watcher);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&watcher->mutex, NULL);
    pthread_cond_init(&watcher->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&watcher->thread, NULL, work, watcher) != 0) {
        free(watcher);
        return NULL;
    }
    return watcher;
}

/* ---- the planner's side --------------------------------------------------------------------- */

static void take_sample(struct planner *planner, struct planner_watcher *watcher, bool is_open)
{
    struct watch_sample sample = {0};
    pthread_mutex_lock(&watcher->mutex);
    if (watcher->is_wanted != is_open) {
        watcher->is_wanted = is_open;
        pthread_cond_signal(&watcher->changed);
    }
    bool has_sample = watcher->has_sample;
    if (has_sample) {
        sample = watcher->sample;
        watcher->sample = (struct watch_sample){0};
        watcher->has_sample = false;
    }
    pthread_mutex_unlock(&watcher->mutex);
    if (has_sample) {
        watch_take(&planner->watch, &sample);
    }
}

void planner_watch_poll(struct planner *planner)
{
    bool is_open = ui_screen(&planner->ui) == SCREEN_WATCH;
    if (is_open && planner->watcher == NULL) {
        planner->watcher = watcher_start();
    }
    if (planner->watcher != NULL) {
        take_sample(planner, planner->watcher, is_open);
    }
}

const struct watch *planner_watch_now(struct planner *planner)
{
    if (planner->watch.n_samples == 0) {
        return NULL;
    }
    watch_plan(&planner->watch, &planner_now(planner)->rig, &planner->held);
    return &planner->watch;
}

void planner_watch_close(struct planner *planner)
{
    struct planner_watcher *watcher = planner->watcher;
    if (watcher != NULL) {
        pthread_mutex_lock(&watcher->mutex);
        watcher->is_over = true;
        pthread_cond_signal(&watcher->changed);
        pthread_mutex_unlock(&watcher->mutex);
        pthread_join(watcher->thread, NULL);
        pthread_mutex_destroy(&watcher->mutex);
        pthread_cond_destroy(&watcher->changed);
        watch_sample_clear(&watcher->sample);
        free(watcher);
        planner->watcher = NULL;
    }
    watch_clear(&planner->watch);
}

/* ---- its commands --------------------------------------------------------------------------- */

bool planner_run_replan(struct planner *planner, const struct words *words, struct error *error)
{
    struct planner_step step;
    (void)words;
    if (planner_watch_now(planner) == NULL) {
        return error_set(error, ERROR_USAGE, "replan: open Watch first, it reads the memory");
    }
    planner_step_copy(&step, planner_now(planner));
    if (!watch_apply(&planner->watch, &step.rig)) {
        planner_step_clear(&step);
        return error_set(error, ERROR_USAGE,
                         "replan: none of this plan's devices is on this machine");
    }
    planner_take(planner, &step, "the memory there is now");
    return planner_auto(planner, NULL, error);
}

bool planner_run_forget_peaks(struct planner *planner, const struct words *words,
                              struct error *error)
{
    (void)words;
    (void)error;
    watch_forget_peaks(&planner->watch);
    return true;
}
