#include "src/planner.h"

#include <stdio.h>

int planner_run(const struct planner_options *options)
{
    (void)options;
    fprintf(stderr, "otplan: the screen is not part of this build\n");
    return 4;
}
