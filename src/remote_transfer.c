#include "src/remote_transfer.h"

#include "model/base/memory.h"
#include "src/remote_answer.h"
#include "src/remote_curl.h"
#include "src/remote_url.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { AT_ONCE = 8, WAIT_MS = 100, PAUSE_MAX_MS = 16000, REDIRECTS_MAX = 8 };

/* One file's way through its requests. */
struct transfer {
    struct remote_file *file;
    struct remote_answer answer; /* to the request under way */
    struct curl_easy *easy;
    struct curl_list *headers;
    char *url; /* owned: where redirects have led */
    unsigned redirects;
    unsigned failures; /* in a row */
    uint64_t not_before_ms;
    bool active;
    bool done;
};

struct run {
    const struct remote_curl *curl;
    const struct remote_options *options;
    struct curl_multi *multi;
    struct transfer *transfers;
    size_t n;
    size_t n_active;
    size_t n_done;
    uint64_t bytes;
};

struct remote_options remote_options_default(void)
{
    return (struct remote_options){.tries = 5, .pause_ms = 500, .stall_seconds = 30};
}

void remote_file_clear(struct remote_file *file)
{
    free(file->bytes);
    file->bytes = NULL;
    file->have = 0;
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- one request ---------------------------------------------------------------------------- */

static size_t take_header(const char *line, size_t size, size_t n, void *context)
{
    struct transfer *transfer = context;
    (void)size;
    remote_reply_line(&transfer->answer.reply, line, n);
    return n;
}

static size_t take_body(const uint8_t *bytes, size_t size, size_t n, void *context)
{
    struct transfer *transfer = context;
    (void)size;
    return remote_answer_take(&transfer->answer, transfer->file, bytes, n) ? n : 0;
}

static void add_header(struct run *run, struct transfer *transfer, const char *text)
{
    struct curl_list *list = run->curl->slist_append(transfer->headers, text);
    transfer->headers = list != NULL ? list : transfer->headers;
}

static void add_token(struct run *run, struct transfer *transfer)
{
    const struct remote_options *options = run->options;
    if (options->token != NULL && options->token_origin != NULL &&
        remote_url_same_origin(transfer->url, options->token_origin)) {
        char *text = memory_format("Authorization: Bearer %s", options->token);
        add_header(run, transfer, text);
        free(text);
    }
}

static bool allow_protocols(struct run *run, struct curl_easy *easy)
{
    return run->curl->easy_setopt(easy, CURL_OPTION_PROTOCOLS_STR, "http,https") == CURL_OK ||
           run->curl->easy_setopt(easy, CURL_OPTION_PROTOCOLS, (long)CURL_PROTOCOLS_HTTP_HTTPS) ==
               CURL_OK;
}

static void set_manners(struct run *run, struct curl_easy *easy)
{
    const struct {
        int option;
        long value;
    } settings[] = {{CURL_OPTION_NO_SIGNAL, 1},
                    {CURL_OPTION_FOLLOW_LOCATION, 0},
                    {CURL_OPTION_UNRESTRICTED_AUTH, 0},
                    {CURL_OPTION_SUPPRESS_CONNECT_HEADERS, 1},
                    {CURL_OPTION_CONNECT_TIMEOUT, (long)run->options->stall_seconds},
                    {CURL_OPTION_LOW_SPEED_LIMIT, 1},
                    {CURL_OPTION_LOW_SPEED_TIME, (long)run->options->stall_seconds}};
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        run->curl->easy_setopt(easy, settings[i].option, settings[i].value);
    }
    run->curl->easy_setopt(easy, CURL_OPTION_USER_AGENT, "otplan/" OTPLAN_VERSION);
}

static void set_question(struct run *run, struct transfer *transfer)
{
    const struct remote_file *file = transfer->file;
    char range[64];
    if (remote_answer_range(&transfer->answer, file, range, sizeof range)) {
        run->curl->easy_setopt(transfer->easy, CURL_OPTION_RANGE, range);
    }
    add_header(run, transfer, "Accept-Encoding: identity"); /* a range of packed bytes is no use */
    if (file->ask == REMOTE_PROBE && file->tag_is_etag) {
        char *text = memory_format("If-None-Match: %s", file->tag);
        add_header(run, transfer, text);
        free(text);
    }
    add_token(run, transfer);
    run->curl->easy_setopt(transfer->easy, CURL_OPTION_HTTP_HEADER, transfer->headers);
}

static void fail(struct run *run, struct transfer *transfer)
{
    transfer->done = true;
    run->n_done++;
}

