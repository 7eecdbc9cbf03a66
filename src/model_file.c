#include "src/model_file.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/gguf/split_name.h"
#include "src/download_marks.h"
#include "src/model_folder.h"
#include "src/open_progress.h"
#include "src/remote_model.h"
#include "src/user_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* No head is longer: strings end at 1 GiB. Mapping no more keeps address space limits out of the way. */
static const uint64_t HEAD_MAX = UINT64_C(4) << 30;

struct model_file_map {
    char *path; /* owned */
    void *bytes;
    size_t mapped;
    uint64_t file_bytes;
    bool fetched; /* bytes in memory, not in a mapped file */
};

static bool fail(struct error *error, const char *path, const char *what)
{
    return error_set(error, ERROR_INPUT, "%s: %s", path, what);
}

static bool fail_missing(const char *path, struct error *error)
{
    struct stat link;
    if (lstat(path, &link) == 0 && S_ISLNK(link.st_mode)) {
        return fail(error, path, "a link to a file that is not there");
    }
    char *mark = download_mark_of(path);
    if (mark != NULL) {
        error_set(error, ERROR_INPUT, "%s: not there yet, %s is an unfinished download", path,
                  mark);
        free(mark);
        return false;
    }
    return fail(error, path, "no such file");
}

/* A pipe or a terminal would block open(2), so the kind is checked before. */
static bool check_kind(const char *path, struct stat *status, struct error *error)
{
    if (stat(path, status) != 0) {
        return errno == ENOENT ? fail_missing(path, error) : fail(error, path, strerror(errno));
    }
    if (S_ISDIR(status->st_mode)) {
        return fail(error, path, "a folder, not a file");
    }
    return S_ISREG(status->st_mode) || fail(error, path, "not a regular file");
}

static bool check_finished(const char *path, const struct stat *status, struct error *error)
{
    if (download_name_unfinished(path)) {
        return fail(error, path, "an unfinished download, by its name");
    }
    char *mark = download_mark_of(path);
    if (mark != NULL) {
        error_set(error, ERROR_INPUT, "%s: an unfinished download (%s is next to it)", path, mark);
        free(mark);
        return false;
    }
    return status->st_size > 0 ||
           fail(error, path, "an empty file, perhaps a download that has not begun");
}

static bool map_file(const char *path, struct model_file_map *map, struct error *error)
{
    struct stat status;
    if (!check_kind(path, &status, error) || !check_finished(path, &status, error)) {
        return false;
    }
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0) {
        return error_set(error, ERROR_INPUT, "%s: cannot be read: %s", path, strerror(errno));
    }
    map->file_bytes = (uint64_t)status.st_size;
    map->mapped = (size_t)(map->file_bytes < HEAD_MAX ? map->file_bytes : HEAD_MAX);
    map->bytes = mmap(NULL, map->mapped, PROT_READ, MAP_PRIVATE, file, 0);
    int reason = errno;
    close(file);
    if (map->bytes == MAP_FAILED) {
        map->bytes = NULL;
        return error_set(error, ERROR_INPUT, "%s: cannot be read: %s", path, strerror(reason));
    }
    map->path = memory_text(path);
    return true;
}

static void unmap(struct model_file_map *map)
{
    if (map->fetched) {
        free(map->bytes);
    } else if (map->bytes != NULL) {
        munmap(map->bytes, map->mapped);
    }
    free(map->path);
    *map = (struct model_file_map){0};
}

static struct gguf_part part_of(const struct model_file_map *map)
{
    return (struct gguf_part){.path = map->path,
                              .bytes = map->bytes,
                              .available = map->mapped,
                              .file_bytes = map->file_bytes};
}

bool model_file_peek(const char *path, struct gguf_peek *out, struct error *error)
{
    struct model_file_map map = {0};
    *out = (struct gguf_peek){.split_count = 1};
    if (!map_file(path, &map, error)) {
        return false;
    }
    struct gguf_part part = part_of(&map);
    bool ok = gguf_peek(&part, out, error);
    unmap(&map);
    return ok;
}

/* llama.cpp finds the other parts by name, so the name must agree with what the file says. */
static bool check_name(const char *path, const struct gguf_peek *peek, struct split_name *name,
                       struct error *error)
{
    bool named = split_name_parse(path, name);
    if (named && name->number == peek->split_number + 1 && name->count == peek->split_count) {
        return true;
    }
    return error_set(error, ERROR_INPUT,
                     "%s: part %" PRIu32 " of %" PRIu32
                     " by its contents, but its name does not end in -%05" PRIu32 "-of-%05" PRIu32
                     ".gguf, so the other parts cannot be found",
                     path, peek->split_number + 1, peek->split_count, peek->split_number + 1,
                     peek->split_count);
}

static bool exists(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0;
}

/* "2, 4-6": the numbers of the parts that are not there; `n` counts them. */
static void list_missing(char *const *paths, uint32_t count, struct strbuf *out, uint32_t *n)
{
    *n = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t first = i;
        while (i < count && !exists(paths[i])) {
            i++;
        }
        if (i == first) {
            continue;
        }
        *n += i - first;
        strbuf_format(out, out->length == 0 ? "%" PRIu32 : ", %" PRIu32, first + 1);
        if (i - first > 1) {
            strbuf_format(out, "-%" PRIu32, i);
        }
    }
}

static bool check_parts_exist(const char *path, char *const *paths, uint32_t count,
                              struct error *error)
{
    struct strbuf missing = {0};
    uint32_t n = 0;
    list_missing(paths, count, &missing, &n);
    if (n > 0) {
        error_set(error, ERROR_INPUT, "%s: part%s %.300s of %" PRIu32 " %s missing beside it", path,
                  n == 1 ? "" : "s", strbuf_text(&missing), count, n == 1 ? "is" : "are");
    }
    strbuf_clear(&missing);
    return n == 0;
}

