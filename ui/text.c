#include "ui/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

static bool is_tail(const char *byte)
{
    return ((unsigned char)*byte & 0xC0U) == 0x80U;
}

static uint32_t invalid(const char **text)
{
    (*text)++;
    return 0xFFFD;
}

uint32_t text_next(const char **text)
{
    const unsigned char *at = (const unsigned char *)*text;
    if (at[0] == 0) {
        return 0;
    }
    if (at[0] < 0x80) {
        (*text)++;
        return at[0];
    }
    size_t tails = at[0] >= 0xF0 ? 3 : at[0] >= 0xE0 ? 2 : 1;
    static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
    if (at[0] < 0xC2 || at[0] > 0xF4) {
        return invalid(text);
    }
    uint32_t code = at[0] & (0x3FU >> tails);
    for (size_t i = 1; i <= tails; i++) {
        if (!is_tail((const char *)at + i)) {
            return invalid(text);
        }
        code = code << 6 | (at[i] & 0x3FU);
    }
    if (code < smallest[tails] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
        return invalid(text);
    }
    *text += tails + 1;
    return code;
}

size_t text_encode(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t tails = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xC0, 0xE0, 0xF0};
    for (size_t i = tails; i > 0; i--) {
        out[i] = (char)(0x80U | (code & 0x3FU));
        code >>= 6;
    }
    out[0] = (char)(lead[tails] | code);
    return tails + 1;
}

uint32_t text_sanitise(uint32_t code)
{
    bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
    bool direction = code == 0x061C || code == 0x200E || code == 0x200F ||
                     (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
    bool invisible = (code >= 0x200B && code <= 0x200D) || code == 0x2028 || code == 0x2029 ||
                     code == 0xFEFF || code == 0xFFFD;
    if (control || direction || invisible) {
        return '?';
    }
    return code >= 0x80 && wcwidth((wchar_t)code) < 1 ? '?' : code;
}

int text_cells(uint32_t code)
{
    return code >= 0x1100 && wcwidth((wchar_t)code) == 2 ? 2 : 1;
}

int text_width(const char *text)
{
    int width = 0;
    for (uint32_t code = text_next(&text); code != 0; code = text_next(&text)) {
        width += text_cells(text_sanitise(code));
    }
    return width;
}

size_t text_before(const char *text, size_t at)
{
    if (at == 0) {
        return 0;
    }
    at--;
    while (at > 0 && is_tail(text + at)) {
        at--;
    }
    return at;
}

void text_line(const char **text, int cells, char *out, size_t n)
{
    const char *end = *text;
    const char *blank = NULL;
    int width = 0;
    while (*end != '\0') {
        const char *next = end;
        width += text_cells(text_sanitise(text_next(&next)));
        if ((width > cells && end > *text) || (size_t)(next - *text) >= n) {
            break;
        }
        blank = *end == ' ' && end > *text ? end : blank;
        end = next;
    }
    if (*end != '\0' && *end != ' ' && blank != NULL) {
        end = blank;
    }
    snprintf(out, n, "%.*s", (int)(end - *text), *text);
    *text = end + strspn(end, " ");
}
