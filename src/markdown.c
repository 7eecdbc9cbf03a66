#include "src/markdown.h"

#include "model/base/plain_text.h"

#include <string.h>

void markdown_add(struct strbuf *out, const char *text)
{
    struct strbuf plain = {0};
    strbuf_add_plain(&plain, text);
    for (const char *at = strbuf_text(&plain); *at != '\0'; at++) {
        if (strchr("\\`*_[]|<>&#~!:$", *at) != NULL) {
            strbuf_add_char(out, '\\');
        }
        strbuf_add_char(out, *at);
    }
    strbuf_clear(&plain);
}

static size_t longest_ticks(const char *text)
{
    size_t longest = 0;
    while ((text = strchr(text, '`')) != NULL) {
        size_t n = strspn(text, "`");
        longest = n > longest ? n : longest;
        text += n;
    }
    return longest;
}

void markdown_add_code(struct strbuf *out, const char *text)
{
    size_t ticks = longest_ticks(text) + 1;
    ticks = ticks < 3 ? 3 : ticks;
    for (size_t side = 0; side < 2; side++) {
        for (size_t i = 0; i < ticks; i++) {
            strbuf_add_char(out, '`');
        }
        strbuf_add_char(out, '\n');
        size_t length = side == 0 ? strlen(text) : 0;
        strbuf_add_n(out, text, length);
        strbuf_add(out, length > 0 && text[length - 1] != '\n' ? "\n" : "");
    }
}
