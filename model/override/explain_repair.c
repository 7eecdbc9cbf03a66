#include "model/override/explain_repair.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/override/generate.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

char *repair_blanks(const char *pattern)
{
    struct strbuf out = {0};
    for (const char *at = pattern; *at != '\0'; at++) {
        if (strchr(" \t\r\n", *at) == NULL) {
            strbuf_add_char(&out, *at);
        }
    }
    bool same = out.length == strlen(pattern);
    char *repaired = strbuf_take(&out);
    if (same) {
        free(repaired);
        return NULL;
    }
    return repaired;
}

/* --- number ranges ------------------------------------------------------------------------------ */

enum { MAX_NUMBER = 999 };

struct numbers {
    bool has[MAX_NUMBER + 1];
    bool wide; /* a number of two digits or more: only then it cannot be a set of digits */
    size_t n;
};

static bool read_number(const char **at, unsigned *out)
{
    const char *start = *at;
    for (*out = 0; is_digit(**at) && *out <= MAX_NUMBER; (*at)++) {
        *out = *out * 10 + (unsigned)(**at - '0');
    }
    return *at > start && *out <= MAX_NUMBER;
}

/* `6-10`, `11|12|13`, `3|5-12`: what stands between brackets, up to `end`. */
static bool read_numbers(const char *at, const char *end, struct numbers *out)
{
    *out = (struct numbers){0};
    while (at < end) {
        unsigned low = 0, high = 0;
        if (!read_number(&at, &low)) {
            return false;
        }
        high = low;
        if (at < end && *at == '-') {
            at++;
            if (!read_number(&at, &high) || high < low) {
                return false;
            }
        }
        out->wide = out->wide || high > 9;
        for (unsigned i = low; i <= high; i++) {
            out->has[i] = true;
            out->n++;
        }
        if (at < end && *at++ != '|') {
            return false;
        }
    }
    return out->n > 1;
}

static char *set_of(const struct numbers *numbers)
{
    uint32_t layers[MAX_NUMBER + 1];
    size_t n = 0;
    struct strbuf out = {0};
    for (uint32_t i = 0; i <= MAX_NUMBER; i++) {
        if (numbers->has[i]) {
            layers[n++] = i;
        }
    }
    generate_layer_set(layers, n, &out);
    return strbuf_take(&out);
}

/* The range that begins at `at`, if it is one that std::regex reads otherwise; `*end` is behind it. */
static bool range_at(const char *pattern, const char *at, const char **end, struct numbers *out)
{
    const char *close = *at == '[' ? "]" : *at == '(' ? ")" : *at == '{' ? "}" : NULL;
    if (close != NULL) {
        *end = strpbrk(at + 1, close);
        if (*end == NULL || !read_numbers(at + 1, *end, out)) {
            return false;
        }
        bool dash = memchr(at, '-', (size_t)(*end - at)) != NULL;
        (*end)++;
        return *at == '[' ? out->wide : dash;
    }
    bool starts = is_digit(*at) && at > pattern && at[-1] == '.';
    *end = at + strspn(at, "0123456789-");
    return starts && memchr(at, '-', (size_t)(*end - at)) != NULL && read_numbers(at, *end, out);
}

char *repair_number_range(const char *pattern, char **wrong, char **right)
{
    for (const char *at = pattern; *at != '\0'; at++) {
        struct numbers numbers;
        const char *end = NULL;
        if (*at == '\\' && at[1] != '\0') {
            at++;
            continue;
        }
        if (range_at(pattern, at, &end, &numbers)) {
            *wrong = memory_text_n(at, (size_t)(end - at));
            *right = set_of(&numbers);
            return memory_format("%.*s%s%s", (int)(at - pattern), pattern, *right, end);
        }
    }
    return NULL;
}

/* --- dots, quoting, globs ----------------------------------------------------------------------- */

