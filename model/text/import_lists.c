#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/text/arguments.h"
#include "model/text/import_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Lists of texts: JSON, Python, JavaScript, Rust, PowerShell, YAML in brackets, a Dockerfile's CMD. */
struct list_reader {
    const char *start, *at, *end;
    const char *counted; /* lines are counted up to here */
    uint32_t line;
    struct shell_script words;
};

static uint32_t line_here(struct list_reader *reader)
{
    for (; reader->counted < reader->at; reader->counted++) {
        reader->line += *reader->counted == '\n';
    }
    return reader->line;
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'' || c == '`';
}

static void skip_space(struct list_reader *reader)
{
    while (reader->at < reader->end && isspace((unsigned char)*reader->at)) {
        reader->at++;
    }
}

/* --- texts ---------------------------------------------------------------------------------------- */

/* `\\` `\"` `\n` `A` mean something in all of these languages; any other pair stays as it is. */
static void take_escape(struct list_reader *reader, struct strbuf *out)
{
    char next = reader->at + 1 < reader->end ? reader->at[1] : '\\';
    if (next == 'u' && reader->end - reader->at >= 6) {
        char digits[5] = {reader->at[2], reader->at[3], reader->at[4], reader->at[5], '\0'};
        char *stop = NULL;
        long code = strtol(digits, &stop, 16);
        if (*stop == '\0' && code > 0 && code < 0x80) {
            strbuf_add_char(out, (char)code);
            reader->at += 6;
            return;
        }
    }
    if (next == 'n' || next == '\n') {
        strbuf_add_char(out, ' ');
    } else if (is_quote(next) || next == '\\' || next == '/') {
        strbuf_add_char(out, next);
    } else {
        strbuf_add_n(out, reader->at, reader->end - reader->at > 1 ? 2 : 1);
    }
    reader->at += reader->end - reader->at > 1 ? 2 : 1;
}

/* From the opening quote to behind the closing one; false where there is none. */
static bool take_text(struct list_reader *reader, bool raw, struct strbuf *out)
{
    char quote = *reader->at++;
    while (reader->at < reader->end && *reader->at != quote) {
        if (*reader->at == '\\' && !raw) {
            take_escape(reader, out);
        } else if (*reader->at == '\n') {
            return false;
        } else {
            strbuf_add_char(out, *reader->at++);
        }
    }
    if (reader->at >= reader->end) {
        return false;
    }
    reader->at++;
    return true;
}

/* Is the quote opened behind an r, as r'…', rb"…"? */
static bool is_raw(const struct list_reader *reader)
{
    const char *at = reader->at;
    bool raw = *at == '`'; /* Go's and JavaScript's */
    while (at > reader->start && strchr("rRbBfFuU", at[-1]) != NULL) {
        raw = raw || at[-1] == 'r' || at[-1] == 'R';
        at--;
    }
    return raw && (at == reader->start || !isalnum((unsigned char)at[-1]));
}

/* --- elements ------------------------------------------------------------------------------------- */

struct element {
    struct strbuf text;
    bool is_text, is_code; /* some of it stood in quotes; some of it is an expression */
};

static bool is_comment(const struct list_reader *reader)
{
    return *reader->at == '#' ||
           (reader->end - reader->at > 1 && reader->at[0] == '/' && reader->at[1] == '/');
}

static void skip_comment(struct list_reader *reader)
{
    while (reader->at < reader->end && *reader->at != '\n') {
        reader->at++;
    }
}

/* r, f and the like in front of a text are no expression. */
static bool is_prefix(const struct list_reader *reader)
{
    const char *at = reader->at;
    while (at < reader->end && at - reader->at < 3 && strchr("rRbBfFuU", *at) != NULL) {
        at++;
    }
    return at > reader->at && at < reader->end && is_quote(*at) &&
           (reader->at == reader->start || !isalnum((unsigned char)reader->at[-1]));
}

/* To the comma or the end of the list. `+` and blanks between texts join them. */
static bool take_element(struct list_reader *reader, struct element *out)
{
    size_t depth = 0;
    while (reader->at < reader->end) {
        char c = *reader->at;
        if (is_quote(c)) {
            out->is_text = true;
            if (!take_text(reader, is_raw(reader), &out->text)) {
                return false;
            }
        } else if (depth == 0 && (c == ',' || strchr(")]}", c) != NULL)) {
            return true;
        } else if (is_comment(reader)) {
            skip_comment(reader);
        } else if (isspace((unsigned char)c) || (c == '+' && depth == 0) || is_prefix(reader)) {
            reader->at++;
        } else {
            depth += strchr("([{", c) != NULL;
            depth -= depth > 0 && strchr(")]}", c) != NULL;
            out->is_code = true;
            strbuf_add_char(&out->text, c);
            reader->at++;
        }
    }
    return true;
}

