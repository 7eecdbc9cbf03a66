#include "src/options.h"

#include "model/base/memory.h"
#include "model/text/flags.h"

#include <stdlib.h>
#include <string.h>

static const char *const command_names[COMMAND_COUNT] = {
    [COMMAND_PLANNER] = "",        [COMMAND_PLAN] = "plan",           [COMMAND_TENSORS] = "tensors",
    [COMMAND_DEVICES] = "devices", [COMMAND_OVERRIDES] = "overrides", [COMMAND_EXPORT] = "export",
    [COMMAND_COMPARE] = "compare", [COMMAND_VERIFY] = "verify",       [COMMAND_DEMO] = "demo",
    [COMMAND_PROBE] = "probe",     [COMMAND_DOCTOR] = "doctor",       [COMMAND_RUN] = "run",
    [COMMAND_WATCH] = "watch",     [COMMAND_CALIBRATE] = "calibrate", [COMMAND_SHOP] = "shop",
    [COMMAND_REPORT] = "report",
};

const char *command_name(enum command command)
{
    return command_names[command];
}

/* The commands that take an option, as bits. */
enum {
    PLANNER = 1 << COMMAND_PLANNER | 1 << COMMAND_DEMO,
    PLAN = 1 << COMMAND_PLAN,
    TENSORS = 1 << COMMAND_TENSORS,
    DEVICES = 1 << COMMAND_DEVICES,
    OVERRIDES = 1 << COMMAND_OVERRIDES,
    EXPORT = 1 << COMMAND_EXPORT,
    COMPARE = 1 << COMMAND_COMPARE,
    VERIFY = 1 << COMMAND_VERIFY,
    PROBE = 1 << COMMAND_PROBE,
    DOCTOR = 1 << COMMAND_DOCTOR,
    RUN = 1 << COMMAND_RUN,
    CALIBRATE = 1 << COMMAND_CALIBRATE,
    SHOP = 1 << COMMAND_SHOP,
    WATCH = 1 << COMMAND_WATCH,
    REPORT = 1 << COMMAND_REPORT,
    PLACING = PLANNER | PLAN | OVERRIDES | EXPORT | COMPARE | PROBE | RUN | WATCH | REPORT,
    ANY = (1 << COMMAND_COUNT) - 1,
};

struct own_option {
    const char *name;
    unsigned commands;
    size_t place; /* offset in struct options */
    enum {
        NO_VALUE,
        ONE_VALUE,
        MAYBE_VALUE /* behind `=` only */,
        LIST_VALUE,
        EACH_VALUE /* the last one, and all of them */
    } value;
};

#define SWITCH(name, commands, field)                                                              \
    {                                                                                              \
        name, commands, offsetof(struct options, field), false                                     \
    }
#define VALUE(name, commands, field)                                                               \
    {                                                                                              \
        name, commands, offsetof(struct options, field), true                                      \
    }

static const struct own_option own_options[] = {
    SWITCH("-h", ANY, help),
    SWITCH("--help", ANY, help),
    SWITCH("--version", ANY, version),
    VALUE("--devices", PLACING | DEVICES | VERIFY | CALIBRATE, devices),
    {"--rig", PLACING | DEVICES | VERIFY | CALIBRATE | SHOP, offsetof(struct options, rig),
     EACH_VALUE},
    VALUE("--rigs", SHOP, rigs),
    {"--auto", PLACING, offsetof(struct options, strategy), MAYBE_VALUE},
    VALUE("--plan", PLACING | VERIFY | DOCTOR | CALIBRATE, plan),
    VALUE("--target", PLACING | VERIFY | CALIBRATE, target),
    VALUE("--depth", PLACING | CALIBRATE | SHOP, depth),
    VALUE("--import", PLACING, import),
    VALUE("--config", PLACING | DEVICES | DOCTOR | CALIBRATE, config),
    SWITCH("--dry-run", PLAN | CALIBRATE, dry_run),
    SWITCH("--reset", CALIBRATE, reset),
    VALUE("--commands", PLANNER, commands),
    SWITCH("--json",
           PLAN | TENSORS | DEVICES | OVERRIDES | COMPARE | VERIFY | PROBE | DOCTOR | WATCH |
               CALIBRATE | SHOP,
           json),
    SWITCH("--check", PLAN | EXPORT | WATCH, check),
    VALUE("--llama-bin", PROBE | PLAN | PLANNER | DEVICES | DOCTOR | RUN, llama_bin),
    {"--env", DOCTOR, 0, LIST_VALUE},
    VALUE("--format", EXPORT | REPORT, format),
    VALUE("-o", EXPORT | REPORT, output),
    VALUE("--output", EXPORT | REPORT, output),
    VALUE("--save", DEVICES, save),
    SWITCH("--force", EXPORT | REPORT | PLAN | PROBE | DEVICES | WATCH, force),
    VALUE("--interval", WATCH, interval),
    VALUE("--threshold", WATCH, threshold),
    VALUE("--pid", WATCH, pid),
    VALUE("--record", WATCH, record),
    SWITCH("--once", WATCH, once),
    SWITCH("--compare", WATCH | REPORT, compare),
    SWITCH("--measure", DEVICES, measure),
    SWITCH("--compact", PLAN | EXPORT | OVERRIDES | COMPARE | REPORT, compact),
    SWITCH("--ascii", ANY, ascii),
    VALUE("--color", ANY, color),
    SWITCH("--no-mouse", PLANNER, no_mouse),
};
enum { OPTION_COUNT = sizeof own_options / sizeof own_options[0] };

static const struct own_option *option_find(const char *word, size_t length)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const char *name = own_options[i].name;
        if (strlen(name) == length && strncmp(name, word, length) == 0) {
            return &own_options[i];
        }
    }
    return NULL;
}

