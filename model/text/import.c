#include "model/text/import.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/text/import_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *import_kind_name(enum import_kind kind)
{
    static const char *const names[IMPORT_KINDS] = {"command line", "parameter file", "-ot values",
                                                    "models preset", "llama-swap"};
    return names[kind];
}

const char *import_dialect_name(enum import_dialect dialect)
{
    static const char *const names[] = {"llama.cpp", "ik_llama.cpp", "KoboldCpp", "llama-bench"};
    return names[dialect];
}

/* --- the result --------------------------------------------------------------------------------- */

static void add_text(char ***list, size_t *n, const char *text)
{
    *list = memory_resize(*list, *n + 2, sizeof **list);
    (*list)[(*n)++] = memory_text(text);
    (*list)[*n] = NULL;
}

void imported_argument(struct imported *out, const char *word)
{
    add_text(&out->arguments, &out->n_arguments, word);
}

void imported_kept(struct imported *out, const char *word)
{
    add_text(&out->kept, &out->n_kept, word);
}

void imported_environment(struct imported *out, const char *assignment)
{
    add_text(&out->environment, &out->n_environment, assignment);
}

void imported_note(struct imported *out, uint32_t line, const char *format, ...)
{
    char text[1024];
    struct error clean = {0};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    error_set(&clean, ERROR_INPUT, "%s", text); /* strips control characters */
    out->notes = memory_resize(out->notes, out->n_notes + 1, sizeof *out->notes);
    out->notes[out->n_notes++] = (struct import_note){line, memory_text(clean.text)};
}

static void texts_clear(char **list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(list[i]);
    }
    free(list);
}

void imported_clear(struct imported *imported)
{
    texts_clear(imported->arguments, imported->n_arguments);
    texts_clear(imported->environment, imported->n_environment);
    texts_clear(imported->kept, imported->n_kept);
    for (size_t i = 0; i < imported->n_notes; i++) {
        free(imported->notes[i].text);
    }
    free(imported->notes);
    free(imported->program);
    free(imported->entry);
    *imported = (struct imported){0};
}

/* --- which command of a script ------------------------------------------------------------------ */

static const char *base_name(const char *word)
{
    const char *slash = strrchr(word, '/');
    const char *backslash = strrchr(word, '\\');
    slash = slash != NULL && (backslash == NULL || slash > backslash) ? slash : backslash;
    return slash == NULL ? word : slash + 1;
}

static bool is_program(const char *word)
{
    const char *name = base_name(word);
    size_t length = strlen(name);
    length -= length > 4 && strcmp(name + length - 4, ".exe") == 0 ? 4 : 0;
    bool exact = (length == 4 && strncmp(name, "main", 4) == 0) ||
                 (length == 6 && strncmp(name, "server", 6) == 0) ||
                 (length == 5 && strncmp(name, "llama", 5) == 0);
    bool image = strstr(word, "llama.cpp:") != NULL || strstr(word, "koboldcpp:") != NULL;
    return word[0] != '-' && (exact || image || strncmp(name, "llama-", 6) == 0 ||
                              strncmp(name, "koboldcpp", 9) == 0);
}

/* Index of the program's word; n where the command starts none. What stands behind a flag is its value. */
static size_t program_word(const struct shell_command *command)
{
    for (size_t i = 0; i < command->n; i++) {
        if (is_program(command->words[i].text)) {
            return i;
        }
        if (i == 0 && command->words[0].text[0] == '-') {
            break;
        }
    }
    return command->n;
}

static bool starts_with_flag(const struct shell_command *command)
{
    const char *word = command->words[0].text;
    return word[0] == '-' && word[1] != '\0';
}

static bool places_tensors(const struct shell_command *command)
{
    static const char *const flags[] = {"-ot",
                                        "--override-tensor",
                                        "--override_tensor",
                                        "-ngl",
                                        "--n-gpu-layers",
                                        "--gpu-layers",
                                        "-m",
                                        "--model",
                                        "--overridetensors",
                                        "--gpulayers",
                                        "-hf",
                                        "-ncmoe",
                                        "-cmoe"};
    for (size_t i = 0; i < command->n; i++) {
        for (size_t k = 0; k < sizeof flags / sizeof flags[0]; k++) {
            size_t length = strlen(flags[k]);
            if (strncmp(command->words[i].text, flags[k], length) == 0 &&
                (command->words[i].text[length] == '\0' || command->words[i].text[length] == '=')) {
                return true;
            }
        }
    }
    return false;
}