static void add_word(struct list_reader *reader, const char *text, size_t length,
                     const struct element *element)
{
    bool number = !element->is_text && length > 0 && isdigit((unsigned char)text[0]);
    struct shell_word word = {.text = memory_text_n(text, length),
                              .line = line_here(reader),
                              .quoted = element->is_text,
                              .has_variable = element->is_code && !number};
    shell_script_add(&reader->words, false, word);
}

/* "-ot exps=CPU" in one text is two words to a person, and one that no program knows. */
static void add_element(struct list_reader *reader, const struct element *element)
{
    const char *text = strbuf_text(&element->text);
    size_t flag = strcspn(text, " ");
    char *name = memory_text_n(text, flag);
    if (text[flag] == ' ' && text[0] == '-' && import_knows_flag(name)) {
        add_word(reader, text, flag, element);
        add_word(reader, text + flag + 1, strlen(text + flag + 1), element);
    } else if (element->is_text || element->is_code) {
        add_word(reader, text, strlen(text), element);
    }
    free(name);
}

/* --- where lists are ------------------------------------------------------------------------------ */

/* Does a text that is a flag begin here, with a comma or the list's end behind it? */
static bool is_list_at(struct list_reader reader)
{
    struct strbuf text = {0};
    bool closed = take_text(&reader, is_raw(&reader), &text);
    const char *word = strbuf_text(&text);
    char *name = memory_text_n(word, strcspn(word, " ="));
    skip_space(&reader);
    bool is_list = closed && word[0] == '-' && import_knows_flag(name) && reader.at < reader.end &&
                   strchr(",])}", *reader.at) != NULL;
    free(name);
    strbuf_clear(&text);
    return is_list;
}

static bool find_list(struct list_reader *reader)
{
    while (reader->at < reader->end) {
        if (is_quote(*reader->at) && is_list_at(*reader)) {
            return true;
        }
        reader->at++;
    }
    return false;
}

/* `append("-ot")`: its value is the next text. */
static bool awaits_value(const struct list_reader *reader)
{
    const struct shell_command *command = reader->words.n > 0 ? reader->words.commands : NULL;
    enum flag_use use = FLAG_PASS;
    int n_values = 0;
    return command != NULL && command->n > 0 &&
           llama_flag_known(command->words[command->n - 1].text, &use, &n_values) && n_values > 0;
}

static bool find_text(struct list_reader *reader)
{
    while (reader->at < reader->end && !is_quote(*reader->at)) {
        reader->at++;
    }
    return reader->at < reader->end;
}

/* `] + [` goes on; so does `args += [`, `.extend([`, `.append(` further down. */
static bool goes_on(struct list_reader *reader)
{
    static const char *const joints[] = {"+=", "+ [", "extend", "append", "push", "concat"};
    const char *from = reader->at;
    if (awaits_value(reader)) {
        return find_text(reader);
    }
    if (!find_list(reader)) {
        return false;
    }
    for (size_t i = 0; i < sizeof joints / sizeof joints[0]; i++) {
        if (memmem(from, (size_t)(reader->at - from), joints[i], strlen(joints[i])) != NULL) {
            return true;
        }
    }
    return false;
}

static void take_list(struct list_reader *reader)
{
    bool more = true;
    while (more && reader->at < reader->end) {
        struct element element = {.is_text = false};
        more = take_element(reader, &element) && reader->at < reader->end && *reader->at == ',';
        add_element(reader, &element);
        strbuf_clear(&element.text);
        reader->at += more;
    }
}

/* The program is the last text in front of the flags that names one. */
static const char *dialect_program(const struct list_reader *reader)
{
    static const char *const programs[] = {"koboldcpp", "llama-bench", "ik_llama"};
    size_t back = (size_t)(reader->at - reader->start);
    back = back > 300 ? 300 : back;
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        if (memmem(reader->at - back, back, programs[i], strlen(programs[i])) != NULL) {
            return programs[i];
        }
    }
    return NULL;
}

static bool has_placing(const struct shell_command *command)
{
    for (size_t i = 0; i < command->n; i++) {
        if (import_is_placing(command->words[i].text)) {
            return true;
        }
    }
    return false;
}

static void note_expressions(const struct shell_command *command, struct imported *out)
{
    for (size_t i = 0; i < command->n; i++) {
        if (command->words[i].has_variable) {
            imported_note(out, command->words[i].line,
                          "the expression in '%s' is left as it stands", command->words[i].text);
        }
    }
}

bool import_lists(const char *text, size_t size, struct imported *out)
{
    struct list_reader reader = {
        .start = text, .at = text, .end = text + size, .counted = text, .line = 1};
    bool any = false;
    if (find_list(&reader)) {
        const char *program = dialect_program(&reader);
        do {
            take_list(&reader);
        } while (goes_on(&reader));
        const struct shell_command *command = reader.words.n > 0 ? reader.words.commands : NULL;
        any = command != NULL && has_placing(command);
        if (any) {
            out->program = memory_text(program);
            out->dialect = import_dialect_of(program, command->words, command->n);
            note_expressions(command, out);
            import_words(command->words, command->n, false, out);
        }
    }
    shell_script_clear(&reader.words);
    return any;
}
