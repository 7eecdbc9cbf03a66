/* A text that grows. Always NUL-terminated; `text` is "" when empty. */
#ifndef OTPLAN_MODEL_BASE_STRBUF_H
#define OTPLAN_MODEL_BASE_STRBUF_H

#include <stddef.h>

struct strbuf {
    char *text;      /* owned; valid until the next change. Read it through strbuf_text */
    size_t length;   /* bytes, without the NUL */
    size_t capacity; /* bytes allocated */
};

/* A zeroed struct is an empty buffer: `struct strbuf b = {0};` */
void strbuf_clear(struct strbuf *buffer); /* frees; empty and usable again */
void strbuf_reset(struct strbuf *buffer); /* empties, keeps the memory */
void strbuf_add(struct strbuf *buffer, const char *text);
void strbuf_add_n(struct strbuf *buffer, const char *text, size_t bytes);
void strbuf_add_char(struct strbuf *buffer, char c);
void strbuf_format(struct strbuf *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
const char *strbuf_text(const struct strbuf *buffer); /* borrowed, never NULL */
char *strbuf_take(struct strbuf *buffer);             /* new: the caller frees; buffer is empty */

#endif
