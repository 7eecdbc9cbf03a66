#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/text/import_parts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- programs ------------------------------------------------------------------------------------- */

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

static bool starts_with_flag(const struct shell_command *command)
{
    const char *word = command->words[0].text;
    return word[0] == '-' && word[1] != '\0';
}

/* Index of the program's word; n where the command starts none. What stands behind a flag is its value. */
static size_t program_word(const struct shell_command *command)
{
    for (size_t i = 0; i < command->n && !(i == 1 && starts_with_flag(command)); i++) {
        if (is_program(command->words[i].text)) {
            return i;
        }
    }
    return command->n;
}

/* --- which command of a script -------------------------------------------------------------------- */

enum rank { NO_PROGRAM, ANY_PROGRAM, PLACES, OVERRIDES };

static enum rank rank_words(const struct shell_script *words)
{
    enum rank rank = ANY_PROGRAM;
    for (size_t i = 0; words->n > 0 && i < words->commands[0].n; i++) {
        if (import_is_override(words->commands[0].words[i].text)) {
            return OVERRIDES;
        }
        rank = import_is_placing(words->commands[0].words[i].text) ? PLACES : rank;
    }
    return rank;
}

static enum rank rank_of(struct variables *variables, const struct shell_command *command)
{
    struct shell_script words;
    size_t program = program_word(command);
    if (program == command->n) {
        return NO_PROGRAM;
    }
    import_expand(variables, command, program + 1, &words);
    enum rank rank = rank_words(&words);
    shell_script_clear(&words);
    return rank;
}

/* The first of those that say most. */
static const struct shell_command *choose_command(const struct shell_script *script,
                                                  struct variables *variables, enum rank *best)
{
    const struct shell_command *chosen = NULL;
    *best = NO_PROGRAM;
    for (size_t i = 0; i < script->n && *best < OVERRIDES; i++) {
        enum rank rank = rank_of(variables, &script->commands[i]);
        if (rank > *best) {
            *best = rank;
            chosen = &script->commands[i];
        }
    }
    return chosen;
}

/* --- commands ------------------------------------------------------------------------------------- */

static bool is_assignment(const char *word)
{
    size_t name = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
    return name > 0 && word[name] == '=';
}

