#include "model/base/strbuf.h"

#include "model/base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reserve(struct strbuf *buffer, size_t more)
{
    size_t needed = buffer->length + more + 1;
    if (needed <= buffer->capacity) {
        return;
    }
    size_t capacity = buffer->capacity < 64 ? 64 : buffer->capacity;
    while (capacity < needed) {
        capacity *= 2;
    }
    buffer->text = memory_resize(buffer->text, capacity, 1);
    buffer->capacity = capacity;
}

void strbuf_clear(struct strbuf *buffer)
{
    free(buffer->text);
    *buffer = (struct strbuf){0};
}

void strbuf_reset(struct strbuf *buffer)
{
    buffer->length = 0;
    if (buffer->text != NULL) {
        buffer->text[0] = '\0';
    }
}

void strbuf_add_n(struct strbuf *buffer, const char *text, size_t bytes)
{
    reserve(buffer, bytes);
    if (bytes > 0) {
        memcpy(buffer->text + buffer->length, text, bytes);
    }
    buffer->length += bytes;
    buffer->text[buffer->length] = '\0';
}

void strbuf_add(struct strbuf *buffer, const char *text)
{
    strbuf_add_n(buffer, text, strlen(text));
}

void strbuf_add_char(struct strbuf *buffer, char c)
{
    strbuf_add_n(buffer, &c, 1);
}

void strbuf_format(struct strbuf *buffer, const char *format, ...)
{
    va_list arguments;
    va_list again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length > 0) {
        reserve(buffer, (size_t)length);
        vsnprintf(buffer->text + buffer->length, (size_t)length + 1, format, again);
        buffer->length += (size_t)length;
    }
    va_end(again);
}

const char *strbuf_text(const struct strbuf *buffer)
{
    return buffer->text == NULL ? "" : buffer->text;
}

char *strbuf_take(struct strbuf *buffer)
{
    char *text = buffer->text == NULL ? memory_text("") : buffer->text;
    *buffer = (struct strbuf){0};
    return text;
}
