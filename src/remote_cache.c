#include "src/remote_cache.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "src/output.h"
#include "src/user_folder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Line 1 names the format; then address, tag, its kind, sizes, a sum of the bytes, and the bytes. */
#define FORMAT "otplan-remote 1\n"

static const size_t CACHED_MAX = (size_t)300 << 20;

/* New: the file of one address; NULL without a home. Its folder is the user's alone, for the names of private models
 * are in it. */
static char *entry_path(const char *url)
{
    char *name =
        memory_format("%016" PRIx64 "%08zx", user_hash(USER_HASH, url, strlen(url)), strlen(url));
    char *path = user_path(USER_CACHE, name);
    free(name);
    return path;
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
        out->have != size - (size_t)(at - text) ||
        user_hash(USER_HASH, at, (size_t)out->have) != hash) {
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
    char *path = entry_path(url);
    char *text = NULL;
    size_t size = 0;
    bool found = path != NULL && access(path, R_OK) == 0 &&
                 input_read_file(path, CACHED_MAX, &text, &size, NULL) &&
                 parse(text, size, url, out);
    free(text);
    free(path);
    return found;
}

void remote_cache_write(const char *url, const struct remote_cached *entry)
{
    char *path = entry->tag[0] != '\0' && strchr(url, '\n') == NULL ? entry_path(url) : NULL;
    if (path == NULL || !user_make_folders(path)) {
        free(path);
        return;
    }
    struct strbuf text = {0};
    strbuf_format(&text, FORMAT "%s\n%s\n%d %" PRIu64 " %" PRIu64 " %" PRIx64 "\n", url, entry->tag,
                  entry->tag_is_etag ? 1 : 0, entry->file_bytes, entry->have,
                  user_hash(USER_HASH, entry->bytes, (size_t)entry->have));
    strbuf_add_n(&text, (const char *)entry->bytes, (size_t)entry->have);
    output_write_file(path, strbuf_text(&text), text.length, true, false, NULL);
    strbuf_clear(&text);
    free(path);
}

void remote_cached_clear(struct remote_cached *entry)
{
    free(entry->bytes);
    *entry = (struct remote_cached){0};
}
