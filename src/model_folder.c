#include "src/model_folder.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/gguf/split_name.h"
#include "src/download_marks.h"
#include "src/model_file.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum {
    LIST_MAX = 600, /* bytes of names in one line */
    DEPTH_MAX = 2,  /* snapshots/REVISION/ of a download cache */
};

struct candidate {
    char *name; /* owned: within the folder; the first part that is there */
    uint32_t n_parts;
    bool unfinished;
};

struct candidates {
    const char *folder;
    struct candidate *items;
    size_t n;
};

static void clear(struct candidates *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->items[i].name);
    }
    free(list->items);
    list->items = NULL;
    list->n = 0;
}

static char *join(const char *folder, const char *name)
{
    size_t length = strlen(folder);
    bool slash = length > 0 && folder[length - 1] == '/';
    return memory_format("%s%s%s", folder, slash ? "" : "/", name);
}

static bool ends_in_gguf(const char *name)
{
    size_t length = strlen(name);
    return length > 5 && strcasecmp(name + length - 5, ".gguf") == 0;
}

/* "model.gguf.part" or a nameless blob that is still growing, not any .part file */
static bool is_unfinished_model(const char *name)
{
    bool blob = strcasestr(name, ".incomplete") != NULL;
    return download_name_unfinished(name) && (blob || strcasestr(name, ".gguf.") != NULL);
}

/* The kind of FOLDER/NAME, links followed: S_IFREG, S_IFDIR, ..., 0 where it is gone. */
static mode_t kind_of(const char *folder, const char *name)
{
    struct stat status;
    char *path = join(folder, name);
    mode_t kind = stat(path, &status) == 0 ? status.st_mode & S_IFMT : 0;
    free(path);
    return kind;
}

static void add(struct candidates *list, const char *name, bool unfinished)
{
    list->items = memory_resize(list->items, list->n + 1, sizeof *list->items);
    list->items[list->n++] =
        (struct candidate){.name = memory_text(name), .n_parts = 1, .unfinished = unfinished};
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct candidate *)a)->name, ((const struct candidate *)b)->name);
}

static void add_if_model(struct candidates *list, const char *name)
{
    bool unfinished = is_unfinished_model(name);
    if ((unfinished || ends_in_gguf(name)) && kind_of(list->folder, name) == S_IFREG) {
        add(list, name, unfinished);
    }
}

static int is_not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* The entries of the folder `below` within the folder ("" for that itself), each by its name within the
 * folder. New array, -1 with errno where it cannot be read. */
