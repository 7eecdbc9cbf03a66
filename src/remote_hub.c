#include "src/remote_hub.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "src/output.h"
#include "src/remote_cache.h"
#include "src/remote_repo_files.h"
#include "src/remote_url.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const uint64_t LIST_MAX = UINT64_C(16) << 20;
enum { PAGES_MAX = 16, TOKEN_FILE_MAX = 4096 };

/* hf:OWNER/REPO[@REVISION][/FILE | :QUANT]; all owned. */
struct hub_name {
    char *repo;
    char *revision; /* "main" where not said */
    char *file;     /* or NULL */
    char *quant;    /* or NULL */
};

/* ---- environment ----------------------------------------------------------------------------- */

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

char *remote_hub_endpoint(void)
{
    const char *given = variable("HF_ENDPOINT");
    char *endpoint = memory_text(given != NULL ? given : "https://huggingface.co");
    size_t length = strlen(endpoint);
    while (length > 0 && endpoint[length - 1] == '/') {
        endpoint[--length] = '\0';
    }
    return endpoint;
}

/* New: the text without space around it; NULL where nothing, or what no header may hold, is left. */
static char *trimmed(const char *text)
{
    while (isspace((unsigned char)*text)) {
        text++;
    }
    size_t length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1])) {
        length--;
    }
    for (size_t i = 0; i < length; i++) {
        if (!isgraph((unsigned char)text[i])) {
            return NULL;
        }
    }
    return length > 0 ? memory_text_n(text, length) : NULL;
}

static char *read_token(const char *path)
{
    char *text = NULL;
    size_t size = 0;
    if (access(path, R_OK) != 0 || !input_read_file(path, TOKEN_FILE_MAX, &text, &size, NULL)) {
        return NULL;
    }
    char *token = trimmed(text);
    free(text);
    return token;
}

char *remote_hub_token(void)
{
    static const struct {
        const char *variable, *below;
    } places[] = {{"HF_TOKEN_PATH", ""},
                  {"HF_HOME", "/token"},
                  {"XDG_CACHE_HOME", "/huggingface/token"},
                  {"HOME", "/.cache/huggingface/token"}};
    const char *given = variable("HF_TOKEN");
    char *token = given != NULL ? trimmed(given) : NULL;
    for (size_t i = 0; given == NULL && token == NULL && i < sizeof places / sizeof places[0];
         i++) {
        const char *value = variable(places[i].variable);
        char *path = value != NULL ? memory_format("%s%s", value, places[i].below) : NULL;
        token = path != NULL ? read_token(path) : NULL;
        free(path);
    }
    return token;
}

/* ---- names ----------------------------------------------------------------------------------- */

static void clear_name(struct hub_name *name)
{
    free(name->repo);
    free(name->revision);
    free(name->file);
    free(name->quant);
}

/* What may stand in an address as it is. */
static bool is_plain(const char *text)
{
    return text == NULL ||
           (text[0] != '\0' && strstr(text, "..") == NULL &&
            text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                              "-_./+=")] == '\0');
}

static bool read_name(const char *text, struct hub_name *out, struct error *error)
{
    const char *rest = text + strlen("hf:");
    const char *slash = strchr(rest, '/');
    size_t repo = slash == NULL ? 0 : (size_t)(slash - rest) + 1 + strcspn(slash + 1, "/@:");
    out->repo = memory_text_n(rest, repo);
    rest += repo;
    size_t revision = *rest == '@' ? strcspn(rest + 1, "/:") : 0;
    out->revision = *rest == '@' ? memory_text_n(rest + 1, revision) : memory_text("main");
    rest += *rest == '@' ? revision + 1 : 0;
    out->file = *rest == '/' ? memory_text(rest + 1) : NULL;
    out->quant = *rest == ':' ? memory_text(rest + 1) : NULL;
    if (repo < 3 || slash == text + 3 || slash[1] == '\0' || !is_plain(out->repo) ||
        !is_plain(out->revision) || !is_plain(out->file) || !is_plain(out->quant)) {
        return error_set(error, ERROR_INPUT,
                         "%.300s: must be hf:OWNER/REPO, hf:OWNER/REPO:QUANT or "
                         "hf:OWNER/REPO/FILE.gguf",
                         text);
    }
    return true;
}