static const struct shell_command *choose_command(const struct shell_script *script)
{
    const struct shell_command *any = NULL;
    for (size_t i = 0; i < script->n; i++) {
        const struct shell_command *command = &script->commands[i];
        if (program_word(command) == command->n) {
            continue;
        }
        if (places_tensors(command)) {
            return command;
        }
        any = any == NULL ? command : any;
    }
    return any;
}

/* --- arrays: ARGS=( … ) and "${ARGS[@]}" -------------------------------------------------------- */

static const struct shell_word *find_array(const struct shell_script *script, const char *word,
                                           char **content)
{
    const char *name = strncmp(word, "${", 2) == 0 ? word + 2 : NULL;
    size_t length = name == NULL ? 0 : strcspn(name, "[}");
    for (size_t i = 0; i < script->n && length > 0; i++) {
        const struct shell_word *first = &script->commands[i].words[0];
        if (strncmp(first->text, name, length) == 0 &&
            (strncmp(first->text + length, "=(", 2) == 0 ||
             strncmp(first->text + length, "+=(", 3) == 0)) {
            *content = strchr(first->text, '(') + 1;
            return first;
        }
    }
    return NULL;
}

/* The words of a command with its arrays put in. `owned`: scripts that the words belong to. */
struct words {
    struct shell_word *items; /* owned array of borrowed words */
    size_t n;
    struct shell_script *scripts;
    size_t n_scripts;
};

static void add_word(struct words *words, const struct shell_word *word)
{
    words->items = memory_resize(words->items, words->n + 1, sizeof *words->items);
    words->items[words->n++] = *word;
}

static void add_array(struct words *words, const struct shell_word *array, const char *content)
{
    struct shell_script script;
    size_t length = strlen(content);
    length -= length > 0 && content[length - 1] == ')';
    shell_split(content, length, SHELL_POSIX, &script, NULL);
    for (size_t i = 0; i < script.n; i++) {
        for (size_t k = 0; k < script.commands[i].n; k++) {
            script.commands[i].words[k].line += array->line - 1;
            add_word(words, &script.commands[i].words[k]);
        }
    }
    words->scripts = memory_resize(words->scripts, words->n_scripts + 1, sizeof *words->scripts);
    words->scripts[words->n_scripts++] = script;
}

static struct words words_of(const struct shell_script *script, const struct shell_command *command,
                             size_t from)
{
    struct words words = {0};
    for (size_t i = from; i < command->n; i++) {
        char *content = NULL;
        const struct shell_word *array = find_array(script, command->words[i].text, &content);
        if (array != NULL) {
            add_array(&words, array, content);
        } else {
            add_word(&words, &command->words[i]);
        }
    }
    return words;
}

static void words_clear(struct words *words)
{
    for (size_t i = 0; i < words->n_scripts; i++) {
        shell_script_clear(&words->scripts[i]);
    }
    free(words->scripts);
    free(words->items);
}

/* --- commands ----------------------------------------------------------------------------------- */

static bool is_assignment(const char *word)
{
    size_t name = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
    return name > 0 && word[name] == '=';
}

static bool is_llama_variable(const char *text)
{
    return strncmp(text, "LLAMA_ARG_", 10) == 0 && strchr(text, '=') != NULL;
}

/* `export LLAMA_ARG_…=…` in front of the command. */
static void add_exports(const struct shell_script *script, const struct shell_command *command,
                        struct imported *out)
{
    static const char *const ours[] = {"CUDA_VISIBLE_DEVICES=", "CUDA_DEVICE_ORDER="};
    for (const struct shell_command *before = script->commands; before < command; before++) {
        for (size_t i = 0; i < before->n; i++) {
            const char *word = before->words[i].text;
            if (is_llama_variable(word) || strncmp(word, ours[0], strlen(ours[0])) == 0 ||
                strncmp(word, ours[1], strlen(ours[1])) == 0) {
                imported_environment(out, word);
            }
        }
    }
}

static void note_cut_command(const struct shell_script *script, const struct shell_command *command,
                             struct imported *out)
{
    const struct shell_command *next = command + 1;
    if (next < script->commands + script->n && starts_with_flag(next)) {
        imported_note(
            out, next->words[0].line,
            "'%s …' stands outside the command: a comment, or a blank behind the backslash, "
            "cut it; these arguments do not arrive",
            next->words[0].text);
    }
}