static void start(struct run *run, struct transfer *transfer)
{
    transfer->answer = (struct remote_answer){0};
    transfer->easy = transfer->easy != NULL ? transfer->easy : run->curl->easy_init();
    struct curl_easy *easy = transfer->easy;
    if (easy == NULL || !allow_protocols(run, easy)) {
        error_set(&transfer->file->error, ERROR_SYSTEM, "%s: libcurl cannot start a transfer",
                  transfer->file->url);
        fail(run, transfer);
        return;
    }
    set_manners(run, easy);
    set_question(run, transfer);
    run->curl->easy_setopt(easy, CURL_OPTION_URL, transfer->url);
    run->curl->easy_setopt(easy, CURL_OPTION_PRIVATE, transfer);
    run->curl->easy_setopt(easy, CURL_OPTION_HEADER_FUNCTION, take_header);
    run->curl->easy_setopt(easy, CURL_OPTION_HEADER_DATA, transfer);
    run->curl->easy_setopt(easy, CURL_OPTION_WRITE_FUNCTION, take_body);
    run->curl->easy_setopt(easy, CURL_OPTION_WRITE_DATA, transfer);
    run->curl->multi_add_handle(run->multi, easy);
    transfer->active = true;
    run->n_active++;
}

static void stop(struct run *run, struct transfer *transfer)
{
    run->curl->multi_remove_handle(run->multi, transfer->easy);
    run->curl->easy_reset(transfer->easy); /* connections stay */
    run->curl->slist_free_all(transfer->headers);
    transfer->headers = NULL;
    transfer->active = false;
    run->n_active--;
}

/* ---- what follows an answer ------------------------------------------------------------------ */

static void set_url(struct transfer *transfer, const char *url)
{
    char *copy = memory_text(url);
    free(transfer->url);
    transfer->url = copy;
}

/* `target`: where the redirect leads, absolute; NULL where the server does not say. */
static bool redirect(struct transfer *transfer, const char *target)
{
    struct remote_file *file = transfer->file;
    char *from = remote_url_shown(file->url);
    char *to = remote_url_shown(target != NULL ? target : "");
    struct error *error = &file->error;
    if (target == NULL) {
        error_set(error, ERROR_INPUT, "%.300s: the server redirects and does not say where to",
                  from);
    } else if (transfer->redirects == REDIRECTS_MAX) {
        error_set(error, ERROR_INPUT, "%.300s: more than %d redirects, the last to %.300s", from,
                  REDIRECTS_MAX, to);
    } else if (!remote_url_check(target, NULL)) {
        error_set(error, ERROR_INPUT,
                  "%.300s: redirected to %.300s, which is not an address otplan reads", from, to);
    } else if (remote_url_is_https(transfer->url) && !remote_url_is_https(target)) {
        error_set(error, ERROR_INPUT, "%.300s: redirected from https to http (%.300s): refused",
                  from, to);
    } else {
        set_url(transfer, target);
        transfer->redirects++;
    }
    free(from);
    free(to);
    return error->kind == ERROR_NONE;
}

/* Redirects may be signed for a short time, so what comes next begins at the address asked for. */
static void begin_again(struct transfer *transfer)
{
    set_url(transfer, transfer->file->url);
    transfer->redirects = 0;
}

static void pause_transfer(struct run *run, struct transfer *transfer)
{
    unsigned shift = transfer->failures < 6 ? transfer->failures - 1 : 5;
    uint64_t pause = (uint64_t)run->options->pause_ms << shift;
    uint64_t asked = run->options->pause_ms > 0 ? transfer->answer.reply.retry_after * 1000U : 0;
    pause = pause > PAUSE_MAX_MS ? PAUSE_MAX_MS : pause;
    transfer->not_before_ms = now_ms() + (asked > pause ? asked : pause);
    begin_again(transfer);
}

static void finish(struct run *run, struct transfer *transfer, int result)
{
    struct remote_file *file = transfer->file;
    char *target = NULL;
    run->curl->easy_getinfo(transfer->easy, CURL_INFO_REDIRECT_URL, &target);
    target = memory_text(target);
    stop(run, transfer);
    run->bytes += transfer->answer.taken;
    bool goes_on = false;
    enum remote_verdict verdict = remote_answer_judge(&transfer->answer, file, result);
    if (verdict == REMOTE_REDIRECTED) {
        goes_on = redirect(transfer, target);
    } else if (verdict == REMOTE_AGAIN || verdict == REMOTE_HOPELESS) {
        transfer->failures = transfer->answer.taken > 0 ? 1 : transfer->failures + 1;
        goes_on = transfer->failures < run->options->tries && verdict == REMOTE_AGAIN;
        if (goes_on) {
            pause_transfer(run, transfer);
        } else {
            remote_answer_explain(&transfer->answer, file, result, run->curl->easy_strerror(result),
                                  transfer->failures);
        }
    } else if (verdict == REMOTE_COMPLETE) {
        transfer->failures = 0;
        goes_on = file->answered != NULL && file->answered(file, file->context);
        begin_again(transfer);
    }
    free(target);
    if (!goes_on) {
        fail(run, transfer);
    }
}

