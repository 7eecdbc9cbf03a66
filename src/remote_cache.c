#include "src/remote_cache.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "src/output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Line 1 names the format; then address, tag, its kind, sizes, a sum of the bytes, and the bytes. */
#define FORMAT "otplan-remote 1\n"

static const size_t CACHED_MAX = (size_t)300 << 20;

/* FNV-1a; not against tampering, only against accidents. */
static uint64_t sum(const void *bytes, size_t size, uint64_t hash)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static uint64_t sum_of(const void *bytes, size_t size)
{
    return sum(bytes, size, UINT64_C(0xcbf29ce484222325));
}

/* New: the folder, or NULL where the environment names none. */
static char *folder_path(void)
{
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    if (cache != NULL && cache[0] == '/') {
        return memory_format("%s/otplan", cache);
    }
    return home != NULL && home[0] == '/' ? memory_format("%s/.cache/otplan", home) : NULL;
}

static char *entry_path(const char *folder, const char *url)
{
    return memory_format("%s/%016" PRIx64 "%08zx", folder, sum_of(url, strlen(url)), strlen(url));
}

/* Makes the folder and those above it; private, for the names of private models are in it. */
static bool make_folder(char *path)
{
    for (char *c = path + 1; *c != '\0'; c++) {
        if (*c == '/') {
            *c = '\0';
            mkdir(path, 0700);
            *c = '/';
        }
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

/* The line at *at, moved past it; NULL where none ends. */
static char *take_line(char **at)
{
    char *line = *at;
    char *end = strchr(line, '\n');
    if (end == NULL) {
        return NULL;
    }
    *end = '\0';
    *at = end + 1;
    return line;
}

static bool parse(char *text, size_t size, const char *url, struct remote_cached *out)
{
    char *at = text;
    char *format = take_line(&at);
    char *address = format != NULL ? take_line(&at) : NULL;
    char *tag = address != NULL ? take_line(&at) : NULL;
    char *numbers = tag != NULL ? take_line(&at) : NULL;
    if (numbers == NULL || strncmp(format, FORMAT, strlen(FORMAT) - 1) != 0 ||
        strcmp(address, url) != 0 || tag[0] == '\0' || strlen(tag) >= sizeof out->tag) {
        return false;
    }
    unsigned kind = 0;
    uint64_t hash = 0;
    if (sscanf(numbers, "%u %" SCNu64 " %" SCNu64 " %" SCNx64, &kind, &out->file_bytes, &out->have,
               &hash) != 4 ||
        out->have != size - (size_t)(at - text) || sum_of(at, (size_t)out->have) != hash) {
        return false;
    }
    memcpy(out->tag, tag, strlen(tag) + 1);
    out->tag_is_etag = kind == 1;
    out->bytes = memory_copy(at, (size_t)out->have);
    return true;
}

bool remote_cache_read(const char *url, struct remote_cached *out)
{
    *out = (struct remote_cached){0};
    char *folder = folder_path();
    if (folder == NULL) {
        return false;
    }
    char *path = entry_path(folder, url);
    char *text = NULL;
    size_t size = 0;
    bool found = access(path, R_OK) == 0 && input_read_file(path, CACHED_MAX, &text, &size, NULL) &&
                 parse(text, size, url, out);
    free(text);
    free(path);
    free(folder);
    return found;
}

void remote_cache_write(const char *url, const struct remote_cached *entry)
{
    char *folder = folder_path();
    if (folder == NULL || entry->tag[0] == '\0' || strchr(url, '\n') != NULL ||
        !make_folder(folder)) {
        free(folder);
        return;
    }
    struct strbuf text = {0};
    char *path = entry_path(folder, url);
    strbuf_format(&text, FORMAT "%s\n%s\n%d %" PRIu64 " %" PRIu64 " %" PRIx64 "\n", url, entry->tag,
                  entry->tag_is_etag ? 1 : 0, entry->file_bytes, entry->have,
                  sum_of(entry->bytes, (size_t)entry->have));
    strbuf_add_n(&text, (const char *)entry->bytes, (size_t)entry->have);
    output_write_file(path, strbuf_text(&text), text.length, true, false, NULL);
    strbuf_clear(&text);
    free(path);
    free(folder);
}

void remote_cached_clear(struct remote_cached *entry)
{
    free(entry->bytes);
    *entry = (struct remote_cached){0};
}
