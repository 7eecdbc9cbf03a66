#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/text/arguments.h"
#include "model/text/import_parts.h"

#include <stdlib.h>
#include <string.h>

/* The few shapes of YAML that llama-swap, compose and pod files have: a key a line, deeper lines belong to it,
 * lists of texts. */
struct yaml_line {
    const char *text; /* behind the indentation */
    size_t length;
    size_t indent;
    bool blank; /* nothing, or a comment */
};

struct yaml {
    const char *text;
    size_t size, at;
};

static bool next_line(struct yaml *yaml, struct yaml_line *line)
{
    if (yaml->at >= yaml->size) {
        return false;
    }
    const char *start = yaml->text + yaml->at;
    const char *end = memchr(start, '\n', yaml->size - yaml->at);
    size_t length = end == NULL ? yaml->size - yaml->at : (size_t)(end - start);
    yaml->at += length + 1;
    while (length > 0 && strchr(" \t\r", start[length - 1]) != NULL) {
        length--;
    }
    line->indent = 0;
    while (line->indent < length && start[line->indent] == ' ') {
        line->indent++;
    }
    line->text = start + line->indent;
    line->length = length - line->indent;
    line->blank = line->length == 0 || *line->text == '#';
    return true;
}

/* `key:` or `"key":` at the start of the line; `*value` is what follows. New, or NULL. */
static char *key_of(const struct yaml_line *line, const char **value, size_t *value_length)
{
    bool quoted = line->length > 0 && (*line->text == '"' || *line->text == '\'');
    const char *stop = quoted ? memchr(line->text + 1, *line->text, line->length - 1)
                              : memchr(line->text, ':', line->length);
    if (stop == NULL) {
        return NULL;
    }
    const char *colon = quoted ? stop + 1 : stop;
    const char *end = line->text + line->length;
    if (colon >= end || *colon != ':' || (colon + 1 < end && colon[1] != ' ')) {
        return NULL;
    }
    *value = colon + 1;
    while (*value < end && **value == ' ') {
        (*value)++;
    }
    *value_length = (size_t)(end - *value);
    return memory_text_n(line->text + quoted, (size_t)(stop - line->text) - quoted);
}

static void add_text(struct strbuf *out, const char *text, size_t length)
{
    if (length > 0 && text[length - 1] == '\\') { /* llama-swap joins the lines anyway */
        length--;
    }
    strbuf_add(out, out->length > 0 ? " " : "");
    strbuf_add_n(out, text, length);
}

/* "…" with its escapes, '…' with '' for one quote, as the bare text. */
static void unquote(struct strbuf *text)
{
    char quote = text->length > 1 ? text->text[0] : '\0';
    if ((quote != '"' && quote != '\'') || text->text[text->length - 1] != quote) {
        return;
    }
    struct strbuf out = {0};
    for (size_t i = 1; i + 1 < text->length; i++) {
        char c = text->text[i];
        char next = text->text[i + 1];
        bool pair = (quote == '\'' && c == '\'' && next == '\'') ||
                    (quote == '"' && c == '\\' && (next == '\\' || next == '"' || next == '/'));
        strbuf_add_char(&out, pair ? next : c);
        i += pair;
    }
    strbuf_clear(text);
    *text = out;
}

/* --- lists ---------------------------------------------------------------------------------------- */

/* One item as a word of shell text. */
static void add_item(struct strbuf *out, const char *text, size_t length)
{
    struct strbuf item = {0};
    const char *comment = memmem(text, length, " #", 2);
    bool quoted = length > 0 && (*text == '"' || *text == '\'');
    if (comment != NULL && !quoted) {
        length = (size_t)(comment - text);
    }
    while (length > 0 && text[length - 1] == ' ') {
        length--;
    }
    strbuf_add_n(&item, text, length);
    unquote(&item);
    const char *word = strbuf_text(&item);
    size_t flag = strcspn(word, " ");
    char *name = memory_text_n(word, flag);
    strbuf_add(out, out->length > 0 ? " " : "");
    if (word[0] == '-' && word[flag] == ' ' && import_knows_flag(name)) {
        shell_quote(out, name); /* `- -ot exps=CPU`: two words to a person */
        strbuf_add_char(out, ' ');
        shell_quote(out, word + flag + 1);
    } else {
        shell_quote(out, word);
    }
    free(name);
    strbuf_clear(&item);
}

/* `[ "a", 'b', c ]`, over lines. */
static void add_flow_items(struct strbuf *out, const struct strbuf *text)
{
    const char *at = strbuf_text(text) + 1;
    const char *end = strbuf_text(text) + text->length;
    while (at < end && *at != ']') {
        const char *start = at += strspn(at, " ,");
        char quote = at < end && (*at == '"' || *at == '\'') ? *at : '\0';
        for (at += quote != '\0'; at < end && *at != '\0'; at++) {
            if (quote != '\0' ? *at == quote : strchr(",]", *at) != NULL) {
                break;
            }
            at += *at == '\\' && quote == '"' && at + 1 < end;
        }
        at += quote != '\0' && at < end;
        if (at > start) {
            add_item(out, start, (size_t)(at - start));
        }
    }
}

