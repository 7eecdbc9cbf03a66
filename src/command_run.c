#include "src/commands.h"
int command_run(const struct options *options, struct error *error)
{
    (void)options;
    error_set(error, ERROR_SYSTEM, "run");
    return ERROR_SYSTEM;
}
