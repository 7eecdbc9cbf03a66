#include "src/remote_model.h"

#include "model/base/memory.h"
#include "src/remote_hub.h"
#include "src/remote_url.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { PARTS_MAX = 2048 };

bool remote_model_name(const char *name)
{
    return strncmp(name, "hf:", 3) == 0 || remote_url_like(name);
}

/* ---- the usual manners ----------------------------------------------------------------------- */

static volatile sig_atomic_t interrupted;

static void note_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

static bool show_progress(void *context, const struct remote_progress *progress)
{
    uint64_t *shown = context;
    if (progress->bytes != *shown && isatty(STDERR_FILENO) != 0) {
        *shown = progress->bytes;
        fprintf(stderr, "\rreading heads: %zu of %zu, %.1f MiB", progress->n_done,
                progress->n_files, (double)progress->bytes / (1 << 20));
        fflush(stderr);
    }
    return !interrupted;
}

static void clear_progress(uint64_t shown)
{
    if (shown > 0) {
        fprintf(stderr, "\r\033[K");
    }
}

/* ---- fetching -------------------------------------------------------------------------------- */

/* A page that shows a file, as people copy it from the browser, for the file itself. New. */
static char *file_of_page(const char *url, const char *endpoint)
{
    const char *blob = strstr(url, "/blob/");
    if (blob == NULL || !remote_url_same_origin(url, endpoint)) {
        return memory_text(url);
    }
    return memory_format("%.*s/resolve/%s", (int)(blob - url), url, blob + strlen("/blob/"));
}

static bool fetch_parts(const char *url, const struct remote_options *options,
                        struct remote_model *out, struct error *error)
{
    uint32_t count = remote_url_parts(url);
    if (count > PARTS_MAX) {
        return error_set(error, ERROR_INPUT, "%.400s: %" PRIu32 " parts by its name; %d at most",
                         url, count, PARTS_MAX);
    }
    bool cached = false;
    out->heads = memory_array(count, sizeof *out->heads);
    out->n = count;
    for (uint32_t i = 0; i < count; i++) {
        out->heads[i].url = remote_url_part(url, i + 1);
    }
    bool ok = remote_heads_fetch(out->heads, count, options, &cached, error);
    out->from_cache = out->from_cache || cached;
    return ok;
}

static bool fetch(const char *name, struct remote_options options, struct remote_model *out,
                  struct error *error)
{
    char *endpoint = remote_hub_endpoint();
    char *token = remote_hub_token();
    char *url = NULL;
    options.token = token;
    options.token_origin = endpoint;
    bool ok = true;
    if (strncmp(name, "hf:", 3) == 0) {
        ok = remote_hub_find(name, &options, &url, &out->from_cache, error);
    } else {
        ok = remote_url_check(name, error);
        url = ok ? file_of_page(name, endpoint) : NULL;
    }
    ok = ok && fetch_parts(url, &options, out, error);
    free(url);
    free(token);
    free(endpoint);
    return ok;
}

static bool fetch_politely(const char *name, struct remote_model *out, struct error *error)
{
    uint64_t shown = 0;
    struct remote_options options = remote_options_default();
    struct sigaction hear = {.sa_handler = note_interrupt};
    struct sigaction before;
    options.progress = show_progress;
    options.context = &shown;
    interrupted = 0;
    sigaction(SIGINT, &hear, &before);
    bool ok = fetch(name, options, out, error);
    sigaction(SIGINT, &before, NULL);
    clear_progress(shown);
    return ok;
}

bool remote_model_fetch(const char *name, const struct remote_options *options,
                        struct remote_model *out, struct error *error)
{
    *out = (struct remote_model){0};
    bool ok =
        options != NULL ? fetch(name, *options, out, error) : fetch_politely(name, out, error);
    if (!ok) {
        remote_model_clear(out);
    }
    return ok;
}

void remote_model_clear(struct remote_model *model)
{
    remote_heads_clear(model->heads, model->n);
    *model = (struct remote_model){0};
}
