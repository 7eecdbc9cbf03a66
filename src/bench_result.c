#include "src/bench_result.h"

#include "model/base/memory.h"
#include "model/base/plain_text.h"
#include "model/log/log_read.h"
#include "src/bench_table.h"
#include "src/log_file.h"
#include "src/output.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 64 << 20, LEAST_TOKENS = 8, MOST_RESULTS = 10000 };

void bench_result_add(struct bench_results *results, struct bench_result *result)
{
    bool usable = isfinite(result->tokens_per_second) && result->tokens_per_second > 0 &&
                  result->n_tokens >= LEAST_TOKENS && results->n < MOST_RESULTS;
    if (!usable) { /* so few tokens measure the start, not the speed */
        bench_result_clear(result);
        return;
    }
    results->list = memory_resize(results->list, results->n + 1, sizeof *results->list);
    results->list[results->n++] = *result;
    *result = (struct bench_result){0};
}

void bench_result_clear(struct bench_result *result)
{
    free(result->where);
    free(result->model);
    for (size_t i = 0; i < result->n_words; i++) {
        free(result->words[i]);
    }
    free(result->words);
    *result = (struct bench_result){0};
}

void bench_results_clear(struct bench_results *results)
{
    for (size_t i = 0; i < results->n; i++) {
        bench_result_clear(&results->list[i]);
    }
    free(results->list);
    free(results->command);
    *results = (struct bench_results){0};
}

/* ---- a server's log ------------------------------------------------------------------------- */

/* "prompt eval time = 1234.56 ms / 512 tokens ( 2.41 ms per token, 414.72 tokens per second)", and without
 * "prompt" for decoding. A context shift or a kept prefix is not told, so the depth is what this request made. */
static bool read_eval_line(const char *line, bool *is_prompt, unsigned long long *tokens,
                           double *speed)
{
    const char *at = strstr(line, "eval time");
    const char *slash = at != NULL ? strchr(at, '/') : NULL;
    const char *comma = slash != NULL ? strrchr(slash, ',') : NULL;
    if (comma == NULL || strstr(comma, "tokens per second") == NULL ||
        sscanf(slash + 1, "%llu", tokens) != 1 || sscanf(comma + 1, "%lf", speed) != 1) {
        return false;
    }
    *is_prompt = at - line >= 7 && strncmp(at - 7, "prompt ", 7) == 0;
    return true;
}

static void read_log_lines(const char *path, const char *text, struct bench_results *out)
{
    unsigned long long prompt = 0;
    size_t request = 0;
    for (const char *at = text; *at != '\0';) {
        size_t length = strcspn(at, "\n");
        char *line = memory_text_n(at, length);
        unsigned long long tokens = 0;
        double speed = 0;
        bool is_prompt = false;
        if (read_eval_line(line, &is_prompt, &tokens, &speed)) {
            request += is_prompt || request == 0 ? 1 : 0;
            struct bench_result result = {
                .where = memory_format("%s: request %zu, %s of %llu tokens", path, request,
                                       is_prompt ? "prompt" : "answer", tokens),
                .is_prompt = is_prompt,
                .n_tokens = tokens,
                .depth = is_prompt ? 0 : prompt + tokens / 2,
                .tokens_per_second = speed,
            };
            prompt = is_prompt ? tokens : 0;
            bench_result_add(out, &result);
        }
        free(line);
        at += length + (at[length] != '\0');
    }
}

/* The model, the command line, and speeds of kinds that only the log reader knows. */
static void read_log_facts(const char *path, const char *text, size_t length, size_t first,
                           struct bench_results *out)
{
    struct log log;
    log_read(text, length, &log);
    const struct log_load *load = &log.loads[log.n_loads - 1];
    if (out->n == first && load->speed.decode > 0) {
        struct bench_result result = {.where = memory_format("%s: answer", path),
                                      .n_tokens = LEAST_TOKENS,
                                      .tokens_per_second = load->speed.decode};
        bench_result_add(out, &result);
    }
    for (size_t i = first; i < out->n; i++) {
        if (out->list[i].model == NULL && log.n_loads == 1) {
            out->list[i].model = memory_text(load->model);
        }
    }
    if (out->command == NULL) {
        out->command = memory_text(log.command);
    }
    log_clear(&log);
}

static bool read_text(const char *path, const char *bytes, size_t n, struct bench_results *out)
{
    struct strbuf text = {0};
    size_t first = out->n;
    log_file_decode(bytes, n, &text);
    bench_read_tables(path, strbuf_text(&text), out);
    read_log_lines(path, strbuf_text(&text), out);
    read_log_facts(path, strbuf_text(&text), text.length, first, out);
    strbuf_clear(&text);
    return true;
}

/* ---- which of them -------------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

bool bench_results_read(const char *path, struct bench_results *out, struct error *error)
{
    char *text = NULL;
    size_t bytes = 0;
    size_t before = out->n;
    if (!input_read_file(path, MOST_BYTES, &text, &bytes, error)) {
        return false;
    }
    char *name = memory_text(strcmp(path, "-") == 0 ? "standard input" : base_name(path));
    plain_text(name);
    const char *start = text + strspn(text, " \t\r\n\xef\xbb\xbf");
    bool is_json = *start == '[' || (*start == '{' && strstr(start, "\"avg_ts\"") != NULL);
    bool is_csv =
        strncmp(start, "build_commit,", 13) == 0 || strncmp(start, "\"build_commit\",", 15) == 0;
    bool read = is_json  ? bench_read_json(name, start, strlen(start), out, error)
                : is_csv ? bench_read_csv(name, start, out)
                         : read_text(name, text, bytes, out);
    if (read && out->n == before) {
        read =
            error_set(error, ERROR_INPUT,
                      "%s: tells no speed: give what llama-bench printed (-o json, jsonl, csv or "
                      "md), or a log with \"eval time\" lines",
                      path);
    }
    free(name);
    free(text);
    return read;
}
