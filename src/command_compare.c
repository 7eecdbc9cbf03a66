#include "src/commands.h"

int command_compare(const struct options *options, struct error *error)
{
    (void)options;
    error_set(error, ERROR_USAGE, "compare: not here yet");
    return ERROR_USAGE;
}
