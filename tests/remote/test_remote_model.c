/* Models read from a real HTTP server: what is fetched, what is kept, and what is said of each way a
 * server can disappoint. */
#include "model/base/memory.h"
#include "model/gguf/gguf.h"
#include "src/model_file.h"
#include "src/remote_curl.h"
#include "src/remote_model.h"
#include "tests/support/gguf_files.h"
#include "tests/support/http_server.h"
#include "tests/support/run_program.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILES_MAX = 16 };

static char *folder; /* caches and token files go here */
static struct http_file files[FILES_MAX];
static size_t n_files;
static struct http_server *server;
static struct strbuf heads[FILES_MAX];
static struct remote_options options;

static void set_up(void)
{
    static const char *const PROXIES[] = {
        "http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY",   "ALL_PROXY",
        "no_proxy",   "NO_PROXY",    "HF_TOKEN",  "HF_HOME",    "HF_TOKEN_PATH", "HF_ENDPOINT"};
    for (size_t i = 0; i < sizeof PROXIES / sizeof PROXIES[0]; i++) {
        unsetenv(PROXIES[i]);
    }
    folder = test_folder_make();
    setenv("XDG_CACHE_HOME", folder, 1);
    setenv("HOME", folder, 1);
    options = (struct remote_options){.tries = 3, .pause_ms = 0, .stall_seconds = 20};
    if (remote_curl_load(NULL) == NULL) {
        cr_skip_test("libcurl is not on this machine");
    }
}

static void tear_down(void)
{
    if (server != NULL) {
        http_server_stop(server);
    }
    for (size_t i = 0; i < FILES_MAX; i++) {
        strbuf_clear(&heads[i]);
    }
    test_folder_remove(folder);
}

TestSuite(remote_model, .init = set_up, .fini = tear_down);

static struct http_file *add(const char *path)
{
    cr_assert(n_files < FILES_MAX);
    files[n_files].path = path;
    return &files[n_files++];
}

/* A tiny model's whole length, of which only the head is more than zeros. */
static struct http_file *add_tiny(const char *path)
{
    struct strbuf *head = &heads[n_files];
    gguf_make_tiny(head, 1);
    struct http_file *file = add(path);
    file->bytes = strbuf_text(head);
    file->size = head->length;
    file->file_bytes = UINT64_C(5) << 30;
    file->etag = "\"one\"";
    return file;
}

static struct http_file *add_part(const char *path, uint32_t number, uint32_t count)
{
    struct strbuf *head = &heads[n_files];
    gguf_make_part(head, number, count);
    struct http_file *file = add(path);
    file->bytes = strbuf_text(head);
    file->size = head->length;
    file->file_bytes = UINT64_C(5) << 30;
    file->etag = "\"part\"";
    return file;
}

static void start(void)
{
    server = http_server_start(files, n_files);
}

static bool fetch(const char *path, struct remote_model *model, struct error *error)
{
    char *url = path[0] == '/' ? http_server_url(server, path) : memory_text(path);
    bool ok = remote_model_fetch(url, &options, model, error);
    free(url);
    return ok;
}

static void expect_head(const struct remote_model *model, size_t part, const struct http_file *file)
{
    cr_assert(part < model->n);
    cr_assert_eq(model->heads[part].file_bytes, file->file_bytes);
    cr_assert(model->heads[part].have <= file->size);
    cr_assert_eq(memcmp(model->heads[part].bytes, file->bytes, (size_t)model->heads[part].have), 0);
}

static void accept_model(const char *path, const struct http_file *file)
{
    struct remote_model model;
    struct error error = {0};
    cr_assert(fetch(path, &model, &error), "%s", error.text);
    expect_head(&model, 0, file);
    remote_model_clear(&model);
}

static void refuse_model(const char *path, enum error_kind kind, const char *words)
{
    struct remote_model model;
    struct error error = {0};
    cr_assert_not(fetch(path, &model, &error), "fetched without complaint, not: %s", words);
    cr_assert_eq(error.kind, kind, "%d: %s", (int)error.kind, error.text);
    cr_assert(strstr(error.text, words) != NULL, "'%s' is not in: %s", words, error.text);
    cr_assert_null(model.heads);
}

