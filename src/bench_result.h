/* Speeds that were reached: what llama-bench prints (-o json, jsonl, csv, md), ik_llama.cpp's sweep tables, and
 * the "eval time" lines of a server's log.
 *
 * llama-bench says what it ran with, which becomes llama.cpp arguments here: -ngl, -ot, -ncmoe, -ts, -ctk, ... A
 * Markdown table leaves out what was not asked for, and a log says nothing of it.
 */
#ifndef OTPLAN_SRC_BENCH_RESULT_H
#define OTPLAN_SRC_BENCH_RESULT_H

#include "model/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench_result {
    char *where;  /* owned: "bench.json 2: tg128" */
    char *model;  /* owned or NULL: path of the model, as the program had it */
    char **words; /* owned: llama.cpp arguments it ran with, as far as it says */
    size_t n_words;
    bool is_prompt;           /* of a prompt, else of decoding */
    uint64_t n_tokens;        /* in one go */
    uint64_t depth;           /* tokens in the cache, in the middle of it */
    double tokens_per_second; /* above 0 */
};

struct bench_results {
    struct bench_result *list;
    size_t n;
    char *command; /* owned or NULL: the command line that a log echoes */
};

/* Adds what stands in `path` ("-" is standard input) to `out`, which the caller zeroed before the first file.
 * ERROR_INPUT where it cannot be read, is broken or tells no speed. Free with bench_results_clear. */
bool bench_results_read(const char *path, struct bench_results *out, struct error *error);
void bench_results_clear(struct bench_results *results);

#endif
