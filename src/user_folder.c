#include "src/user_folder.h"

#include "model/base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
    const char *variable, *in_home;
} places[] = {
    [USER_CONFIG] = {"XDG_CONFIG_HOME", ".config"},
    [USER_CACHE] = {"XDG_CACHE_HOME", ".cache"},
    [USER_STATE] = {"XDG_STATE_HOME", ".local/state"},
};

char *user_path(enum user_folder folder, const char *name)
{
    const char *named = getenv(places[folder].variable);
    const char *home = getenv("HOME");
    if (named != NULL && named[0] == '/') {
        return memory_format("%s/otplan/%s", named, name);
    }
    if (home != NULL && home[0] == '/') {
        return memory_format("%s/%s/otplan/%s", home, places[folder].in_home, name);
    }
    return NULL;
}

bool user_make_folders(const char *path)
{
    char *folder = memory_text(path);
    bool made = true;
    for (char *at = folder + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        made = mkdir(folder, 0700) == 0 || errno == EEXIST;
        *at = '/';
    }
    free(folder);
    return made;
}

uint64_t user_hash(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}
