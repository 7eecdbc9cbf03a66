#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/text/import_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789"

/* A stretch of the text. */
struct slice {
    const char *text;
    size_t length;
};

static void trim(struct slice *slice)
{
    while (slice->length > 0 && strchr(" \t\r", slice->text[slice->length - 1]) != NULL) {
        slice->length--;
    }
    while (slice->length > 0 && strchr(" \t", *slice->text) != NULL) {
        slice->text++;
        slice->length--;
    }
}

static void unquote(struct slice *slice)
{
    if (slice->length > 1 && strchr("\"'", *slice->text) != NULL &&
        slice->text[slice->length - 1] == *slice->text) {
        slice->text++;
        slice->length -= 2;
    }
}

/* The next line, trimmed; false at the end. */
static bool next_line(const char *text, size_t size, size_t *at, struct slice *line)
{
    if (*at >= size) {
        return false;
    }
    const char *end = memchr(text + *at, '\n', size - *at);
    *line = (struct slice){text + *at, end == NULL ? size - *at : (size_t)(end - text) - *at};
    *at += line->length + 1;
    trim(line);
    return true;
}

static bool has_text(const struct slice *slice, const char *what)
{
    return memmem(slice->text, slice->length, what, strlen(what)) != NULL;
}

/* --- values alone --------------------------------------------------------------------------------- */