static size_t count_cached(void)
{
    char *path = memory_format("%s/otplan", folder);
    DIR *directory = opendir(path);
    size_t n = 0;
    for (struct dirent *entry = directory != NULL ? readdir(directory) : NULL; entry != NULL;
         entry = readdir(directory)) {
        n += entry->d_name[0] != '.';
    }
    if (directory != NULL) {
        closedir(directory);
    }
    free(path);
    return n;
}

/* ---- what is fetched -------------------------------------------------------------------------- */

Test(remote_model, only_the_head_travels)
{
    struct http_file *file = add_tiny("/m.gguf");
    start();
    accept_model("/m.gguf", file);
    cr_assert_eq(file->n_requests, 1);
    cr_assert(file->n_sent < (2U << 20));
}

Test(remote_model, opens_like_a_file)
{
    struct http_file *first = add_part("/m-00001-of-00003.gguf", 0, 3);
    struct http_file *second = add_part("/m-00002-of-00003.gguf", 1, 3);
    struct http_file *third = add_part("/m-00003-of-00003.gguf", 2, 3);
    struct model_file *model = NULL;
    struct error error = {0};
    start();
    char *url = http_server_url(server, "/m-00002-of-00003.gguf");
    cr_assert(model_file_open(url, &model, &error), "%s", error.text);
    cr_assert_eq(model->n_parts, 3);
    cr_assert_eq(model->gguf->n_parts, 3);
    cr_assert_eq(model->file_bytes, UINT64_C(15) << 30);
    cr_assert(model->gguf->complete);
    cr_assert(strstr(model->first_path, "/m-00001-of-00003.gguf") != NULL);
    cr_assert_str_eq(model->path, url);
    cr_assert_neq(model_file_head_hash(model), 0);
    uint64_t sent = first->n_sent + second->n_sent + third->n_sent;
    cr_assert(sent < (2U << 20), "%lu", (unsigned long)sent);
    model_file_close(&model);
    free(url);
}

/* A vocabulary of several windows. */
static struct http_file *add_long(const char *path, size_t n_words)
{
    struct gguf_writer writer = {0};
    const char **words = memory_array(n_words, sizeof *words);
    for (size_t i = 0; i < n_words; i++) {
        words[i] = "a word of the vocabulary that is thirty bytes long or a little more";
    }
    gguf_write_tiny_values(&writer, 1);
    gguf_write_string_array(&writer, "tokenizer.ggml.tokens", words, n_words);
    free(words);
    struct strbuf *head = &heads[n_files];
    gguf_write_finish(&writer, head);
    struct http_file *file = add(path);
    file->bytes = strbuf_text(head);
    file->size = head->length;
    file->file_bytes = UINT64_C(5) << 30;
    file->etag = "\"long\"";
    return file;
}

Test(remote_model, a_long_head_comes_in_windows_none_twice)
{
    struct http_file *file = add_long("/m.gguf", 100000);
    start();
    accept_model("/m.gguf", file);
    cr_assert(file->n_requests > 1);
    for (int i = 1; i < file->n_requests; i++) {
        cr_assert(file->ranges_from[i] > file->ranges_from[i - 1]);
    }
    cr_assert(file->n_sent < 2 * file->size + 65536);
}

/* ---- what goes wrong on the way ---------------------------------------------------------------- */

Test(remote_model, a_broken_transfer_goes_on_where_it_broke)
{
    struct http_file *file = add_long("/m.gguf", 100000);
    file->break_after = 300000;
    file->n_break = 2;
    start();
    accept_model("/m.gguf", file);
    cr_assert(file->ranges_from[1] > 0 && file->ranges_from[1] <= 300000);
    cr_assert(file->ranges_from[2] > file->ranges_from[1]);
}

Test(remote_model, a_server_in_trouble_is_asked_again)
{
    struct http_file *file = add_tiny("/m.gguf");
    file->status = 503;
    file->n_status = 2;
    start();
    accept_model("/m.gguf", file);
    cr_assert_eq(file->n_requests, 3);
}

Test(remote_model, a_server_that_stays_in_trouble_is_given_up)
{
    struct http_file *file = add_tiny("/m.gguf");
    file->status = 503;
    file->n_status = -1;
    start();
    refuse_model("/m.gguf", ERROR_SYSTEM, "the server is in trouble (503), after 3 tries");
    cr_assert_eq(file->n_requests, 3);
    cr_assert_eq(count_cached(), 0);
}

