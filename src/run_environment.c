#include "src/run_environment.h"

#include "model/base/memory.h"
#include "model/text/shell_words.h"
#include "src/child.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* New: `~/` as a shell would read it. */
static char *expand_home(const char *text)
{
    const char *home = getenv("HOME");
    return strncmp(text, "~/", 2) == 0 && home != NULL ? memory_format("%s%s", home, text + 1)
                                                       : memory_text(text);
}

/* New: FOLDER of FOLDER/bin/activate (also activate.fish and the like); NULL where it is none. */
static char *folder_of_script(const char *path)
{
    const char *slash = strrchr(path, '/');
    struct stat status;
    bool is_script = slash != NULL && strncmp(slash, "/activate", 9) == 0 && slash - path > 4 &&
                     strncmp(slash - 4, "/bin", 4) == 0 && stat(path, &status) == 0 &&
                     S_ISREG(status.st_mode);
    return is_script ? memory_text_n(path, (size_t)(slash - 4 - path)) : NULL;
}

/* ---- a command in front --------------------------------------------------------------------- */

/* conda and mamba keep the output back until the program ends, unless told otherwise. */
static bool holds_output_back(const struct shell_command *command)
{
    const char *first = command->words[0].text;
    const char *slash = strrchr(first, '/');
    const char *name = slash != NULL ? slash + 1 : first;
    if (command->n < 2 || strcmp(command->words[1].text, "run") != 0 ||
        (strcmp(name, "conda") != 0 && strcmp(name, "mamba") != 0)) {
        return false;
    }
    for (size_t i = 2; i < command->n; i++) {
        const char *word = command->words[i].text;
        if (strcmp(word, "--no-capture-output") == 0 || strcmp(word, "--live-stream") == 0 ||
            strcmp(word, "-s") == 0) {
            return false;
        }
    }
    return true;
}

static bool take_prefix(const struct shell_command *command, struct word_list *prefix,
                        struct error *error)
{
    const char *first = command->words[0].text;
    char *path = strchr(first, '/') != NULL ? memory_text(first) : child_find(NULL, first);
    if (path == NULL) {
        return error_set(error, ERROR_SYSTEM, "%s: not in PATH (virtual_env_path of the settings)",
                         first);
    }
    word_list_take(prefix, path);
    for (size_t i = 1; i < command->n; i++) {
        word_list_add(prefix, command->words[i].text);
        if (i == 1 && holds_output_back(command)) {
            word_list_add(prefix, "--no-capture-output");
        }
    }
    return true;
}

static bool read_prefix(const char *text, struct word_list *prefix, struct error *error)
{
    struct shell_script script;
    bool read = shell_split(text, strlen(text), SHELL_POSIX, &script, error);
    if (read && (script.n != 1 || script.commands[0].n == 0)) {
        read = error_set(error, ERROR_INPUT,
                         "virtual_env_path %s: neither a folder nor one command", text);
    } else if (read && script.commands[0].n == 1 && strchr(text, '/') != NULL &&
               access(script.commands[0].words[0].text, F_OK) != 0) {
        read = error_set(error, ERROR_INPUT,
                         "virtual_env_path %s: there is no such folder (settings file)", text);
    }
    read = read && take_prefix(&script.commands[0], prefix, error);
    shell_script_clear(&script);
    return read;
}

/* ---- the door ------------------------------------------------------------------------------- */

bool run_environment_read(const char *text, struct run_environment *out, struct error *error)
{
    *out = (struct run_environment){0};
    if (text == NULL || text[0] == '\0') {
        return true;
    }
    char *path = expand_home(text);
    out->folder = is_folder(path) ? memory_text(path) : folder_of_script(path);
    bool read = out->folder != NULL || read_prefix(path, &out->prefix, error);
    if (out->folder != NULL) {
        char *meta = memory_format("%s/conda-meta", out->folder);
        out->is_conda = is_folder(meta);
        free(meta);
    }
    free(path);
    return read;
}

void run_environment_clear(struct run_environment *environment)
{
    free(environment->folder);
    word_list_clear(&environment->prefix);
    *environment = (struct run_environment){0};
}

char *run_environment_program(const struct run_environment *environment, const char *name)
{
    return environment->folder != NULL ? child_find(environment->folder, name) : NULL;
}

char *run_environment_variable(const struct run_environment *environment, size_t i)
{
    const char *folder = environment->folder;
    const char *path = getenv("PATH");
    if (folder == NULL) {
        return NULL;
    }
    switch (i) {
    case 0:
        return memory_format("PATH=%s/bin%s%s", folder, path != NULL ? ":" : "",
                             path != NULL ? path : "");
    case 1:
        return memory_format("%s=%s", environment->is_conda ? "CONDA_PREFIX" : "VIRTUAL_ENV",
                             folder);
    default:
        return NULL;
    }
}