/* `export LLAMA_ARG_…=…`, `set …` and `$env:… = …` in front of the command. */
static void add_exports(const struct shell_script *script, const struct shell_command *command,
                        struct imported *out)
{
    static const char *const ours[] = {"LLAMA_ARG_", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"};
    for (const struct shell_command *before = script->commands; before < command; before++) {
        for (size_t i = 0; i < before->n; i++) {
            const char *word = before->words[i].text;
            const char *name = strncasecmp(word, "$env:", 5) == 0 ? word + 5 : word;
            bool our = strncmp(name, ours[0], strlen(ours[0])) == 0 ||
                       strncmp(name, ours[1], strlen(ours[1])) == 0 ||
                       strncmp(name, ours[2], strlen(ours[2])) == 0;
            bool apart =
                name != word && i + 2 < before->n && strcmp(before->words[i + 1].text, "=") == 0;
            char *joined =
                apart ? memory_format("%s=%s", name, before->words[i + 2].text) : memory_text(name);
            if (our && strchr(joined, '=') != NULL) {
                imported_environment(out, joined);
            }
            free(joined);
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

static void note_variables(const struct shell_command *words, struct imported *out)
{
    for (size_t i = 0; i < words->n; i++) {
        if (words->words[i].has_variable) {
            imported_note(out, words->words[i].line, "the variable in '%s' is left as it stands",
                          words->words[i].text);
        }
    }
}

/* Words behind the program, or all where there is none. */
static void import_expanded(struct variables *variables, const struct shell_command *command,
                            size_t from, bool colons, struct imported *out)
{
    static const struct shell_command none;
    struct shell_script words;
    import_expand(variables, command, from, &words);
    const struct shell_command *all = words.n > 0 ? &words.commands[0] : &none;
    out->dialect = import_dialect_of(out->program, all->words, all->n);
    note_variables(all, out);
    import_words(all->words, all->n, colons, out);
    shell_script_clear(&words);
}

static void import_program(const struct shell_script *script, struct variables *variables,
                           const struct shell_command *command, struct imported *out)
{
    size_t program = program_word(command);
    add_exports(script, command, out);
    for (size_t i = 0; i < program; i++) {
        if (is_assignment(command->words[i].text)) {
            imported_environment(out, command->words[i].text);
        }
    }
    out->program = memory_text(command->words[program].text);
    import_expanded(variables, command, program + 1, false, out);
    note_cut_command(script, command, out);
}

/* Text of one line where a sentence goes on behind a quoted value. */
static void cut_sentence(struct shell_word *word)
{
    size_t length = strlen(word->text);
    while (word->quoted && length > 0 && strchr(",:`", word->text[length - 1]) != NULL) {
        word->text[--length] = '\0';
    }
}

/* A launcher of its own, or prose around a line: what stands from the first flag on. */
static bool import_unknown(const struct shell_script *script, struct variables *variables,
                           struct imported *out)
{
    for (size_t i = 0; i < script->n; i++) {
        const struct shell_command *command = &script->commands[i];
        size_t from = 0;
        bool places = false;
        while (from < command->n && !import_knows_flag(command->words[from].text)) {
            from++;
        }
        for (size_t k = from; k < command->n; k++) {
            places = places || import_is_placing(command->words[k].text);
            cut_sentence(&command->words[k]);
        }
        if (from == command->n || !places) {
            continue;
        }
        out->program = memory_text(from > 0 ? command->words[0].text : NULL);
        imported_note(out, command->words[0].line, "read from '%s' on", command->words[from].text);
        import_expanded(variables, command, from, false, out);
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
        note_variables(command, out);
        import_words(command->words, command->n, colons, out);
        any = true;
    }
    return any;
}

/* Lines that begin with a dash and do not continue. */
static size_t count_flag_lines(const char *text, size_t size)
{
    size_t n = 0;
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end == NULL ? size - at : (size_t)(end - text) - at;
        size_t next = at + length + 1;
        while (length > 0 && strchr(" \t\r", text[at + length - 1]) != NULL) {
            length--;
        }
        while (length > 0 && strchr(" \t", text[at]) != NULL) {
            at++;
            length--;
        }
        n += length > 1 && text[at] == '-' && strchr("\\^`", text[at + length - 1]) == NULL;
        at = next;
    }
    return n;
}

static bool import_without_program(const char *text, size_t size, const struct shell_script *script,
                                   struct variables *variables, struct imported *out)
{
    if (count_flag_lines(text, size) < 2) {
        return import_parameters(script, false, out) || import_unknown(script, variables, out);
    }
    struct shell_script raw; /* a file of parameters: no shell reads it */
    shell_split(text, size, SHELL_RAW, &raw, NULL);
    out->kind = IMPORT_PARAMETERS;
    bool any = import_parameters(&raw, true, out);
    shell_script_clear(&raw);
    return any;
}

/* --- commands inside of words --------------------------------------------------------------------- */

/* `"llama-server -ot …"` as an argument of ssh, tmux, bash -c or a call in a program: the text, or NULL. New. */
static char *inner_command(const char *word)
{
    const char *blank = strchr(word, ' ');
    bool overrides = strstr(word, " -ot ") != NULL || strstr(word, " --override-tensor") != NULL ||
                     strstr(word, " --override_tensor") != NULL ||
                     strstr(word, " --overridetensors") != NULL;
    if (blank == NULL || !overrides) {
        return NULL;
    }
    const char *quote = strpbrk(word, "\"'");
    const char *last = quote == NULL ? NULL : strrchr(word, *quote);
    bool call = quote != NULL && quote > word && quote < blank && quote[-1] == '(' && last > quote;
    return call ? memory_text_n(quote + 1, (size_t)(last - quote) - 1) : memory_text(word);
}

static bool has_override(const struct shell_script *script)
{
    for (size_t i = 0; i < script->n; i++) {
        for (size_t k = 0; k < script->commands[i].n; k++) {
            if (import_is_override(script->commands[i].words[k].text)) {
                return true;
            }
        }
    }
    return false;
}

static bool import_inner(const struct shell_script *script, enum shell_style style,
                         struct imported *out)
{
    if (has_override(script)) {
        return false;
    }
    for (size_t i = 0; i < script->n; i++) {
        for (size_t k = 0; k < script->commands[i].n; k++) {
            char *inner = inner_command(script->commands[i].words[k].text);
            struct shell_script again = {0};
            bool nested = inner != NULL && shell_split(inner, strlen(inner), style, &again, NULL);
            struct variables *variables = variables_of(&again);
            enum rank rank = NO_PROGRAM;
            const struct shell_command *command = choose_command(&again, variables, &rank);
            bool found = nested && (rank == OVERRIDES || import_unknown(&again, variables, out));
            if (nested && rank == OVERRIDES) {
                import_program(&again, variables, command, out);
            }
            variables_free(&variables);
            shell_script_clear(&again);
            free(inner);
            if (found) {
                return true;
            }
        }
    }
    return false;
}

bool import_shell(const char *text, size_t size, enum shell_style style, struct imported *out)
{
    struct shell_script script;
    struct error open = {0};
    enum rank rank = NO_PROGRAM;
    bool closed = shell_split(text, size, style, &script, &open);
    struct variables *variables = variables_of(&script);
    const struct shell_command *command = choose_command(&script, variables, &rank);
    bool ok = true;
    out->kind = IMPORT_COMMAND;
    if (rank < OVERRIDES &&
        (import_assigned(text, size, out) || import_inner(&script, style, out))) {
        closed = true;
    } else if (command != NULL) {
        import_program(&script, variables, command, out);
    } else {
        ok = import_without_program(text, size, &script, variables, out);
    }
    if (!closed && ok) {
        imported_note(out, 0, "%s", open.text);
    }
    variables_free(&variables);
    shell_script_clear(&script);
    return ok;
}