static void note_variables(const struct words *words, struct imported *out)
{
    for (size_t i = 0; i < words->n; i++) {
        if (words->items[i].has_variable) {
            imported_note(out, words->items[i].line, "the variable in '%s' is left as it stands",
                          words->items[i].text);
        }
    }
}

static void import_command(const struct shell_script *script, const struct shell_command *command,
                           struct imported *out)
{
    size_t program = program_word(command);
    add_exports(script, command, out);
    for (size_t i = 0; i < program; i++) {
        if (is_assignment(command->words[i].text)) {
            imported_environment(out, command->words[i].text);
        }
    }
    out->program = memory_text(command->words[program].text);
    struct words words = words_of(script, command, program + 1);
    out->dialect = import_dialect_of(out->program, words.items, words.n);
    note_variables(&words, out);
    import_words(words.items, words.n, false, out);
    note_cut_command(script, command, out);
    words_clear(&words);
}

/* A launcher of its own, or prose around a line: what stands from the first flag on. */
static bool import_unknown(const struct shell_script *script, struct imported *out)
{
    for (size_t i = 0; i < script->n; i++) {
        const struct shell_command *command = &script->commands[i];
        size_t from = 0;
        while (from < command->n && !import_knows_flag(command->words[from].text)) {
            from++;
        }
        if (from == command->n || !places_tensors(command)) {
            continue;
        }
        out->program = memory_text(from > 0 ? command->words[0].text : NULL);
        out->dialect = import_dialect_of(out->program, command->words + from, command->n - from);
        imported_note(out, command->words[0].line, "read from '%s' on", command->words[from].text);
        import_words(command->words + from, command->n - from, false, out);
        return true;
    }
    return false;
}

/* Lines of flags without a program: all of them, in order. */
static bool import_parameters(const struct shell_script *script, bool colons, struct imported *out)
{
    bool any = false;
    for (size_t i = 0; i < script->n; i++) {
        const struct shell_command *command = &script->commands[i];
        if (!starts_with_flag(command)) {
            continue;
        }
        out->dialect = any ? out->dialect : import_dialect_of(NULL, command->words, command->n);
        import_words(command->words, command->n, colons, out);
        any = true;
    }
    return any;
}

/* --- values alone ------------------------------------------------------------------------------- */

static bool add_value_line(const char *line, size_t length, uint32_t number, struct imported *out)
{
    bool changed = false;
    while (length > 0 && strchr(" \t\r", line[length - 1]) != NULL) {
        length--;
    }
    while (length > 0 && strchr(" \t", *line) != NULL) {
        line++;
        length--;
    }
    if (length > 1 && (*line == '"' || *line == '\'') && line[length - 1] == *line) {
        line++;
        length -= 2;
    }
    if (length == 0 || *line == '#') {
        return false;
    }
    char *text = memory_text_n(line, length);
    if (is_llama_variable(text)) {
        imported_environment(out, text);
        free(text);
        return true;
    }
    char *value = import_colon_value(text, &changed);
    bool is_value = strchr(value, '=') != NULL;
    if (is_value) {
        imported_argument(out, "-ot");
        imported_argument(out, value);
    }
    if (changed) {
        imported_note(out, number,
                      "pattern:DEVICE is read as pattern=DEVICE; llama.cpp refuses the colon");
    }
    free(text);
    free(value);
    return is_value;
}

static bool import_values(const char *text, size_t size, struct imported *out)
{
    bool any = false;
    uint32_t number = 1;
    for (size_t at = 0; at < size; number++) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end == NULL ? size - at : (size_t)(end - text) - at;
        any = add_value_line(text + at, length, number, out) || any;
        at += length + 1;
    }
    return any;
}

/* --- which kind it is --------------------------------------------------------------------------- */

struct shape {
    size_t sections;    /* `[…]` alone on a line */
    size_t keys;        /* `name = …` */
    size_t commands;    /* `cmd:` */
    size_t flag_lines;  /* begin with a dash, do not continue */
    size_t batch_lines; /* end with `^`, or start a Windows program */
};

static bool begins(const char *line, size_t length, const char *with)
{
    size_t n = strlen(with);
    return length >= n && memcmp(line, with, n) == 0;
}

