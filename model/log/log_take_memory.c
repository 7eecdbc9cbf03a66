#include "model/log/log_lines.h"
#include "model/log/log_take.h"

#include <string.h>

/* ---- buffers ---- */

static bool name_usable(struct log_text name)
{
    return name.length && !log_text_ends(name, ":") && !log_text_is(name, "=");
}

void take_weights(struct log_reader *reader, const struct log_captures *c, int what)
{
    uint64_t slack, bytes = log_figure_bytes(&c->at[1], 20, &slack);

    (void)what;
    if (name_usable(c->at[0].text))
        log_load_add_weights(reader, c->at[0].text, bytes, slack);
}

void take_buffer(struct log_reader *reader, const struct log_captures *c, int kind)
{
    uint64_t slack, bytes = log_figure_bytes(&c->at[c->n - 1], 20, &slack);

    if (log_text_has(reader->line, "alloc_compute_meta:")) /* a projector's, not the model's */
        return;
    if (name_usable(c->at[0].text))
        log_load_add_context_buffer(reader, (enum log_buffer_kind)kind, c->at[0].text, bytes,
                                    slack);
}

/* ollama's own engine: msg="model weights" device=CUDA0 size="12.3 GiB" */
void take_ollama_buffer(struct log_reader *reader, const struct log_captures *c, int kind)
{
    struct log_text rest = c->at[2].text;
    unsigned shift = log_text_has(rest, "GiB") ? 30 : log_text_has(rest, "MiB") ? 20 : 10;
    uint64_t slack, bytes = log_figure_bytes(&c->at[1], shift, &slack);

    if (kind == LOG_BUFFER_MODEL)
        log_load_add_weights(reader, c->at[0].text, bytes, slack);
    else
        log_load_add_context_buffer(reader, (enum log_buffer_kind)kind, c->at[0].text, bytes,
                                    slack);
}

/* ---- the context ---- */

static bool context_line(struct log_text function)
{
    return log_text_is(function, "llama_context:") ||
           log_text_is(function, "llama_new_context_with_model:") ||
           log_text_is(function, "llama_init_from_model:");
}

void take_context_start(struct log_reader *reader, const struct log_captures *c, int what)
{
    struct log_load *load = log_load_at(reader, STAGE_CONTEXT);

    (void)c;
    (void)what;
    if (load->n_contexts == 0 || log_context_now(load)->n_buffers || log_context_now(load)->n_ctx)
        log_context_begin(load);
}

void take_n_ctx(struct log_reader *reader, const struct log_captures *c, int what)
{
    if (!context_line(c->at[0].text))
        return;
    struct log_load *load = log_load_at(reader, STAGE_CONTEXT);
    if (log_context_now(load)->n_buffers || log_context_now(load)->n_ctx)
        take_context_start(reader, c, what);
    log_context_now(load)->n_ctx = c->at[1].whole;
}

void take_setting(struct log_reader *reader, const struct log_captures *c, int what)
{
    if (!context_line(c->at[0].text))
        return;
    struct log_context *context = log_context_now(log_load_at(reader, STAGE_CONTEXT));
    uint64_t *to[] = {&context->n_seq_max, &context->n_batch, &context->n_ubatch};
    *to[what] = c->at[1].whole;
}

void take_flash(struct log_reader *reader, const struct log_captures *c, int on)
{
    (void)c;
    log_context_now(log_load_now(reader))->flash_attn = (int8_t)on;
}

void take_pipeline(struct log_reader *reader, const struct log_captures *c, int what)
{
    (void)c;
    (void)what;
    log_context_now(log_load_at(reader, STAGE_CONTEXT))->pipeline_parallel = true;
}

/* llama.cpp recovers from this one by itself: the refusal before it is no failure. */
void take_pipeline_retry(struct log_reader *reader, const struct log_captures *c, int what)
{
    struct log_load *load = log_load_now(reader);
    struct log_context *context = log_context_now(load);

    (void)c;
    (void)what;
    context->retried_without_pipeline = true;
    context->pipeline_parallel = false;
    log_load_recover(load);
}

/* "splits = 69 / 42": of a batch and of one token; "splits = 130 (with bs=512), 1 (with bs=1)" */
void take_splits(struct log_reader *reader, const struct log_captures *c, int alone)
{
    struct log_context *context = log_context_now(log_load_at(reader, STAGE_CONTEXT));

    if (alone && log_text_has(reader->line, "(with bs="))
        return;
    context->splits = c->at[0].whole;
    context->splits_decode = c->n > 1 ? c->at[c->n - 1].whole : c->at[0].whole;
}