/* New: the paths of `count` parts, `path` being one of them. */
static char **part_paths(const char *path, size_t prefix_length, uint32_t count)
{
    char **paths = memory_array(count, sizeof *paths);
    for (uint32_t i = 0; i < count; i++) {
        paths[i] =
            count == 1 ? memory_text(path) : split_name_sibling(path, prefix_length, i + 1, count);
    }
    return paths;
}

static void free_paths(char **paths, uint32_t count)
{
    for (uint32_t i = 0; paths != NULL && i < count; i++) {
        free(paths[i]);
    }
    free(paths);
}

static bool parse(struct model_file *file, struct error *error)
{
    struct gguf_part *parts = memory_array(file->n_parts, sizeof *parts);
    for (size_t i = 0; i < file->n_parts; i++) {
        parts[i] = part_of(&file->maps[i]);
        file->file_bytes += parts[i].file_bytes;
    }
    bool ok = gguf_parse(parts, file->n_parts, &file->gguf, error);
    free(parts);
    return ok;
}

/* `file->maps` takes one map a part; those opened so far are freed by model_file_close. */
static bool open_parts(struct model_file *file, char *const *paths, uint32_t count,
                       struct error *error)
{
    file->maps = memory_array(count, sizeof *file->maps);
    file->first_path = memory_text(paths[0]);
    for (uint32_t i = 0; i < count; i++) {
        if (!map_file(paths[i], &file->maps[i], error)) {
            return false;
        }
        file->n_parts++;
    }
    return parse(file, error);
}

static void close_parts(struct model_file *file)
{
    gguf_free(&file->gguf);
    for (size_t i = 0; i < file->n_parts; i++) {
        unmap(&file->maps[i]);
    }
    free(file->maps);
    free(file->first_path);
    file->maps = NULL;
    file->first_path = NULL;
    file->n_parts = 0;
    file->file_bytes = 0;
}

/* Opens the parts that the name alone speaks of: most of the time that is right, and a long vocabulary
 * is walked over once and not twice. Says nothing where it is not. */
static bool open_by_name(struct model_file *file)
{
    struct split_name name = {.count = 1};
    if (!split_name_parse(file->path, &name)) {
        name = (struct split_name){.count = 1};
    }
    char **paths = part_paths(file->path, name.prefix_length, name.count);
    bool ok = check_parts_exist(file->path, paths, name.count, NULL) &&
              open_parts(file, paths, name.count, NULL);
    free_paths(paths, name.count);
    if (!ok) {
        close_parts(file);
    }
    return ok;
}

/* Opens the parts that the file speaks of, or says what is wrong. */
static bool open_by_contents(struct model_file *file, struct error *error)
{
    struct gguf_peek peek;
    struct split_name name = {0};
    if (!model_file_peek(file->path, &peek, error) ||
        (peek.split_count > 1 && !check_name(file->path, &peek, &name, error))) {
        return false;
    }
    char **paths = part_paths(file->path, name.prefix_length, peek.split_count);
    bool ok = check_parts_exist(file->path, paths, peek.split_count, error) &&
              open_parts(file, paths, peek.split_count, error);
    free_paths(paths, peek.split_count);
    return ok;
}

static bool resolve(const char *path, char **out, struct error *error)
{
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        return model_folder_find(path, out, error);
    }
    *out = memory_text(path);
    return true;
}

/* Takes the heads over as parts. */
static void take_heads(struct model_file *file, struct remote_model *remote)
{
    file->maps = memory_array(remote->n, sizeof *file->maps);
    file->n_parts = remote->n;
    for (size_t i = 0; i < remote->n; i++) {
        struct remote_head *head = &remote->heads[i];
        file->maps[i] = (struct model_file_map){.path = head->url,
                                                .bytes = head->bytes,
                                                .mapped = (size_t)head->have,
                                                .file_bytes = head->file_bytes,
                                                .fetched = true};
        head->url = NULL;
        head->bytes = NULL;
    }
}

static bool open_remote(const char *name, struct model_file **out, struct error *error)
{
    struct remote_model remote;
    if (!remote_model_fetch(name, NULL, &remote, error)) {
        return false;
    }
    struct model_file *file = memory_new(sizeof *file);
    file->path = memory_text(name);
    file->first_path = memory_text(remote.heads[0].url);
    file->notice = remote.from_cache
                       ? "the server cannot be reached: this is the model as it was last seen"
                       : NULL;
    take_heads(file, &remote);
    remote_model_clear(&remote);
    if (!parse(file, error)) {
        model_file_close(&file);
        return false;
    }
    *out = file;
    return true;
}

bool model_file_open(const char *path, struct model_file **out, struct error *error)
{
    if (remote_model_name(path)) {
        *out = NULL;
        return open_remote(path, out, error);
    }
    struct model_file *file = memory_new(sizeof *file);
    struct open_progress *progress = open_progress_begin(path);
    *out = NULL;
    bool opened =
        resolve(path, &file->path, error) && (open_by_name(file) || open_by_contents(file, error));
    open_progress_end(progress);
    if (!opened) {
        model_file_close(&file);
        return false;
    }
    *out = file;
    return true;
}

void model_file_close(struct model_file **file)
{
    if (*file == NULL) {
        return;
    }
    close_parts(*file);
    free((*file)->path);
    free(*file);
    *file = NULL;
}

uint64_t model_file_head_hash(const struct model_file *file)
{
    uint64_t hash = USER_HASH;
    for (size_t i = 0; i < file->n_parts; i++) {
        hash = user_hash(hash, file->maps[i].bytes, file->gguf->extents[i].table_end);
    }
    return hash;
}
