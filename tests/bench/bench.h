/* otplan-bench: figures with their budgets, in one table. What is measured, and how, is printed in each row. */
#ifndef OTPLAN_TESTS_BENCH_H
#define OTPLAN_TESTS_BENCH_H

#include <stdbool.h>
#include <stddef.h>

double bench_now(void);       /* seconds, monotonic */
double bench_processor(void); /* seconds of processor time: other load adds nothing */
double bench_median(double *seconds, size_t n); /* sorts them */

/* Writes a model head; false, with errno, where it cannot. */
bool bench_write_vocabulary(const char *path); /* 163 840 tokens and as many merges */
bool bench_write_many(const char *path);       /* 100 000 tensors in 503 layers */

/* Starts the program in a pty of 40 x 120, waits for its first whole frame, and quits it. */
struct bench_start {
    double first_frame; /* seconds from before fork until the frame's last words are there */
    long peak_kib;      /* resident at most, over the program's life */
};
bool bench_program(const char *const argv[], struct bench_start *out);

/* In the same pty: bytes written per key that walks a carried block over the bars (median), and voluntary
 * context switches in ten seconds without a key. */
struct bench_live {
    double bytes_per_step;
    long idle_switches;
};
bool bench_live(const char *const argv[], struct bench_live *out);

/* Runs a program to its end with its output thrown away; seconds, or -1 where it fails. */
double bench_run(const char *const argv[], long *peak_kib);
void bench_forget(const char *path); /* drops the file from the page cache, as far as it can be */

/* One step of dragging the gate and up experts of layers 12 to 20 over four cards. */
struct bench_step {
    size_t n_tensors;
    double
        recompute; /* seconds of processor time: homes, bytes, segments and arguments of the preview */
    double speed;     /* the same: tokens per second, of answers and of prompts */
    double draw;      /* the same: the main screen of 40 x 120 into the canvas */
    double rules;     /* the same: the override rules alone, as for an export */
    double read_back; /* the same: every row read back with the real matcher */
    double parse;     /* the same: the head opened and described */
    double bytes_per_second, read_per_second; /* the head: parsed, and only read */
};
bool bench_drag(const char *model_path, struct bench_step *out);

/* Seconds of processor time of the optimiser on so many equal cards, or -1. */
double bench_optimise(const char *model_path, size_t n_cards);

#endif
