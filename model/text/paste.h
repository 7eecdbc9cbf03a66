/* Text as it comes out of a browser, a chat or a terminal, made plain: typographic quotes, dashes and blanks,
 * HTML entities and tags, code fences (what stands around them is talk), quote marks and prompts in front of
 * lines. The number of lines stays the same, so that notes can name them.
 */
#ifndef OTPLAN_MODEL_TEXT_PASTE_H
#define OTPLAN_MODEL_TEXT_PASTE_H

#include <stdbool.h>
#include <stddef.h>

struct pasted {
    char *text; /* owned, NUL-terminated and without other NULs */
    size_t length;
    bool typographic;    /* quotes or dashes that a shell takes literally were made plain */
    bool windows_prompt; /* `PS C:\>` or `C:\>` stood in front of a line */
};

void paste_plain(const char *text, size_t size, struct pasted *out);
void paste_clear(struct pasted *pasted);

#endif
