/* What a sample means beside a plan: whose memory, what is missing, what a plan may count on. */
#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/watch/watch.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GIB (UINT64_C(1) << 30)
#define MIB (UINT64_C(1) << 20)

static struct watch_sample sample_make(uint64_t free_bytes, uint64_t server, bool is_known)
{
    struct watch_sample sample = {.n_devices = 1, .server = server > 0 || !is_known ? 7 : 0};
    sample.devices = memory_array(2, sizeof *sample.devices);
    snprintf(sample.devices[0].name, sizeof sample.devices[0].name, "CUDA0");
    snprintf(sample.devices[1].name, sizeof sample.devices[1].name, "CPU");
    sample.devices[0].total = 24 * GIB;
    sample.devices[0].free = free_bytes;
    sample.devices[0].has_processes = true;
    sample.devices[0].processes[0] =
        (struct watch_process){.pid = 7, .bytes = server, .is_known = is_known, .is_server = true};
    sample.devices[0].n_processes = sample.server != 0 ? 1 : 0;
    sample.devices[1].total = 64 * GIB;
    sample.devices[1].free = 60 * GIB;
    return sample;
}

struct bench {
    struct device device;
    struct rig rig;
    struct device_use use;
    struct evaluation evaluation;
};

static void bench_make(struct bench *bench, uint64_t used)
{
    *bench = (struct bench){
        .device = {.name = "CUDA0", .total = 24 * GIB, .free = 24 * GIB, .margin = -1},
        .use = {.model = used, .used = used, .margin = GIB, .budget = 23 * GIB},
    };
    bench->rig.devices = &bench->device;
    bench->rig.n_devices = 1;
    bench->rig.host = (struct device){.name = "CPU", .total = 64 * GIB, .free = 60 * GIB};
    bench->evaluation.devices = &bench->use;
}

Test(watch_lines, count_what_a_server_gives_back)
{
    static const struct {
        uint64_t free, server;
        bool is_known;
        uint64_t planned, missing;
    } cases[] = {
        {20 * GIB, 0, true, 18 * GIB, 0},        /* room, margin and all */
        {18 * GIB, 0, true, 18 * GIB, GIB},      /* to be started: its margin counts */
        {2 * GIB, 16 * GIB, true, 18 * GIB, 0},  /* runs: what it holds is its own */
        {GIB, 16 * GIB, true, 18 * GIB, GIB},    /* runs, and what it needs is not there */
        {GIB, 0, false, 18 * GIB, 0},            /* runs, and nobody tells its bytes */
        {30 * GIB, 40 * GIB, true, 18 * GIB, 0}, /* figures that cannot be: cut to the card */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct watch watch;
        struct bench bench;
        struct watch_sample sample = sample_make(cases[i].free, cases[i].server, cases[i].is_known);
        bench_make(&bench, cases[i].planned);
        watch_init(&watch, 512 * MIB);
        watch_take(&watch, &sample);
        watch_plan(&watch, &bench.rig, &bench.evaluation);
        cr_expect_eq(watch.lines[0].missing, cases[i].missing, "%zu: %llu", i,
                     (unsigned long long)(watch.lines[0].missing >> 20));
        cr_expect(watch.lines[0].server + watch.lines[0].others <= watch.lines[0].used, "%zu", i);
        cr_expect(watch.lines[0].available <= watch.lines[0].total, "%zu", i);
        watch_clear(&watch);
    }
}

/* A server that holds more than was planned will hold it again. */
Test(watch_lines, give_a_plan_what_is_there_and_what_was_learned)
{
    struct watch watch;
    struct bench bench;
    struct watch_sample sample = sample_make(GIB / 4, 20 * GIB, true);
    bench_make(&bench, 18 * GIB);
    watch_init(&watch, 2048 * MIB);
    watch_take(&watch, &sample);
    watch_plan(&watch, &bench.rig, &bench.evaluation);
    cr_expect(watch_is_alert(&watch));
    cr_expect(watch_apply(&watch, &bench.rig));
    cr_expect_eq(bench.device.free, 20 * GIB + GIB / 4);
    cr_expect_eq(bench.device.context, 2 * GIB);
    cr_expect_eq(bench.device.margin, (int64_t)(2 * GIB), "at least the threshold");
    bench.device.name = "ROCm0";
    cr_expect_not(watch_apply(&watch, &bench.rig), "it is on another machine");
    watch_clear(&watch);
}

Test(watch_lines, keep_peaks_while_the_devices_stay)
{
    struct watch watch;
    struct watch_sample sample = sample_make(4 * GIB, 18 * GIB, true);
    watch_init(&watch, 512 * MIB);
    watch_take(&watch, &sample);
    sample = sample_make(12 * GIB, 10 * GIB, true);
    watch_take(&watch, &sample);
    cr_expect_eq(watch.lines[0].peak, 20 * GIB);
    cr_expect_eq(watch.lines[0].peak_server, 18 * GIB);
    cr_expect_eq(watch.lines[0].least_free, 4 * GIB);
    watch_forget_peaks(&watch);
    cr_expect_eq(watch.lines[0].peak, 12 * GIB);
    sample = sample_make(12 * GIB, 10 * GIB, true);
    sample.devices[0].total = 23 * GIB; /* another card */
    watch_take(&watch, &sample);
    cr_expect_eq(watch.lines[0].peak, 11 * GIB);
    watch_clear(&watch);
}