Test(remote_model, a_silent_server_is_a_time_out)
{
    struct http_file *file = add_tiny("/m.gguf");
    file->n_stall = -1;
    options.stall_seconds = 1;
    options.tries = 1;
    start();
    refuse_model("/m.gguf", ERROR_SYSTEM, "no answer in time");
}

Test(remote_model, a_server_that_stalls_once_is_asked_again)
{
    struct http_file *file = add_tiny("/m.gguf");
    file->n_stall = 1;
    options.stall_seconds = 1;
    start();
    accept_model("/m.gguf", file);
}

Test(remote_model, no_server_there)
{
    options.tries = 1;
    refuse_model("http://127.0.0.1:1/m.gguf", ERROR_SYSTEM, "after 1 try");
}

Test(remote_model, no_range_support)
{
    struct http_file *file = add_tiny("/m.gguf");
    file->no_ranges = true;
    start();
    refuse_model("/m.gguf", ERROR_INPUT, "cannot send parts of a file");
    http_server_stop(server);
    server = NULL;
    cr_assert(file->n_sent < (16U << 20), "the whole file was on its way");
    cr_assert_eq(count_cached(), 0);
}

Test(remote_model, lengths_that_do_not_agree)
{
    static const struct {
        const char *path;
        enum http_lie lie;
        const char *words;
    } CASES[] = {
        {"/range", HTTP_LIE_RANGE, "sends another range than was asked for"},
        {"/none", HTTP_LIE_NONE, "Content-Range is missing"},
        {"/longer", HTTP_LIE_LONGER, "more than the range it announced"},
    };
    enum { N = sizeof CASES / sizeof CASES[0] };
    for (size_t i = 0; i < N; i++) {
        struct http_file *file = add_long(CASES[i].path, 30000);
        file->lie = CASES[i].lie;
    }
    start();
    for (size_t i = 0; i < N; i++) {
        refuse_model(CASES[i].path, ERROR_INPUT, CASES[i].words);
    }
    cr_assert_eq(count_cached(), 0);
}

/* What comes is taken, and the rest is asked for, until nothing comes at all. */
Test(remote_model, a_server_that_always_sends_too_little)
{
    struct http_file *file = add_tiny("/m.gguf");
    file->break_after = 0;
    file->n_break = -1;
    start();
    refuse_model("/m.gguf", ERROR_SYSTEM, "fewer bytes than it announces, after 3 tries");
    cr_assert_eq(file->n_requests, 3);
    cr_assert_eq(count_cached(), 0);
}

Test(remote_model, a_file_that_changes_between_two_requests)
{
    struct http_file *file = add_long("/m.gguf", 100000);
    file->changing = true;
    start();
    refuse_model("/m.gguf", ERROR_INPUT, "changed while it was being read");
    cr_assert_eq(count_cached(), 0);
}

Test(remote_model, each_refusal_in_its_own_words)
{
    static const struct {
        int status;
        const char *words;
    } CASES[] = {{401, "HF_TOKEN"},        {403, "refuses access (403)"},  {404, "not there (404)"},
                 {410, "no longer there"}, {416, "shorter than its head"}, {418, "status 418"}};
    struct http_file *file = add_tiny("/m.gguf");
    start();
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        file->status = CASES[i].status;
        file->n_status = -1;
        file->n_requests = 0;
        refuse_model("/m.gguf", ERROR_INPUT, CASES[i].words);
        cr_assert_eq(file->n_requests, 1, "asked again for nothing");
    }
}

Test(remote_model, what_is_no_gguf_is_not_fetched_further)
{
    struct http_file *file = add("/m.gguf");
    file->bytes = "<!doctype html>";
    file->size = 15;
    file->file_bytes = UINT64_C(1) << 30;
    file->etag = "\"page\"";
    struct model_file *model = NULL;
    struct error error = {0};
    start();
    char *url = http_server_url(server, "/m.gguf");
    cr_assert_not(model_file_open(url, &model, &error));
    cr_assert(strstr(error.text, "a web page") != NULL, "%s", error.text);
    cr_assert_eq(file->n_requests, 1);
    cr_assert_eq(count_cached(), 0);
    free(url);
}

static bool cancel_at_bytes(void *context, const struct remote_progress *progress)
{
    *(struct remote_progress *)context = *progress;
    return progress->bytes == 0;
}

