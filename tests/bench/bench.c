/* otplan-bench [PROGRAM]: see bench.h. The demo's files lie where they were built. */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STARTS = 11 };

#define DEMO_MODEL   OTPLAN_BUILD "/assets/kimi-k2-demo.gguf"
#define DEMO_DEVICES OTPLAN_BUILD "/assets/demo-devices.json"

struct subject {
    const char *name, *path;
};

static void measure_start(const char *program, const struct subject *subject)
{
    const char *const argv[] = {program, subject->path, "--devices", DEMO_DEVICES,
                                "-c",    "32768",       NULL};
    struct bench_start start;
    double seconds[STARTS];
    for (int i = 0; i < STARTS; i++) {
        if (!bench_program(argv, &start)) {
            printf("| %-28s | no first frame |\n", subject->name);
            return;
        }
        seconds[i] = start.first_frame;
    }
    printf("| %-28s | %8.1f ms | %6.1f MiB |\n", subject->name, 1e3 * bench_median(seconds, STARTS),
           (double)start.peak_kib / 1024);
}

static void measure_drag(const struct subject *subject)
{
    struct bench_step step;
    if (bench_drag(subject->path, &step))
        printf("| %-28s | %7zu | %9.3f ms | %9.3f ms |\n", subject->name, step.n_tensors,
               1e3 * step.recompute, 1e3 * step.draw);
}

int main(int argc, char **argv)
{
    char folder[] = "/tmp/otplan-bench-XXXXXX", vocabulary[64], many[64];
    if (!mkdtemp(folder))
        return 4;
    snprintf(vocabulary, sizeof vocabulary, "%s/vocabulary.gguf", folder);
    snprintf(many, sizeof many, "%s/many.gguf", folder);
    if (!bench_write_vocabulary(vocabulary) || !bench_write_many(many)) {
        perror(folder);
        return 4;
    }
    const struct subject subjects[] = {{"the demo", DEMO_MODEL},
                                       {"a vocabulary of 163 840", vocabulary},
                                       {"100 000 tensors, 503 layers", many}};
    printf("| opening, 40 x 120            | first frame | peak memory |\n| --- | ---: | ---: |\n");
    for (size_t i = 0; i < 3; i++)
        measure_start(argc > 1 ? argv[1] : OTPLAN_PROGRAM, &subjects[i]);
    printf("\n| a drag step, median          | tensors | recomputed | drawn |\n| --- | ---: | ---: "
           "| ---: |\n");
    for (size_t i = 0; i < 3; i++)
        measure_drag(&subjects[i]);
    unlink(vocabulary);
    unlink(many);
    rmdir(folder);
    return 0;
}