bool option_known(const char *word)
{
    return option_find(word, strlen(word)) != NULL;
}

static bool command_find(const char *word, enum command *out)
{
    for (size_t i = COMMAND_PLANNER + 1; i < COMMAND_COUNT; i++) {
        if (strcmp(word, command_names[i]) == 0) {
            *out = (enum command)i;
            return true;
        }
    }
    return false;
}

static void keep(const char ***list, size_t *n, const char *word)
{
    *list = memory_resize(*list, *n + 1, sizeof **list);
    (*list)[(*n)++] = word;
}

struct walk {
    const char *const *words;
    size_t n, at;
    struct options *out;
    const struct own_option *seen[64]; /* to be checked once the command is known */
    size_t n_seen;
};

static bool read_own(struct walk *walk, const struct own_option *option, const char *equals,
                     struct error *error)
{
    char *field = (char *)walk->out + option->place;
    if (walk->n_seen < sizeof walk->seen / sizeof walk->seen[0]) {
        walk->seen[walk->n_seen++] = option;
    }
    walk->at++;
    if (option->value == NO_VALUE) {
        *(bool *)field = true;
        return equals == NULL || error_set(error, ERROR_USAGE, "%s takes no value", option->name);
    }
    if (option->value == MAYBE_VALUE && equals == NULL) {
        *(const char **)(void *)field = "";
        return true;
    }
    if (equals == NULL && walk->at >= walk->n) {
        return error_set(error, ERROR_USAGE, "%s: expected a value", option->name);
    }
    const char *value = equals != NULL ? equals + 1 : walk->words[walk->at++];
    if (option->value == LIST_VALUE) {
        keep(&walk->out->envs, &walk->out->n_envs, value);
        return true;
    }
    memcpy(field, &value, sizeof value);
    if (option->value == EACH_VALUE) {
        keep(&walk->out->each_rig, &walk->out->n_each_rig, value);
    }
    if (field == (char *)&walk->out->import) {
        walk->out->n_before_import = walk->out->n_llama;
    }
    return true;
}

static bool read_llama(struct walk *walk, const struct flag *flag, struct error *error)
{
    size_t n_values = (size_t)flag->n_values;
    if (walk->n - walk->at - 1 < n_values) {
        return error_set(error, ERROR_USAGE, "%s: expected %s", walk->words[walk->at],
                         n_values > 1 ? "two values" : "a value");
    }
    for (size_t i = 0; i <= n_values; i++) {
        keep(&walk->out->llama, &walk->out->n_llama, walk->words[walk->at++]);
    }
    return true;
}

static bool unknown(const char *word, struct error *error)
{
    char *near = flag_suggest(word);
    const char *equals = strchr(word, '=');
    bool joined = equals != NULL && near != NULL && strlen(near) == (size_t)(equals - word);
    if (joined) {
        error_set(error, ERROR_USAGE, "%s: llama.cpp takes the value as a word of its own: %s %s",
                  word, near, equals + 1);
    } else {
        error_set(error, ERROR_USAGE, "%s: unknown option%s%s%s", word,
                  near != NULL ? " (did you mean " : "", near != NULL ? near : "",
                  near != NULL ? "?)" : "; see otplan -h");
    }
    free(near);
    return false;
}

static bool read_word(struct walk *walk, struct error *error)
{
    const char *word = walk->words[walk->at];
    const char *equals = strncmp(word, "--", 2) == 0 ? strchr(word, '=') : NULL;
    size_t length = equals != NULL ? (size_t)(equals - word) : strlen(word);
    const struct own_option *option = option_find(word, length);
    if (option != NULL) {
        return read_own(walk, option, equals, error);
    }
    const struct flag *flag = flag_find(word, NULL);
    if (flag != NULL) {
        return read_llama(walk, flag, error);
    }
    if (word[0] == '-' && word[1] != '\0') {
        return unknown(word, error);
    }
    walk->at++;
    struct options *out = walk->out;
    if (out->command == COMMAND_PLANNER && out->n_positional == 0 &&
        command_find(word, &out->command)) {
        return true;
    }
    keep(&out->positional, &out->n_positional, word);
    return true;
}

static bool check_commands(const struct walk *walk, struct error *error)
{
    const struct options *out = walk->out;
    for (size_t i = 0; i < walk->n_seen && !out->help && !out->version; i++) {
        if ((walk->seen[i]->commands & 1U << out->command) == 0) {
            const char *name = command_name(out->command);
            return error_set(error, ERROR_USAGE, "%s is no option of otplan%s%s; see otplan %s -h",
                             walk->seen[i]->name, *name != '\0' ? " " : "", name, name);
        }
    }
    return true;
}

/* In every command, also where there is nothing to colour. */
static bool check_color(const char *color, struct error *error)
{
    bool known = color == NULL || strcmp(color, "auto") == 0 || strcmp(color, "always") == 0 ||
                 strcmp(color, "never") == 0;
    return known ||
           error_set(error, ERROR_USAGE, "--color %s: must be auto, always or never", color);
}

bool options_read(int n, const char *const *words, struct options *out, struct error *error)
{
    *out = (struct options){0};
    struct walk walk = {.words = words, .n = (size_t)n, .out = out};
    bool read = true;
    while (read && walk.at < walk.n) {
        if (strcmp(words[walk.at], "--") == 0) {
            out->after = words + walk.at + 1;
            out->n_after = walk.n - walk.at - 1;
            break;
        }
        read = read_word(&walk, error);
    }
    return read && check_commands(&walk, error) && check_color(out->color, error);
}

void options_clear(struct options *options)
{
    free(options->positional);
    free(options->llama);
    free(options->envs);
    free(options->each_rig);
    *options = (struct options){0};
}
