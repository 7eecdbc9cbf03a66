#include "src/machine_tree.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 256 << 10, MOST_NAMES = 1024, MOST_NUMBER = 1 << 22 /* processes too */ };

static char *path_of(const char *format, va_list values) __attribute__((format(printf, 1, 0)));

static char *path_of(const char *format, va_list values)
{
    char *plain = NULL;
    if (vasprintf(&plain, format, values) < 0) {
        memory_exhausted();
    }
    const char *root = getenv("OTPLAN_ROOT");
    const char *proc = getenv("OTPLAN_PROC");
    bool elsewhere = proc != NULL && strncmp(plain, "/proc/", 6) == 0;
    char *path = elsewhere ? memory_format("%s/%s", proc, plain + 6)
                           : memory_format("%s%s", root != NULL ? root : "", plain);
    free(plain);
    return path;
}

char *machine_path(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *path = path_of(format, values);
    va_end(values);
    return path;
}

/* Takes `path`. */
static char *read_text(char *path)
{
    FILE *file = fopen(path, "re");
    free(path);
    if (file == NULL) {
        return NULL;
    }
    struct strbuf out = {0};
    char bytes[4096];
    size_t got = 0;
    while (out.length < MOST_BYTES && (got = fread(bytes, 1, sizeof bytes, file)) > 0) {
        strbuf_add_n(&out, bytes, got);
    }
    fclose(file);
    char *text = memory_text(strbuf_text(&out)); /* ends at a NUL that it may hold */
    strbuf_clear(&out);
    return text;
}

char *machine_text(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *text = read_text(path_of(format, values));
    va_end(values);
    return text;
}

static char *first_line(char *text)
{
    if (text == NULL) {
        return NULL;
    }
    text[strcspn(text, "\n")] = '\0';
    for (char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            *at = '?';
        }
    }
    return text;
}

char *machine_line(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *line = first_line(read_text(path_of(format, values)));
    va_end(values);
    return line;
}

static bool number(const char *text, uint64_t *out)
{
    text += strspn(text, " \t:");
    if (strncmp(text, "max", 3) == 0) {
        *out = UINT64_MAX;
        return true;
    }
    char *end = NULL;
    *out = strtoull(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
    return *text >= '0' && *text <= '9' && end != text;
}

bool machine_number(uint64_t *out, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *line = first_line(read_text(path_of(format, values)));
    va_end(values);
    bool read = line != NULL && number(line, out);
    free(line);
    return read;
}

bool machine_field(const char *text, const char *key, uint64_t *out)
{
    size_t length = strlen(key);
    for (const char *at = text; at != NULL && *at != '\0'; at += strcspn(at, "\n")) {
        at += *at == '\n' ? 1 : 0;
        if (strncmp(at, key, length) == 0 && strchr(" \t:", at[length]) != NULL) {
            return number(at + length, out);
        }
    }
    return false;
}

static int by_number(const void *a, const void *b)
{
    unsigned first = *(const unsigned *)a;
    unsigned second = *(const unsigned *)b;
    return first < second ? -1 : first > second;
}

unsigned *machine_numbered(const char *folder, const char *prefix, size_t *n)
{
    char *path = machine_path("%s", folder);
    DIR *open_folder = opendir(path);
    free(path);
    unsigned *numbers = memory_array(MOST_NAMES, sizeof *numbers);
    size_t length = strlen(prefix);
    *n = 0;
    for (struct dirent *entry = NULL;
         open_folder != NULL && *n < MOST_NAMES && (entry = readdir(open_folder)) != NULL;) {
        char *end = NULL;
        const char *digits = entry->d_name + length;
        if (strncmp(entry->d_name, prefix, length) != 0 || *digits < '0' || *digits > '9') {
            continue;
        }
        unsigned long value = strtoul(digits, &end, 10);
        if (*end == '\0' && value <= MOST_NUMBER) {
            numbers[(*n)++] = (unsigned)value;
        }
    }
    if (open_folder != NULL) {
        closedir(open_folder);
    }
    qsort(numbers, *n, sizeof *numbers, by_number);
    return numbers;
}
