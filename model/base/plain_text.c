#include "model/base/plain_text.h"

#include <string.h>

/* Bytes of the UTF-8 character at `at`, 0 where there is none; its code in `*code`. */
static size_t decode(const unsigned char *at, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = at[0] < 0x80 ? 1 : at[0] < 0xc0 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (n == 0 || at[0] > 0xf4) {
        return 0;
    }
    *code = n == 1 ? at[0] : at[0] & (0x7fU >> n);
    for (size_t i = 1; i < n; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
        *code = *code << 6 | (at[i] & 0x3fU);
    }
    bool surrogate = *code >= 0xd800 && *code < 0xe000;
    return *code < least[n] || *code > 0x10ffff || surrogate ? 0 : n;
}

static bool acts(uint32_t code)
{
    bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    bool turns = code == 0x061c || code == 0x200e || code == 0x200f ||
                 (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
    return control || turns;
}

bool plain_text_acts(const char *at, uint32_t *code, size_t *bytes)
{
    *bytes = decode((const unsigned char *)at, code);
    return *bytes > 0 && acts(*code);
}

/* The piece to write for what stands at `*at`, which moves on. */
static size_t next_piece(const char **at, const char **piece)
{
    uint32_t code = 0;
    size_t n = decode((const unsigned char *)*at, &code);
    *piece = n == 0 || acts(code) ? "?" : *at;
    size_t length = **piece == '?' ? 1 : n;
    *at += n == 0 ? 1 : n;
    return length;
}

void strbuf_add_plain(struct strbuf *out, const char *text)
{
    while (*text != '\0') {
        const char *piece = NULL;
        size_t length = next_piece(&text, &piece);
        strbuf_add_n(out, piece, length);
    }
}

void plain_text(char *text)
{
    const char *from = text;
    char *to = text;
    while (*from != '\0') {
        const char *piece = NULL;
        size_t length = next_piece(&from, &piece);
        memmove(to, piece, length);
        to += length;
    }
    *to = '\0';
}
