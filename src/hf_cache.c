#include "src/hf_cache.h"

#include "model/base/memory.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

struct wanted {
    char owner_repo[512]; /* OWNER/REPO */
    char tag[128];        /* "" without */
    const char *file;     /* -hff or NULL */
};

static bool wanted_read(const char *repo, const char *file, struct wanted *out)
{
    const char *colon = strrchr(repo, ':');
    size_t length = colon != NULL ? (size_t)(colon - repo) : strlen(repo);
    const char *slash = strchr(repo, '/');
    if (length >= sizeof out->owner_repo || slash == NULL || strstr(repo, "..") != NULL) {
        return false;
    }
    snprintf(out->owner_repo, sizeof out->owner_repo, "%.*s", (int)length, repo);
    snprintf(out->tag, sizeof out->tag, "%s", colon != NULL ? colon + 1 : "");
    out->file = file;
    return true;
}

/* ---- choosing among names ------------------------------------------------------------------- */

static bool holds(const char *name, const char *part)
{
    return part[0] != '\0' && strcasestr(name, part) != NULL;
}

/* Higher is better; 0: not this file. Only the first part of a split model counts. */
static int rank(const struct wanted *wanted, const char *name)
{
    size_t length = strlen(name);
    if (length < 5 || strcasecmp(name + length - 5, ".gguf") != 0 || holds(name, "mmproj") ||
        (strstr(name, "-of-") != NULL && strstr(name, "-00001-of-") == NULL)) {
        return 0;
    }
    if (wanted->file != NULL) {
        const char *slash = strrchr(wanted->file, '/');
        const char *file = slash != NULL ? slash + 1 : wanted->file;
        size_t n = strlen(file);
        return length >= n && strcmp(name + length - n, file) == 0 ? 4 : 0;
    }
    if (wanted->tag[0] != '\0' && strcasecmp(wanted->tag, "latest") != 0) {
        return holds(name, wanted->tag) ? 4 : 0;
    }
    return holds(name, "Q4_K_M") ? 3 : holds(name, "Q4_0") ? 2 : 1;
}

struct found {
    char *path; /* owned */
    int rank;
};

static void consider(const struct wanted *wanted, const char *folder, const char *name,
                     struct found *found)
{
    int better = rank(wanted, name);
    char *path = memory_format("%s/%s", folder, name);
    bool wins = better > found->rank ||
                (better > 0 && better == found->rank && strcmp(path, found->path) < 0);
    if (!wins || access(path, R_OK) != 0) {
        free(path);
        return;
    }
    free(found->path);
    *found = (struct found){path, better};
}

/* ---- the hub's layout ----------------------------------------------------------------------- */

static void search_folder(const struct wanted *wanted, const char *folder, int depth,
                          struct found *found)
{
    DIR *list = opendir(folder);
    for (struct dirent *entry = list != NULL ? readdir(list) : NULL; entry != NULL;
         entry = readdir(list)) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        char *path = memory_format("%s/%s", folder, entry->d_name);
        struct stat info;
        if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
            if (depth > 0) {
                search_folder(wanted, path, depth - 1, found);
            }
        } else {
            consider(wanted, folder, entry->d_name, found);
        }
        free(path);
    }
    if (list != NULL) {
        closedir(list);
    }
}

static void search_hub(const struct wanted *wanted, const char *hub, struct found *found)
{
    struct strbuf {
        char text[1024];
    } name;
    snprintf(name.text, sizeof name.text, "%s/models--", hub);
    size_t length = strlen(name.text);
    for (const char *c = wanted->owner_repo; *c != '\0' && length + 3 < sizeof name.text; c++) {
        name.text[length++] = *c == '/' ? '-' : *c;
        if (*c == '/') {
            name.text[length++] = '-';
        }
    }
    name.text[length] = '\0';
    char *snapshots = memory_format("%s/snapshots", name.text);
    /* the commit that `main` names first; then any other */
    char *reference = memory_format("%s/refs/main", name.text);
    FILE *file = fopen(reference, "re");
    char commit[128] = "";
    if (file != NULL && fscanf(file, "%127[0-9a-fA-F]", commit) == 1) {
        char *folder = memory_format("%s/%s", snapshots, commit);
        search_folder(wanted, folder, 2, found);
        free(folder);
    }
    if (file != NULL) {
        fclose(file);
    }
    if (found->path == NULL) {
        search_folder(wanted, snapshots, 3, found);
    }
    free(reference);
    free(snapshots);
}

/* ---- llama.cpp's own layout ----------------------------------------------------------------- */

static void search_own(const struct wanted *wanted, const char *folder, struct found *found)
{
    char *prefix = memory_format("%s_", wanted->owner_repo);
    for (char *c = prefix; *c != '\0'; c++) {
        *c = *c == '/' ? '_' : *c;
    }
    DIR *list = opendir(folder);
    for (struct dirent *entry = list != NULL ? readdir(list) : NULL; entry != NULL;
         entry = readdir(list)) {
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0) {
            consider(wanted, folder, entry->d_name, found);
        }
    }
    if (list != NULL) {
        closedir(list);
    }
    free(prefix);
}

/* ---- where the caches are ------------------------------------------------------------------- */

/* New: VARIABLE/inside, or NULL where the variable is not set. */
static char *under(const char *variable, const char *inside)
{
    const char *value = getenv(variable);
    return value != NULL && value[0] != '\0' ? memory_format("%s%s", value, inside) : NULL;
}

static const struct place {
    const char *variable, *inside;
    bool hub;
} places[] = {
    {"LLAMA_CACHE", "", false},
    {"LLAMA_CACHE", "", true},
    {"HF_HUB_CACHE", "", true},
    {"HUGGINGFACE_HUB_CACHE", "", true},
    {"HF_HOME", "/hub", true},
    {"XDG_CACHE_HOME", "/huggingface/hub", true},
    {"HOME", "/.cache/huggingface/hub", true},
    {"XDG_CACHE_HOME", "/llama.cpp", false},
    {"HOME", "/.cache/llama.cpp", false},
    {"HOME", "/Library/Caches/llama.cpp", false},
};

bool hf_cache_find(const char *repo, const char *file, char **out, struct error *error)
{
    struct wanted wanted;
    if (!wanted_read(repo, file, &wanted)) {
        return error_set(error, ERROR_INPUT, "-hf %s: must be OWNER/REPO or OWNER/REPO:QUANT",
                         repo);
    }
    struct found found = {0};
    for (size_t i = 0; i < sizeof places / sizeof places[0] && found.path == NULL; i++) {
        char *folder = under(places[i].variable, places[i].inside);
        if (folder != NULL && places[i].hub) {
            search_hub(&wanted, folder, &found);
        } else if (folder != NULL) {
            search_own(&wanted, folder, &found);
        }
        free(folder);
    }
    if (found.path == NULL) {
        return error_set(error, ERROR_INPUT,
                         "-hf %s: not in llama.cpp's cache, and --offline keeps from the hub; name "
                         "the file with -m FILE.gguf",
                         repo);
    }
    *out = found.path;
    return true;
}
