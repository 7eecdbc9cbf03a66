#include "src/command_line.h"

#include "model/base/memory.h"
#include "model/text/flags.h"

#include <stdlib.h>
#include <string.h>

/* ---- the wrappers --------------------------------------------------------------------------- */

struct wrapper {
    const char *name;
    const char *valued; /* options that take the next word, between blanks */
    int positional;     /* words of its own in front of the command (taskset MASK) */
    bool container;     /* an image name stands in front of the command, which may be left out */
};

/* Options that are not listed are taken for switches (or carry their value behind `=`). */
static const struct wrapper wrappers[] = {
    {"env", "-u --unset -C --chdir -S --split-string", 0, false},
    {"sudo",
     "-u --user -g --group -h --host -p --prompt -C --close-from -r --role -t --type -D "
     "--chdir -T --command-timeout -U -R",
     0, false},
    {"doas", "-u -C", 0, false},
    {"nohup", "", 0, false},
    {"setsid", "", 0, false},
    {"time", "-o --output -f --format", 0, false},
    {"exec", "-a", 0, false},
    {"command", "", 0, false},
    {"stdbuf", "-i -o -e", 0, false},
    {"nice", "-n --adjustment", 0, false},
    {"ionice", "-c --class -n --classdata -p --pid", 0, false},
    {"chrt", "-T -P -D", 1, false},
    {"taskset", "-p --pid", 1, false},
    {"numactl",
     "-N -m -C -i -p -P -w -l --cpunodebind --membind --physcpubind --interleave "
     "--preferred --preferred-many --weighted-interleave --cpubind",
     0, false},
    {"timeout", "-s --signal -k --kill-after", 1, false},
    {"systemd-run", "-p --property -u --unit -E --setenv --uid --gid --slice --description", 0,
     false},
    {"gdb", "-ex --ex", 0, false},
    {"docker", NULL, 0, true},
    {"podman", NULL, 0, true},
    {"nerdctl", NULL, 0, true},
};

/* `docker run` options without a value; all other ones take one (behind `=` or as the next word). */
static const char container_switches[] =
    "-d --detach -i --interactive -t --tty -it -ti -dit -itd -tid --rm --init --privileged -P "
    "--publish-all --read-only --no-healthcheck --oom-kill-disable --sig-proxy "
    "--disable-content-trust "
    "-q --quiet --no-hosts --replace --tls-verify";

static const struct {
    const char *name;
    enum target target;
} programs[] = {
    {"llama-server", TARGET_LLAMA_SERVER},
    {"llama-cli", TARGET_LLAMA_CLI},
    {"llama-bench", TARGET_LLAMA_BENCH},
    {"llama-fit-params", TARGET_LLAMA_FIT_PARAMS},
    {"llama-completion", TARGET_LLAMA_FIT_PARAMS},
    {"llama-perplexity", TARGET_LLAMA_FIT_PARAMS},
    {"server", TARGET_LLAMA_SERVER},
    {"main", TARGET_LLAMA_CLI},
    {"llama", TARGET_LLAMA_CLI},
    {"llama-mtmd-cli", TARGET_LLAMA_CLI},
};

static const char *base_name(const char *word)
{
    const char *slash = strrchr(word, '/');
    return slash != NULL ? slash + 1 : word;
}

static bool listed(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; *at != '\0';) {
        size_t n = strcspn(at, " ");
        if (n == length && strncmp(at, word, n) == 0) {
            return true;
        }
        at += n + (at[n] == ' ' ? 1 : 0);
    }
    return false;
}

static const struct wrapper *find_wrapper(const char *word)
{
    for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0]; i++) {
        if (strcmp(base_name(word), wrappers[i].name) == 0) {
            return &wrappers[i];
        }
    }
    return NULL;
}

static bool find_program(const char *word, enum target *target)
{
    const char *name = base_name(word);
    size_t length = strlen(name);
    if (length > 4 && strcmp(name + length - 4, ".exe") == 0) {
        length -= 4;
    }
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        if (strlen(programs[i].name) == length && strncmp(name, programs[i].name, length) == 0) {
            *target = programs[i].target;
            return true;
        }
    }
    return false;
}

/* ---- variables ------------------------------------------------------------------------------ */

static bool is_assignment(const char *word)
{
    size_t n = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    return n > 0 && word[n] == '=' && (word[0] < '0' || word[0] > '9');
}

static size_t count(const char **list)
{
    size_t n = 0;
    while (list[n] != NULL) {
        n++;
    }
    return n;
}

/* NAME or NAME=value. */
static void unset_variable(struct command_line *command, const char *word)
{
    size_t length = strcspn(word, "=");
    size_t kept = 0;
    for (size_t i = 0; command->environment[i] != NULL; i++) {
        const char *old = command->environment[i];
        if (strncmp(old, word, length) != 0 || old[length] != '=') {
            command->environment[kept++] = old;
        }
    }
    command->environment[kept] = NULL;
}

