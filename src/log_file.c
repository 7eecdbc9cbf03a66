#include "src/log_file.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* ---- UTF-16 ---- */

static void add_utf8(struct strbuf *out, uint32_t c)
{
    if (c < 0x80) {
        strbuf_add_char(out, (char)c);
    } else if (c < 0x800) {
        strbuf_add_char(out, (char)(0xc0 | c >> 6));
        strbuf_add_char(out, (char)(0x80 | (c & 0x3f)));
    } else {
        strbuf_add_char(out, (char)(0xe0 | c >> 12));
        strbuf_add_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
        strbuf_add_char(out, (char)(0x80 | (c & 0x3f)));
    }
}

/* Surrogates become `?` in the log reader: no line that matters has one. */
static void decode_utf16(const char *bytes, size_t n, struct strbuf *out)
{
    bool big = (unsigned char)bytes[0] == 0xfe;

    for (size_t i = 2; i + 1 < n; i += 2) {
        uint32_t first = (unsigned char)bytes[i], second = (unsigned char)bytes[i + 1];
        add_utf8(out, big ? first << 8 | second : second << 8 | first);
    }
}

/* ---- JSON lines ---- */

static const char *message_of(struct json_object *line)
{
    static const char *const keys[] = {"msg", "message", "text", "content", "log", "line"};
    struct json_object *value;

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (json_object_object_get_ex(line, keys[i], &value) &&
            json_object_is_type(value, json_type_string))
            return json_object_get_string(value);
    return NULL;
}

/* The message of a JSON line; false where the line is something else. */
static bool decode_json_line(struct json_tokener *tokener, const char *line, size_t n,
                             struct strbuf *out)
{
    if (!n || line[0] != '{' || n > INT32_MAX)
        return false;
    json_tokener_reset(tokener);
    struct json_object *object = json_tokener_parse_ex(tokener, line, (int)n);
    const char *message = json_object_is_type(object, json_type_object) ? message_of(object) : NULL;

    if (message)
        strbuf_add(out, message);
    json_object_put(object);
    return message != NULL;
}

static void decode_lines(const char *bytes, size_t n, struct strbuf *out)
{
    struct json_tokener *tokener = json_tokener_new();

    while (n) {
        const char *end = memchr(bytes, '\n', n);
        size_t length = end ? (size_t)(end - bytes) : n;
        if (!tokener || !decode_json_line(tokener, bytes, length, out))
            strbuf_add_n(out, bytes, length);
        strbuf_add_char(out, '\n');
        bytes += length + (end ? 1 : 0);
        n -= length + (end ? 1 : 0);
    }
    if (tokener)
        json_tokener_free(tokener);
}

void log_file_decode(const char *bytes, size_t n, struct strbuf *out)
{
    struct strbuf text = {0};
    bool utf16 = n >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0);

    if (utf16) {
        decode_utf16(bytes, n, &text);
        bytes = strbuf_text(&text);
        n = text.length;
    }
    decode_lines(bytes, n, out);
    strbuf_clear(&text);
}

/* ---- reading ---- */

static bool read_all(FILE *file, struct strbuf *out)
{
    static char block[1 << 16];
    size_t n;

    while ((n = fread(block, 1, sizeof block, file)) > 0)
        strbuf_add_n(out, block, n);
    return !ferror(file);
}

bool log_file_read(const char *path, struct strbuf *out, struct error *error)
{
    bool standard_input = strcmp(path, "-") == 0;
    FILE *file = standard_input ? stdin : fopen(path, "rb");
    struct strbuf bytes = {0};

    if (!file)
        return error_set(error, ERROR_INPUT, "%s: %s", path, strerror(errno));
    bool read = read_all(file, &bytes);
    if (!read)
        error_set(error, ERROR_INPUT, "%s: %s", path, strerror(errno));
    if (!standard_input)
        fclose(file);
    if (read)
        log_file_decode(strbuf_text(&bytes), bytes.length, out);
    strbuf_clear(&bytes);
    return read;
}
