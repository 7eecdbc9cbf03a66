#include "src/measure_bandwidth.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { MOST_THREADS = 256, RUNS = 9, LEAST_MIB = 32, MOST_MIB = 4096 };

struct team {
    pthread_barrier_t barrier;
    atomic_int go;   /* 1: all are there; -1: not all could be started */
    uint64_t *words; /* the buffer */
    size_t n_words;  /* a multiple of 8 for each thread */
    unsigned n_threads;
    double seconds[RUNS];
};

struct member {
    pthread_t thread;
    struct team *team;
    unsigned index;
    uint64_t sum;
};

static double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Eight sums side by side: memory is waited for, not an addition. */
static uint64_t read_slice(const uint64_t *words, size_t n)
{
    uint64_t sums[8] = {0};
    for (size_t i = 0; i + 8 <= n; i += 8) {
        for (size_t k = 0; k < 8; k++) {
            sums[k] += words[i + k];
        }
    }
    uint64_t sum = 0;
    for (size_t k = 0; k < 8; k++) {
        sum += sums[k];
    }
    return sum;
}

static void *work(void *payload)
{
    struct member *member = payload;
    struct team *team = member->team;
    size_t n = team->n_words / team->n_threads / 8 * 8;
    while (atomic_load(&team->go) == 0) {
        sched_yield();
    }
    if (atomic_load(&team->go) < 0) {
        return NULL;
    }
    uint64_t *slice = team->words + n * member->index;
    memset(slice, 1 + (int)member->index % 100,
           n * sizeof *slice); /* the pages are its own node's */
    for (int run = 0; run < RUNS; run++) {
        pthread_barrier_wait(&team->barrier);
        double begin = now_seconds();
        member->sum += read_slice(slice, n);
        pthread_barrier_wait(&team->barrier);
        if (member->index == 0) {
            team->seconds[run] = now_seconds() - begin;
        }
    }
    return NULL;
}

static unsigned usable_processors(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n < 1 ? 1 : n > MOST_THREADS ? MOST_THREADS : (unsigned)n;
}

static int by_size(const void *a, const void *b)
{
    double first = *(const double *)a;
    double second = *(const double *)b;
    return first < second ? -1 : first > second;
}

/* With fewer threads than wanted nobody would pass the barrier: they wait for a word first. */
static bool run_team(struct team *team, uint64_t *sum)
{
    struct member members[MOST_THREADS] = {0};
    unsigned started = 0;
    pthread_barrier_init(&team->barrier, NULL, team->n_threads);
    for (unsigned i = 1; i < team->n_threads; i++) {
        members[i] = (struct member){.team = team, .index = i};
        if (pthread_create(&members[i].thread, NULL, work, &members[i]) != 0) {
            break;
        }
        started++;
    }
    bool all = started + 1 == team->n_threads;
    atomic_store(&team->go, all ? 1 : -1);
    if (all) {
        members[0] = (struct member){.team = team};
        work(&members[0]);
    }
    for (unsigned i = 1; i <= started; i++) {
        pthread_join(members[i].thread, NULL);
        *sum += members[i].sum;
    }
    *sum += members[0].sum;
    pthread_barrier_destroy(&team->barrier);
    return all;
}

static void conclude(struct team *team, struct measured_bandwidth *out)
{
    size_t n_read = team->n_words / team->n_threads / 8 * 8 * team->n_threads;
    double bytes = (double)n_read * sizeof *team->words;
    qsort(team->seconds, RUNS, sizeof *team->seconds, by_size);
    out->gb_s = bytes / team->seconds[RUNS / 2] / 1e9;
    out->most = bytes / team->seconds[0] / 1e9;
    out->least = bytes / team->seconds[RUNS - 1] / 1e9;
    out->n_threads = team->n_threads;
    out->n_runs = RUNS;
    out->bytes = (uint64_t)bytes;
}

bool measure_bandwidth(uint64_t free_bytes, struct measured_bandwidth *out, struct error *error)
{
    uint64_t mib = free_bytes / 4 >> 20;
    uint64_t sum = 0;
    mib = mib > MOST_MIB ? MOST_MIB : mib;
    *out = (struct measured_bandwidth){0};
    if (mib < LEAST_MIB) {
        return error_set(error, ERROR_SYSTEM,
                         "--measure: a quarter of the free memory is less than %d MiB: too little "
                         "to measure with",
                         LEAST_MIB);
    }
    struct team team = {.n_words = (size_t)(mib << 17), .n_threads = usable_processors()};
    size_t bytes = team.n_words * sizeof *team.words;
    void *buffer = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (buffer == MAP_FAILED) {
        return error_set(error, ERROR_SYSTEM, "--measure: no %llu MiB: %s", (unsigned long long)mib,
                         strerror(errno));
    }
    madvise(buffer, bytes, MADV_HUGEPAGE);
    team.words = buffer;
    bool says = isatty(STDERR_FILENO) != 0;
    if (says) {
        fprintf(stderr, "otplan: measuring memory bandwidth: %u threads read %llu MiB %d times\n",
                team.n_threads, (unsigned long long)mib, RUNS);
    }
    bool done = run_team(&team, &sum);
    munmap(buffer, bytes);
    if (!done || sum == 0) { /* the sum is used, so that reading it was no idle work */
        return error_set(error, ERROR_SYSTEM, "--measure: no threads for it");
    }
    conclude(&team, out);
    return true;
}