static bool is_item(const struct yaml_line *line)
{
    return !line->blank && line->text[0] == '-' && (line->length == 1 || line->text[1] == ' ');
}

/* `- item` lines, as deep as the first of them. */
static void read_items(struct yaml *yaml, struct strbuf *out)
{
    struct yaml_line line;
    size_t indent = SIZE_MAX;
    for (size_t before = yaml->at; next_line(yaml, &line); before = yaml->at) {
        indent = indent == SIZE_MAX ? line.indent : indent;
        if (line.blank) {
            continue;
        }
        if (!is_item(&line) || line.indent != indent) {
            yaml->at = before;
            return;
        }
        size_t skip = 1;
        while (skip < line.length && line.text[skip] == ' ') {
            skip++;
        }
        add_item(out, line.text + skip, line.length - skip);
    }
}

static bool items_follow(const struct yaml *yaml, size_t indent)
{
    struct yaml ahead = *yaml;
    struct yaml_line line = {.blank = true};
    while (line.blank && next_line(&ahead, &line)) {
    }
    return is_item(&line) && line.indent >= indent;
}

/* --- commands ------------------------------------------------------------------------------------- */

/* The value of `cmd:`: the rest of its line and all deeper lines behind it, or a list. */
static char *read_command(struct yaml *yaml, size_t indent, const char *value, size_t length)
{
    struct strbuf out = {0};
    struct yaml_line line;
    bool block = length > 0 && (*value == '|' || *value == '>');
    if (length == 0 && items_follow(yaml, indent)) {
        read_items(yaml, &out);
        return strbuf_take(&out);
    }
    if (!block) {
        add_text(&out, value, length);
    }
    for (size_t before = yaml->at; next_line(yaml, &line); before = yaml->at) {
        if (!line.blank && line.indent <= indent && *line.text != ']') {
            yaml->at = before;
            break;
        }
        if (!line.blank) {
            add_text(&out, line.text, line.length);
        }
    }
    if (!block && strbuf_text(&out)[0] == '[') {
        struct strbuf items = {0};
        add_flow_items(&items, &out);
        strbuf_clear(&out);
        out = items;
    } else if (!block) {
        unquote(&out);
    }
    return strbuf_take(&out);
}

static void note_others(struct imported *out, const struct strbuf *others)
{
    if (out->entry != NULL && others->length > 0) {
        imported_note(out, 0, "read the entry '%s'; the file also has %s", out->entry,
                      strbuf_text(others));
    }
}

/* Keys without a value that enclose the current line. */
enum { MAX_PARENTS = 16 };
struct parents {
    char *key[MAX_PARENTS];
    size_t indent[MAX_PARENTS];
    size_t n;
};

static void parents_leave(struct parents *parents, size_t indent)
{
    while (parents->n > 0 && parents->indent[parents->n - 1] >= indent) {
        free(parents->key[--parents->n]);
    }
}

/* Takes `key`. */
static void parents_enter(struct parents *parents, char *key, size_t indent)
{
    parents_leave(parents, indent);
    if (parents->n == MAX_PARENTS) {
        free(key);
        return;
    }
    parents->indent[parents->n] = indent;
    parents->key[parents->n++] = key;
}

/* What the search for a command has found so far. */
struct search {
    const char *choice;
    char *command, *entry; /* owned */
    bool places;
    struct strbuf others;
    bool awaits_args; /* the last key was the `command:` that is held: `args:` beside it goes on */
    size_t indent;    /* of that key */
};

static void add_other(struct search *search, const char *entry)
{
    strbuf_format(&search->others, "%s%s", search->others.length > 0 ? ", " : "", entry);
}

