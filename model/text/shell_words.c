#include "model/text/shell_words.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"

#include <stdlib.h>
#include <string.h>

struct splitter {
    const char *start, *at, *end;
    enum shell_style style;
    uint32_t line;
    struct strbuf text; /* of the word being read */
    struct shell_word word;
    bool in_word;
    bool new_command;
    struct shell_script *out;
    struct error *error;
};

static char peek(const struct splitter *splitter, size_t ahead)
{
    return splitter->at + ahead < splitter->end ? splitter->at[ahead] : '\0';
}

static void take(struct splitter *splitter, size_t n)
{
    for (size_t i = 0; i < n && splitter->at < splitter->end; i++) {
        char c = *splitter->at++;
        splitter->line += c == '\n';
        if (c != '\0') {
            strbuf_add_char(&splitter->text, c);
        }
    }
}

static void skip(struct splitter *splitter, size_t n)
{
    for (size_t i = 0; i < n && splitter->at < splitter->end; i++) {
        splitter->line += *splitter->at++ == '\n';
    }
}

static void *grown(void *array, size_t n, size_t element_bytes)
{
    bool full = (n & (n - 1)) == 0;
    return full ? memory_resize(array, n == 0 ? 1 : n * 2, element_bytes) : array;
}

static void begin_word(struct splitter *splitter)
{
    if (!splitter->in_word) {
        splitter->in_word = true;
        splitter->word = (struct shell_word){.line = splitter->line};
    }
}

void shell_script_add(struct shell_script *script, bool new_command, struct shell_word word)
{
    if (new_command || script->n == 0) {
        script->commands = grown(script->commands, script->n, sizeof *script->commands);
        script->commands[script->n++] = (struct shell_command){0};
    }
    struct shell_command *command = &script->commands[script->n - 1];
    command->words = grown(command->words, command->n, sizeof *command->words);
    command->words[command->n++] = word;
}

static void end_word(struct splitter *splitter)
{
    if (!splitter->in_word) {
        return;
    }
    splitter->in_word = false;
    splitter->word.text = strbuf_take(&splitter->text);
    shell_script_add(splitter->out, splitter->new_command, splitter->word);
    splitter->new_command = false;
}

static void end_command(struct splitter *splitter)
{
    end_word(splitter);
    splitter->new_command = true;
}

static bool unclosed(struct splitter *splitter, uint32_t line, const char *what)
{
    return error_set(splitter->error, ERROR_INPUT, "line %u: %s is opened and never closed", line,
                     what);
}

static bool read_single_quotes(struct splitter *splitter)
{
    uint32_t line = splitter->line;
    skip(splitter, 1);
    while (splitter->at < splitter->end && *splitter->at != '\'') {
        take(splitter, 1);
    }
    if (splitter->at == splitter->end) {
        return unclosed(splitter, line, "a single quote");
    }
    skip(splitter, 1);
    return true;
}

/* How many bytes of line end follow a continuation: "\n" or "\r\n"; 0: none. */
static size_t line_end(const struct splitter *splitter, size_t ahead)
{
    size_t carriage = peek(splitter, ahead) == '\r';
    return peek(splitter, ahead + carriage) == '\n' ? carriage + 1 : 0;
}

static bool continues(const struct splitter *splitter)
{
    char c = *splitter->at;
    bool mark = splitter->style == SHELL_BATCH ? c == '^' || c == '`' || c == '\\' : c == '\\';
    return mark && line_end(splitter, 1) > 0;
}

