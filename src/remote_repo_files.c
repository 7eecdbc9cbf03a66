#include "src/remote_repo_files.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/gguf/split_name.h"
#include "src/json_read.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LISTED_MAX = 600 };

static bool is_model(const char *path)
{
    size_t length = strlen(path);
    struct split_name split;
    bool gguf = length > 5 && strcasecmp(path + length - 5, ".gguf") == 0;
    bool companion = strcasestr(path, "mmproj") != NULL || strcasestr(path, "imatrix") != NULL;
    bool later = split_name_parse(path, &split) && split.number != 1;
    return gguf && !companion && !later && path[0] != '/' && strstr(path, "..") == NULL;
}

/* New: with what an address cannot hold as %XX. */
static char *escaped(const char *path)
{
    struct strbuf out = {0};
    for (const char *c = path; *c != '\0'; c++) {
        bool plain = strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./+=",
                            *c) != NULL;
        strbuf_format(&out, plain ? "%c" : "%%%02X", (unsigned char)*c);
    }
    return strbuf_take(&out);
}

static void add(struct remote_repo_files *files, struct json_object *entry)
{
    struct json_object *path = NULL;
    if (!json_object_is_type(entry, json_type_object) ||
        !json_object_object_get_ex(entry, "path", &path) ||
        !json_object_is_type(path, json_type_string) || !is_model(json_object_get_string(path))) {
        return;
    }
    files->paths = memory_resize(files->paths, files->n + 1, sizeof *files->paths);
    files->paths[files->n++] = escaped(json_object_get_string(path));
}

bool remote_repo_files_add(struct remote_repo_files *files, const char *url, const char *json,
                           size_t size, struct error *error)
{
    struct json_object *list = NULL;
    if (!json_read_text(url, json != NULL ? json : "", size, &list, error)) {
        return false;
    }
    bool ok = json_object_is_type(list, json_type_array) ||
              error_set(error, ERROR_INPUT, "%.400s: not a list of files, so not a model hub", url);
    for (size_t i = 0; ok && i < json_object_array_length(list); i++) {
        add(files, json_object_array_get_idx(list, i));
    }
    json_object_put(list);
    return ok;
}

/* Is `quant` in the name, followed by '.' or '-'? */
static bool has_quant(const char *path, const char *quant)
{
    size_t length = strlen(quant);
    for (const char *c = path; length > 0 && (c = strcasestr(c, quant)) != NULL; c++) {
        if (c[length] == '.' || c[length] == '-') {
            return true;
        }
    }
    return false;
}

static const char *find(const struct remote_repo_files *files, const char *quant)
{
    for (size_t i = 0; i < files->n; i++) {
        if (has_quant(files->paths[i], quant)) {
            return files->paths[i];
        }
    }
    return NULL;
}

static const char *find_default(const struct remote_repo_files *files)
{
    const char *found = find(files, "Q4_K_M");
    found = found != NULL ? found : find(files, "Q4_0");
    return found != NULL || files->n == 0 ? found : files->paths[0];
}

static bool fail(const struct remote_repo_files *files, const char *name, const char *quant,
                 struct error *error)
{
    struct strbuf list = {0};
    for (size_t i = 0; i < files->n && list.length < LISTED_MAX; i++) {
        strbuf_format(&list, "%s%.120s", i == 0 ? "" : ", ", files->paths[i]);
    }
    if (files->n == 0) {
        error_set(error, ERROR_INPUT, "%.200s: no GGUF model in this repository", name);
    } else {
        error_set(error, ERROR_INPUT, "%.200s: no file of quant %.40s there; there are: %s", name,
                  quant, strbuf_text(&list));
    }
    strbuf_clear(&list);
    return false;
}

bool remote_repo_files_choose(const struct remote_repo_files *files, const char *name,
                              const char *quant, char **path, struct error *error)
{
    bool any = quant == NULL || strcasecmp(quant, "latest") == 0;
    const char *found = any ? find_default(files) : find(files, quant);
    *path = memory_text(found);
    return found != NULL || fail(files, name, any ? "" : quant, error);
}

void remote_repo_files_clear(struct remote_repo_files *files)
{
    for (size_t i = 0; i < files->n; i++) {
        free(files->paths[i]);
    }
    free(files->paths);
    *files = (struct remote_repo_files){0};
}