static bool add_value_line(struct slice line, uint32_t number, struct imported *out)
{
    bool changed = false;
    unquote(&line);
    if (line.length == 0 || *line.text == '#') {
        return false;
    }
    char *text = memory_text_n(line.text, line.length);
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

bool import_values(const char *text, size_t size, struct imported *out)
{
    bool any = false;
    struct slice line;
    size_t at = 0;
    for (uint32_t number = 1; next_line(text, size, &at, &line); number++) {
        any = add_value_line(line, number, out) || any;
    }
    return any;
}

/* --- LLAMA_ARG_… ---------------------------------------------------------------------------------- */

/* What stands behind `NAME`: `=value`, ` = "value"`, `: value`, to the line's end or the closing quote. */
static bool value_behind(struct slice rest, char before, struct slice *value)
{
    size_t name = 0;
    while (name < rest.length && strchr(NAME_CHARACTERS, rest.text[name]) != NULL) {
        name++;
    }
    struct slice tail = {rest.text + name, rest.length - name};
    trim(&tail);
    if (tail.length == 0 || (*tail.text != '=' && *tail.text != ':')) {
        return false;
    }
    *value = (struct slice){tail.text + 1, tail.length - 1};
    if (before == '"' || before == '\'') { /* "NAME=value" */
        const char *close = memchr(value->text, before, value->length);
        value->length = close == NULL ? value->length : (size_t)(close - value->text);
    }
    trim(value);
    const char *close = value->length > 1 && strchr("\"'", *value->text) != NULL
                            ? memchr(value->text + 1, *value->text, value->length - 1)
                            : NULL;
    if (close != NULL) {
        *value = (struct slice){value->text + 1, (size_t)(close - value->text) - 1};
    }
    return value->length > 0;
}

/* In double quotes `\\\\` is one backslash. */
static char *without_doubling(const struct slice *value)
{
    struct strbuf text = {0};
    bool quoted = value->text[-1] == '"';
    for (size_t i = 0; i < value->length; i++) {
        strbuf_add_char(&text, value->text[i]);
        i +=
            quoted && value->text[i] == '\\' && i + 1 < value->length && value->text[i + 1] == '\\';
    }
    return strbuf_take(&text);
}

bool import_assignments(const char *text, size_t size, struct imported *out)
{
    static const char ours[] = "LLAMA_ARG_";
    bool any = false;
    struct slice line, value;
    for (size_t at = 0; next_line(text, size, &at, &line);) {
        const char *name = memmem(line.text, line.length, ours, sizeof ours - 1);
        if (name == NULL || *line.text == '#') {
            continue;
        }
        struct slice rest = {name, (size_t)(line.text + line.length - name)};
        if (value_behind(rest, name > line.text ? name[-1] : ' ', &value)) {
            char *plain = without_doubling(&value);
            char *assignment =
                memory_format("%.*s=%s", (int)strspn(name, NAME_CHARACTERS), name, plain);
            imported_environment(out, assignment);
            free(assignment);
            free(plain);
            any = true;
        }
    }
    return any;
}

/* --- the option by name ---------------------------------------------------------------------------- */

/* To the closing quote, or to the next blank. */
static struct slice named_value(const char *at, const char *end)
{
    const char *close =
        at < end && strchr("\"'", *at) != NULL ? memchr(at + 1, *at, (size_t)(end - at) - 1) : NULL;
    if (close != NULL) {
        return (struct slice){at + 1, (size_t)(close - at) - 1};
    }
    const char *stop = at;
    while (stop < end && strchr(" \t\r\n\"'`", *stop) == NULL) {
        stop++;
    }
    return (struct slice){at, (size_t)(stop - at)};
}

static bool add_named(const char *at, const char *end, struct imported *out)
{
    at += at < end && (*at == '"' || *at == '\''); /* "override_tensor": … */
    while (at < end && *at == ' ') {
        at++;
    }
    if (at == end || (*at != '=' && *at != ':')) {
        return false;
    }
    at++;
    while (at < end && *at == ' ') {
        at++;
    }
    struct slice value = named_value(at, end);
    if (memchr(value.text, '=', value.length) == NULL) {
        return false;
    }
    char *text = without_doubling(&value);
    imported_argument(out, "-ot");
    imported_argument(out, text);
    free(text);
    return true;
}

bool import_named(const char *text, size_t size, struct imported *out)
{
    static const char *const names[] = {"override-tensor", "override_tensor", "overridetensors",
                                        "OVERRIDE_TENSOR"};
    const char *end = text + size;
    bool any = false;
    for (const char *at = text; at < end; at++) {
        for (size_t i = 0; i < sizeof names / sizeof names[0] && strchr("oO", *at) != NULL; i++) {
            size_t length = strlen(names[i]);
            if ((size_t)(end - at) > length && strncmp(at, names[i], length) == 0) {
                any = add_named(at + length, end, out) || any;
            }
        }
    }
    return any;
}

/* --- flags in a variable -------------------------------------------------------------------------- */

/* `NAME=-…` or `NAME: "-…"`, with words such as `export` or a dash in front: what stands behind. */
static bool flags_behind(struct slice line, struct slice *value)
{
    const char *end = line.text + line.length;
    for (const char *at = line.text; at < end;) {
        size_t name = 0;
        while (at + name < end && strchr(NAME_CHARACTERS, at[name]) != NULL) {
            name++;
        }
        const char *mark = at + name;
        while (mark < end && *mark == ' ') {
            mark++;
        }
        if (name > 0 && mark < end && (*mark == '=' || *mark == ':')) {
            *value = (struct slice){mark + 1, (size_t)(end - mark) - 1};
            trim(value);
            size_t quote = value->length > 0 && strchr("\"'", *value->text) != NULL;
            return value->length > quote + 1 && value->text[quote] == '-' &&
                   (isalpha((unsigned char)value->text[quote + 1]) ||
                    value->text[quote + 1] == '-');
        }
        at += name > 0 ? name : 1;
    }
    return false;
}

/* To the closing quote, over lines; without one to the line's end. */
static void take_quoted(struct slice *value, const char *end)
{
    char quote = *value->text;
    const char *at = value->text + 1;
    while (at < end && *at != quote) {
        at += *at == '\\' && quote == '"' && at + 1 < end ? 2 : 1;
    }
    if (at < end) {
        *value = (struct slice){value->text + 1, (size_t)(at - value->text) - 1};
    } else {
        *value = (struct slice){value->text + 1, value->length - 1};
    }
}

/* `\"` of a quoted value is a quote of its flags. */
static char *without_escapes(const struct slice *value)
{
    struct strbuf text = {0};
    for (size_t i = 0; i < value->length; i++) {
        bool escaped = value->text[i] == '\\' && i + 1 < value->length &&
                       strchr("\"\n", value->text[i + 1]) != NULL;
        strbuf_add_char(&text, escaped ? (value->text[i + 1] == '"' ? '"' : ' ') : value->text[i]);
        i += escaped;
    }
    return strbuf_take(&text);
}

static void import_flags(const struct slice *value, uint32_t line, struct imported *out)
{
    struct shell_script script;
    char *text = without_escapes(value);
    shell_split(text, strlen(text), SHELL_RAW, &script, NULL);
    imported_note(out, line, "the flags in the variable are read as its user will cut them");
    for (size_t i = 0; i < script.n; i++) {
        const struct shell_command *command = &script.commands[i];
        out->dialect = i == 0 ? import_dialect_of(NULL, command->words, command->n) : out->dialect;
        import_words(command->words, command->n, false, out);
    }
    shell_script_clear(&script);
    free(text);
}

static bool is_flag_line(const struct slice *line)
{
    return *line->text == '-' && line->length > 1 && line->text[1] != ' ';
}

bool import_assigned(const char *text, size_t size, struct imported *out)
{
    static const char *const overrides[] = {"-ot ", "-ot=", "--override-tensor",
                                            "--override_tensor", "--overridetensors"};
    struct slice line, value;
    uint32_t number = 1;
    for (size_t at = 0; next_line(text, size, &at, &line); number++) {
        if (line.length == 0 || *line.text == '#' || is_flag_line(&line) ||
            !flags_behind(line, &value)) {
            continue;
        }
        if (strchr("\"'", *value.text) != NULL) {
            take_quoted(&value, text + size);
        }
        for (size_t i = 0; i < sizeof overrides / sizeof overrides[0]; i++) {
            if (has_text(&value, overrides[i])) {
                import_flags(&value, number, out);
                return true;
            }
        }
    }
    return false;
}
