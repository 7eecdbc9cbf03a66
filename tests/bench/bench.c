/* otplan-bench [PROGRAM]: see bench.h. The demo's files lie where they were built. */
#include "tests/bench/bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STARTS = 11, RUNS = 31 };

#define DEMO_MODEL   OTPLAN_BUILD "/assets/kimi-k2-demo.gguf"
#define DEMO_DEVICES OTPLAN_BUILD "/assets/demo-devices.json"

static const char preamble[] =
    "# Benchmark\n\n"
    "Written by `cmake --build BUILD --target benchmark` of a Release build, which runs\n"
    "`BUILD/tests/otplan-bench [PROGRAM]` and puts what it prints here; every row comes from that\n"
    "command. Rows with a command in them start that program; `HEAD` and `MODEL` are the file that "
    "the\n"
    "first column names: the demo, a head with a vocabulary of 163 840 tokens and as many merges "
    "(7 MB, the\n"
    "size of Kimi-K2's), and 503 layers of 64 experts in tensors of their own. Medians; parsing, "
    "drag steps,\n"
    "rules, read-back and optimiser in processor time, the others by the clock. No test asserts a "
    "time.\n\n"
    "A drag step moves the gate and up experts of layers 12 to 20: homes, bytes per device, "
    "segments and\n"
    "arguments of the plan as it would be. Cold starts drop the model and the program from the "
    "page cache.\n"
    "The budget of 3x `cat` and 16 MB is that of the 7 MB head.\n\n";

struct subject {
    const char *name, *path;
};

/* One line of the table. `budget` NULL: the figure has none. */
static void row(const struct subject *subject, const char *what, const char *budget, bool met,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

static void row(const struct subject *subject, const char *what, const char *budget, bool met,
                const char *format, ...)
{
    char figure[128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(figure, sizeof figure, format, arguments);
    va_end(arguments);
    printf("| %s | %s | %s | %s | %s |\n", subject->name, what, figure, budget ? budget : "",
           !budget ? ""
           : met   ? "yes"
                   : "**no**");
    fflush(stdout);
}

static void measure_start(const char *program, const struct subject *subject, bool cold)
{
    const char *const argv[] = {program, subject->path, "--devices", DEMO_DEVICES,
                                "-c",    "32768",       NULL};
    struct bench_start start;
    double seconds[STARTS];
    for (int i = 0; i < STARTS; i++) {
        if (cold) {
            bench_forget(subject->path);
            bench_forget(program);
        }
        if (!bench_program(argv, &start)) {
            row(subject, "`otplan MODEL` to the first frame", NULL, false, "none came");
            return;
        }
        seconds[i] = start.first_frame;
    }
    row(subject,
        cold ? "`otplan MODEL` to the first frame, files out of the page cache"
             : "`otplan MODEL` to the first frame",
        NULL, false, "%.1f ms, at most %.1f MiB", 1e3 * bench_median(seconds, STARTS),
        (double)start.peak_kib / 1024);
}

static void measure_step(const struct subject *subject)
{
    struct bench_step step;
    if (!bench_drag(subject->path, &step))
        return;
    row(subject, "head parsed, against its bytes only read", NULL, false,
        "%.1f ms, %.0f MB/s against %.0f MB/s", 1e3 * step.parse, step.bytes_per_second / 1e6,
        step.read_per_second / 1e6);
    row(subject, "drag step, recomputed", "1 ms", step.recompute < 1e-3, "%.3f ms, %zu tensors",
        1e3 * step.recompute, step.n_tensors);
    row(subject, "its speed, of answers and of prompts", NULL, false, "%.3f ms", 1e3 * step.speed);
    row(subject, "drag step, drawn at 40 x 120", "2 ms", step.draw < 2e-3, "%.3f ms",
        1e3 * step.draw);
    row(subject, "override rules of an export", NULL, false, "%.1f ms", 1e3 * step.rules);
    row(subject, "rules read back by the matcher", "100 ms", step.read_back < 0.1, "%.1f ms",
        1e3 * step.read_back);
}

static void measure_live(const char *program, const struct subject *subject)
{
    const char *const argv[] = {program, subject->path, "--devices", DEMO_DEVICES,
                                "-c",    "32768",       NULL};
    struct bench_live live;
    if (!bench_live(argv, &live))
        return;
    row(subject, "bytes to the terminal per step: `m` and arrows over the bars", NULL, false,
        "%.0f bytes", live.bytes_per_step);
    row(subject, "voluntary context switches in ten idle seconds", "0", live.idle_switches == 0,
        "%ld", live.idle_switches);
}

/* In turn, so that both meet the same weather. */
static void measure_process(const char *program, const struct subject *subject, bool is_budgeted)
{
    const char *const plan[] = {program, "plan", subject->path, "-c", "8192", NULL};
    const char *const json[] = {program, "plan", subject->path, "-c", "8192", "--json", NULL};
    const char *const cat[] = {"cat", subject->path, NULL};
    double seconds[3][RUNS];
    long peak = 0, other;
    for (int i = 0; i < RUNS; i++) {
        seconds[0][i] = bench_run(plan, &peak);
        seconds[1][i] = bench_run(cat, &other);
        seconds[2][i] = bench_run(json, &other);
    }
    double median[3];
    for (int i = 0; i < 3; i++)
        median[i] = bench_median(seconds[i], RUNS);
    row(subject, "`otplan plan HEAD -c 8192` against `cat HEAD`, median of 31 in turn",
        is_budgeted ? "3x" : NULL, median[0] <= 3 * median[1], "%.2f ms against %.2f ms: %.2fx",
        1e3 * median[0], 1e3 * median[1], median[0] / median[1]);
    row(subject, "its peak memory", is_budgeted ? "16 MB" : NULL, peak * 1024 <= 16000000,
        "%.1f MB", (double)peak * 1024 / 1e6);
    row(subject, "`otplan plan HEAD -c 8192 --json`", NULL, false, "%.1f ms", 1e3 * median[2]);
}

static void measure_optimiser(const struct subject *subject, size_t n_cards, double budget,
                              const char *budget_text)
{
    char what[64];
    double seconds = bench_optimise(subject->path, n_cards);
    snprintf(what, sizeof what, "optimiser, %zu devices", n_cards);
    row(subject, what, budget_text, seconds >= 0 && seconds < budget, "%.0f ms", 1e3 * seconds);
}

static void measure(const char *program, const struct subject *subjects)
{
    fputs(preamble, stdout);
    printf("| on | what | figure | budget | met |\n| --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < 3; i++) {
        measure_start(program, &subjects[i], true);
        measure_start(program, &subjects[i], false);
        measure_step(&subjects[i]);
        measure_process(program, &subjects[i], i == 1); /* its head is as large as Kimi-K2's */
    }
    measure_live(program, &subjects[0]);
    measure_live(program, &subjects[2]);
    measure_optimiser(&subjects[0], 4, 0.05, "50 ms");
    measure_optimiser(&subjects[2], 15, 2, "2 s");
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
    const struct subject subjects[] = {
        {"demo", DEMO_MODEL}, {"vocabulary of 163 840", vocabulary}, {"100 000 tensors", many}};
    measure(argc > 1 ? argv[1] : OTPLAN_PROGRAM, subjects);
    unlink(vocabulary);
    unlink(many);
    rmdir(folder);
    return 0;
}
