#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/text/import_parts.h"

#include <stdlib.h>
#include <string.h>

/* systemd joins lines at a backslash; `%%` and `$$` are one character, and so is `\\`. */
static void add_line(struct strbuf *out, const char *line, size_t length, bool *continued)
{
    while (length > 0 && strchr(" \t\r", line[length - 1]) != NULL) {
        length--;
    }
    *continued = length > 0 && line[length - 1] == '\\';
    length -= *continued;
    for (size_t i = 0; i < length; i++) {
        bool twice = strchr("%$\\", line[i]) != NULL && i + 1 < length && line[i + 1] == line[i];
        strbuf_add_char(out, line[i]);
        i += twice;
    }
    strbuf_add(out, *continued ? " " : "\n");
}

/* Length of `key=` at the start of the line, 0 where another stands there. */
static size_t key_length(const char *line, size_t length)
{
    static const char *const keys[] = {"ExecStart=", "Exec=", "Environment="};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        size_t n = strlen(keys[i]);
        if (length >= n && strncmp(line, keys[i], n) == 0) {
            return n;
        }
    }
    return 0;
}

char *import_unit_command(const char *text, size_t size)
{
    struct strbuf out = {0};
    bool continued = false, starts = false;
    for (size_t at = 0; at < size;) {
        const char *line = text + at;
        const char *end = memchr(line, '\n', size - at);
        size_t length = end == NULL ? size - at : (size_t)(end - line);
        size_t key = continued ? 0 : key_length(line, length);
        at += length + 1;
        if (key > 0 || continued) {
            bool environment = key > 0 && *line == 'E' && line[1] == 'n';
            starts = starts || (key > 0 && !environment);
            strbuf_add(&out, environment ? "export " : "");
            size_t prefix = key + (environment ? 0 : strspn(line + key, "@-:+!"));
            bool program = key == strlen("ExecStart=");
            prefix = program && prefix <= length ? prefix : key;
            strbuf_add(&out, key == strlen("Exec=") ? "llama-server " : "");
            add_line(&out, line + prefix, length - prefix, &continued);
        }
    }
    if (!starts) {
        strbuf_clear(&out);
        return NULL;
    }
    return strbuf_take(&out);
}