Test(remote_model, cancelling_leaves_nothing)
{
    struct remote_progress seen = {0};
    add_long("/m.gguf", 100000);
    options.progress = cancel_at_bytes;
    options.context = &seen;
    start();
    refuse_model("/m.gguf", ERROR_INTERRUPTED, "cancelled");
    cr_assert_eq(seen.n_files, 1);
    cr_assert_eq(seen.n_done, 0);
    cr_assert_eq(count_cached(), 0);
}

/* ---- redirects and tokens ---------------------------------------------------------------------- */

Test(remote_model, redirects_are_followed)
{
    struct http_file *file = add_tiny("/there.gguf");
    add("/m.gguf")->redirect = "/next";
    add("/next")->redirect = "/there.gguf";
    start();
    accept_model("/m.gguf", file);
}

Test(remote_model, redirects_in_a_ring_end)
{
    struct http_file *ring = add("/m.gguf");
    ring->redirect = "/m.gguf";
    start();
    refuse_model("/m.gguf", ERROR_INPUT, "more than 8 redirects");
    cr_assert_eq(ring->n_requests, 9);
}

Test(remote_model, redirects_lead_to_http_alone)
{
    struct http_file *file = add("/m.gguf");
    static const char *const TARGETS[] = {"file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://h/",
                                          "http://user:word@127.0.0.1/m.gguf"};
    start();
    for (size_t i = 0; i < sizeof TARGETS / sizeof TARGETS[0]; i++) {
        file->redirect = TARGETS[i];
        refuse_model("/m.gguf", ERROR_INPUT, "redirected to");
    }
}

Test(remote_model, the_token_goes_to_its_own_host_alone)
{
    struct http_file *there = add_tiny("/there.gguf");
    struct http_file *here = add("/m.gguf");
    char target[128];
    start();
    snprintf(target, sizeof target, "http://localhost:%d/there.gguf", http_server_port(server));
    here->redirect = target; /* another name for the same machine is another host */
    here->token = "secret";
    char *endpoint = http_server_url(server, "");
    setenv("HF_ENDPOINT", endpoint, 1);
    setenv("HF_TOKEN", "secret", 1);
    accept_model("/m.gguf", there);
    cr_assert_eq(here->n_with_token, here->n_requests);
    cr_assert_eq(there->n_with_token, 0);
    free(endpoint);
}

Test(remote_model, the_token_does_not_go_to_any_address)
{
    struct http_file *file = add_tiny("/m.gguf");
    setenv("HF_TOKEN", "secret", 1);
    start();
    accept_model("/m.gguf", file);
    cr_assert_eq(file->n_with_token, 0);
}

Test(remote_model, the_token_may_be_in_the_usual_file)
{
    struct http_file *file = add_tiny("/m.gguf");
    file->token = "from-a-file";
    start();
    char *endpoint = http_server_url(server, "/");
    setenv("HF_ENDPOINT", endpoint, 1);
    setenv("HF_HOME", folder, 1);
    free(test_file_write(folder, "token", "from-a-file\n", 12));
    accept_model("/m.gguf", file);
    free(endpoint);
}

Test(remote_model, addresses_that_are_refused)
{
    refuse_model("ftp://h/m.gguf", ERROR_INPUT, "not an address otplan reads");
    refuse_model("file:///m.gguf", ERROR_INPUT, "not an address otplan reads");
    refuse_model("https://", ERROR_INPUT, "not an address otplan reads");
    refuse_model("https://u:p@h/m.gguf", ERROR_INPUT, "https://h/m.gguf: a user name");
    refuse_model("https://h/a b.gguf", ERROR_INPUT, "spaces");
    refuse_model("hf:owner", ERROR_INPUT, "must be hf:OWNER/REPO");
    refuse_model("hf:../x", ERROR_INPUT, "must be hf:OWNER/REPO");
}

Test(remote_model, a_proxy_is_used)
{
    struct http_file *file = add_tiny("http://models.invalid/m.gguf");
    start();
    char *proxy = http_server_url(server, "");
    setenv("http_proxy", proxy, 1);
    accept_model("http://models.invalid/m.gguf", file);
    free(proxy);
}

/* ---- the cache --------------------------------------------------------------------------------- */

Test(remote_model, what_is_known_is_not_fetched_again)
{
    struct http_file *file = add_long("/m.gguf", 100000);
    start();
    accept_model("/m.gguf", file);
    uint64_t sent = file->n_sent;
    accept_model("/m.gguf", file);
    cr_assert_eq(file->n_not_modified, 1);
    cr_assert(file->n_sent - sent < 1024);
}

