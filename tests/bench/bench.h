/* otplan-bench: figures, no judgement. What is measured, and how, is printed beside each figure. */
#ifndef OTPLAN_TESTS_BENCH_H
#define OTPLAN_TESTS_BENCH_H

#include <stdbool.h>
#include <stddef.h>

double bench_now(void);                         /* seconds, monotonic */
double bench_processor(void);                   /* seconds of processor time: other load adds nothing */
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

/* One step of dragging the gate and up experts of layers 12 to 20 over four cards. */
struct bench_step {
    size_t n_tensors;
    double recompute; /* seconds: homes, bytes, segments and arguments of the previewed plan */
    double draw;      /* seconds: the main screen of 40 x 120 into the canvas */
};
bool bench_drag(const char *model_path, struct bench_step *out);

#endif