static bool text_places(const char *command)
{
    static const char *const signs[] = {"-ot",     "override", "-ngl", "-m ",
                                        "--model", "llama-",   "-ts "};
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (strstr(command, signs[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* A command was found below these parents: the one asked for, else the first that places tensors. Takes
 * `found`. */
static void take_command(char *found, const struct parents *parents, struct search *search)
{
    const char *model = parents->n > 0 ? parents->key[parents->n - 1] : "?";
    bool places = text_places(found);
    bool chosen = search->choice != NULL
                      ? strcmp(search->choice, model) == 0 && search->command == NULL
                      : search->command == NULL || (places && !search->places);
    if (!chosen) {
        add_other(search, model);
        free(found);
        return;
    }
    if (search->entry != NULL) {
        add_other(search, search->entry);
    }
    free(search->command);
    free(search->entry);
    search->command = found;
    search->entry = memory_text(model);
    search->places = places;
}

static bool is_command_key(const char *key, const char *value, size_t length)
{
    static const char *const keys[] = {"cmd", "command", "args"};
    bool is_map = length > 0 && *value == '{';
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(key, keys[i]) == 0) {
            return !is_map;
        }
    }
    return false;
}

/* A pod has the program in `command:` and the rest in `args:`. */
static bool add_args(char *found, struct search *search)
{
    if (!search->awaits_args) {
        return false;
    }
    char *joined = memory_format("%s %s", search->command, found);
    free(search->command);
    free(found);
    search->command = joined;
    search->places = text_places(joined);
    search->awaits_args = false;
    return true;
}

static void see_command(const char *key, char *found, size_t indent, const struct parents *parents,
                        struct search *search)
{
    bool beside = search->indent == indent && strcmp(key, "args") == 0;
    if (beside && add_args(found, search)) {
        return;
    }
    take_command(found, parents, search);
    search->awaits_args = search->command == found && strcmp(key, "command") == 0;
    search->indent = indent;
}

/* The command of the chosen model, and the other models' names. */
static void find_command(const char *text, size_t size, struct search *search)
{
    struct yaml yaml = {text, size, 0};
    struct parents parents = {.n = 0};
    struct yaml_line line;
    while (next_line(&yaml, &line)) {
        const char *value = NULL;
        size_t length = 0;
        if (is_item(&line)) { /* `- name: x` of a list: its keys stand deeper */
            size_t skip = 1;
            while (skip < line.length && line.text[skip] == ' ') {
                skip++;
            }
            line.text += skip;
            line.length -= skip;
            line.indent += skip;
        }
        char *key = line.blank || line.length == 0 ? NULL : key_of(&line, &value, &length);
        if (key != NULL && is_command_key(key, value, length)) {
            parents_leave(&parents, line.indent);
            see_command(key, read_command(&yaml, line.indent, value, length), line.indent, &parents,
                        search);
        } else if (key != NULL && length == 0) {
            parents_enter(&parents, key, line.indent);
            key = NULL;
        }
        free(key);
    }
    parents_leave(&parents, 0);
}

/* --- macros --------------------------------------------------------------------------------------- */

enum { MOST_COMMAND = 1 << 17 }; /* what Linux takes as one argument */

/* `${name}` becomes `text`, as far as a command may grow; takes `command`, new. */
static char *replace_all(char *command, const char *name, const char *text)
{
    struct strbuf out = {0};
    char *mention = memory_format("${%s}", name);
    size_t length = strlen(mention);
    const char *at = command;
    for (const char *found; (found = strstr(at, mention)) != NULL && out.length < MOST_COMMAND;
         at = found + length) {
        strbuf_add_n(&out, at, (size_t)(found - at));
        strbuf_add(&out, text);
    }
    strbuf_add(&out, at);
    free(mention);
    free(command);
    return strbuf_take(&out);
}

/* llama-swap's `macros:`, of the file or of a model; they may use those in front of them, so the last goes
 * first: `${a}` in a later one is put in by an earlier one. */
static char *put_macros(const char *text, size_t size, char *command, unsigned depth)
{
    struct yaml yaml = {text, size, 0};
    struct yaml_line line;
    size_t inside = SIZE_MAX; /* indentation of `macros:` */
    bool any = false;
    while (next_line(&yaml, &line) && strlen(command) < MOST_COMMAND) {
        const char *value = NULL;
        size_t length = 0;
        char *key = line.blank ? NULL : key_of(&line, &value, &length);
        if (key != NULL && inside != SIZE_MAX && line.indent > inside) {
            char *mention = memory_format("${%s}", key);
            if (strstr(command, mention) != NULL) {
                char *found = read_command(&yaml, line.indent, value, length);
                bool itself = strstr(found, mention) != NULL;
                if (!itself && strlen(found) < MOST_COMMAND) {
                    command = replace_all(command, key, found);
                    any = true;
                }
                free(found);
            }
            free(mention);
        } else if (key != NULL) {
            inside = strcmp(key, "macros") == 0 ? line.indent : SIZE_MAX;
        }
        free(key);
    }
    return any && depth < 4 ? put_macros(text, size, command, depth + 1) : command;
}

/* compose and pods write `$$` for a dollar. */
static char *halve_dollars(char *command)
{
    char *to = command;
    for (const char *at = command; *at != '\0'; at++) {
        at += at[0] == '$' && at[1] == '$';
        *to++ = *at;
    }
    *to = '\0';
    return command;
}

char *import_yaml_items(const char *text, size_t size)
{
    struct yaml yaml = {text, size, 0};
    struct yaml_line line;
    struct strbuf out = {0};
    for (size_t before = 0; next_line(&yaml, &line); before = yaml.at) {
        size_t skip = line.length > 2 && (line.text[2] == '"' || line.text[2] == '\'') ? 3 : 2;
        bool flag = is_item(&line) && line.length > skip + 1 && line.text[skip] == '-';
        if (flag) {
            yaml.at = before;
            read_items(&yaml, &out);
            return strbuf_take(&out);
        }
    }
    return NULL;
}

char *import_yaml_command(const char *text, size_t size, const char *choice, struct imported *out,
                          struct error *error)
{
    struct search search = {.choice = choice};
    find_command(text, size, &search);
    if (search.command != NULL) {
        search.command = halve_dollars(put_macros(text, size, search.command, 0));
    }
    if (search.command == NULL) {
        error_set(error, ERROR_INPUT,
                  "there is no model%s%s with a cmd:", choice == NULL ? "" : " ",
                  choice == NULL ? "" : choice);
    }
    out->entry = search.entry;
    note_others(out, &search.others);
    strbuf_clear(&search.others);
    return search.command;
}
