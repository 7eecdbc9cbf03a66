#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/text/import_parts.h"

#include <stdlib.h>
#include <string.h>

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789"

struct variable {
    char *name, *value; /* owned */
    bool is_array;      /* value: the text between the parentheses */
    uint32_t line;
};

struct variables {
    struct variable *items;
    size_t n;
    size_t expanded; /* bytes put in so far, so that those that hold each other come to an end */
};

static struct variable *find(const struct variables *variables, const char *name, size_t length)
{
    for (size_t i = 0; i < variables->n; i++) {
        struct variable *variable = &variables->items[i];
        if (strlen(variable->name) == length && strncmp(variable->name, name, length) == 0) {
            return variable;
        }
    }
    return NULL;
}

/* --- what the script assigns ---------------------------------------------------------------------- */

/* `"$NAME more"` for NAME itself: what it held comes in front. */
static const char *behind_itself(const struct variable *old, const char *value)
{
    size_t length = strlen(old->name);
    size_t brace = strncmp(value, "${", 2) == 0;
    bool itself = value[0] == '$' && strncmp(value + 1 + brace, old->name, length) == 0;
    return itself ? value + 1 + brace + length + brace : NULL;
}

static void assign(struct variables *variables, const char *name, size_t length, const char *value,
                   bool append, uint32_t line)
{
    bool is_array = value[0] == '(';
    struct variable *old = find(variables, name, length);
    size_t bytes = strlen(value);
    char *content = is_array ? memory_text_n(value + 1, bytes - 1 - (value[bytes - 1] == ')'))
                             : memory_text(value);
    if (old == NULL) {
        variables->items =
            memory_resize(variables->items, variables->n + 1, sizeof *variables->items);
        old = &variables->items[variables->n++];
        *old = (struct variable){memory_text_n(name, length), memory_text(""), is_array, line};
    }
    const char *rest = behind_itself(old, content);
    if (append || rest != NULL) {
        char *joined =
            memory_format("%s%s%s", old->value, is_array ? " " : "", rest != NULL ? rest : content);
        free(content);
        content = joined;
    }
    free(old->value);
    old->value = content;
    old->is_array = is_array;
}

/* `NAME=value` or `NAME+=value`. */
static void see_word(struct variables *variables, const struct shell_word *word)
{
    size_t name = strspn(word->text, NAME_CHARACTERS);
    bool append = word->text[name] == '+';
    if (name > 0 && word->text[name + append] == '=') {
        assign(variables, word->text, name, word->text + name + append + 1, append, word->line);
    }
}

static bool is_word(const char *text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcmp(text, *words) == 0) {
            return true;
        }
    }
    return false;
}

/* `set NAME=the rest of the line` and `$NAME = "value"` of Windows. */
static void see_windows(struct variables *variables, const struct shell_command *command)
{
    const struct shell_word *words = command->words;
    struct strbuf value = {0};
    bool is_set =
        command->n > 1 && (strcmp(words[0].text, "set") == 0 || strcmp(words[0].text, "SET") == 0);
    bool is_power = command->n > 2 && words[0].text[0] == '$' && strcmp(words[1].text, "=") == 0;
    const char *name = is_set ? words[1].text : is_power ? words[0].text + 1 : "";
    size_t length = strspn(name, NAME_CHARACTERS);
    if (is_set && name[length] == '=' && length > 0) {
        for (size_t i = 1; i < command->n; i++) {
            strbuf_format(&value, "%s%s", i > 1 ? " " : "", words[i].text);
        }
        assign(variables, name, length, strbuf_text(&value) + length + 1, false, words[0].line);
    } else if (is_power && length > 0 && name[length] == '\0') {
        assign(variables, name, length, words[2].text, false, words[0].line);
    }
    strbuf_clear(&value);
}

struct variables *variables_of(const struct shell_script *script)
{
    static const char *const keywords[] = {"export", "readonly", "local", "declare", "typeset",
                                           "-a",     "-r",       "-x",    NULL};
    struct variables *variables = memory_new(sizeof *variables);
    for (size_t i = 0; i < script->n; i++) {
        const struct shell_command *command = &script->commands[i];
        size_t k = 0;
        for (; k < command->n; k++) {
            const char *word = command->words[k].text;
            size_t name = strspn(word, NAME_CHARACTERS);
            bool assigns = name > 0 && (word[name] == '=' || strncmp(word + name, "+=", 2) == 0);
            if (!assigns && !is_word(word, keywords)) {
                break;
            }
            see_word(variables, &command->words[k]);
        }
        if (k == 0) {
            see_windows(variables, command);
        }
    }
    return variables;
}

void variables_free(struct variables **variables)
{
    for (size_t i = 0; i < (*variables)->n; i++) {
        free((*variables)->items[i].name);
        free((*variables)->items[i].value);
    }
    free((*variables)->items);
    free(*variables);
    *variables = NULL;
}