void take_row(struct log_reader *reader, const struct log_captures *c, int what)
{
    struct log_load *load = log_load_now(reader);
    struct log_row row = {0};

    (void)c;
    (void)what;
    if (!log_row_parse(reader->line, &row))
        return;
    *log_load_add_row(load) = row;
}

void take_table(struct log_reader *reader, const struct log_captures *c, int what)
{
    struct log_load *load = log_load_now(reader);

    (void)c;
    (void)what;
    log_load_drop_rows(load);
}

void take_ready(struct log_reader *reader, const struct log_captures *c, int what)
{
    (void)c;
    (void)what;
    log_load_now(reader)->ready = true;
}

/* "... eval time = 1234.56 ms / 50 runs ( 24.69 ms per token, 40.50 tokens per second)" */
void take_speed(struct log_reader *reader, const struct log_captures *c, int what)
{
    struct log_load *load = log_load_now(reader);
    bool prompt = log_text_has(reader->line, "prompt eval time");

    (void)what;
    *(prompt ? &load->speed.prompt : &load->speed.decode) = log_figure(&c->at[0]);
    load->ready = true;
}

/* llama-cli: "[ Prompt: 123.4 t/s | Generation: 45.6 t/s ]" */
void take_cli_speed(struct log_reader *reader, const struct log_captures *c, int what)
{
    struct log_load *load = log_load_now(reader);

    (void)what;
    load->speed.prompt = log_figure(&c->at[0]);
    load->speed.decode = log_figure(&c->at[1]);
    load->ready = true;
}

/* ollama --verbose: "prompt eval rate: 123.45 tokens/s" */
void take_rate(struct log_reader *reader, const struct log_captures *c, int prompt)
{
    struct log_load *load = log_load_now(reader);

    *(prompt ? &load->speed.prompt : &load->speed.decode) = log_figure(&c->at[0]);
    load->ready = true;
}

/* The n-th cell between bars, from 1; empty where there is none. */
static struct log_text table_cell(struct log_text line, unsigned n)
{
    const char *at = memchr(line.text, '|', line.length);
    const char *end = line.text + line.length;

    while (at && --n)
        at = memchr(at + 1, '|', (size_t)(end - at - 1));
    const char *stop = at ? memchr(at + 1, '|', (size_t)(end - at - 1)) : NULL;
    return stop ? log_text_trim((struct log_text){at + 1, (size_t)(stop - at - 1)})
                : (struct log_text){"", 0};
}

enum { MOST_COLUMNS = 16 };

/* llama-batched-bench, and ik_llama.cpp's llama-sweep-bench: a table whose heading names the columns. */
void take_sweep_header(struct log_reader *reader, const struct log_captures *c, int what)
{
    (void)c;
    (void)what;
    reader->prompt_column = reader->decode_column = 0;
    for (unsigned i = 1; i < MOST_COLUMNS; i++) {
        struct log_text cell = table_cell(reader->line, i);
        if (log_text_is(cell, "S_PP t/s"))
            reader->prompt_column = i;
        if (log_text_is(cell, "S_TG t/s"))
            reader->decode_column = i;
    }
}

static bool cell_figure(struct log_text line, unsigned column, double *out)
{
    struct log_captures captures;

    if (!column || !log_scan(table_cell(line, column), "^%f", &captures))
        return false;
    *out = log_figure(&captures.at[0]);
    return true;
}

void take_sweep_row(struct log_reader *reader, const struct log_captures *c, int what)
{
    double prompt, decode;

    (void)c;
    (void)what;
    if (!cell_figure(reader->line, reader->prompt_column, &prompt) ||
        !cell_figure(reader->line, reader->decode_column, &decode))
        return;
    struct log_load *load = log_load_now(reader);
    load->speed.prompt = prompt;
    load->speed.decode = decode;
    load->ready = true;
}

/* A row of llama-bench: "| ... | tg128 @ d4096 | 45.67 +- 0.12 |" */
void take_bench_speed(struct log_reader *reader, const struct log_captures *c, int prompt)
{
    struct log_load *load = log_load_now(reader);

    *(prompt ? &load->speed.prompt : &load->speed.decode) = log_figure(&c->at[2]);
    load->ready = true;
}

void take_kobold_speed(struct log_reader *reader, const struct log_captures *c, int prompt)
{
    struct log_load *load = log_load_now(reader);

    *(prompt ? &load->speed.prompt : &load->speed.decode) = log_figure(&c->at[c->n - 1]);
    load->ready = true;
}
