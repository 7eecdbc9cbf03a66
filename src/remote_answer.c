#include "src/remote_answer.h"

#include "model/base/memory.h"
#include "src/remote_curl.h"
#include "src/remote_url.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DROPPED_MAX = 1 << 16 };

static bool fail(struct remote_file *file, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool fail(struct remote_file *file, const char *format, ...)
{
    char text[512];
    char *shown = remote_url_shown(file->url);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    error_set(&file->error, ERROR_INPUT, "%.400s: %s", shown, text);
    free(shown);
    return false;
}

bool remote_answer_range(struct remote_answer *answer, const struct remote_file *file, char *out,
                         size_t size)
{
    if (file->ask == REMOTE_WHOLE) {
        return false;
    }
    bool probe = file->ask == REMOTE_PROBE;
    answer->first = probe ? 0 : file->have;
    answer->end = probe ? 1 : file->want;
    snprintf(out, size, "%" PRIu64 "-%" PRIu64, answer->first, answer->end - 1);
    return true;
}

/* ---- the header ------------------------------------------------------------------------------ */

static bool check_same(const struct remote_reply *reply, struct remote_file *file)
{
    if (file->have > 0 &&
        (file->file_bytes != reply->total || strcmp(file->tag, reply->tag) != 0)) {
        return fail(file, "the file on the server changed while it was being read; try again");
    }
    return true;
}

static bool check_range(const struct remote_answer *answer, struct remote_file *file)
{
    const struct remote_reply *reply = &answer->reply;
    if (!reply->has_range) {
        return fail(file,
                    "the server answers a range without saying which (Content-Range is missing or "
                    "damaged)");
    }
    uint64_t end = answer->end < reply->total ? answer->end : reply->total;
    if (reply->first != answer->first || reply->last + 1 != end) {
        return fail(file,
                    "the server sends another range than was asked for (%" PRIu64 "-%" PRIu64
                    ", not %" PRIu64 "-%" PRIu64 ")",
                    reply->first, reply->last, answer->first, end - 1);
    }
    return check_same(reply, file);
}

static void note_file(const struct remote_reply *reply, struct remote_file *file)
{
    file->file_bytes = reply->total;
    memcpy(file->tag, reply->tag, sizeof file->tag);
    file->tag_is_etag = reply->tag_is_etag;
}

static bool check_ranged(struct remote_answer *answer, struct remote_file *file)
{
    const struct remote_reply *reply = &answer->reply;
    if (reply->status == 200) {
        return fail(file, "the server cannot send parts of a file (it has no range support); "
                          "download the model, or find it on another server");
    }
    if (reply->status != 206) {
        return true; /* judged when the answer is whole */
    }
    if (file->ask == REMOTE_PROBE) {
        file->unchanged = reply->has_range && reply->total == file->file_bytes &&
                          strcmp(reply->tag, file->tag) == 0;
        return true;
    }
    if (!check_range(answer, file)) {
        return false;
    }
    note_file(reply, file);
    file->want = file->want < reply->total ? file->want : reply->total;
    answer->end = file->want;
    return true;
}

static bool check_header(struct remote_answer *answer, struct remote_file *file)
{
    answer->checked = true;
    if (file->ask != REMOTE_WHOLE) {
        return check_ranged(answer, file);
    }
    memcpy(file->next, answer->reply.next, sizeof file->next);
    return true;
}

/* ---- the body -------------------------------------------------------------------------------- */

static bool is_content(const struct remote_answer *answer, const struct remote_file *file)
{
    int wanted = file->ask == REMOTE_WHOLE ? 200 : file->ask == REMOTE_RANGE ? 206 : 0;
    return answer->reply.status == wanted;
}

bool remote_answer_take(struct remote_answer *answer, struct remote_file *file,
                        const uint8_t *bytes, size_t n)
{
    if (!answer->checked && !check_header(answer, file)) {
        return false;
    }
    if (!is_content(answer, file)) {
        answer->dropped += n;
        return answer->dropped <= DROPPED_MAX;
    }
    if (n > file->want - file->have) {
        return file->ask == REMOTE_WHOLE
                   ? fail(file, "the answer is longer than %" PRIu64 " bytes", file->want)
                   : fail(file, "the server sends more than the range it announced");
    }
    file->bytes = memory_resize(file->bytes, (size_t)file->have + n, 1);
    memcpy(file->bytes + file->have, bytes, n);
    file->have += n;
    answer->taken += n;
    return true;
}

/* ---- the end --------------------------------------------------------------------------------- */

static const struct {
    int status;
    const char *words;
} REFUSALS[] = {
    {401, "the server wants a token, or a valid one (401): set HF_TOKEN for a private or gated "
          "model"},
    {403, "the server refuses access (403): the token has no right to it, or the model's terms are "
          "not accepted yet"},
    {404, "not there (404); a private model is also answered so without a token (HF_TOKEN)"},
    {407, "the proxy wants a user name and password (407)"},
    {410, "no longer there (410)"},
    {416, "the file is empty or shorter than its head (416)"},
};

static bool refuse(const struct remote_answer *answer, struct remote_file *file)
{
    int status = answer->reply.status;
    for (size_t i = 0; i < sizeof REFUSALS / sizeof REFUSALS[0]; i++) {
        if (REFUSALS[i].status == status) {
            return fail(file, "%s", REFUSALS[i].words);
        }
    }
    return fail(file, "the server answers with status %d", status);
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static bool is_trouble(int status)
{
    return status == 408 || status == 429 || status >= 500;
}

static bool may_pass(int result)
{
    static const int codes[] = {CURL_NOT_CONNECTED,  CURL_HTTP2,       CURL_PARTIAL,
                                CURL_TIMED_OUT,      CURL_NOTHING,     CURL_SEND_FAILED,
                                CURL_RECEIVE_FAILED, CURL_HTTP2_STREAM};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (codes[i] == result) {
            return true;
        }
    }
    return false;
}

static void fail_network(struct remote_file *file, const char *words)
{
    char *shown = remote_url_shown(file->url);
    error_set(&file->error, ERROR_SYSTEM, "%.400s: %s", shown, words);
    file->unreachable = true;
    free(shown);
}

static enum remote_verdict judge_content(const struct remote_answer *answer,
                                         struct remote_file *file)
{
    int status = answer->reply.status;
    if (file->ask == REMOTE_PROBE && (status == 304 || status == 206)) {
        file->unchanged = file->unchanged || status == 304;
        return REMOTE_COMPLETE;
    }
    if (!is_content(answer, file)) {
        refuse(answer, file);
        return REMOTE_FAILED;
    }
    /* Fewer bytes than the range it announced, without a word from libcurl. */
    return file->ask == REMOTE_RANGE && file->have < file->want ? REMOTE_AGAIN : REMOTE_COMPLETE;
}

enum remote_verdict remote_answer_judge(struct remote_answer *answer, struct remote_file *file,
                                        int result)
{
    if (file->error.kind != ERROR_NONE ||
        (!answer->checked && answer->reply.status != 0 && !check_header(answer, file))) {
        return REMOTE_FAILED;
    }
    if (is_redirect(answer->reply.status)) {
        return REMOTE_REDIRECTED;
    }
    if (is_trouble(answer->reply.status) || may_pass(result)) {
        return REMOTE_AGAIN;
    }
    if (result != CURL_OK && answer->dropped <= DROPPED_MAX) {
        return REMOTE_HOPELESS;
    }
    return judge_content(answer, file);
}

void remote_answer_explain(const struct remote_answer *answer, struct remote_file *file, int result,
                           const char *curl_words, unsigned tries)
{
    char text[400];
    int status = answer->reply.status;
    if (is_trouble(status)) {
        snprintf(text, sizeof text, "the server %s (%d), after %u tries",
                 status == 429 ? "asks to come back later" : "is in trouble", status, tries);
    } else if (result == CURL_TIMED_OUT) {
        snprintf(text, sizeof text, "no answer in time, after %u tries", tries);
    } else if (result == CURL_PARTIAL || result == CURL_OK) {
        snprintf(text, sizeof text,
                 "the server sends fewer bytes than it announces, after %u tries", tries);
    } else {
        snprintf(text, sizeof text, "%s, after %u tr%s", curl_words, tries,
                 tries == 1 ? "y" : "ies");
    }
    fail_network(file, text);
}