/* --- putting them in ------------------------------------------------------------------------------ */

/* The variable at `text` and in `*length` how long its mention is: $N ${N} ${N[@]} %N% !N! @N. */
static const struct variable *mention(const struct variables *variables, const char *text,
                                      size_t *length)
{
    char open = text[0];
    bool brace = strncmp(text, "${", 2) == 0;
    if (strchr("$%!@", open) == NULL || open == '\0') {
        return NULL;
    }
    const char *name = text + 1 + brace;
    size_t n = strspn(name, NAME_CHARACTERS);
    const char *end = name + n;
    if (brace && (strncmp(end, "[@]", 3) == 0 || strncmp(end, "[*]", 3) == 0)) {
        end += 3;
    }
    char close = brace ? '}' : open == '%' || open == '!' ? open : '\0';
    if (close != '\0' && *end != close) {
        return NULL;
    }
    *length = (size_t)(end - text) + (close != '\0');
    return n == 0 ? NULL : find(variables, name, n);
}

static void add_word(struct shell_script *out, const struct shell_word *word, const char *text)
{
    struct shell_word copy = *word;
    copy.text = memory_text(text);
    shell_script_add(out, false, copy);
}

enum { MOST_DEPTH = 4, MOST_WORDS = 100000, MOST_VALUE = 1 << 20, MOST_EXPANDED = 1 << 21 };

/* An override's value with the texts of its variables in it. */
static void add_value(const struct variables *variables, const struct shell_word *word,
                      struct shell_script *out)
{
    struct strbuf text = {0};
    for (const char *at = word->text; *at != '\0';) {
        size_t length = 0;
        const struct variable *variable = mention(variables, at, &length);
        if (variable != NULL && !variable->is_array && text.length < MOST_VALUE) {
            strbuf_add(&text, variable->value);
            at += length;
        } else {
            strbuf_add_char(&text, *at++);
        }
    }
    struct shell_word copy = *word;
    copy.has_variable =
        strbuf_text(&text)[strcspn(strbuf_text(&text), "$%")] != '\0' && word->has_variable;
    copy.text = strbuf_take(&text);
    shell_script_add(out, false, copy);
}

static void add_expanded(struct variables *variables, const struct shell_word *words, size_t n,
                         unsigned depth, struct shell_script *out);

static void add_variable(struct variables *variables, const struct variable *variable,
                         enum shell_style style, uint32_t line, unsigned depth,
                         struct shell_script *out)
{
    struct shell_script script;
    variables->expanded += strlen(variable->value) + 1;
    shell_split(variable->value, strlen(variable->value), style, &script, NULL);
    for (size_t i = 0; i < script.n; i++) {
        for (size_t k = 0; k < script.commands[i].n; k++) {
            struct shell_word *word = &script.commands[i].words[k];
            word->line = variable->is_array ? word->line + variable->line - 1 : line;
            word->has_variable = word->has_variable || strchr(word->text, '$') != NULL;
        }
        add_expanded(variables, script.commands[i].words, script.commands[i].n, depth + 1, out);
    }
    shell_script_clear(&script);
}

/* Does the variable stand for flags of its own? */
static bool holds_flags(const struct variable *variable)
{
    const char *text = variable->value + strspn(variable->value, " \t\r\n");
    return variable->is_array || (text[0] == '-' && text[1] != '\0');
}

static void add_expanded(struct variables *variables, const struct shell_word *words, size_t n,
                         unsigned depth, struct shell_script *out)
{
    for (size_t i = 0; i < n; i++) {
        size_t length = 0;
        size_t so_far = out->n == 0 ? 0 : out->commands[0].n;
        const struct variable *variable = mention(variables, words[i].text, &length);
        bool whole = variable != NULL && words[i].text[length] == '\0';
        char open = words[i].text[0];
        enum shell_style style = whole && variable->is_array  ? SHELL_POSIX
                                 : open == '%' || open == '!' ? SHELL_RAW
                                                              : SHELL_FIELDS;
        bool expands =
            depth < MOST_DEPTH && so_far < MOST_WORDS && variables->expanded < MOST_EXPANDED;
        if (whole && holds_flags(variable) && expands) {
            add_variable(variables, variable, style, words[i].line, depth, out);
        } else if (i > 0 && import_is_override(words[i - 1].text) && so_far < MOST_WORDS) {
            add_value(variables, &words[i], out);
        } else {
            add_word(out, &words[i], words[i].text);
        }
    }
}

void import_expand(struct variables *variables, const struct shell_command *command, size_t from,
                   struct shell_script *out)
{
    *out = (struct shell_script){0};
    if (from < command->n) {
        add_expanded(variables, command->words + from, command->n - from, 0, out);
    }
}
