/* The canvas: clipped, sanitised, whole characters only. */
#include "ui/canvas.h"
#include "ui/figures.h"
#include "ui/text.h"

#include <criterion/criterion.h>
#include <locale.h>

static struct canvas canvas;
static struct strbuf text;

static void start(int width, int height, bool ascii)
{
    cr_assert_not_null(setlocale(LC_CTYPE, "C.UTF-8"));
    canvas_init(&canvas, width, height, ascii);
}

static const char *dump(void)
{
    strbuf_reset(&text);
    canvas_dump(&canvas, &text);
    return strbuf_text(&text);
}

static void stop(void)
{
    canvas_clear(&canvas);
    strbuf_clear(&text);
}

Test(canvas, text_is_cut_with_an_ellipsis, .fini = stop)
{
    start(10, 1, false);
    canvas_text(&canvas, 0, 0, 6, INK_PLAIN, "abcdefgh");
    cr_assert_str_eq(dump(), "abcde…\n");
}

Test(canvas, hostile_names_are_harmless, .fini = stop)
{
    start(40, 1, false);
    canvas_text(&canvas, 0, 0, -1, INK_PLAIN, "a\033[31m\302\233b\342\200\256c\377d\t");
    cr_assert_str_eq(dump(), "a?[31m?b?c?d?\n");
}

Test(canvas, a_wide_character_without_room_is_a_blank, .fini = stop)
{
    start(3, 1, false);
    canvas_put(&canvas, 2, 0, 0x6F22, INK_PLAIN);
    canvas_put(&canvas, 0, 0, 0x6F22, INK_PLAIN);
    cr_assert_str_eq(dump(), "\346\274\242\n");
    canvas_put(&canvas, 1, 0, 'x', INK_PLAIN);
    cr_assert_str_eq(dump(), " x\n", "half a character never stays");
}

Test(canvas, nothing_is_drawn_outside, .fini = stop)
{
    start(4, 2, false);
    canvas_clip(&canvas, (struct rect){1, 0, 2, 1});
    canvas_fill(&canvas, (struct rect){-5, -5, 20, 20}, '#', INK_PLAIN);
    canvas_box(&canvas, (struct rect){-3, -3, 90, 90}, "title");
    canvas_unclip(&canvas);
    canvas_text(&canvas, -2, 1, -1, INK_PLAIN, "abcdefghij");
    cr_assert_str_eq(dump(), "\ncde…\n");
}

Test(canvas, ascii_knows_every_glyph_of_the_screen, .fini = stop)
{
    start(40, 1, true);
    canvas_text(&canvas, 0, 0, -1, INK_PLAIN, "█▓▒░╎╱·‹›…→▶×↑↓─│┌┐└┘");
    cr_assert_str_eq(dump(), "DEKC|/.<>~>>x^v-|++++\n");
}

Test(figures, round_as_the_screen_says)
{
    char out[FIGURE_MAX];
    const uint64_t mib = 1048576;
    cr_assert_str_eq(figure_grouped(out, 0), "0");
    cr_assert_str_eq(figure_grouped(out, 999), "999");
    cr_assert_str_eq(figure_grouped(out, 12345678), "12 345 678");
    cr_assert_str_eq(figure_mib_up(out, 28701 * mib + 1), "28 702");
    cr_assert_str_eq(figure_mib_down(out, 30546 * mib - 1), "30 545");
    cr_assert_str_eq(figure_mib(out, 2058 * mib), "2 058.0");
    cr_assert_str_eq(figure_mib(out, UINT64_MAX), "17 592 186 044 416.0");
    cr_assert_str_eq(figure_change(out, 5 * mib, 2 * mib, false), "-3.0");
    cr_assert_str_eq(figure_change(out, 5 * mib, 2565 * mib, true), "+2.500");
    cr_assert_str_eq(figure_percent(out, 94, 100), "94.0%");
    cr_assert_str_eq(figure_percent(out, 1, 0), "-");
}
