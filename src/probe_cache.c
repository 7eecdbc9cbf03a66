#include "src/probe_cache.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "src/json_out.h"
#include "src/json_read.h"
#include "src/output.h"
#include "src/user_folder.h"

#include <dirent.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

/* ---- what an answer depends on -------------------------------------------------------------- */

static void add_program(struct strbuf *out, const char *path)
{
    struct stat status = {0};
    bool known = stat(path, &status) == 0;
    strbuf_format(out, "program %s %lld %lld.%09ld\n", path,
                  known ? (long long)status.st_size : -1LL, (long long)status.st_mtim.tv_sec,
                  (long)status.st_mtim.tv_nsec);
}

static void add_environment(struct strbuf *out)
{
    static const char *const read[] = {"LLAMA_", "GGML_", "CUDA_", "HIP_", "ROCR_", "VK_"};
    for (char **variable = environ; variable != NULL && *variable != NULL; variable++) {
        for (size_t i = 0; i < sizeof read / sizeof read[0]; i++) {
            if (strncmp(*variable, read[i], strlen(read[i])) == 0) {
                strbuf_format(out, "variable %s\n", *variable);
            }
        }
    }
}

char *probe_cache_key(const struct probe_question *question, const struct model_file *file,
                      const struct rig *rig)
{
    struct strbuf out = {0};
    add_program(&out, question->program);
    strbuf_format(&out, "model %llu bytes %llu tensors %016llx\n",
                  (unsigned long long)file->file_bytes, (unsigned long long)file->gguf->n_tensors,
                  (unsigned long long)model_file_head_hash(file));
    for (size_t i = 0; i < rig->n_devices; i++) {
        strbuf_format(&out, "device %s %llu free\n", rig->devices[i].device_name,
                      (unsigned long long)rig->devices[i].free);
    }
    add_environment(&out);
    for (size_t i = 1; i < question->n_words; i++) {
        strbuf_format(&out, "argument %s\n", question->words[i]);
    }
    return strbuf_take(&out);
}

/* ---- where it is kept ----------------------------------------------------------------------- */

/* New: the file an answer is kept in; NULL without a home. */
static char *find_path(const char *key)
{
    char *name = memory_format("probe-%016" PRIx64 ".json", user_hash(USER_HASH, key, strlen(key)));
    char *path = user_path(USER_CACHE, name);
    free(name);
    return path;
}

/* ---- reading -------------------------------------------------------------------------------- */

enum { MOST_ROWS = 256 };

static bool read_mib(struct json_object *object, const char *key, const struct json_place *place,
                     uint64_t *out)
{
    double number = -1;
    bool read = json_get_number(object, key, place, 0, 1e12, &number, NULL) && number >= 0;
    *out = read ? (uint64_t)number : 0;
    return read;
}

static bool read_row(struct json_object *object, const struct json_place *place,
                     struct probe *probe)
{
    struct probe_row row = {0};
    if (!json_object_is_type(object, json_type_object) ||
        !read_mib(object, "model_mib", place, &row.model_mib) ||
        !read_mib(object, "context_mib", place, &row.context_mib) ||
        !read_mib(object, "compute_mib", place, &row.compute_mib) ||
        !json_get_text(object, "name", place, &row.name, NULL) || row.name == NULL) {
        return false;
    }
    probe->rows = memory_resize(probe->rows, probe->n_rows + 1, sizeof *probe->rows);
    probe->rows[probe->n_rows++] = row;
    return true;
}

static bool read_answer(struct json_object *root, const char *key, const struct json_place *place,
                        struct probe *out)
{
    char *kept = NULL;
    struct json_object *rows = NULL;
    bool same = json_object_is_type(root, json_type_object) &&
                json_get_text(root, "key", place, &kept, NULL) && kept != NULL &&
                strcmp(kept, key) == 0;
    free(kept);
    bool read = same && json_get_text(root, "program", place, &out->program, NULL) &&
                json_get_text(root, "version", place, &out->version, NULL) &&
                out->program != NULL && out->version != NULL &&
                json_object_object_get_ex(root, "rows", &rows) &&
                json_object_is_type(rows, json_type_array);
    size_t n = read ? json_object_array_length(rows) : 0;
    read = read && n > 0 && n <= MOST_ROWS;
    for (size_t i = 0; i < n && read; i++) {
        read = read_row(json_object_array_get_idx(rows, i), place, out);
    }
    return read;
}

bool probe_cache_find(const char *key, struct probe *out)
{
    *out = (struct probe){0};
    struct json_object *root = NULL;
    char *path = find_path(key);
    struct json_place place = {.path = path};
    bool found = path != NULL && access(path, R_OK) == 0 && json_read_file(path, &root, NULL) &&
                 read_answer(root, key, &place, out);
    json_object_put(root);
    free(path);
    if (!found) {
        probe_clear(out);
    }
    return found;
}

static bool keeps_any(void)
{
    char *folder = user_path(USER_CACHE, "");
    DIR *listing = folder == NULL ? NULL : opendir(folder);
    bool any = false;
    for (struct dirent *entry = NULL; listing != NULL && !any;) {
        entry = readdir(listing);
        if (entry == NULL) {
            break;
        }
        any = strncmp(entry->d_name, "probe-", strlen("probe-")) == 0;
    }
    if (listing != NULL) {
        closedir(listing);
    }
    free(folder);
    return any;
}

bool probe_cache_look(const struct probe_request *request, const struct model_file *file,
                      struct probe *out)
{
    struct probe_question question;
    *out = (struct probe){0};
    if (!keeps_any() || !probe_question_make(request, &question, NULL)) {
        return false;
    }
    char *key = probe_cache_key(&question, file, request->rig);
    bool found = probe_cache_find(key, out);
    free(key);
    probe_question_clear(&question);
    return found;
}

/* ---- writing -------------------------------------------------------------------------------- */

static struct json_object *row_json(const struct probe_row *row)
{
    struct json_object *object = json_object_new_object();
    json_out_text(object, "name", row->name);
    json_out_bytes(object, "model_mib", row->model_mib);
    json_out_bytes(object, "context_mib", row->context_mib);
    json_out_bytes(object, "compute_mib", row->compute_mib);
    return object;
}

void probe_cache_keep(const char *key, const struct probe *probe)
{
    char *path = find_path(key);
    if (path == NULL) {
        return;
    }
    struct json_object *root = json_object_new_object();
    struct json_object *rows = json_object_new_array();
    json_out_text(root, "key", key);
    json_out_text(root, "program", probe->program);
    json_out_text(root, "version", probe->version);
    for (size_t i = 0; i < probe->n_rows; i++) {
        json_object_array_add(rows, row_json(&probe->rows[i]));
    }
    json_object_object_add(root, "rows", rows);
    char *text = json_out_take(root);
    user_make_folders(path);
    output_write_file(path, text, strlen(text), true, false, NULL);
    free(text);
    free(path);
}
