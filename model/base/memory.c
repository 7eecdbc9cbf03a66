#include "model/base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void (*memory_exhausted)(void) = abort;

static void *checked(void *memory)
{
    if (memory == NULL) {
        memory_exhausted();
        abort();
    }
    return memory;
}

void *memory_new(size_t bytes)
{
    return checked(calloc(1, bytes == 0 ? 1 : bytes));
}

void *memory_array(size_t count, size_t element_bytes)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, element_bytes, &bytes)) {
        checked(NULL);
    }
    return memory_new(bytes);
}

void *memory_resize(void *old, size_t count, size_t element_bytes)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, element_bytes, &bytes)) {
        checked(NULL);
    }
    return checked(realloc(old, bytes == 0 ? 1 : bytes));
}

void *memory_copy(const void *from, size_t bytes)
{
    void *copy = checked(malloc(bytes == 0 ? 1 : bytes));
    if (bytes > 0) {
        memcpy(copy, from, bytes);
    }
    return copy;
}

char *memory_text(const char *text)
{
    return text == NULL ? NULL : memory_copy(text, strlen(text) + 1);
}

char *memory_text_n(const char *text, size_t bytes)
{
    char *copy = memory_new(bytes + 1);
    if (bytes > 0) {
        memcpy(copy, text, bytes);
    }
    return copy;
}

char *memory_format(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    return checked(length < 0 ? NULL : text);
}