Test(remote_model, what_has_changed_is_fetched_anew)
{
    struct http_file *file = add_tiny("/m.gguf");
    start();
    accept_model("/m.gguf", file);
    file->etag = "\"two\"";
    file->file_bytes++;
    accept_model("/m.gguf", file);
    cr_assert_eq(file->n_not_modified, 0);
    accept_model("/m.gguf", file);
    cr_assert_eq(file->n_not_modified, 1);
}

Test(remote_model, without_a_server_the_cache_is_taken_and_said)
{
    struct http_file *file = add_tiny("/m.gguf");
    struct remote_model model;
    struct error error = {0};
    start();
    accept_model("/m.gguf", file);
    file->status = 503;
    file->n_status = -1;
    cr_assert(fetch("/m.gguf", &model, &error), "%s", error.text);
    cr_assert(model.from_cache);
    expect_head(&model, 0, file);
    remote_model_clear(&model);
}

Test(remote_model, what_is_refused_is_not_taken_from_the_cache)
{
    struct http_file *file = add_tiny("/m.gguf");
    start();
    accept_model("/m.gguf", file);
    file->status = 404;
    file->n_status = -1;
    refuse_model("/m.gguf", ERROR_INPUT, "404");
}

Test(remote_model, parts_that_arrived_are_kept_when_one_fails)
{
    struct http_file *first = add_part("/m-00001-of-00002.gguf", 0, 2);
    struct http_file *second = add_part("/m-00002-of-00002.gguf", 1, 2);
    second->status = 503;
    second->n_status = 3;
    start();
    refuse_model("/m-00001-of-00002.gguf", ERROR_SYSTEM,
                 "/m-00002-of-00002.gguf: the server is in");
    cr_assert_eq(count_cached(), 1);
    accept_model("/m-00001-of-00002.gguf", first);
    cr_assert_eq(first->n_not_modified, 1);
}

/* Every byte of the kept file matters; any damage is as if it were not there. */
Test(remote_model, a_damaged_cache_is_no_cache)
{
    struct http_file *file = add_tiny("/m.gguf");
    start();
    accept_model("/m.gguf", file);
    char *path = memory_format("%s/otplan", folder);
    DIR *directory = opendir(path);
    struct dirent *entry = readdir(directory);
    while (entry != NULL && entry->d_name[0] == '.') {
        entry = readdir(directory);
    }
    char *name = memory_format("%s/%s", path, entry->d_name);
    FILE *kept = fopen(name, "r+b");
    fseek(kept, -5, SEEK_END);
    fputc('X', kept);
    fclose(kept);
    accept_model("/m.gguf", file);
    cr_assert_eq(file->n_not_modified, 0);
    closedir(directory);
    free(name);
    free(path);
}

/* ---- the hub ----------------------------------------------------------------------------------- */

static const char LIST[] = "[{\"type\":\"file\",\"path\":\"README.md\",\"size\":1},"
                           "{\"type\":\"directory\",\"path\":\"BF16\"},"
                           "{\"type\":\"file\",\"path\":\"m-BF16.gguf\"},"
                           "{\"type\":\"file\",\"path\":\"m-Q4_K_M.gguf\"},"
                           "{\"type\":\"file\",\"path\":\"m-Q4_K_M_L.gguf\"},"
                           "{\"type\":\"file\",\"path\":\"mmproj-Q8_0.gguf\"},"
                           "{\"type\":\"file\",\"path\":\"UD/m-Q8_0-00002-of-00002.gguf\"},"
                           "{\"type\":\"file\",\"path\":\"UD/m-Q8_0-00001-of-00002.gguf\"}]";

static struct http_file *add_list(const char *text)
{
    struct http_file *list = add("/api/models/o/r/tree/main?recursive=true");
    list->bytes = text;
    list->size = strlen(text);
    return list;
}

static void start_hub(void)
{
    start();
    char *endpoint = http_server_url(server, "");
    setenv("HF_ENDPOINT", endpoint, 1);
    free(endpoint);
}