static bool read_double_quotes(struct splitter *splitter)
{
    uint32_t line = splitter->line;
    skip(splitter, 1);
    while (splitter->at < splitter->end && *splitter->at != '"') {
        char next = peek(splitter, 1);
        bool escape = *splitter->at == '\\';
        if (escape && splitter->style == SHELL_POSIX && line_end(splitter, 1) > 0) {
            skip(splitter, 1 + line_end(splitter, 1));
        } else if (escape && (next == '"' || (splitter->style == SHELL_POSIX && next != '\0' &&
                                              strchr("$`\\", next) != NULL))) {
            skip(splitter, 1);
            take(splitter, 1);
        } else {
            splitter->word.has_variable |= splitter->style == SHELL_POSIX &&
                                           (*splitter->at == '$' || *splitter->at == '`') &&
                                           next != '"' && next != ':' && next != '=' && next != '|';
            take(splitter, 1);
        }
    }
    if (splitter->at == splitter->end) {
        return unclosed(splitter, line, "a double quote");
    }
    skip(splitter, 1);
    return true;
}

/* $NAME, ${...} and $(...) stay as they are, blanks inside them too. */
static void take_variable(struct splitter *splitter)
{
    char open = peek(splitter, 1);
    char close = open == '{' ? '}' : open == '(' ? ')' : '\0';
    size_t depth = 0;
    splitter->word.has_variable |= close != '\0' || open == '_' || (open >= 'A' && open <= 'Z') ||
                                   (open >= 'a' && open <= 'z');
    take(splitter, 1);
    if (close == '\0') {
        return;
    }
    do {
        depth += *splitter->at == open;
        depth -= *splitter->at == close;
        take(splitter, 1);
    } while (depth > 0 && splitter->at < splitter->end);
}

/* An unquoted parenthesis inside a word: not shell, but what people have. */
static void take_parenthesis(struct splitter *splitter)
{
    size_t depth = 0;
    splitter->word.open_parenthesis = splitter->style == SHELL_POSIX;
    do {
        char c = *splitter->at;
        depth += c == '(';
        depth -= c == ')';
        if (c == '\\' && splitter->style == SHELL_POSIX) {
            splitter->word.ate_backslash = true;
            skip(splitter, 1);
        }
        take(splitter, 1);
    } while (depth > 0 && splitter->at < splitter->end && *splitter->at != '\n');
}

/* NAME=( … ): the array's own text, for whoever wants its words. */
static bool at_array(const struct splitter *splitter)
{
    const char *text = strbuf_text(&splitter->text);
    size_t length = splitter->text.length;
    size_t name = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
    return splitter->style == SHELL_POSIX && name > 0 && !splitter->word.quoted &&
           (name + 1 == length || (name + 2 == length && text[name] == '+')) &&
           text[length - 1] == '=';
}

static void take_quoted(struct splitter *splitter)
{
    char quote = *splitter->at;
    take(splitter, 1);
    while (splitter->at < splitter->end && *splitter->at != quote) {
        take(splitter, *splitter->at == '\\' && quote == '"' ? 2 : 1);
    }
    take(splitter, 1);
}

static void take_array(struct splitter *splitter)
{
    while (splitter->at < splitter->end && *splitter->at != ')') {
        if (*splitter->at == '"' || *splitter->at == '\'') {
            take_quoted(splitter);
        } else {
            take(splitter, *splitter->at == '\\' ? 2 : 1);
        }
    }
    take(splitter, 1);
}

static void read_backslash(struct splitter *splitter)
{
    begin_word(splitter);
    if (splitter->style == SHELL_POSIX) {
        splitter->word.ate_backslash = true;
        skip(splitter, 1);
    }
    take(splitter, 1);
}

static void skip_comment(struct splitter *splitter)
{
    while (splitter->at < splitter->end && *splitter->at != '\n') {
        skip(splitter, 1);
    }
}

/* The full stop or parenthesis of a sentence that the word stands in: `"exps=CPU").` */
static void skip_sentence_end(struct splitter *splitter)
{
    size_t n = 0;
    while (strchr(".)", peek(splitter, n)) != NULL && peek(splitter, n) != '\0') {
        n++;
    }
    if (splitter->style == SHELL_POSIX && n > 0 && strchr(" \t\r\n", peek(splitter, n)) != NULL) {
        skip(splitter, n);
    }
}

