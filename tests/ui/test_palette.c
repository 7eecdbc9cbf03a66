/* Colours: every tier can tell the segments apart, and mono needs none. */
#include "ui/palette.h"

#include <criterion/criterion.h>

Test(palette, the_tier_follows_what_the_terminal_has)
{
    cr_assert_eq(palette_choose(256, false), PALETTE_MONO, "NO_COLOR");
    cr_assert_eq(palette_choose(-1, true), PALETTE_MONO);
    cr_assert_eq(palette_choose(8, true), PALETTE_8);
    cr_assert_eq(palette_choose(16, true), PALETTE_16);
    cr_assert_eq(palette_choose(88, true), PALETTE_16);
    cr_assert_eq(palette_choose(256, true), PALETTE_256);
    cr_assert_eq(palette_choose(16777216, true), PALETTE_DIRECT);
}

Test(palette, colours_are_numbers_of_their_tier)
{
    static const int most[] = {0, 8, 16, 256, 0x1000000};
    for (int tier = PALETTE_MONO; tier <= PALETTE_DIRECT; tier++) {
        for (int ink = 0; ink < INK_COUNT; ink++) {
            struct paint paint = palette_paint((enum palette_tier)tier, (enum ink)ink);
            cr_assert(paint.foreground >= -1 && paint.foreground < most[tier], "tier %d ink %d",
                      tier, ink);
        }
    }
}

Test(palette, segments_differ_in_colour_and_what_is_over_stands_out_without)
{
    for (int tier = PALETTE_8; tier <= PALETTE_DIRECT; tier++) {
        for (int a = INK_DENSE; a <= INK_COMPUTE; a++) {
            for (int b = INK_DENSE; b < a; b++) {
                cr_assert_neq(palette_paint((enum palette_tier)tier, (enum ink)a).foreground,
                              palette_paint((enum palette_tier)tier, (enum ink)b).foreground);
            }
        }
    }
    cr_assert(palette_paint(PALETTE_MONO, INK_OVER).reverse);
    cr_assert(palette_paint(PALETTE_MONO, INK_CURSOR).reverse);
}
