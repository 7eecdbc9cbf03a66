#include "src/import_file.h"

#include "model/base/memory.h"
#include "model/base/word_list.h"
#include "model/text/argument_values.h"
#include "model/text/arguments.h"
#include "model/text/flags.h"
#include "src/json_read.h"
#include "src/output.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 16 << 20 };

static bool is_json(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '{';
}

/* The first text in it that is a command with overrides; borrowed, NULL without. */
static const char *command_text(struct json_object *value)
{
    const char *found = NULL;
    if (json_object_is_type(value, json_type_string)) {
        const char *text = json_object_get_string(value);
        bool overrides = strstr(text, "-ot ") != NULL || strstr(text, "--override-tensor") != NULL;
        bool command = strchr(text, ' ') != NULL && strchr(text, '=') != NULL;
        return overrides && command ? text : NULL;
    }
    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, key, member)
        {
            (void)key;
            found = found != NULL ? found : command_text(member);
        }
    }
    size_t n = json_object_is_type(value, json_type_array) ? json_object_array_length(value) : 0;
    for (size_t i = 0; i < n && found == NULL; i++) {
        found = command_text(json_object_array_get_idx(value, i));
    }
    return found;
}

static bool read_json(const char *path, const char *text, size_t bytes, struct imported *out,
                      struct error *error)
{
    struct json_object *object = NULL;
    struct error not_json = {0};
    if (!json_read_text(path, text, bytes, &object, &not_json)) {
        return import_text(text, bytes, NULL, out, NULL) ||
               error_set(error, not_json.kind, "%s", not_json.text);
    }
    bool settings = json_has(object, "otplan_plan") || import_is_kobold(object);
    bool read = false;
    const char *command = settings ? NULL : command_text(object);
    if (command != NULL) {
        read = import_text(command, strlen(command), NULL, out, error);
    } else if (!settings) { /* a list of arguments, perhaps */
        read = import_text(text, bytes, NULL, out, error);
    } else if (json_has(object, "otplan_plan")) {
        error_set(error, ERROR_INPUT, "%s: a plan document: open it with --plan", path);
    } else {
        read = import_kobold(object, out);
    }
    json_object_put(object);
    return read;
}

/* ---- spellings of other years --------------------------------------------------------------- */

/* "-lm none" for --no-mmap, whose own values are dropped. */
static void push_instead(struct word_list *words, const char *instead)
{
    for (const char *at = instead; *at != '\0';) {
        size_t length = strcspn(at, " ");
        word_list_take(words, memory_text_n(at, length));
        at += length + (at[length] == ' ' ? 1 : 0);
    }
}

/* Flags whose meaning for a placement is -lm; the others that were removed say nothing of it. */
static void read_removed(const struct flag *flag, const char *word, struct word_list *words,
                         struct strbuf *notes)
{
    bool load_mode = strncmp(flag->instead, "-lm ", 4) == 0;
    if (load_mode) {
        push_instead(words, flag->instead);
    }
    strbuf_format(notes, "%s: llama.cpp no longer takes it; %s%s\n", word,
                  load_mode ? "read as " : "left out, it is now ", flag->instead);
}

/* -fa was a switch until 2025. */
static bool lone_flash_attn(const struct flag *flag, const char *next)
{
    return flag->id == FLAG_ID_FLASH_ATTN &&
           (next == NULL ||
            !(argument_is_true(next) || argument_is_false(next) || argument_is_auto(next)));
}

static void modernise(struct imported *imported, struct strbuf *notes)
{
    struct word_list words = {0};
    for (size_t i = 0; i < imported->n_arguments;) {
        const char *word = imported->arguments[i];
        const struct flag *flag = flag_find(word, NULL);
        size_t left = imported->n_arguments - i - 1;
        size_t n = flag != NULL ? (size_t)flag->n_values : 0;
        n = n > left ? left : n;
        if (flag != NULL && flag->use == FLAG_REMOVED) {
            read_removed(flag, word, &words, notes);
        } else if (flag != NULL &&
                   lone_flash_attn(flag, left > 0 ? imported->arguments[i + 1] : NULL)) {
            word_list_take(&words, memory_text("-fa"));
            word_list_take(&words, memory_text("on"));
            strbuf_format(notes, "-fa without a value: read as -fa on\n");
            n = 0;
        } else if (flag == NULL) {
            strbuf_format(notes, "%s: not a flag of llama.cpp; left out\n", word);
        } else {
            for (size_t k = 0; k <= n; k++) {
                word_list_take(&words, memory_text(imported->arguments[i + k]));
            }
        }
        i += 1 + n;
    }
    for (size_t i = 0; i < imported->n_arguments; i++) {
        free(imported->arguments[i]);
    }
    free(imported->arguments);
    imported->arguments = words.text;
    imported->n_arguments = words.n;
}

static void tell(const struct imported *imported, struct strbuf *notes)
{
    if (imported->dialect != DIALECT_LLAMA) {
        strbuf_format(notes, "read as %s's\n", import_dialect_name(imported->dialect));
    }
    if (imported->entry != NULL) {
        strbuf_format(notes, "entry %s\n", imported->entry);
    }
    for (size_t i = 0; i < imported->n_notes; i++) {
        if (imported->notes[i].line > 0) {
            strbuf_format(notes, "line %u: ", imported->notes[i].line);
        }
        strbuf_format(notes, "%s\n", imported->notes[i].text);
    }
}

/* Is there a flag that llama.cpp does not have, or one that it has no more? */
static bool has_foreign(const char *const *arguments, size_t n)
{
    for (size_t i = 0; i < n;) {
        const struct flag *flag = flag_find(arguments[i], NULL);
        if (flag == NULL || flag->use == FLAG_REMOVED) {
            return true;
        }
        i += 1 + (size_t)flag->n_values;
    }
    return false;
}

bool import_command(const char *program, const char *const *arguments, size_t n,
                    struct imported *out, struct strbuf *notes)
{
    struct strbuf text = {0};
    bool bench = strstr(program, "bench") != NULL;
    *out = (struct imported){0};
    if (!bench && !has_foreign(arguments, n)) {
        return false;
    }
    shell_quote(&text, program);
    for (size_t i = 0; i < n; i++) {
        strbuf_add_char(&text, ' ');
        shell_quote(&text, arguments[i]);
    }
    bool read = import_text(strbuf_text(&text), text.length, NULL, out, NULL);
    strbuf_clear(&text);
    if (!read || out->dialect == DIALECT_LLAMA) {
        imported_clear(out);
        return false;
    }
    tell(out, notes);
    modernise(out, notes);
    return true;
}

bool import_buffer(const char *name, const char *text, size_t bytes, struct imported *out,
                   struct strbuf *notes, struct error *error)
{
    struct error why = {0};
    *out = (struct imported){0};
    bool read = is_json(text) ? read_json(name, text, bytes, out, &why)
                              : import_text(text, bytes, NULL, out, &why);
    if (!read) {
        bool named = strncmp(why.text, name, strlen(name)) == 0;
        return error_set(error, why.kind, "%s%s%s", named ? "" : name, named ? "" : ": ", why.text);
    }
    tell(out, notes);
    modernise(out, notes);
    return true;
}

bool import_file(const char *path, struct imported *out, struct strbuf *notes, struct error *error)
{
    char *text = NULL;
    size_t bytes = 0;
    *out = (struct imported){0};
    if (!input_read_file(path, MOST_BYTES, &text, &bytes, error)) {
        return false;
    }
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    bool read = import_buffer(name, text, bytes, out, notes, error);
    free(text);
    return read;
}
