#include "src/json_out.h"

#include "model/base/memory.h"
#include "model/base/plain_text.h"
#include "model/base/strbuf.h"

#include <json-c/json.h>
#include <json-c/printbuf.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the UTF-8 character at `at`, 0 where there is none. */
static size_t character(const unsigned char *at)
{
    static const struct {
        unsigned char mask, lead;
        size_t bytes;
    } kinds[] = {{0x80, 0x00, 1}, {0xe0, 0xc0, 2}, {0xf0, 0xe0, 3}, {0xf8, 0xf0, 4}};
    for (size_t i = 0; i < 4; i++) {
        if ((at[0] & kinds[i].mask) != kinds[i].lead) {
            continue;
        }
        for (size_t k = 1; k < kinds[i].bytes; k++) {
            if ((at[k] & 0xc0) != 0x80) {
                return 0;
            }
        }
        bool too_long = (kinds[i].bytes == 2 && at[0] < 0xc2) || (at[0] == 0xe0 && at[1] < 0xa0) ||
                        (at[0] == 0xf0 && at[1] < 0x90);
        bool no_character =
            (at[0] == 0xed && at[1] > 0x9f) || at[0] > 0xf4 || (at[0] == 0xf4 && at[1] > 0x8f);
        return too_long || no_character ? 0 : kinds[i].bytes;
    }
    return 0;
}

/* Bytes at `at` that are printable ASCII: nearly all there is. */
static size_t plain_run(const char *at)
{
    size_t n = 0;
    while (at[n] >= ' ' && at[n] <= '~') {
        n++;
    }
    return n;
}

struct json_object *json_out_string(const char *text)
{
    if (text == NULL) {
        return NULL;
    }
    size_t plain = plain_run(text);
    if (text[plain] == '\0') {
        return json_object_new_string_len(text, (int)plain);
    }
    struct strbuf clean = {0};
    for (const char *at = text; *at != '\0';) {
        size_t bytes = character((const unsigned char *)at);
        if (bytes == 0) {
            strbuf_add(&clean, "\xef\xbf\xbd");
            at++;
        } else {
            strbuf_add_n(&clean, at, bytes);
            at += bytes;
        }
    }
    struct json_object *string = json_object_new_string(strbuf_text(&clean));
    strbuf_clear(&clean);
    return string;
}

struct json_object *json_out_words(const char *const *words, size_t n)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        json_object_array_add(list, json_out_string(words[i]));
    }
    return list;
}

/* Keys are texts of this program: nobody needs copies of them. */
static void add(struct json_object *object, const char *key, struct json_object *value)
{
    json_object_object_add_ex(object, key, value, JSON_C_OBJECT_KEY_IS_CONSTANT);
}

void json_out_text(struct json_object *object, const char *key, const char *text)
{
    add(object, key, json_out_string(text));
}

void json_out_bytes(struct json_object *object, const char *key, uint64_t bytes)
{
    add(object, key, json_object_new_uint64(bytes));
}

void json_out_signed(struct json_object *object, const char *key, int64_t number)
{
    add(object, key, json_object_new_int64(number));
}

void json_out_bool(struct json_object *object, const char *key, bool value)
{
    add(object, key, json_object_new_boolean(value));
}

void json_out_null(struct json_object *object, const char *key)
{
    add(object, key, NULL);
}

/* ---- rows made as they are written ---------------------------------------------------------- */

struct rows {
    size_t n;
    struct json_object *(*make)(void *context, size_t row);
    void *context; /* owned */
};

static void rows_free(struct json_object *list, void *rows)
{
    (void)list;
    free(((struct rows *)rows)->context);
    free(rows);
}

static void indent(struct printbuf *out, int level, int flags)
{
    if ((flags & JSON_C_TO_STRING_PRETTY) != 0) {
        printbuf_strappend(out, "\n");
        printbuf_memset(out, -1, ' ', 2 * level);
    }
}

/* A string in JSON has no line breaks of its own: each of them is one of the layout. */
static void add_row(struct printbuf *out, const char *text, int level, int flags)
{
    for (size_t n = strcspn(text, "\n");; n = strcspn(text, "\n")) {
        printbuf_memappend(out, text, (int)n);
        if (text[n] == '\0') {
            return;
        }
        indent(out, level, flags);
        text += n + 1;
    }
}

static int write_rows(struct json_object *list, struct printbuf *out, int level, int flags)
{
    const struct rows *rows = json_object_get_userdata(list);
    printbuf_strappend(out, "[");
    for (size_t row = 0; row < rows->n; row++) {
        struct json_object *object = rows->make(rows->context, row);
        if (row > 0) {
            printbuf_strappend(out, ",");
        }
        indent(out, level + 1, flags);
        add_row(out, json_object_to_json_string_ext(object, flags), level + 1, flags);
        json_object_put(object);
    }
    indent(out, level, flags);
    printbuf_strappend(out, "]");
    return 0;
}

struct json_object *json_out_rows(size_t n, struct json_object *(*make)(void *context, size_t row),
                                  void *context)
{
    struct rows *rows = memory_new(sizeof *rows);
    *rows = (struct rows){n, make, context};
    struct json_object *list = json_object_new_array();
    json_object_set_serializer(list, write_rows, rows, rows_free);
    return list;
}

/* ---- the text ------------------------------------------------------------------------------- */

/* What acts on a terminal stands in a string alone, and there it can be written as \u0085 just as well. */
static char *escape(const char *text)
{
    struct strbuf out = {0};
    for (;;) {
        uint32_t code = 0;
        size_t bytes = plain_run(text);
        strbuf_add_n(&out, text, bytes);
        text += bytes;
        if (*text == '\0') {
            break;
        }
        bool acts = plain_text_acts(text, &code, &bytes);
        if (acts && *text != '\n') {
            strbuf_format(&out, "\\u%04x", code);
        } else if (bytes == 0) {
            strbuf_add(&out, "\\ufffd"); /* no UTF-8 */
        } else {
            strbuf_add_n(&out, text, bytes);
        }
        text += bytes > 0 ? bytes : 1;
    }
    strbuf_add(&out, "\n");
    return strbuf_take(&out);
}

static char *take(struct json_object *object, int flags)
{
    char *taken = escape(json_object_to_json_string_ext(object, flags));
    json_object_put(object);
    return taken;
}

char *json_out_take(struct json_object *object)
{
    return take(object,
                JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
}

char *json_out_take_line(struct json_object *object)
{
    return take(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}
