#include "model/text/import.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/text/flags.h"
#include "model/text/import_parts.h"
#include "model/text/paste.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *import_kind_name(enum import_kind kind)
{
    static const char *const names[IMPORT_KINDS] = {
        "command line", "parameter file", "-ot values",   "models preset",    "llama-swap",
        "environment",  "unit file",      "compose file", "list of arguments"};
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
    for (size_t i = 0; i < out->n_notes; i++) {
        if (strcmp(out->notes[i].text, clean.text) == 0) {
            return; /* said of a line before */
        }
    }
    out->notes = memory_resize(out->notes, out->n_notes + 1, sizeof *out->notes);
    out->notes[out->n_notes++] = (struct import_note){line, memory_text(clean.text)};
}

static void texts_clear(char ***list, size_t *n)
{
    for (size_t i = 0; i < *n; i++) {
        free((*list)[i]);
    }
    free(*list);
    *list = NULL;
    *n = 0;
}

void imported_clear(struct imported *imported)
{
    texts_clear(&imported->arguments, &imported->n_arguments);
    texts_clear(&imported->environment, &imported->n_environment);
    texts_clear(&imported->kept, &imported->n_kept);
    for (size_t i = 0; i < imported->n_notes; i++) {
        free(imported->notes[i].text);
    }
    free(imported->notes);
    free(imported->program);
    free(imported->entry);
    memset(imported, 0, sizeof *imported);
}

/* --- which kind it is --------------------------------------------------------------------------- */

struct shape {
    size_t sections;    /* `[…]` alone on a line */
    size_t units;       /* `[Service]`, `[Container]` */
    size_t keys;        /* `name = …` */
    size_t options;     /* of those, options of llama.cpp, which no shell assigns so */
    size_t commands;    /* `cmd:`, `command:`, `args:` */
    size_t swap;        /* of those, `cmd:` */
    size_t batch_lines; /* end with `^` or a backquote, or start a Windows program */
};

static bool begins(const char *line, size_t length, const char *with)
{
    size_t n = strlen(with);
    return length >= n && memcmp(line, with, n) == 0;
}

/* `.\\bin\\llama-server.exe …`, `set X=`, `$env:X = …`, a `^` or a backquote alone in front of a flag */
static bool is_windows(const char *line, size_t length)
{
    static const char *const signs[] = {" ^ -", " ` -", "$env:", "%~dp0"};
    const char *program = memmem(line, length, ".exe", 4);
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (memmem(line, length, signs[i], strlen(signs[i])) != NULL) {
            return true;
        }
    }
    return begins(line, length, ".\\") || begins(line, length, "& .\\") ||
           begins(line, length, "set \"") || begins(line, length, "@echo off") ||
           (begins(line, length, "set ") && memchr(line, '=', length) != NULL) ||
           (program != NULL && line[length - 1] != '\\');
}

/* `override-tensor = …`, `ngl = …` */
static bool is_option(const char *line, size_t length)
{
    size_t name = 0;
    while (name < length && strchr(" =", line[name]) == NULL) {
        name++;
    }
    bool apart = name < length && name > 0 && *line != '-' &&
                 (line[name] == ' ' || memchr(line, '-', name) != NULL);
    size_t equals = name;
    while (equals < length && line[equals] == ' ') {
        equals++;
    }
    if (!apart || equals == length || line[equals] != '=') {
        return false;
    }
    char *as_long = memory_format("--%.*s", (int)name, line);
    bool is_one = flag_find(as_long, NULL) != NULL || flag_find(as_long + 1, NULL) != NULL;
    free(as_long);
    return is_one;
}

