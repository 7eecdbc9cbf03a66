#include "src/assets.h"

#include "model/base/memory.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* New: `folder`/`inside`/`name` where that can be read, else NULL. */
static char *readable(const char *folder, const char *inside, const char *name)
{
    if (folder == NULL || folder[0] == '\0') {
        return NULL;
    }
    char *path = memory_format("%s%s/%s", folder, inside, name);
    if (access(path, R_OK) == 0) {
        return path;
    }
    free(path);
    return NULL;
}

/* The program's own folder, "" where the system does not say. */
static void find_own_folder(char *out, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", out, size - 1);
    out[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(out, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
}

bool asset_path(const char *name, char **out, struct error *error)
{
    char own[PATH_MAX];
    find_own_folder(own, sizeof own);
    const struct {
        const char *folder;
        const char *inside;
    } places[] = {
        {getenv("OTPLAN_ASSETS"), ""}, {own, "/assets"}, /* a build folder */
        {own, "/../assets"},                             /* its tests */
        {own, "/../share/otplan"},     {OTPLAN_ASSETS_INSTALLED, ""},
    };
    *out = NULL;
    for (size_t i = 0; *out == NULL && i < sizeof places / sizeof places[0]; i++) {
        *out = readable(places[i].folder, places[i].inside, name);
    }
    return *out != NULL ||
           error_set(error, ERROR_SYSTEM,
                     "%s: this file of otplan's own is not installed (looked in %s/assets, %s and "
                     "$OTPLAN_ASSETS)",
                     name, own, OTPLAN_ASSETS_INSTALLED);
}