static void set_variable(struct command_line *command, const char *assignment)
{
    unset_variable(command, assignment);
    size_t n = count(command->environment);
    command->environment = memory_resize(command->environment, n + 2, sizeof(char *));
    command->environment[n] = assignment;
    command->environment[n + 1] = NULL;
}

/* ---- walking -------------------------------------------------------------------------------- */

struct walk {
    const char *const *words;
    size_t n, at;
    struct command_line *out;
};

static void skip_container(struct walk *walk)
{
    walk->out->in_container = true;
    walk->out->environment[0] = NULL;
    while (walk->at < walk->n && walk->words[walk->at][0] != '-' &&
           !listed("run exec", walk->words[walk->at])) {
        walk->at++;
    }
    walk->at++;
    while (walk->at < walk->n && walk->words[walk->at][0] == '-') {
        const char *option = walk->words[walk->at++];
        bool takes = strchr(option, '=') == NULL && !listed(container_switches, option);
        bool variable = listed("-e --env", option) || strncmp(option, "--env=", 6) == 0;
        const char *value = takes && walk->at < walk->n ? walk->words[walk->at++] : option + 6;
        if (variable && is_assignment(value)) {
            set_variable(walk->out, value);
        }
    }
    walk->at++; /* the image */
}

static void skip_options(struct walk *walk, const struct wrapper *wrapper)
{
    bool is_env = strcmp(wrapper->name, "env") == 0;
    while (walk->at < walk->n && walk->words[walk->at][0] == '-') {
        const char *option = walk->words[walk->at++];
        if (strcmp(option, "--") == 0) {
            break;
        }
        if (is_env && listed("-i --ignore-environment -", option)) {
            walk->out->environment[0] = NULL;
        }
        if (listed(wrapper->valued, option) && walk->at < walk->n) {
            const char *value = walk->words[walk->at++];
            if (is_env && listed("-u --unset", option)) {
                unset_variable(walk->out, value);
            }
        }
    }
    walk->at += (size_t)wrapper->positional;
}

/* A container's image starts the server itself: its arguments follow at once. */
static bool entry_point(struct walk *walk)
{
    if (!walk->out->in_container || walk->at > walk->n) {
        return false;
    }
    static const char *const words[] = {"--server", "-s", "--run", "-r", NULL};
    walk->out->target = TARGET_LLAMA_SERVER;
    for (size_t i = 0; walk->at < walk->n && words[i] != NULL; i++) {
        if (strcmp(walk->words[walk->at], words[i]) == 0) {
            walk->out->target = i < 2 ? TARGET_LLAMA_SERVER : TARGET_LLAMA_CLI;
            walk->at++;
            break;
        }
    }
    walk->out->program = target_name(walk->out->target);
    return walk->at == walk->n || walk->words[walk->at][0] == '-';
}

static bool find_command(struct walk *walk)
{
    while (walk->at < walk->n) {
        const char *word = walk->words[walk->at];
        if (find_program(word, &walk->out->target)) {
            walk->out->program = word;
            walk->at++;
            return true;
        }
        const struct wrapper *wrapper = find_wrapper(word);
        if (wrapper != NULL) {
            walk->at++;
            if (wrapper->container) {
                skip_container(walk);
            } else {
                skip_options(walk, wrapper);
            }
        } else if (is_assignment(word)) {
            set_variable(walk->out, word);
            walk->at++;
        } else {
            return entry_point(walk);
        }
    }
    return entry_point(walk);
}

/* Any other program that is given a model as llama.cpp is: ./my-server -m … */
static bool guess_program(struct walk *walk)
{
    bool model = false;
    for (size_t i = walk->at + 1; i < walk->n; i++) {
        const struct flag *flag = flag_find(walk->words[i], NULL);
        model = model || (flag != NULL && flag->use == FLAG_MODEL);
    }
    if (!model) {
        return false;
    }
    walk->out->program = walk->words[walk->at++];
    return true;
}

bool command_line_read(const char *const *words, size_t n, const char *const *inherited,
                       struct command_line *out, struct error *error)
{
    *out = (struct command_line){.target = TARGET_LLAMA_SERVER};
    size_t n_inherited = 0;
    while (inherited != NULL && inherited[n_inherited] != NULL) {
        n_inherited++;
    }
    out->environment = memory_array(n_inherited + 1, sizeof *out->environment);
    for (size_t i = 0; i < n_inherited; i++) {
        out->environment[i] = inherited[i];
    }
    struct walk walk = {.words = words, .n = n, .out = out};
    if (n == 0) {
        return error_set(error, ERROR_USAGE,
                         "--: expected a command behind it: -- llama-server -m MODEL …");
    }
    if (!find_command(&walk) && !guess_program(&walk)) {
        return error_set(error, ERROR_USAGE,
                         "--: %s: no program of llama.cpp (llama-server, llama-cli, llama-bench)",
                         walk.at < n ? words[walk.at] : words[n - 1]);
    }
    out->arguments = words + walk.at;
    out->n_arguments = n - walk.at;
    return true;
}

void command_line_clear(struct command_line *command)
{
    free(command->environment);
    *command = (struct command_line){0};
}
