#include "src/open_progress.h"

#include "model/base/memory.h"
#include "model/base/plain_text.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct open_progress {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool is_over, is_shown;
    char *name; /* owned: fit for a terminal */
    uint64_t read_before;
    struct timespec begin;
};

/* What the process has had read from storage, faults of mapped files too; 0 where the system does not say. */
static uint64_t bytes_read(void)
{
    unsigned long long bytes = 0;
    char line[128];
    FILE *file = fopen("/proc/self/io", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "read_bytes: %llu", &bytes) == 1) {
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return bytes;
}

static void show(struct open_progress *progress, long seconds)
{
    uint64_t bytes = bytes_read() - progress->read_before;
    fprintf(stderr, "\rotplan: reading %.40s, %ld s", progress->name, seconds);
    if (bytes > 0) {
        fprintf(stderr, ", %.1f MiB so far", (double)bytes / (1 << 20));
    }
    fputs("; Ctrl-C stops", stderr);
    fflush(stderr);
    progress->is_shown = true;
}

static void *tell(void *payload)
{
    struct open_progress *progress = payload;
    struct timespec due = progress->begin;
    due.tv_nsec += 500000000;
    due.tv_sec += due.tv_nsec / 1000000000;
    due.tv_nsec %= 1000000000;
    pthread_mutex_lock(&progress->lock);
    while (!progress->is_over) {
        if (pthread_cond_timedwait(&progress->ended, &progress->lock, &due) == 0) {
            continue;
        }
        show(progress, (long)(due.tv_sec - progress->begin.tv_sec));
        due.tv_sec++;
    }
    pthread_mutex_unlock(&progress->lock);
    return NULL;
}

/* The end of a path tells more than its beginning. */
static char *short_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *name = memory_text(slash != NULL && slash[1] != '\0' ? slash + 1 : path);
    plain_text(name);
    return name;
}

static bool is_muted;

void open_progress_mute(void)
{
    is_muted = true;
}

struct open_progress *open_progress_begin(const char *name)
{
    if (is_muted || isatty(STDERR_FILENO) == 0) {
        return NULL;
    }
    struct open_progress *progress = memory_new(sizeof *progress);
    pthread_mutex_init(&progress->lock, NULL);
    pthread_cond_init(&progress->ended, NULL);
    progress->name = short_name(name);
    progress->read_before = bytes_read();
    clock_gettime(CLOCK_REALTIME, &progress->begin); /* as pthread_cond_timedwait counts */
    if (pthread_create(&progress->thread, NULL, tell, progress) != 0) {
        free(progress->name);
        free(progress);
        return NULL;
    }
    return progress;
}

void open_progress_end(struct open_progress *progress)
{
    if (progress == NULL) {
        return;
    }
    pthread_mutex_lock(&progress->lock);
    progress->is_over = true;
    pthread_cond_signal(&progress->ended);
    pthread_mutex_unlock(&progress->lock);
    pthread_join(progress->thread, NULL);
    if (progress->is_shown) {
        fputs("\r\033[K", stderr);
    }
    pthread_cond_destroy(&progress->ended);
    pthread_mutex_destroy(&progress->lock);
    free(progress->name);
    free(progress);
}
