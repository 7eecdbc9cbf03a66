#include "src/themes.h"

#include "model/base/memory.h"
#include "src/assets.h"
#include "src/output.h"
#include "src/user_folder.h"
#include "ui/theme.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THEME_MOST_BYTES = 1 << 16 };

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

/* A name is a name, no path. */
static bool is_name(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length < 64 && strspn(name, letters) == length;
}

/* New: the path of a theme, or of the folder of them where `name` is ""; NULL where there is none. */
static char *theme_path(bool own, const char *name)
{
    char *inside = memory_format("themes%s%s", name[0] != '\0' ? "/" : "", name);
    struct error nowhere = {0};
    char *path = NULL;
    if (own) {
        path = user_path(USER_CONFIG, inside);
    } else {
        asset_path(inside, &path, &nowhere);
    }
    free(inside);
    if (path != NULL && access(path, R_OK) != 0) {
        free(path);
        path = NULL;
    }
    return path;
}

bool themes_load(const char *name, struct palette *out, struct error *error)
{
    palette_default(out);
    if (strcmp(name, "default") == 0) {
        return true;
    }
    char *path = is_name(name) ? theme_path(true, name) : NULL;
    path = path == NULL && is_name(name) ? theme_path(false, name) : path;
    if (path == NULL) {
        return error_set(error, ERROR_INPUT,
                         "no theme '%.60s': not among otplan's own, nor in "
                         "~/.config/otplan/themes/",
                         name);
    }
    char *text = NULL;
    size_t bytes = 0;
    bool fine = input_read_file(path, THEME_MOST_BYTES, &text, &bytes, error) &&
                theme_read(text, path, out, error);
    free(text);
    free(path);
    return fine;
}

static void add_name(char ***names, size_t *n, const char *name)
{
    for (size_t i = 0; i < *n; i++) {
        if (strcmp((*names)[i], name) == 0) {
            return;
        }
    }
    *names = memory_resize(*names, *n + 1, sizeof **names);
    (*names)[(*n)++] = memory_text(name);
}

static void add_folder(char ***names, size_t *n, bool own)
{
    char *path = theme_path(own, "");
    DIR *folder = path != NULL ? opendir(path) : NULL;
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        if (is_name(entry->d_name)) {
            add_name(names, n, entry->d_name);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    free(path);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **themes_list(size_t *n)
{
    char **names = NULL;
    *n = 0;
    add_name(&names, n, "default");
    add_folder(&names, n, true);
    add_folder(&names, n, false);
    qsort(names + 1, *n - 1, sizeof *names, by_name);
    return names;
}
