#include "model/text/paste.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/text/flags.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool begins(const char *text, const char *end, const char *with)
{
    size_t n = strlen(with);
    return (size_t)(end - text) >= n && memcmp(text, with, n) == 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* --- characters ---------------------------------------------------------------------------------- */

struct replacement {
    const char *from, *to;
    bool typographic;
};

static const struct replacement replacements[] = {
    {"\xe2\x80\x9c", "\"", true}, {"\xe2\x80\x9d", "\"", true}, {"\xe2\x80\x9e", "\"", true},
    {"\xe2\x80\x98", "'", true},  {"\xe2\x80\x99", "'", true},  {"\xe2\x80\x9a", "'", true},
    {"\xc2\xa0", " ", false},     {"\xe2\x80\xaf", " ", false}, {"\xe2\x80\x89", " ", false},
    {"\xe3\x80\x80", " ", false}, {"\xe2\x80\x8b", "", false},  {"\xe2\x80\x8c", "", false},
    {"\xe2\x80\x8d", "", false},  {"\xe2\x81\xa0", "", false},  {"\xef\xbb\xbf", "", false},
    {"\xc2\xad", "", false},      {"&quot;", "\"", false},      {"&#34;", "\"", false},
    {"&#x22;", "\"", false},      {"&apos;", "'", false},       {"&#39;", "'", false},
    {"&#x27;", "'", false},       {"&lt;", "<", false},         {"&gt;", ">", false},
    {"&#92;", "\\", false},       {"&#x5C;", "\\", false},      {"&#x5c;", "\\", false},
    {"&#124;", "|", false},       {"&#x7C;", "|", false},       {"&nbsp;", " ", false},
    {"&#160;", " ", false},       {"&#61;", "=", false},        {"&#x3D;", "=", false},
    {"&amp;", "&", false},
};

static const struct replacement *replacement_at(const char *at, const char *end)
{
    if (*at != '&' && (unsigned char)*at < 0x80) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof replacements / sizeof replacements[0]; i++) {
        if (begins(at, end, replacements[i].from)) {
            return &replacements[i];
        }
    }
    return NULL;
}

/* U+2010 to U+2015 and the minus sign: a word processor's idea of `-` and `--`. */
static bool is_dash(const char *at, const char *end)
{
    return (begins(at, end, "\xe2\x80") && end - at > 2 && (unsigned char)at[2] >= 0x90 &&
            (unsigned char)at[2] <= 0x95) ||
           begins(at, end, "\xe2\x88\x92");
}

/* What it was in front of a name: `-` where llama.cpp has such a short flag, else `--`. */
static const char *dash_text(const char *at, const char *end, const struct strbuf *before)
{
    const char *name = at + 3;
    size_t length = 0;
    bool in_front = before->length == 0 || isspace((unsigned char)before->text[before->length - 1]);
    while (name + length < end && length < 40 &&
           (isalnum((unsigned char)name[length]) || strchr("-_", name[length]) != NULL)) {
        length++;
    }
    if (!in_front || length == 0) {
        return "-";
    }
    char *as_short = memory_format("-%.*s", (int)length, name);
    bool is_short = length < 3 || flag_find(as_short, NULL) != NULL;
    free(as_short);
    return is_short ? "-" : "--";
}

static void plain_characters(const char *text, size_t size, struct strbuf *out, bool *typographic)
{
    const char *end = text + size;
    for (const char *at = text; at < end;) {
        const struct replacement *found = replacement_at(at, end);
        if (found != NULL) {
            strbuf_add(out, found->to);
            *typographic |= found->typographic;
            at += strlen(found->from);
        } else if (is_dash(at, end)) {
            strbuf_add(out, dash_text(at, end, out));
            *typographic = true;
            at += 3;
        } else {
            if (*at != '\0') {
                strbuf_add_char(out, *at);
            }
            at++;
        }
    }
}

/* --- tags ----------------------------------------------------------------------------------------- */