static bool read_quotes(struct splitter *splitter)
{
    begin_word(splitter);
    splitter->word.quoted = true;
    bool closed =
        *splitter->at == '\'' ? read_single_quotes(splitter) : read_double_quotes(splitter);
    skip_sentence_end(splitter);
    return closed;
}

static bool ends_command(const struct splitter *splitter)
{
    char c = *splitter->at;
    return c == '\n' || (splitter->style != SHELL_RAW && (c == '&' || c == '|')) ||
           (splitter->style == SHELL_POSIX && c == ';');
}

/* `\ -ot`, `^ -ot`, "` -ot": a continued line whose end was lost on the way. */
static size_t lost_line_end(const struct splitter *splitter)
{
    char c = *splitter->at;
    size_t n = 1;
    bool mark = splitter->style == SHELL_BATCH ? strchr("^`\\", c) != NULL : c == '\\';
    while (strchr(" \t", peek(splitter, n)) != NULL && peek(splitter, n) != '\0') {
        n++;
    }
    bool stands_alone = splitter->at == splitter->start || strchr(" \t", splitter->at[-1]) != NULL;
    bool ends = c == '^' || peek(splitter, n) == '-' || peek(splitter, n) == '\0' ||
                strchr("\r\n", peek(splitter, n)) != NULL;
    return mark && stands_alone && n > 1 && ends ? n : 0;
}

static bool is_blank(char c)
{
    return strchr(" \t\r\v\f", c) != NULL;
}

static void read_field(struct splitter *splitter)
{
    char c = *splitter->at;
    if (is_blank(c) || c == '\n') {
        end_word(splitter);
        skip(splitter, 1);
    } else {
        begin_word(splitter);
        take(splitter, 1);
    }
}

/* Between words: true where something was read over. */
static bool read_between(struct splitter *splitter)
{
    size_t lost = lost_line_end(splitter);
    if (continues(splitter)) {
        skip(splitter, 1 + line_end(splitter, 1));
    } else if (lost > 0) {
        end_word(splitter);
        skip(splitter, lost);
    } else if (*splitter->at == '#' && !splitter->in_word) {
        skip_comment(splitter);
    } else if (ends_command(splitter)) {
        end_command(splitter);
        skip(splitter, 1);
    } else if (is_blank(*splitter->at)) {
        end_word(splitter);
        skip(splitter, 1);
    } else {
        return false;
    }
    return true;
}

static void read_word(struct splitter *splitter)
{
    char c = *splitter->at;
    if (c == '\\') {
        read_backslash(splitter);
    } else if (c == '(' && splitter->in_word && at_array(splitter)) {
        take_array(splitter);
    } else if (c == '(' && splitter->in_word) {
        take_parenthesis(splitter);
    } else {
        begin_word(splitter);
        if (c == '$' && splitter->style == SHELL_POSIX) {
            take_variable(splitter);
        } else {
            take(splitter, 1);
        }
    }
}

static bool read_next(struct splitter *splitter)
{
    char c = *splitter->at;
    if (splitter->style == SHELL_FIELDS) {
        read_field(splitter);
    } else if (c == '"' || c == '\'') {
        return read_quotes(splitter);
    } else if (!read_between(splitter)) {
        read_word(splitter);
    }
    return true;
}

bool shell_split(const char *text, size_t size, enum shell_style style, struct shell_script *out,
                 struct error *error)
{
    struct splitter splitter = {.start = text,
                                .at = text,
                                .end = text + size,
                                .style = style,
                                .line = 1,
                                .out = out,
                                .error = error};
    bool ok = true;
    *out = (struct shell_script){0};
    while (splitter.at < splitter.end && ok) {
        ok = read_next(&splitter);
    }
    end_word(&splitter);
    strbuf_clear(&splitter.text);
    return ok;
}

void shell_script_clear(struct shell_script *script)
{
    for (size_t i = 0; i < script->n; i++) {
        for (size_t k = 0; k < script->commands[i].n; k++) {
            free(script->commands[i].words[k].text);
        }
        free(script->commands[i].words);
    }
    free(script->commands);
    *script = (struct shell_script){0};
}
