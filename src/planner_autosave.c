/* The copy kept in case of a crash: each session writes its own, named after the model and the process, and removes it
 * when it ends. What a session that is gone has left is offered, and stays until it is recovered or discarded. */
#include "src/planner_state.h"

#include "model/base/memory.h"
#include "src/user_folder.h"

#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* New: how the names of all copies for this model begin. */
static char *name_prefix(const struct planner *planner)
{
    const char *model = planner->model->path != NULL ? planner->model->path : "";
    return memory_format("autosave-%016" PRIx64, user_hash(USER_HASH, model, strlen(model)));
}

/* Is the process there, and an otplan? Another program may have been given the number since. */
static bool is_alive(long pid)
{
    char path[64];
    char name[64] = "otplan";
    char state = 'R';
    if (pid <= 0 || (pid_t)pid == getpid() || kill((pid_t)pid, 0) != 0) {
        return false;
    }
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        if (fscanf(file, "%*d (%63[^)]) %c", name, &state) != 2) {
            state = 'R';
        }
        fclose(file);
    }
    return state != 'Z' && strstr(name, "otplan") != NULL;
}

/* A copy for this model of a session that is gone. */
static bool is_left(const char *name, const char *prefix)
{
    size_t n = strlen(prefix);
    char *end = NULL;
    if (strncmp(name, prefix, n) != 0 || name[n] != '-') {
        return false;
    }
    long pid = strtol(name + n + 1, &end, 10);
    return strcmp(end, ".json") == 0 && !is_alive(pid);
}

/* New: the youngest of what was left in `folder`; NULL: nothing. */
static char *find_left(const char *folder, const char *prefix)
{
    char *found = NULL;
    struct timespec newest = {0};
    DIR *directory = opendir(folder);
    struct dirent *entry = NULL;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        struct stat there;
        if (!is_left(entry->d_name, prefix)) {
            continue;
        }
        char *path = memory_format("%s/%s", folder, entry->d_name);
        bool is_newer =
            stat(path, &there) == 0 && S_ISREG(there.st_mode) &&
            (found == NULL || there.st_mtim.tv_sec > newest.tv_sec ||
             (there.st_mtim.tv_sec == newest.tv_sec && there.st_mtim.tv_nsec > newest.tv_nsec));
        if (is_newer) {
            free(found);
            found = path;
            newest = there.st_mtim;
        } else {
            free(path);
        }
    }
    if (directory != NULL) {
        closedir(directory);
    }
    return found;
}

void planner_autosave_find(struct planner *planner)
{
    char *prefix = name_prefix(planner);
    char *name = memory_format("%s-%ld.json", prefix, (long)getpid());
    planner->autosave_path = user_path(USER_STATE, name);
    if (planner->autosave_path != NULL) {
        char *folder = memory_text_n(planner->autosave_path,
                                     strlen(planner->autosave_path) - strlen(name) - 1);
        planner->left_path = find_left(folder, prefix);
        free(folder);
    }
    if (planner->left_path != NULL) {
        ui_ask(&planner->ui, "A session on this model was not saved:");
        ui_answer(&planner->ui, 'r', "recover it", "recover");
        ui_answer(&planner->ui, 'x', "discard it", "discard");
    }
    free(name);
    free(prefix);
}

void planner_autosave(struct planner *planner)
{
    uint64_t id = planner_now(planner)->id;
    if (planner->autosave_path == NULL || planner->autosaved_id == id) {
        return;
    }
    if (!planner_is_unsaved(planner)) {
        planner_autosave_forget(planner); /* undone to what is saved: nothing to recover */
        return;
    }
    planner->autosaved_id = id;
    user_make_folders(planner->autosave_path);
    planner_write_document(planner, planner->autosave_path, true, NULL);
}

void planner_autosave_forget(struct planner *planner)
{
    if (planner->autosave_path != NULL) {
        unlink(planner->autosave_path);
    }
    planner->autosaved_id = planner_now(planner)->id;
}

void planner_left_discard(struct planner *planner)
{
    if (planner->left_path != NULL) {
        unlink(planner->left_path);
    }
    free(planner->left_path);
    planner->left_path = NULL;
}

bool planner_recover(struct planner *planner, struct error *error)
{
    if (planner->left_path == NULL) {
        return error_set(error, ERROR_USAGE, "nothing to recover");
    }
    char *plan_path = memory_text(planner->plan_path);
    uint64_t saved = planner->saved_id;
    int64_t stamp = planner->plan_stamp;
    bool fine = planner_open_file(planner, planner->left_path, error);
    free(planner->plan_path);
    planner->plan_path = plan_path;
    planner->saved_id = saved;
    planner->plan_stamp = stamp;
    if (fine) {
        planner_autosave(planner); /* ours first */
        planner_left_discard(planner);
        planner_say(planner, false, "recovered; w writes it to a file");
    }
    return fine;
}
