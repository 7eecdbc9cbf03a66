#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/text/import_parts.h"

#include <stdlib.h>
#include <string.h>

/* The few shapes of YAML that llama-swap files have: a key a line, deeper lines belong to it. */
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
                    (quote == '"' && c == '\\' && (next == '\\' || next == '"'));
        strbuf_add_char(&out, pair ? next : c);
        i += pair;
    }
    strbuf_clear(text);
    *text = out;
}

/* The value of `cmd:`: the rest of its line, and all deeper lines behind it. */
static char *read_command(struct yaml *yaml, size_t indent, const char *value, size_t length)
{
    struct strbuf out = {0};
    struct yaml_line line;
    bool block = length > 0 && (*value == '|' || *value == '>');
    if (!block) {
        add_text(&out, value, length);
    }
    for (size_t before = yaml->at; next_line(yaml, &line); before = yaml->at) {
        if (!line.blank && line.indent <= indent) {
            yaml->at = before;
            break;
        }
        if (!line.blank) {
            add_text(&out, line.text, line.length);
        }
    }
    if (!block) {
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

/* A command was found below these parents: the one that was asked for, or another. */
static void take_command(char *found, const struct parents *parents, const char *choice,
                         char **command, struct imported *out, struct strbuf *others)
{
    const char *model = parents->n > 0 ? parents->key[parents->n - 1] : "?";
    if (*command == NULL && (choice == NULL || strcmp(choice, model) == 0)) {
        *command = found;
        out->entry = memory_text(model);
        return;
    }
    free(found);
    strbuf_format(others, "%s%s", others->length > 0 ? ", " : "", model);
}

/* The command of the chosen model, and the other models' names. */
static char *find_command(const char *text, size_t size, const char *choice, struct imported *out,
                          struct strbuf *others)
{
    struct yaml yaml = {text, size, 0};
    struct parents parents = {.n = 0};
    struct yaml_line line;
    char *command = NULL;
    while (next_line(&yaml, &line)) {
        const char *value = NULL;
        size_t length = 0;
        char *key = line.blank ? NULL : key_of(&line, &value, &length);
        if (key != NULL && strcmp(key, "cmd") == 0 && line.indent > 0) {
            parents_leave(&parents, line.indent);
            take_command(read_command(&yaml, line.indent, value, length), &parents, choice,
                         &command, out, others);
        } else if (key != NULL && length == 0) {
            parents_enter(&parents, key, line.indent);
            key = NULL;
        }
        free(key);
    }
    parents_leave(&parents, 0);
    return command;
}

char *import_swap_command(const char *text, size_t size, const char *choice, struct imported *out,
                          struct error *error)
{
    struct strbuf others = {0};
    char *command = find_command(text, size, choice, out, &others);
    if (command == NULL) {
        error_set(error, ERROR_INPUT,
                  "there is no model%s%s with a cmd:", choice == NULL ? "" : " ",
                  choice == NULL ? "" : choice);
    }
    note_others(out, &others);
    strbuf_clear(&others);
    return command;
}