/* ---- the list of files ----------------------------------------------------------------------- */

static bool fetch_page(const char *url, const struct remote_options *options,
                       struct remote_file *page, struct error *error)
{
    *page = (struct remote_file){.url = url, .ask = REMOTE_WHOLE, .want = LIST_MAX};
    return remote_transfer(page, 1, options, error);
}

/* All pages, each taken into `files`. `*unreachable` as in struct remote_file. */
static bool fetch_list(const char *first, const struct remote_options *options,
                       struct remote_repo_files *files, bool *unreachable, struct error *error)
{
    char *url = memory_text(first);
    bool ok = true;
    for (int i = 0; ok && url != NULL && i < PAGES_MAX; i++) {
        struct remote_file page;
        ok =
            fetch_page(url, options, &page, error) &&
            remote_repo_files_add(files, first, (const char *)page.bytes, (size_t)page.have, error);
        *unreachable = page.unreachable;
        bool more = ok && page.next[0] != '\0' && remote_url_same_origin(first, page.next);
        free(url);
        url = more ? memory_text(page.next) : NULL;
        remote_file_clear(&page);
    }
    free(url);
    return ok;
}

/* The address found is kept for the name, so that the name is good offline too. */
static void keep(const char *name, const char *url)
{
    struct remote_cached entry = {
        .tag = "-", .bytes = (uint8_t *)memory_text(url), .have = strlen(url)};
    remote_cache_write(name, &entry);
    remote_cached_clear(&entry);
}

static bool recall(const char *name, char **url)
{
    struct remote_cached entry;
    if (!remote_cache_read(name, &entry)) {
        return false;
    }
    *url = memory_text_n((const char *)entry.bytes, (size_t)entry.have);
    remote_cached_clear(&entry);
    return true;
}

static char *file_url(const char *endpoint, const struct hub_name *name, const char *file)
{
    return memory_format("%s/%s/resolve/%s/%s", endpoint, name->repo, name->revision, file);
}

static bool find(const struct hub_name *name, const char *text, const char *endpoint,
                 const struct remote_options *options, char **url, bool *from_cache,
                 struct error *error)
{
    struct remote_repo_files files = {0};
    struct error trouble = {0};
    bool unreachable = false;
    char *key = memory_format("%s %s", endpoint, text);
    char *list = memory_format("%s/api/models/%s/tree/%s?recursive=true", endpoint, name->repo,
                               name->revision);
    char *file = NULL;
    bool ok = fetch_list(list, options, &files, &unreachable, &trouble) &&
              remote_repo_files_choose(&files, text, name->quant, &file, &trouble);
    if (ok) {
        *url = file_url(endpoint, name, file);
        keep(key, *url);
    } else {
        *from_cache = unreachable && recall(key, url);
        ok = *from_cache || error_set(error, trouble.kind, "%s", trouble.text);
    }
    remote_repo_files_clear(&files);
    free(file);
    free(list);
    free(key);
    return ok;
}

bool remote_hub_find(const char *name, const struct remote_options *options, char **url,
                     bool *from_cache, struct error *error)
{
    struct hub_name hub = {0};
    char *endpoint = remote_hub_endpoint();
    *url = NULL;
    *from_cache = false;
    bool ok = read_name(name, &hub, error) && remote_url_check(endpoint, error);
    if (ok && hub.file != NULL) {
        *url = file_url(endpoint, &hub, hub.file);
    } else if (ok) {
        ok = find(&hub, name, endpoint, options, url, from_cache, error);
    }
    clear_name(&hub);
    free(endpoint);
    return ok;
}
