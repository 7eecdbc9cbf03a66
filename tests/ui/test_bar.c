/* Bars: segments never overlap or vanish, and never claim more than there is. */
#include "ui/bar.h"

#include <criterion/criterion.h>

static const uint64_t mib = 1048576;

static void check(const struct bar *bar, int width)
{
    struct bar_cells cells;
    int n_used = 0;
    uint64_t used = 0;
    bar_split(bar, width, &cells);
    int before = 0;
    for (int i = 0; i < BAR_SEGMENTS; i++) {
        cr_assert_geq(cells.end[i], before);
        cr_assert_leq(cells.end[i], width);
        if (bar->bytes[i] == 0) {
            cr_assert_eq(cells.end[i], before, "an empty segment has no cell");
        }
        n_used += bar->bytes[i] > 0 ? 1 : 0;
        used += bar->bytes[i];
        before = cells.end[i];
    }
    if (n_used <= width) {
        int seen = 0;
        for (int i = 0; i < BAR_SEGMENTS; i++) {
            seen += cells.end[i] > (i > 0 ? cells.end[i - 1] : 0) ? 1 : 0;
        }
        cr_assert_eq(seen, n_used, "every segment that is there is seen");
    }
    cr_assert_eq(cells.overflows, used > bar->total);
    cr_assert(cells.budget >= 0 && cells.budget < width);
    cr_assert(cells.elsewhere >= 0 && cells.elsewhere <= width);
}

Test(bar, every_size_and_width)
{
    static const uint64_t sizes[] = {
        0, 1, 5, 1000, 17 * 1048576ULL, 9000 * 1048576ULL, 40000 * 1048576ULL, UINT64_MAX / 8};
    enum { N = sizeof sizes / sizeof *sizes };
    for (size_t a = 0; a < N; a++) {
        for (size_t b = 0; b < N; b++) {
            for (size_t c = 0; c < N; c++) {
                for (int width = 1; width < 130; width += 7) {
                    struct bar bar = {.bytes = {sizes[a], sizes[b], sizes[c], sizes[(a + b) % N]},
                                      .total = 32607 * mib,
                                      .elsewhere = 1038 * mib,
                                      .budget = 30545 * mib};
                    check(&bar, width);
                }
            }
        }
    }
}

/* Figures of the picture in the design: 45 and 70 cells for 32 607 MiB. */
Test(bar, budget_and_use_elsewhere_stand_where_the_picture_has_them)
{
    struct bar bar = {.bytes = {1300 * mib, 23200 * mib, 576 * mib, 3626 * mib},
                      .total = 32607 * mib,
                      .elsewhere = 1038 * mib,
                      .budget = 30545 * mib};
    struct bar_cells cells;
    bar_split(&bar, 45, &cells);
    cr_assert_eq(cells.end[BAR_COMPUTE], 40);
    cr_assert_eq(cells.budget, 42);
    cr_assert_eq(cells.elsewhere, 44);
    bar_split(&bar, 70, &cells);
    cr_assert_eq(cells.end[BAR_COMPUTE], 62);
    cr_assert_eq(cells.budget, 65);
    cr_assert_eq(cells.elsewhere, 68);
}

Test(bar, fine_bars_end_in_the_right_eighth)
{
    struct canvas canvas;
    struct strbuf text = {0};
    struct bar bar = {.bytes = {12, 9, 0, 0}, .total = 80, .budget = 79};
    canvas_init(&canvas, 10, 1, false);
    bar_draw_fine(&canvas, 0, 0, 10, &bar);
    canvas_dump(&canvas, &text);
    cr_assert_str_eq(strbuf_text(&text), "█▌▋      ╎\n");
    cr_assert_eq(canvas.cells[1].ink, INK_DENSE);
    cr_assert_eq(canvas.cells[1].back, INK_EXPERTS, "two segments share the cell");
    cr_assert_eq(canvas.cells[2].back, INK_PLAIN);
    strbuf_clear(&text);
    canvas_clear(&canvas);
}

Test(bar, ascii_has_a_letter_for_each_kind)
{
    struct canvas canvas;
    struct strbuf text = {0};
    struct bar bar = {.bytes = {4, 4, 4, 4}, .total = 20, .elsewhere = 1, .budget = 18};
    canvas_init(&canvas, 20, 1, true);
    bar_draw(&canvas, 0, 0, 20, &bar);
    canvas_dump(&canvas, &text);
    cr_assert_str_eq(strbuf_text(&text), "DDDDEEEEKKKKCCCC  |/\n");
    strbuf_clear(&text);
    canvas_clear(&canvas);
}