/* ---- all of them ----------------------------------------------------------------------------- */

static void start_some(struct run *run)
{
    uint64_t now = now_ms();
    for (size_t i = 0; i < run->n && run->n_active < AT_ONCE; i++) {
        struct transfer *transfer = &run->transfers[i];
        if (!transfer->done && !transfer->active && transfer->not_before_ms <= now) {
            start(run, transfer);
        }
    }
}

static void finish_some(struct run *run)
{
    int n_left = 0;
    struct curl_message *message = NULL;
    while ((message = run->curl->multi_info_read(run->multi, &n_left)) != NULL) {
        if (message->kind == CURL_MESSAGE_DONE) {
            struct transfer *transfer = NULL;
            int result = message->data.result; /* the message dies with its handle's removal */
            run->curl->easy_getinfo(message->easy, CURL_INFO_PRIVATE, &transfer);
            finish(run, transfer, result);
        }
    }
}

static bool report(const struct run *run)
{
    struct remote_progress progress = {
        .n_files = run->n, .n_done = run->n_done, .bytes = run->bytes};
    for (size_t i = 0; i < run->n; i++) {
        progress.bytes += run->transfers[i].active ? run->transfers[i].answer.taken : 0;
    }
    return run->options->progress == NULL ||
           run->options->progress(run->options->context, &progress);
}

/* Nothing to wait for where a transfer can begin, or all are done. */
static int wait_ms(const struct run *run)
{
    uint64_t now = now_ms();
    bool ready = run->n_done == run->n;
    for (size_t i = 0; run->n_active < AT_ONCE && !ready && i < run->n; i++) {
        const struct transfer *transfer = &run->transfers[i];
        ready = !transfer->done && !transfer->active && transfer->not_before_ms <= now;
    }
    return ready ? 0 : WAIT_MS;
}

static bool run_all(struct run *run, struct error *error)
{
    while (run->n_done < run->n) {
        int n_running = 0;
        int n_ready = 0;
        start_some(run);
        run->curl->multi_perform(run->multi, &n_running);
        finish_some(run);
        if (!report(run)) {
            return error_set(error, ERROR_INTERRUPTED, "cancelled");
        }
        run->curl->multi_poll(run->multi, NULL, 0, wait_ms(run), &n_ready);
    }
    return true;
}

static void prepare(struct run *run, struct remote_file *files, size_t n)
{
    run->n = n;
    run->transfers = memory_array(n, sizeof *run->transfers);
    for (size_t i = 0; i < n; i++) {
        struct transfer *transfer = &run->transfers[i];
        transfer->file = &files[i];
        transfer->url = memory_text(files[i].url);
        if (!remote_url_check(files[i].url, &files[i].error)) {
            fail(run, transfer);
        }
    }
}

static void clear(struct run *run)
{
    for (size_t i = 0; i < run->n; i++) {
        struct transfer *transfer = &run->transfers[i];
        if (transfer->active) {
            stop(run, transfer);
        }
        if (transfer->easy != NULL) {
            run->curl->easy_cleanup(transfer->easy);
        }
        free(transfer->url);
    }
    free(run->transfers);
    run->curl->multi_cleanup(run->multi);
}

bool remote_transfer(struct remote_file *files, size_t n, const struct remote_options *options,
                     struct error *error)
{
    struct run run = {.curl = remote_curl_load(error), .options = options};
    if (run.curl == NULL) {
        return false;
    }
    run.multi = run.curl->multi_init();
    if (run.multi == NULL) {
        return error_set(error, ERROR_SYSTEM, "libcurl cannot start a transfer");
    }
    prepare(&run, files, n);
    bool ok = run_all(&run, error);
    clear(&run);
    for (size_t i = 0; ok && i < n; i++) {
        if (files[i].error.kind != ERROR_NONE) {
            ok = error_set(error, files[i].error.kind, "%s", files[i].error.text);
        }
    }
    return ok;
}
