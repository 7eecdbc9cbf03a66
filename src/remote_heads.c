#include "src/remote_heads.h"

#include "model/base/memory.h"
#include "model/gguf/gguf.h"
#include "src/remote_cache.h"
#include "src/remote_url.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The first part holds the vocabulary, the others hardly more than a table. */
static const uint64_t WINDOW_FIRST = UINT64_C(1) << 20;
static const uint64_t WINDOW_OTHER = UINT64_C(1) << 16;
static const uint64_t HEAD_MAX = UINT64_C(256) << 20;

struct fetch {
    struct remote_cached cached;
    uint64_t window;
};

static void begin_fetch(struct remote_file *file, uint64_t window)
{
    remote_file_clear(file);
    file->ask = REMOTE_RANGE;
    file->want = window;
}

static bool grow(struct remote_file *file)
{
    if (file->have >= HEAD_MAX) {
        char *shown = remote_url_shown(file->url);
        error_set(&file->error, ERROR_INPUT,
                  "%.400s: the head goes on after %" PRIu64 " MiB, more than otplan fetches", shown,
                  HEAD_MAX >> 20);
        free(shown);
        return false;
    }
    file->want = file->have * 2 < HEAD_MAX ? file->have * 2 : HEAD_MAX;
    return true;
}

static void keep(const struct remote_file *file)
{
    struct remote_cached entry = {.tag_is_etag = file->tag_is_etag,
                                  .file_bytes = file->file_bytes,
                                  .bytes = file->bytes,
                                  .have = file->have};
    memcpy(entry.tag, file->tag, sizeof entry.tag);
    remote_cache_write(file->url, &entry);
}

/* Another window where the head goes on; what is damaged stays so, and gguf_parse says how. */
static bool take_window(struct remote_file *file)
{
    uint64_t table_end = 0;
    struct gguf_part part = {.path = file->url,
                             .bytes = file->bytes,
                             .available = file->have,
                             .file_bytes = file->file_bytes};
    enum gguf_head_state state = gguf_head_measure(&part, &table_end, NULL);
    if (state == GGUF_HEAD_CUT && file->have < file->file_bytes) {
        return grow(file);
    }
    if (state == GGUF_HEAD_WHOLE) {
        file->have = table_end;
        keep(file);
    }
    return false;
}

static void take_cached(struct remote_file *file, struct remote_cached *cached)
{
    file->bytes = cached->bytes;
    file->have = cached->have;
    file->file_bytes = cached->file_bytes;
    cached->bytes = NULL;
}

static bool answered(struct remote_file *file, void *context)
{
    struct fetch *fetch = context;
    if (file->ask == REMOTE_RANGE) {
        return take_window(file);
    }
    if (file->unchanged) {
        take_cached(file, &fetch->cached);
        return false;
    }
    begin_fetch(file, fetch->window);
    return true;
}

static void prepare(struct remote_file *file, struct fetch *fetch, const char *url, uint64_t window)
{
    *file = (struct remote_file){.url = url, .answered = answered, .context = fetch};
    fetch->window = window;
    begin_fetch(file, window);
    if (remote_cache_read(url, &fetch->cached)) {
        file->ask = REMOTE_PROBE;
        file->file_bytes = fetch->cached.file_bytes;
        file->tag_is_etag = fetch->cached.tag_is_etag;
        memcpy(file->tag, fetch->cached.tag, sizeof file->tag);
    }
}

/* Where the server cannot be reached, all parts must come from the cache as it is: some of before and some
 * of now could be two versions of the model. */
static bool use_cached(struct remote_file *files, struct fetch *fetches, size_t n)
{
    bool unreachable = false;
    for (size_t i = 0; i < n; i++) {
        bool other = files[i].error.kind != ERROR_NONE && !files[i].unreachable;
        bool cached =
            fetches[i].cached.bytes != NULL || (files[i].bytes != NULL && files[i].unchanged);
        unreachable = unreachable || files[i].unreachable;
        if (other || !cached) {
            return false;
        }
    }
    for (size_t i = 0; unreachable && i < n; i++) {
        if (fetches[i].cached.bytes != NULL) {
            remote_file_clear(&files[i]);
            take_cached(&files[i], &fetches[i].cached);
        }
    }
    return unreachable;
}

bool remote_heads_fetch(struct remote_head *heads, size_t n, const struct remote_options *options,
                        bool *from_cache, struct error *error)
{
    struct remote_file *files = memory_array(n, sizeof *files);
    struct fetch *fetches = memory_array(n, sizeof *fetches);
    struct error trouble = {0};
    for (size_t i = 0; i < n; i++) {
        prepare(&files[i], &fetches[i], heads[i].url, i == 0 ? WINDOW_FIRST : WINDOW_OTHER);
    }
    bool ok = remote_transfer(files, n, options, &trouble);
    *from_cache = !ok && trouble.kind != ERROR_INTERRUPTED && use_cached(files, fetches, n);
    ok = ok || *from_cache || error_set(error, trouble.kind, "%s", trouble.text);
    for (size_t i = 0; i < n; i++) {
        heads[i].bytes = files[i].bytes;
        heads[i].have = files[i].have;
        heads[i].file_bytes = files[i].file_bytes;
        remote_cached_clear(&fetches[i].cached);
    }
    free(files);
    free(fetches);
    return ok;
}

void remote_heads_clear(struct remote_head *heads, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(heads[i].url);
        free(heads[i].bytes);
    }
    free(heads);
}