static int list_entries(const char *folder, const char *below, char ***names)
{
    struct dirent **entries = NULL;
    char *path = join(folder, below);
    int n = scandir(path, &entries, is_not_hidden, alphasort);
    free(path);
    *names = n > 0 ? memory_array((size_t)n, sizeof **names) : NULL;
    for (int i = 0; i < n; i++) {
        (*names)[i] =
            below[0] == '\0' ? memory_text(entries[i]->d_name) : join(below, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return n;
}

/* Looks into `below`, and into its subfolders where it holds no model itself: downloads of one
 * quantization and download caches are laid out so. */
static bool collect(struct candidates *list, const char *below, int depth)
{
    char **names = NULL;
    size_t before = list->n;
    int n = list_entries(list->folder, below, &names);
    for (int i = 0; i < n; i++) {
        add_if_model(list, names[i]);
    }
    bool look_deeper = list->n == before && depth < DEPTH_MAX;
    for (int i = 0; i < n; i++) {
        if (look_deeper && kind_of(list->folder, names[i]) == S_IFDIR) {
            collect(list, names[i], depth + 1);
        }
        free(names[i]);
    }
    free(names);
    return n >= 0;
}

static bool read_folder(struct candidates *list, struct error *error)
{
    if (!collect(list, "", 0)) {
        return error_set(error, ERROR_INPUT, "%s: cannot read the folder: %s", list->folder,
                         strerror(errno));
    }
    if (list->n > 0) {
        qsort(list->items, list->n, sizeof *list->items, compare);
    }
    return true;
}

static bool same_model(const char *a, const char *b)
{
    struct split_name name_a;
    struct split_name name_b;
    return split_name_parse(a, &name_a) && split_name_parse(b, &name_b) &&
           name_a.count == name_b.count && name_a.prefix_length == name_b.prefix_length &&
           memcmp(a, b, name_a.prefix_length) == 0;
}

/* The list is sorted, so the parts of a model follow each other. */
static void merge_parts(struct candidates *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->n; i++) {
        if (kept > 0 && same_model(list->items[kept - 1].name, list->items[i].name)) {
            list->items[kept - 1].n_parts++;
            free(list->items[i].name);
        } else {
            list->items[kept++] = list->items[i];
        }
    }
    list->n = kept;
}

static bool is_one_of(const char *text, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(text, list[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* A projector, adapter, control vector or importance matrix; what cannot be read counts as a model, so
 * that opening it says what is wrong. */
static bool is_companion(const char *folder, const char *name)
{
    static const char *const ARCHITECTURES[] = {"clip", "controlvector"};
    static const char *const TYPES[] = {"mmproj", "adapter", "imatrix"};
    if (strcasestr(name, "mmproj") != NULL) {
        return true;
    }
    struct gguf_peek peek;
    char *path = join(folder, name);
    model_file_peek(path, &peek, NULL);
    free(path);
    return is_one_of(peek.architecture, ARCHITECTURES,
                     sizeof ARCHITECTURES / sizeof ARCHITECTURES[0]) ||
           is_one_of(peek.type, TYPES, sizeof TYPES / sizeof TYPES[0]);
}

static bool is_finished(const struct candidates *list, const struct candidate *item)
{
    (void)list;
    return !item->unfinished;
}

static bool is_model(const struct candidates *list, const struct candidate *item)
{
    return !is_companion(list->folder, item->name);
}

/* Drops what `keep` refuses, unless that is all. */
static void prefer(struct candidates *list,
                   bool (*keep)(const struct candidates *list, const struct candidate *item))
{
    size_t n_kept = 0;
    bool *kept = memory_array(list->n, sizeof *kept);
    for (size_t i = 0; i < list->n; i++) {
        kept[i] = keep(list, &list->items[i]);
        n_kept += kept[i];
    }
    size_t to = 0;
    for (size_t i = 0; n_kept > 0 && i < list->n; i++) {
        if (kept[i]) {
            list->items[to++] = list->items[i];
        } else {
            free(list->items[i].name);
        }
    }
    list->n = n_kept > 0 ? to : list->n;
    free(kept);
}

static void list_names(const struct candidates *list, struct strbuf *out)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct candidate *item = &list->items[i];
        if (out->length + strlen(item->name) > LIST_MAX) {
            strbuf_format(out, " and %zu more", list->n - i);
            return;
        }
        strbuf_format(out, "%s%s", i == 0 ? "" : ", ", item->name);
        if (item->n_parts > 1) {
            strbuf_format(out, " (%" PRIu32 " parts)", item->n_parts);
        }
    }
}

static bool fail_list(const struct candidates *list, struct error *error)
{
    struct strbuf names = {0};
    list_names(list, &names);
    if (list->n == 0) {
        error_set(error, ERROR_INPUT, "%s: no GGUF file in this folder", list->folder);
    } else if (list->items[0].unfinished) {
        error_set(error, ERROR_INPUT, "%s: only unfinished downloads in this folder: %s",
                  list->folder, strbuf_text(&names));
    } else {
        error_set(error, ERROR_INPUT, "%s: %zu models in this folder, name one of them: %s",
                  list->folder, list->n, strbuf_text(&names));
    }
    strbuf_clear(&names);
    return false;
}

bool model_folder_find(const char *folder, char **out, struct error *error)
{
    struct candidates list = {.folder = folder};
    *out = NULL;
    if (!read_folder(&list, error)) {
        return false;
    }
    prefer(&list, is_finished);
    merge_parts(&list);
    if (list.n > 1) {
        prefer(&list, is_model);
    }
    bool one = list.n == 1 && !list.items[0].unfinished;
    if (one) {
        *out = join(folder, list.items[0].name);
    } else {
        fail_list(&list, error);
    }
    clear(&list);
    return one;
}
