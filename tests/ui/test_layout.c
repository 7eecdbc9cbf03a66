/* The layout at every size: nothing outside, nothing overlaps, what must be seen is there. */
#include "ui/layout.h"

#include <criterion/criterion.h>

static void inside(const struct rect *rect, int width, int height)
{
    cr_assert(rect->x >= 0 && rect->y >= 0 && rect->width >= 0 && rect->height >= 0);
    cr_assert(rect->height == 0 ||
              (rect->x + rect->width <= width && rect->y + rect->height <= height));
}

static bool overlap(const struct rect *a, const struct rect *b)
{
    return a->height > 0 && b->height > 0 && a->width > 0 && b->width > 0 &&
           a->x < b->x + b->width && b->x < a->x + a->width && a->y < b->y + b->height &&
           b->y < a->y + a->height;
}

Test(layout, every_size)
{
    static const size_t devices[] = {0, 1, 4, 6, 7, 9, 15, 40};
    for (int width = 1; width <= 250; width += width < 70 ? 1 : 7) {
        for (int height = 1; height <= 80; height++) {
            for (size_t d = 0; d < 8; d++) {
                struct layout_input input = {width, height, devices[d], 12, 6 + d % 3, 5};
                struct layout out;
                layout_main(&input, &out);
                cr_assert_eq(out.too_small, width < LAYOUT_MIN_WIDTH || height < LAYOUT_MIN_HEIGHT);
                const struct rect *rects[] = {&out.title,   &out.legend,    &out.bars,   &out.map,
                                              &out.tensors, &out.arguments, &out.status, &out.help};
                for (size_t i = 0; i < 8; i++) {
                    inside(rects[i], width, height);
                    for (size_t k = 0; k < i; k++) {
                        cr_assert_not(overlap(rects[i], rects[k]), "%dx%d: %zu and %zu", width,
                                      height, i, k);
                    }
                }
                if (!out.too_small) {
                    cr_assert(out.title.height == 1 && out.status.height == 1);
                    cr_assert(out.arguments.height >= 1);
                    cr_assert(out.map.height >= 4);
                    cr_assert(out.bars.height == out.bar_lines + 1);
                }
            }
        }
    }
}

Test(layout, the_picture_at_80x24)
{
    struct layout_input input = {80, 24, 4, 9, 6, 5};
    struct layout out;
    layout_main(&input, &out);
    cr_assert_eq(out.legend.y, 1);
    cr_assert_eq(out.bars.y, 2);
    cr_assert_eq(out.map.y, 7);
    cr_assert_eq(out.map.height, 7);
    cr_assert_eq(out.tensors.y, 14);
    cr_assert_eq(out.tensors.height, 7);
    cr_assert_eq(out.arguments.y, 21);
    cr_assert_eq(out.status.y, 22);
    cr_assert_eq(out.help.y, 23);
    cr_assert_eq(out.label_cells, 8);
}

Test(layout, with_fewer_rows_the_help_line_goes_first_then_the_legend)
{
    struct layout at[80];
    for (int height = LAYOUT_MIN_HEIGHT; height < 60; height++) {
        struct layout_input input = {80, height, 4, 9, 6, 5};
        layout_main(&input, &at[height]);
        cr_assert(at[height].help.height == 0 || at[height].legend.height == 1);
        cr_assert(at[height].legend.height == 0 || at[height].tensors.height > 0);
    }
    cr_assert_eq(at[24].help.height, 1);
    cr_assert_eq(at[16].help.height, 0);
}