char *repair_dot(const char *pattern, size_t n)
{
    bool in_brackets = false;
    for (const char *at = pattern; *at != '\0'; at++) {
        if (*at == '\\' && at[1] != '\0') {
            at++;
        } else if (*at == '[' || *at == ']') {
            in_brackets = *at == '[';
        } else if (*at == '.' && !in_brackets && (at[1] == '\0' || strchr("*+?{", at[1]) == NULL) &&
                   n-- == 0) {
            return memory_format("%.*s\\%s", (int)(at - pattern), pattern, at);
        }
    }
    return NULL;
}

static char *strip_quotes(const char *text)
{
    size_t length = strlen(text);
    size_t front = strspn(text, "\"'");
    while (length > front && strchr("\"'", text[length - 1]) != NULL) {
        length--;
    }
    return memory_text_n(text + front, length - front);
}

/* `\\` becomes `\`; `d+`, `d*` and a lone `.d.` become `\d`. */
char *repair_quoting(const char *pattern)
{
    struct strbuf out = {0};
    char *plain = strip_quotes(pattern);
    for (const char *at = plain; *at != '\0'; at++) {
        bool lost = *at == 'd' && (at[1] == '+' || at[1] == '*' || at[1] == '{') &&
                    (at == plain || strchr(".(|", at[-1]) != NULL);
        if (at[0] == '\\' && at[1] == '\\') {
            at++;
        }
        strbuf_add(&out, lost ? "\\" : "");
        strbuf_add_char(&out, *at);
    }
    free(plain);
    char *repaired = strbuf_take(&out);
    if (strcmp(repaired, pattern) == 0) {
        free(repaired);
        return NULL;
    }
    return repaired;
}

char *repair_glob(const char *pattern)
{
    struct strbuf out = {0};
    bool changed = false;
    for (const char *at = pattern; *at != '\0'; at++) {
        bool glob = *at == '*' && (at == pattern || strchr(".)]}", at[-1]) == NULL ||
                                   (at[-1] == '.' && at > pattern + 1 && at[-2] == '\\'));
        strbuf_add(&out, glob ? "." : "");
        strbuf_add_char(&out, *at);
        changed = changed || glob;
    }
    char *repaired = strbuf_take(&out);
    if (!changed) {
        free(repaired);
        return NULL;
    }
    return repaired;
}

/* --- buffer types ------------------------------------------------------------------------------- */

static const char *rig_name_like(const struct rig *rig, const char *name)
{
    if (strcasecmp(name, "CPU") == 0) {
        return "CPU";
    }
    for (size_t i = 0; i < rig->n_devices; i++) {
        if (strcasecmp(rig->devices[i].name, name) == 0 ||
            strcasecmp(rig->devices[i].device_name, name) == 0) {
            return rig->devices[i].name;
        }
    }
    return NULL;
}

/* GPU1 -> the rig's second device; CUDA -> its first. */
static const char *rig_name_by_number(const struct rig *rig, const char *name)
{
    bool gpu = strncasecmp(name, "GPU", 3) == 0;
    char *end = NULL;
    unsigned long number = gpu && is_digit(name[3]) ? strtoul(name + 3, &end, 10) : 0;
    if (gpu && end != NULL && *end == '\0' && number < rig->n_devices) {
        return rig->devices[number].name;
    }
    for (size_t i = 0; i < rig->n_devices && *name != '\0'; i++) {
        size_t length = strlen(name);
        if (strncasecmp(rig->devices[i].name, name, length) == 0 &&
            is_digit(rig->devices[i].name[length])) {
            return rig->devices[i].name;
        }
    }
    return NULL;
}

char *repair_buffer(const char *buffer, const struct rig *rig)
{
    char *bare = repair_blanks(buffer);
    char *name = strip_quotes(bare != NULL ? bare : buffer);
    const char *host = strstr(name, "_Host");
    const char *found = rig_name_like(rig, name);
    found = found != NULL ? found : rig_name_by_number(rig, name);
    if (found == NULL && (host != NULL || strncmp(name, "CPU_", 4) == 0)) {
        found = "CPU";
    }
    free(bare);
    free(name);
    return found == NULL || strcmp(found, buffer) == 0 ? NULL : memory_text(found);
}
