#include "tests/support/key_typed.h"

#include "ui/keymap.h"

#include <stdio.h>
#include <string.h>

const char *key_typed(uint32_t key, char out[32])
{
    static const struct {
        const char *shown, *typed;
    } others[] = {
        {"<", "<Less>"},        {"Shift-Tab", "<BackTab>"}, {"PgUp", "<PageUp>"},
        {"PgDn", "<PageDown>"}, {"Del", "<Delete>"},
    };
    char room[16];
    const char *name = keymap_key_name(key, room);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (strcmp(name, others[i].shown) == 0)
            return others[i].typed;
    }
    if (strlen(name) == 1)
        snprintf(out, 32, "%s", name);
    else if (strncmp(name, "Ctrl-", 5) == 0)
        snprintf(out, 32, "<C-%s>", name + 5);
    else if (strncmp(name, "Shift-", 6) == 0)
        snprintf(out, 32, "<S-%s>", name + 6);
    else
        snprintf(out, 32, "<%s>", name);
    return out;
}
