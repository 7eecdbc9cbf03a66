/* otplan-bench: figures, no judgement. What is measured, and how, is printed beside each figure. */
#ifndef OTPLAN_TESTS_BENCH_H
#define OTPLAN_TESTS_BENCH_H

#include <stdbool.h>
#include <stddef.h>

double bench_now(void);                         /* seconds, monotonic */
double bench_median(double *seconds, size_t n); /* sorts */

/* Writes a model head; false, with errno, where it cannot. */
bool bench_write_vocabulary(const char *path); /* a 163 840 entry vocabulary with its merges */
bool bench_write_many(const char *path);       /* 100 000 tensors in 500 layers */

/* Starts the program in a pty of 40 x 120 and waits for its first whole frame; then quits it. */
struct bench_start {
    double first_frame; /* seconds from before fork to the frame's last byte */
    long peak_kib;      /* resident, at most, over the program's life */
};
bool bench_program(const char *const argv[], struct bench_start *out);

/* One drag step on a model: recomputed, drawn, sent. */
struct bench_step {
    double recompute; /* plan, evaluation and arguments */
    double draw;      /* main screen into the canvas */
};
bool bench_drag(const char *model_path, const char *devices_path, struct bench_step *out);

#endif