/* Length of an HTML tag at `<`, 0 where it is none that pages are written with. */
static size_t tag_length(const char *at, const char *end)
{
    static const char *const tags[] = {
        "summary", "details", "code", "pre", "br",         "p",  "span", "div", "li",   "ul", "ol",
        "b",       "strong",  "em",   "i",   "blockquote", "td", "tr",   "kbd", "samp", "tt", "a"};
    const char *name = at + 1 + (at + 1 < end && at[1] == '/');
    size_t length = 0;
    while (name + length < end && isalnum((unsigned char)name[length])) {
        length++;
    }
    const char *close = name + length;
    while (close < end && *close != '>' && *close != '<' && *close != '\n') {
        close++;
    }
    if (close == end || *close != '>' ||
        (close > name + length && !is_blank(name[length]) && name[length] != '/')) {
        return 0;
    }
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        if (strlen(tags[i]) == length && strncmp(tags[i], name, length) == 0) {
            return (size_t)(close + 1 - at);
        }
    }
    return 0;
}

static void drop_tags(struct strbuf *text)
{
    struct strbuf out = {0};
    const char *end = strbuf_text(text) + text->length;
    for (const char *at = strbuf_text(text); at < end;) {
        size_t tag = *at == '<' ? tag_length(at, end) : 0;
        strbuf_add_n(&out, tag > 0 ? " " : at, 1);
        at += tag > 0 ? tag : 1;
    }
    strbuf_clear(text);
    *text = out;
}

/* --- lines ---------------------------------------------------------------------------------------- */

/* Length of `> ` or `>> ` in front, as mail, Markdown and shells write it. */
static size_t quote_mark(const char *line, const char *end)
{
    const char *at = line;
    while (at < end && is_blank(*at)) {
        at++;
    }
    const char *marks = at;
    while (at < end && (*at == '>' || (at > marks && is_blank(*at)))) {
        at++;
    }
    return at > marks && (is_blank(at[-1]) || at == end) ? (size_t)(at - line) : 0;
}

/* `PS C:\llama> ` or `C:\llama>`. */
static size_t windows_prompt(const char *line, const char *end)
{
    const char *at = begins(line, end, "PS ")   ? line + 3
                     : begins(line, end, "PS>") ? line + 2
                                                : line;
    const char *close = memchr(at, '>', (size_t)(end - at));
    bool drive = end - at > 2 && isalpha((unsigned char)at[0]) && at[1] == ':' && at[2] == '\\';
    bool bare = at == line + 2 && close == at;
    if (close == NULL || (!drive && !bare) || memchr(at, '"', (size_t)(close - at)) != NULL) {
        return 0;
    }
    return (size_t)(close + 1 - line);
}

/* `user@host:~/x$ `, `(base) user@host:~$ `, `[user@host x]$ `, `$ `, `% `; a list's mark as well. */
static size_t unix_prompt(const char *line, const char *end)
{
    static const char *const marks[] = {
        "$ ", "% ", "\xe2\x9d\xaf ", "\xe2\x9e\x9c ", "\xe2\x80\xa2 ", "* "};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (begins(line, end, marks[i])) {
            return strlen(marks[i]);
        }
    }
    const char *at = line;
    if (*at == '(') {
        const char *close = memchr(at, ')', (size_t)(end - at));
        at = close != NULL && close + 1 < end && close[1] == ' ' ? close + 2 : at;
    }
    const char *start = at;
    bool bracket = at < end && *at == '[';
    bool host = false;
    while (at < end && (*at != ' ' || bracket) && strchr("\"'=\\", *at) == NULL) {
        host = host || (*at == '@' && at > start);
        bracket = bracket && *at != ']';
        if (host && !bracket && (*at == '$' || *at == '#') && at + 1 < end && at[1] == ' ') {
            return (size_t)(at + 2 - line);
        }
        at++;
    }
    return 0;
}

static size_t prompt_length(const char *line, const char *end, bool *windows)
{
    size_t quote = quote_mark(line, end);
    const char *at = line + quote;
    while (at < end && is_blank(*at)) {
        at++;
    }
    size_t prompt = windows_prompt(at, end);
    *windows = *windows || prompt > 0;
    prompt = prompt > 0 || at == end ? prompt : unix_prompt(at, end);
    return prompt > 0 ? (size_t)(at - line) + prompt : quote;
}

