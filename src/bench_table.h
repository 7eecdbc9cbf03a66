/* llama-bench's outputs as rows of named fields; each row becomes a result. Private to src/bench_result.c. */
#ifndef OTPLAN_SRC_BENCH_TABLE_H
#define OTPLAN_SRC_BENCH_TABLE_H

#include "src/bench_result.h"

/* Takes `result` over where it can be used; empties it in any case. */
void bench_result_add(struct bench_results *results, struct bench_result *result);
void bench_result_clear(struct bench_result *result);

/* An array, or an object a line. */
bool bench_read_json(const char *name, const char *text, size_t bytes, struct bench_results *out,
                     struct error *error);
/* A header, then a row a line; always true. */
bool bench_read_csv(const char *name, const char *text, struct bench_results *out);
/* Every Markdown table in `text` that has a column of speeds. */
void bench_read_tables(const char *name, const char *text, struct bench_results *out);

#endif
