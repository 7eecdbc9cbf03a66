/* The key table: one meaning a key and screen, and the page on keys that is made from it
 * (docs/keys.md; OTPLAN_GOLDEN_WRITE=1 writes it anew). */
#include "model/base/strbuf.h"
#include "ui/keymap.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Test(keymap, a_key_means_one_thing_on_a_screen)
{
    for (int screen = 0; screen < SCREEN_COUNT; screen++) {
        for (size_t i = 0; i < keymap_length; i++) {
            for (int k = 0; k < KEYS_MAX && keymap[i].keys[k] != 0; k++) {
                if ((keymap[i].where & 1U << screen) == 0) {
                    continue;
                }
                char name[16];
                enum action found = keymap_find((enum screen)screen, keymap[i].keys[k]);
                cr_assert_eq(found, keymap[i].action, "%s on %s is shadowed",
                             keymap_key_name(keymap[i].keys[k], name),
                             screen_name((enum screen)screen));
            }
        }
    }
}

Test(keymap, digits_and_capitals_are_never_commands)
{
    for (uint32_t key = '0'; key <= 'F'; key++) {
        if (key <= '9' || key >= 'A') {
            cr_assert_eq(keymap_find(SCREEN_MAIN, key), ACTION_FOCUS_BAR, "%c", (char)key);
        }
    }
}

static void add_screen(struct strbuf *out, enum screen screen)
{
    const char *group = "";
    strbuf_format(out, "\n## The %s screen\n", screen_name(screen));
    for (size_t i = 0; i < keymap_length; i++) {
        if ((keymap[i].where & 1U << screen) == 0) {
            continue;
        }
        if (strcmp(group, keymap[i].group) != 0) {
            group = keymap[i].group;
            strbuf_format(out, "\n| %s | |\n| --- | --- |\n", group);
        }
        char keys[64];
        keymap_keys(&keymap[i], keys, sizeof keys);
        strbuf_format(out, "| `%s` | %s |\n", keys, keymap[i].help);
    }
}

Test(keymap, the_page_on_keys_is_what_the_table_says)
{
    struct strbuf wanted = {0};
    strbuf_add(&wanted,
               "# Keys\n\nMade from the key table (ui/keymap.c) by tests/ui/test_keymap.c; do not "
               "edit by hand.\nAfter `m`: `0-9` `A-F` a device, `c` CPU, `.` home; the arrows walk "
               "over the bars.\n");
    for (int screen = 0; screen < SCREEN_COUNT; screen++) {
        add_screen(&wanted, (enum screen)screen);
    }
    const char *path = OTPLAN_SOURCE "/docs/keys.md";
    if (getenv("OTPLAN_GOLDEN_WRITE") != NULL) {
        FILE *file = fopen(path, "w");
        cr_assert_not_null(file, "%s", path);
        fputs(strbuf_text(&wanted), file);
        fclose(file);
    }
    struct strbuf got = {0};
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file, "%s is missing", path);
    for (int c = fgetc(file); c != EOF; c = fgetc(file)) {
        strbuf_add_char(&got, (char)c);
    }
    fclose(file);
    cr_assert_str_eq(strbuf_text(&got), strbuf_text(&wanted), "docs/keys.md is out of date");
    strbuf_clear(&got);
    strbuf_clear(&wanted);
}