/* Back quotes round a command in a sentence: `-ot exps=CPU`. They end a command, as a shell's `;` does. */
static void plain_code(char *line, char *end)
{
    for (char *at = line; at < end; at++) {
        char *close = *at == '`' ? memchr(at + 1, '`', (size_t)(end - at) - 1) : NULL;
        bool code = close != NULL && close > at + 2 &&
                    ((at[1] == '-' && isalpha((unsigned char)at[2])) ||
                     begins(at + 1, close, "--") || begins(at + 1, close, "llama-") ||
                     begins(at + 1, close, "./") || begins(at + 1, close, "LLAMA_ARG_"));
        if (code) {
            *at = ';';
            *close = ';';
        }
        at = close != NULL ? close : at;
    }
}

/* `| -ot "(up\\|down)=CPU" | 12 t/s |` */
static bool is_table_row(const char *line, const char *end)
{
    while (end > line && (is_blank(end[-1]) || end[-1] == '\r')) {
        end--;
    }
    return end - line > 2 && *line == '|' && end[-1] == '|' && end[-2] != '\\';
}

/* Cells end a command; inside of them `\\|` is a bar. */
static void plain_cells(struct strbuf *text, size_t from)
{
    size_t to = from;
    for (size_t i = from; i < text->length; i++) {
        bool escaped = text->text[i] == '\\' && text->text[i + 1] == '|';
        bool bar = text->text[i] == '|' || text->text[i] == '`';
        text->text[to++] = escaped ? '|' : bar ? ';' : text->text[i];
        i += escaped;
    }
    text->length = to;
    text->text[to] = '\0';
}

static bool is_fence(const char *line, const char *end)
{
    while (line < end && is_blank(*line)) {
        line++;
    }
    return begins(line, end, "```") || begins(line, end, "~~~");
}

/* Calls for every line; `end` is before its newline. */
static void each_line(const struct strbuf *text,
                      void (*see)(void *data, const char *line, const char *end), void *data)
{
    const char *stop = strbuf_text(text) + text->length;
    for (const char *at = strbuf_text(text); at < stop;) {
        const char *end = memchr(at, '\n', (size_t)(stop - at));
        see(data, at, end == NULL ? stop : end);
        at = end == NULL ? stop : end + 1;
    }
}

struct lines {
    struct strbuf out;
    bool windows;
    bool has_fence, in_fence;
};

static void strip_prompt(void *data, const char *line, const char *end)
{
    struct lines *lines = data;
    size_t prompt = prompt_length(line, end, &lines->windows);
    lines->has_fence = lines->has_fence || is_fence(line + prompt, end);
    size_t from = lines->out.length;
    strbuf_add_n(&lines->out, line + prompt, (size_t)(end - line) - prompt);
    if (lines->out.length > from && is_table_row(line, end)) {
        plain_cells(&lines->out, from);
    } else if (!is_fence(line + prompt, end) && lines->out.length > from) {
        plain_code(lines->out.text + from, lines->out.text + lines->out.length);
    }
    strbuf_add_char(&lines->out, '\n');
}

/* Lines outside of fences become empty. */
static void keep_fenced(void *data, const char *line, const char *end)
{
    struct lines *lines = data;
    bool fence = is_fence(line, end);
    if (lines->in_fence && !fence) {
        strbuf_add_n(&lines->out, line, (size_t)(end - line));
    }
    lines->in_fence = lines->in_fence != fence;
    strbuf_add_char(&lines->out, '\n');
}

static void plain_lines(struct strbuf *text, bool *windows)
{
    struct lines lines = {.windows = false};
    bool ended = text->length > 0 && text->text[text->length - 1] == '\n';
    each_line(text, strip_prompt, &lines);
    if (lines.has_fence) {
        struct lines inside = {.in_fence = false};
        each_line(&lines.out, keep_fenced, &inside);
        strbuf_clear(&lines.out);
        lines.out = inside.out;
    }
    if (!ended && lines.out.length > 0) {
        lines.out.text[--lines.out.length] = '\0';
    }
    *windows = lines.windows;
    strbuf_clear(text);
    *text = lines.out;
}

void paste_plain(const char *text, size_t size, struct pasted *out)
{
    bool wide = size >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0);
    struct strbuf plain = {0};
    *out = (struct pasted){0};
    plain_characters(text + (wide ? 2 : 0), size - (wide ? 2 : 0), &plain, &out->typographic);
    drop_tags(&plain);
    plain_lines(&plain, &out->windows_prompt);
    out->length = plain.length;
    out->text = strbuf_take(&plain);
}

void paste_clear(struct pasted *pasted)
{
    free(pasted->text);
    *pasted = (struct pasted){0};
}
