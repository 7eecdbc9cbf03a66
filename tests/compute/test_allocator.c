/* The replayed allocator, by hand: best fit among the holes, the open end last, holes that merge. */
#include "model/net/compute_allocator.h"

#include <criterion/criterion.h>

Test(allocator, rounds_up_and_grows_at_the_end)
{
    struct arena arena;
    arena_init(&arena, 128);
    cr_expect_eq(arena_take(&arena, 1), 0);
    cr_expect_eq(arena_take(&arena, 129), 128);
    cr_expect_eq(arena_take(&arena, 128), 384);
    cr_expect_eq(arena.size, 512);
}

Test(allocator, takes_the_smallest_hole_that_holds_it)
{
    struct arena arena;
    arena_init(&arena, 32);
    uint64_t big = arena_take(&arena, 1024), wall = arena_take(&arena, 32);
    uint64_t small = arena_take(&arena, 256), end = arena_take(&arena, 32);
    arena_give(&arena, big, 1024);
    arena_give(&arena, small, 256);
    cr_expect_eq(arena_take(&arena, 200), small, "not the bigger hole in front");
    cr_expect_eq(arena_take(&arena, 512), big);
    cr_expect_eq(arena_take(&arena, 600), end + 32, "no hole holds it: the buffer grows");
    cr_expect_lt(wall, small);
}

Test(allocator, a_hole_too_small_is_lost)
{
    struct arena arena;
    arena_init(&arena, 32);
    uint64_t first = arena_take(&arena, 320);
    arena_take(&arena, 32);
    arena_give(&arena, first, 320);
    arena_take(&arena, 352);
    cr_expect_eq(arena.size, 704, "320 lie idle below");
}

Test(allocator, neighbours_merge)
{
    struct arena arena;
    arena_init(&arena, 32);
    uint64_t a = arena_take(&arena, 64), b = arena_take(&arena, 64), c = arena_take(&arena, 64);
    arena_take(&arena, 32);
    arena_give(&arena, a, 64);
    arena_give(&arena, c, 64);
    arena_give(&arena, b, 64);
    cr_expect_eq(arena_take(&arena, 192), a, "three holes became one");
    cr_expect_eq(arena.size, 224);
}