static bool is_unit(const char *line, size_t length)
{
    return begins(line, length, "[Service]") || begins(line, length, "[Container]");
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
    size_t item = begins(line, length, "- ") ? 2 : 0;
    shape->sections += *line == '[' && last == ']';
    shape->units += is_unit(line, length);
    shape->keys += equals != NULL && *line != '-' && line[name] != '\n' &&
                   strspn(line + name, " ") + name == (size_t)(equals - line);
    shape->options += is_option(line, length);
    shape->swap += begins(line, length, "cmd:");
    shape->commands += begins(line + item, length - item, "cmd:") ||
                       begins(line + item, length - item, "command:") ||
                       begins(line + item, length - item, "args:");
    shape->batch_lines += last == '^' || (last == '`' && length > 1 && line[length - 2] == ' ') ||
                          is_windows(line, length);
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

static bool import_yaml(const char *text, size_t size, const char *choice, struct imported *out,
                        struct error *error)
{
    char *command = import_yaml_command(text, size, choice, out, error);
    if (command == NULL) {
        return false;
    }
    bool ok = import_shell(command, strlen(command), SHELL_POSIX, out);
    free(command);
    return ok;
}

static bool import_unit(const char *text, size_t size, struct imported *out)
{
    char *command = import_unit_command(text, size);
    bool ok = command != NULL && import_shell(command, strlen(command), SHELL_RAW, out);
    free(command);
    return ok;
}

/* All of the text commented out: read without the marks. */
static bool import_comments(const char *text, size_t size, enum shell_style style,
                            struct imported *out)
{
    struct strbuf plain = {0};
    bool in_front = true;
    for (size_t i = 0; i < size; i++) {
        in_front =
            (i == 0 || strchr(" \t\n", text[i - 1]) != NULL) || (in_front && text[i - 1] == '#');
        strbuf_add_char(&plain, in_front && text[i] == '#' ? ' ' : text[i]);
    }
    bool ok = import_shell(strbuf_text(&plain), plain.length, style, out);
    if (ok) {
        imported_note(out, 0, "the lines are comments: read as if they were not");
    }
    strbuf_clear(&plain);
    return ok;
}

/* `- "-ot"` lines of a YAML file without what stands above them. */
static bool import_items(const char *text, size_t size, struct imported *out)
{
    char *command = import_yaml_items(text, size);
    bool ok = command != NULL && import_shell(command, strlen(command), SHELL_POSIX, out);
    free(command);
    return ok;
}

/* One reading has failed; the next begins with nothing. */
static bool forget(struct imported *out)
{
    imported_clear(out);
    return false;
}

/* What is no file of a kind of its own. */
static bool import_other(const char *text, size_t size, enum shell_style style,
                         struct imported *out)
{
    if (import_lists(text, size, out) || forget(out) || import_items(text, size, out)) {
        out->kind = IMPORT_LIST;
        return true;
    }
    forget(out);
    if (import_shell(text, size, style, out)) {
        return true;
    }
    forget(out);
    if (import_assignments(text, size, out)) {
        out->kind = IMPORT_ENVIRONMENT;
        return true;
    }
    forget(out);
    out->kind = IMPORT_VALUES;
    return import_named(text, size, out) || import_values(text, size, out) ||
           import_comments(text, size, style, out);
}

static bool import_plain(const char *text, size_t size, const char *choice, bool windows,
                         struct imported *out, struct error *error)
{
    struct shape shape = shape_of(text, size);
    enum shell_style style = windows || shape.batch_lines > 0 ? SHELL_BATCH : SHELL_POSIX;
    bool ok = false;
    if (shape.commands > 0 && import_yaml(text, size, choice, out, shape.swap > 0 ? error : NULL)) {
        out->kind = shape.swap > 0 ? IMPORT_LLAMA_SWAP : IMPORT_COMPOSE;
        if (shape.swap == 0) {
            import_assignments(text, size, out);
        }
        return true;
    }
    if (shape.swap > 0) {
        return false;
    }
    forget(out);
    if (shape.units > 0) {
        ok = import_unit(text, size, out);
        out->kind = IMPORT_UNIT;
    } else if ((shape.sections > 0 && shape.keys > 0) || shape.options > 0) {
        out->kind = IMPORT_PRESET;
        return import_preset(text, size, choice, out, error);
    }
    return ok || forget(out) || import_other(text, size, style, out);
}

/* "# GPU utilization: 99.8%": generators like to say how well they did; what the rules do stands beside it. */
static void note_claim(const char *line, size_t length, uint32_t number, struct imported *out)
{
    const char *percent = memchr(line, '%', length);
    const char *digits = percent;
    bool names_it =
        memmem(line, length, "tiliz", 5) != NULL || memmem(line, length, "tilis", 5) != NULL;
    while (digits != NULL && digits > line && strchr("0123456789.", digits[-1]) != NULL) {
        digits--;
    }
    if (names_it && percent != digits) {
        imported_note(out, number, "the file claims %.*s utilisation", (int)(percent - digits) + 1,
                      digits);
    }
}

static void note_claims(const char *text, size_t size, struct imported *out)
{
    uint32_t number = 1;
    for (size_t at = 0; at < size; number++) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end == NULL ? size - at : (size_t)(end - text) - at;
        if (text[at] == '#') {
            note_claim(text + at, length, number, out);
        }
        at += length + 1;
    }
}

bool import_text(const char *text, size_t size, const char *choice, struct imported *out,
                 struct error *error)
{
    struct pasted pasted;
    *out = (struct imported){0};
    paste_plain(text, size, &pasted);
    bool ok = import_plain(pasted.text, pasted.length, choice, pasted.windows_prompt, out, error);
    if (!ok) {
        imported_clear(out);
        error_set(error, ERROR_INPUT,
                  pasted.text[strspn(pasted.text, " \t\r\n")] == '{'
                      ? "it is JSON: no -ot lines are read from that"
                      : "there is neither a llama.cpp command nor an -ot value in it");
    } else if (pasted.typographic) {
        imported_note(out, 0,
                      "typographic quotes or dashes are read as plain ones; a shell takes them "
                      "literally");
    }
    if (ok) {
        note_claims(pasted.text, pasted.length, out);
    }
    paste_clear(&pasted);
    return ok;
}
