/* The largest context that holds: whole steps, the ends, few questions. */
#include "model/plan/context_limit.h"

#include <criterion/criterion.h>

struct asked {
    uint32_t limit;
    int times;
};

static bool holds(void *payload, uint32_t n_ctx)
{
    struct asked *asked = payload;
    asked->times++;
    return n_ctx <= asked->limit;
}

Test(context_limit, finds_the_last_step_that_holds)
{
    for (uint32_t limit = 0; limit < 5000; limit += 37) {
        struct asked asked = {.limit = limit};
        uint32_t expected = limit >= 4000 ? 4000 : limit / CONTEXT_STEP * CONTEXT_STEP;
        cr_expect_eq(context_largest(4000, holds, &asked), expected, "%u", limit);
    }
}

Test(context_limit, asks_no_more_than_halving_needs)
{
    struct asked asked = {.limit = 70000};
    cr_expect_eq(context_largest(131072, holds, &asked), 69888);
    cr_expect_leq(asked.times, 11);
    asked = (struct asked){.limit = 131072};
    cr_expect_eq(context_largest(131072, holds, &asked), 131072);
    cr_expect_eq(asked.times, 1);
    cr_expect_eq(context_largest(0, holds, &asked), 0);
}
