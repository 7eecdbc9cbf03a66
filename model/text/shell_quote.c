#include "model/text/arguments.h"

#include <string.h>

/* Safe without quotes in every POSIX shell, also as a whole word at the start of a command. */
static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                            "@%+:,./_-";

void shell_quote(struct strbuf *out, const char *word)
{
    if (*word != '\0' && word[strspn(word, plain)] == '\0') {
        strbuf_add(out, word);
        return;
    }
    strbuf_add_char(out, '\'');
    for (const char *at = word; *at != '\0'; at++) {
        if (*at == '\'') {
            strbuf_add(out, "'\\''");
        } else {
            strbuf_add_char(out, *at);
        }
    }
    strbuf_add_char(out, '\'');
}
