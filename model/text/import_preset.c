#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/text/flags.h"
#include "model/text/import_parts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One line of an INI file, cut into a section name or a key and its value. */
struct ini_line {
    char *section; /* owned or NULL */
    char *key, *value;
    uint32_t number;
};

static char *trimmed(const char *text, size_t length)
{
    while (length > 0 && strchr(" \t\r", text[length - 1]) != NULL) {
        length--;
    }
    while (length > 0 && strchr(" \t", *text) != NULL) {
        text++;
        length--;
    }
    return memory_text_n(text, length);
}

/* A value ends before blanks and a `;` or `#`. */
static size_t value_length(const char *value, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if ((value[i] == ';' || value[i] == '#') &&
            (i == 0 || strchr(" \t", value[i - 1]) != NULL)) {
            return i;
        }
    }
    return length;
}

static struct ini_line read_line(const char *line, size_t length, uint32_t number)
{
    struct ini_line out = {.number = number};
    const char *close = memchr(line, ']', length);
    const char *equals = memchr(line, '=', length);
    size_t blanks = 0;
    while (blanks < length && strchr(" \t", line[blanks]) != NULL) {
        blanks++;
    }
    if (blanks == length || line[blanks] == '#' || line[blanks] == ';') {
        return out;
    }
    if (line[blanks] == '[' && close != NULL) {
        out.section = memory_text_n(line + blanks + 1, (size_t)(close - line) - blanks - 1);
    } else if (equals != NULL) {
        size_t rest = length - (size_t)(equals + 1 - line);
        out.key = trimmed(line, (size_t)(equals - line));
        out.value = trimmed(equals + 1, value_length(equals + 1, rest));
    }
    return out;
}

static void line_clear(struct ini_line *line)
{
    free(line->section);
    free(line->key);
    free(line->value);
}

/* A key is an option without its dashes, or the name of its variable. */
static const struct flag *flag_of_key(const char *key, bool *off)
{
    static const char *const fronts[] = {"--", "-", "--no-"};
    *off = false;
    for (size_t i = 0; i < 2; i++) {
        char *word = memory_format("%s%s", fronts[i], key);
        const struct flag *flag = flag_find(word, off);
        free(word);
        if (flag != NULL) {
            return flag;
        }
    }
    size_t n = 0;
    const struct flag *all = flag_table(&n);
    for (size_t i = 0; i < n; i++) {
        const char *name = all[i].environment;
        bool named = name != NULL && (name[0] == '=' ? strcmp(key, name + 1) == 0
                                                     : strncmp(key, "LLAMA_ARG_", 10) == 0 &&
                                                           strcmp(key + 10, name) == 0);
        if (named) {
            return &all[i];
        }
    }
    return NULL;
}

static bool is_false(const char *value)
{
    return strcasecmp(value, "false") == 0 || strcmp(value, "0") == 0 ||
           strcasecmp(value, "off") == 0 || strcasecmp(value, "no") == 0;
}

static void add_switch(const struct flag *flag, bool off, const char *value, struct imported *out)
{
    bool no = off != is_false(value);
    if (no && flag->off_names[0] == '\0') {
        return;
    }
    char *word = flag_spelling(flag, no);
    imported_argument(out, word);
    free(word);
}

static void add_key(const struct ini_line *line, struct imported *out)
{
    bool off = false;
    const struct flag *flag = flag_of_key(line->key, &off);
    if (strcmp(line->key, "version") == 0) {
        return; /* of the file's format */
    }
    if (flag == NULL) {
        imported_note(out, line->number, "'%s' is no option of llama.cpp: left out", line->key);
    } else if (flag->use == FLAG_REMOVED) {
        imported_note(out, line->number, "'%s' is now %s: left out", line->key, flag->instead);
    } else if (flag->n_values == 0) {
        add_switch(flag, off, line->value, out);
    } else {
        char *word = flag_spelling(flag, false);
        imported_argument(out, word);
        imported_argument(out, line->value);
        free(word);
    }
}

/* Calls `add` for every key of `section` (NULL: those before the first); returns how many. */
static size_t add_section(const char *text, size_t size, const char *section, bool apply,
                          struct imported *out)
{
    size_t n = 0;
    bool inside = section == NULL;
    uint32_t number = 1;
    for (size_t at = 0; at < size; number++) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end == NULL ? size - at : (size_t)(end - text) - at;
        struct ini_line line = read_line(text + at, length, number);
        if (line.section != NULL) {
            inside = section != NULL && strcmp(line.section, section) == 0;
        } else if (inside && line.key != NULL) {
            n++;
            if (apply) {
                add_key(&line, out);
            }
        }
        line_clear(&line);
        at += length + 1;
    }
    return n;
}

/* The section asked for, or the first that is a model. */
static char *choose_section(const char *text, size_t size, const char *choice, struct imported *out)
{
    char *chosen = NULL;
    struct strbuf others = {0};
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end == NULL ? size - at : (size_t)(end - text) - at;
        struct ini_line line = read_line(text + at, length, 0);
        bool model = line.section != NULL && strcmp(line.section, "*") != 0 &&
                     strcmp(line.section, "default") != 0;
        if (model && chosen == NULL && (choice == NULL || strcmp(choice, line.section) == 0)) {
            chosen = memory_text(line.section);
        } else if (model) {
            strbuf_format(&others, "%s%s", others.length > 0 ? ", " : "", line.section);
        }
        line_clear(&line);
        at += length + 1;
    }
    if (chosen != NULL && others.length > 0) {
        imported_note(out, 0, "read section [%s]; the file also has %s", chosen,
                      strbuf_text(&others));
    }
    strbuf_clear(&others);
    return chosen;
}

bool import_preset(const char *text, size_t size, const char *choice, struct imported *out,
                   struct error *error)
{
    char *section = choose_section(text, size, choice, out);
    if (choice != NULL && section == NULL) {
        return error_set(error, ERROR_INPUT, "the preset file has no section [%s]", choice);
    }
    add_section(text, size, NULL, true, out);
    add_section(text, size, "*", true, out);
    if (section != NULL) {
        add_section(text, size, section, true, out);
    }
    out->entry = section;
    return true;
}
