/* Efficiencies from speeds: exact, over-determined, with a result that is far off, with too little said. */
#include "model/plan/calibrate.h"

#include <criterion/criterion.h>
#include <math.h>

enum { CARD, HOST, KINDS };

static void kinds_make(struct calibrate_kind *kinds)
{
    kinds[CARD] = (struct calibrate_kind){.start = 0.75};
    kinds[HOST] = (struct calibrate_kind){.start = 0.75};
}

/* A result whose time follows from these efficiencies. */
static struct calibrate_result result(double *seconds, double card, double host, double off)
{
    return (struct calibrate_result){
        .seconds = seconds, .measured = (seconds[CARD] / card + seconds[HOST] / host) * off};
}

Test(calibrate, one_unknown_and_one_result_are_exact)
{
    double seconds[KINDS] = {0.010, 0};
    struct calibrate_kind kinds[KINDS];
    struct calibrate_result one = {.seconds = seconds, .fixed = 0.002, .measured = 0.022};
    kinds_make(kinds);
    cr_assert(calibrate_fit(&one, 1, kinds, KINDS));
    cr_expect_float_eq(kinds[CARD].efficiency, 0.5, 1e-6);
    cr_expect_float_eq(kinds[HOST].efficiency, 0.75, 1e-9); /* nothing was said of it */
    cr_expect_float_eq(kinds[HOST].share, 0, 1e-9);
    cr_expect_float_eq(calibrate_predict(&one, kinds, KINDS, false), 0.022, 1e-8);
    cr_expect_float_eq(calibrate_predict(&one, kinds, KINDS, true), 0.002 + 0.010 / 0.75, 1e-12);
}

Test(calibrate, two_unknowns_and_two_results_are_exact)
{
    double a[KINDS] = {0.010, 0.002};
    double b[KINDS] = {0.004, 0.030};
    struct calibrate_kind kinds[KINDS];
    struct calibrate_result both[] = {result(a, 0.6, 0.4, 1), result(b, 0.6, 0.4, 1)};
    kinds_make(kinds);
    cr_assert(calibrate_fit(both, 2, kinds, KINDS));
    cr_expect_float_eq(kinds[CARD].efficiency, 0.6, 1e-4);
    cr_expect_float_eq(kinds[HOST].efficiency, 0.4, 1e-4);
}

Test(calibrate, one_result_of_five_that_is_far_off_changes_nothing)
{
    double seconds[5][KINDS];
    struct calibrate_result results[5];
    struct calibrate_kind kinds[KINDS];
    for (int i = 0; i < 5; i++) {
        seconds[i][CARD] = 0.010 - 0.001 * i;
        seconds[i][HOST] = 0.006 * i;
        results[i] = result(seconds[i], 0.8, 0.5, i == 2 ? 3 : 1);
    }
    kinds_make(kinds);
    cr_assert(calibrate_fit(results, 5, kinds, KINDS));
    cr_expect_float_eq(kinds[CARD].efficiency, 0.8, 0.01);
    cr_expect_float_eq(kinds[HOST].efficiency, 0.5, 0.01);
}

Test(calibrate, results_that_scatter_meet_in_the_middle)
{
    double seconds[KINDS] = {0.010, 0};
    struct calibrate_kind kinds[KINDS];
    struct calibrate_result results[] = {result(seconds, 0.58, 1, 1), result(seconds, 0.60, 1, 1),
                                         result(seconds, 0.62, 1, 1)};
    kinds_make(kinds);
    cr_assert(calibrate_fit(results, 3, kinds, KINDS));
    cr_expect_float_eq(kinds[CARD].efficiency, 0.60, 0.005);
}

Test(calibrate, too_little_said_gives_the_nearest_answer_that_explains_it)
{
    double seconds[KINDS] = {0.010, 0.010};
    struct calibrate_kind kinds[KINDS];
    struct calibrate_result one = result(seconds, 0.6, 0.6, 1);
    kinds_make(kinds);
    cr_assert(calibrate_fit(&one, 1, kinds, KINDS));
    cr_expect_float_eq(kinds[CARD].efficiency, 0.6, 1e-4);
    cr_expect_float_eq(kinds[HOST].efficiency, 0.6, 1e-4);
}

Test(calibrate, what_the_user_set_stays)
{
    double seconds[KINDS] = {0.010, 0.010};
    struct calibrate_kind kinds[KINDS];
    struct calibrate_result one = result(seconds, 0.9, 0.3, 1);
    kinds_make(kinds);
    kinds[CARD] = (struct calibrate_kind){.start = 0.9, .is_fixed = true};
    cr_assert(calibrate_fit(&one, 1, kinds, KINDS));
    cr_expect_float_eq(kinds[CARD].efficiency, 0.9, 1e-12);
    cr_expect_float_eq(kinds[HOST].efficiency, 0.3, 1e-4);
}

Test(calibrate, faster_than_the_bandwidth_stops_at_all_of_it_and_says_so)
{
    double seconds[KINDS] = {0.010, 0.001};
    struct calibrate_kind kinds[KINDS];
    struct calibrate_result one = {.seconds = seconds, .measured = 0.005};
    kinds_make(kinds);
    cr_assert(calibrate_fit(&one, 1, kinds, KINDS));
    cr_expect_float_eq(kinds[CARD].efficiency, 1, 1e-9);
    cr_expect(kinds[CARD].at_limit);
    cr_expect_leq(kinds[HOST].efficiency, 1 + 1e-9);
}

Test(calibrate, nothing_to_learn_from_is_said)
{
    struct calibrate_kind kinds[KINDS];
    kinds_make(kinds);
    cr_expect_not(calibrate_fit(NULL, 0, kinds, KINDS));
}

static double falling(void *payload, double efficiency)
{
    return *(double *)payload + 1 / efficiency;
}

Test(calibrate, finds_where_a_falling_curve_crosses)
{
    double fixed = 3;
    cr_expect_float_eq(calibrate_find(falling, &fixed, 5), 0.5, 1e-9);
    cr_expect_float_eq(calibrate_find(falling, &fixed, 1), 2, 1e-6); /* never: the most */
}