Test(remote_model, the_hub_and_its_quants)
{
    struct http_file *usual = add_tiny("/o/r/resolve/main/m-Q4_K_M.gguf");
    struct http_file *bf16 = add_tiny("/o/r/resolve/main/m-BF16.gguf");
    struct http_file *part = add_part("/o/r/resolve/main/UD/m-Q8_0-00001-of-00002.gguf", 0, 2);
    add_part("/o/r/resolve/main/UD/m-Q8_0-00002-of-00002.gguf", 1, 2);
    add_list(LIST);
    start_hub();
    accept_model("hf:o/r", usual);
    accept_model("hf:o/r:latest", usual);
    accept_model("hf:o/r:bf16", bf16);
    accept_model("hf:o/r:Q8_0", part);
    accept_model("hf:o/r/m-BF16.gguf", bf16);
    cr_assert(usual->n_requests > 0 && bf16->n_requests > 0);
    refuse_model("hf:o/r:Q2_K", ERROR_INPUT, "no file of quant Q2_K there; there are: m-BF16.gguf");
    refuse_model("hf:o/none", ERROR_INPUT, "not there (404)");
}

Test(remote_model, the_hub_in_pages_and_offline)
{
    struct http_file *model_file = add_tiny("/o/r/resolve/main/m-Q4_K_M.gguf");
    struct http_file *first = add_list("[{\"path\":\"m-BF16.gguf\"}]");
    struct http_file *second = add("/page?cursor=2");
    second->bytes = LIST;
    second->size = strlen(LIST);
    struct remote_model model;
    struct error error = {0};
    char link[128];
    start_hub();
    snprintf(link, sizeof link, "<http://127.0.0.1:%d/page?cursor=2>; rel=\"next\"",
             http_server_port(server));
    first->link = link;
    accept_model("hf:o/r", model_file);
    first->status = model_file->status = 500;
    first->n_status = model_file->n_status = -1;
    cr_assert(fetch("hf:o/r", &model, &error), "%s", error.text);
    cr_assert(model.from_cache);
    remote_model_clear(&model);
}

Test(remote_model, what_is_no_list)
{
    struct http_file *list = add_list("{\"error\":\"x\"}");
    start_hub();
    refuse_model("hf:o/r", ERROR_INPUT, "not a list of files");
    list->bytes = "[{\"path\":\"README.md\"},{\"path\":7},5]";
    list->size = strlen(list->bytes);
    refuse_model("hf:o/r", ERROR_INPUT, "no GGUF model in this repository");
    list->bytes = "[";
    list->size = 1;
    refuse_model("hf:o/r", ERROR_INPUT, "tree/main");
}

/* The program in this test's folder and with its hub. */
static struct program_result run_here(const char *const *arguments)
{
    char *endpoint = http_server_url(server, "");
    char *hub = memory_format("HF_ENDPOINT=%s", endpoint);
    char *home = memory_format("HOME=%s", folder);
    const char *const environment[] = {hub, home, NULL};
    struct program_result result = otplan_run_with(environment, arguments);
    free(endpoint);
    free(hub);
    free(home);
    return result;
}

/* What is exported names the address. */
static void expect_address(const char *flag, const char *value, const char *url)
{
    const char *const arguments[] = {"export", "--devices", demo_devices(), "--format=script", flag,
                                     value,    NULL};
    struct program_result result = run_here(arguments);
    cr_expect_eq(result.status, 0, "%s %s: %s", flag, value, result.errors);
    cr_expect_not_null(strstr(result.output, url), "%s", result.output);
    program_result_clear(&result);
}

static void expect_refused(const char *const *arguments, const char *words)
{
    struct program_result result = run_here(arguments);
    cr_expect_neq(result.status, 0);
    cr_expect_not_null(strstr(result.errors, words), "%s", result.errors);
    program_result_clear(&result);
}

Test(remote_model, a_command_line_that_would_download)
{
    add_tiny("/o/r/resolve/main/m-Q4_K_M.gguf");
    add_tiny("/o/r/resolve/main/m-BF16.gguf");
    add_list(LIST);
    start_hub();
    char *url = http_server_url(server, "/o/r/resolve/main/m-BF16.gguf");
    expect_address("-hf", "o/r", "m-Q4_K_M.gguf");
    expect_address("-hf", "o/r:BF16", url);
    expect_address("-mu", url, url);
    expect_refused((const char *const[]){"plan", "-hf", "o/r", "--offline", NULL}, "--offline");
    char *server_program = memory_format("%s/llama-server", folder);
    cr_assert_eq(symlink("/bin/true", server_program), 0);
    expect_refused((const char *const[]){"probe", "--devices", demo_devices(), "--llama-bin",
                                         folder, "-mu", url, NULL},
                   "still on its server");
    free(server_program);
    free(url);
}
