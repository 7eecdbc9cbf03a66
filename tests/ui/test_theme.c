/* Themes: what a file says, in every tier, and which line is wrong. */
#include "ui/theme.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Test(theme, a_line_changes_its_role_in_every_tier_and_no_other)
{
    struct palette palette, plain;
    struct error error = {0};
    palette_default(&plain);
    cr_assert(theme_read("# mine\r\n\n  experts = #E69f00 bold underline\ntitle = default dim",
                         "mine", &palette, &error),
              "%s", error.text);
    struct paint paint = palette_paint_of(&palette, PALETTE_DIRECT, INK_EXPERTS);
    cr_assert_eq(paint.foreground, 0xE69F00);
    cr_assert(paint.bold && paint.underline && !paint.reverse);
    cr_assert_eq(palette_paint_of(&palette, PALETTE_256, INK_EXPERTS).foreground, 178);
    cr_assert_eq(palette_paint_of(&palette, PALETTE_16, INK_EXPERTS).foreground, 3);
    cr_assert_eq(palette_paint_of(&palette, PALETTE_8, INK_EXPERTS).foreground, 3);
    cr_assert_eq(palette_paint_of(&palette, PALETTE_MONO, INK_EXPERTS).foreground, -1);
    cr_assert_eq(palette_paint_of(&palette, PALETTE_256, INK_TITLE).foreground, -1);
    cr_assert(palette_paint_of(&palette, PALETTE_MONO, INK_TITLE).dim);
    for (int ink = 0; ink < INK_COUNT; ink++) {
        const struct palette_row *was = &plain.rows[ink], *is = &palette.rows[ink];
        bool same = was->rgb == is->rgb && was->at_256 == is->at_256 && was->bold == is->bold;
        cr_assert_eq(same, ink != INK_EXPERTS && ink != INK_TITLE, "%s", theme_role((enum ink)ink));
    }
}

Test(theme, colours_that_a_tier_has_stay_what_they_are)
{
    struct palette_row row = {0};
    palette_set_rgb(&row, 0x00AF87);
    cr_assert_eq(row.at_256, 36);
    palette_set_rgb(&row, 0x8A8A8A);
    cr_assert_eq(row.at_256, 245);
    palette_set_rgb(&row, 0xFF0000);
    cr_assert_eq(row.at_16, 9);
    cr_assert_eq(row.at_8, 1);
    palette_set_rgb(&row, 0x000000);
    cr_assert_eq(row.at_16, -1, "black on black");
}

Test(theme, what_is_wrong_is_said_with_its_line)
{
    static const struct {
        const char *text, *said;
    } wrong[] = {
        {"ok = #00ff00\nexprts = #00ff00\n", "mine: line 2: no role 'exprts'"},
        {"ok #00ff00", "mine: line 1: must read ROLE = #rrggbb"},
        {"\n\nok = green", "mine: line 3: no colour"},
        {"ok = #12345", "line 1: no colour"},
        {"ok = #1234567", "line 1: no colour"},
        {"ok = #12345g", "line 1: no colour"},
        {"ok =", "line 1: no colour"},
        {"ok = #00ff00 blinking", "line 1: none of bold, dim, underline, reverse"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct palette palette;
        struct error error = {0};
        cr_assert_not(theme_read(wrong[i].text, "mine", &palette, &error), "%s", wrong[i].text);
        cr_assert_eq(error.kind, ERROR_INPUT);
        cr_assert_not_null(strstr(error.text, wrong[i].said), "%s: %s", wrong[i].text, error.text);
    }
}

/* The bundled ones can be read, and tell the parts of a bar apart wherever there are colours. */
Test(theme, those_that_come_with_it)
{
    static const char *const names[] = {"light", "contrast"};
    for (size_t i = 0; i < 2; i++) {
        char path[512], text[8192];
        struct palette palette;
        struct error error = {0};
        snprintf(path, sizeof path, "%s/assets/themes/%s", OTPLAN_SOURCE, names[i]);
        FILE *file = fopen(path, "r");
        cr_assert_not_null(file, "%s", path);
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        fclose(file);
        cr_assert(theme_read(text, path, &palette, &error), "%s", error.text);
        for (int tier = PALETTE_8; tier <= PALETTE_DIRECT; tier++)
            for (int a = INK_DENSE; a <= INK_COMPUTE; a++)
                for (int b = INK_DENSE; b < a; b++)
                    cr_assert_neq(palette.rows[a].at_256, palette.rows[b].at_256, "%s", names[i]);
        cr_assert(palette.rows[INK_OVER].reverse);
    }
}