/* `.\\bin\\llama-server.exe …` */
static bool is_windows(const char *line, size_t length)
{
    const char *program = memmem(line, length, ".exe", 4);
    return program != NULL && memchr(line, '\\', (size_t)(program - line)) != NULL;
}

static void look_at_line(const char *line, size_t length, struct shape *shape)
{
    while (length > 0 && strchr(" \t\r", line[length - 1]) != NULL) {
        length--;
    }
    while (length > 0 && strchr(" \t", *line) != NULL) {
        line++;
        length--;
    }
    if (length == 0) {
        return;
    }
    char last = line[length - 1];
    const char *equals = memchr(line, '=', length);
    size_t name = strcspn(line, " =\n");
    shape->sections += *line == '[' && last == ']';
    shape->keys += equals != NULL && *line != '-' && line[name] != '\n' &&
                   strspn(line + name, " ") + name == (size_t)(equals - line);
    shape->commands += begins(line, length, "cmd:");
    shape->flag_lines += *line == '-' && last != '\\' && last != '^' && last != '`';
    shape->batch_lines += last == '^' || is_windows(line, length);
}

static struct shape shape_of(const char *text, size_t size)
{
    struct shape shape = {0};
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end == NULL ? size - at : (size_t)(end - text) - at;
        look_at_line(text + at, length, &shape);
        at += length + 1;
    }
    return shape;
}

static bool import_shell(const char *text, size_t size, const struct shape *shape,
                         struct imported *out, struct error *error)
{
    struct shell_script script;
    struct error open = {0};
    enum shell_style style = shape->batch_lines > 0 ? SHELL_BATCH : SHELL_POSIX;
    if (!shell_split(text, size, style, &script, &open)) {
        imported_note(out, 0, "%s", open.text);
    }
    const struct shell_command *command = choose_command(&script);
    out->kind = IMPORT_COMMAND;
    bool ok = true;
    if (command != NULL) {
        import_command(&script, command, out);
    } else if (shape->flag_lines > 1) { /* a file of parameters: no shell reads it */
        shell_script_clear(&script);
        shell_split(text, size, SHELL_RAW, &script, NULL);
        out->kind = IMPORT_PARAMETERS;
        ok = import_parameters(&script, true, out);
    } else {
        ok = import_parameters(&script, false, out) || import_unknown(&script, out);
    }
    shell_script_clear(&script);
    if (!ok && import_values(text, size, out)) {
        out->kind = out->n_environment > 0 ? IMPORT_ENVIRONMENT : IMPORT_VALUES;
        ok = true;
    }
    return ok || error_set(error, ERROR_INPUT,
                           "there is neither a llama.cpp command nor an -ot value in it");
}

static bool import_swap(const char *text, size_t size, const char *choice, struct imported *out,
                        struct error *error)
{
    char *command = import_swap_command(text, size, choice, out, error);
    if (command == NULL) {
        return false;
    }
    struct shape shape = {0};
    bool ok = import_shell(command, strlen(command), &shape, out, error);
    out->kind = IMPORT_LLAMA_SWAP;
    free(command);
    return ok;
}

/* The bytes without a mark at the front and without NULs, which no such file has a use for. */
static char *clean_text(const char *text, size_t size, size_t *length)
{
    size_t skip = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    char *clean = memory_new(size + 1);
    *length = 0;
    for (size_t i = skip; i < size; i++) {
        if (text[i] != '\0') {
            clean[(*length)++] = text[i];
        }
    }
    return clean;
}

bool import_text(const char *text, size_t size, const char *choice, struct imported *out,
                 struct error *error)
{
    *out = (struct imported){0};
    size_t length = 0;
    char *clean = clean_text(text, size, &length);
    struct shape shape = shape_of(clean, length);
    bool ok = false;
    if (clean[strspn(clean, " \t\r\n")] == '{') {
        error_set(error, ERROR_INPUT, "it is JSON: no -ot lines are read from that");
    } else if (shape.commands > 0) {
        ok = import_swap(clean, length, choice, out, error);
    } else if (shape.sections > 0 && shape.keys > 0) {
        out->kind = IMPORT_PRESET;
        ok = import_preset(clean, length, choice, out, error);
    } else {
        ok = import_shell(clean, length, &shape, out, error);
    }
    free(clean);
    if (!ok) {
        imported_clear(out);
    }
    return ok;
}
