#include "model/plan/optimise.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[STRATEGY_COUNT] = {
    [STRATEGY_SPEED] = "speed",
    [STRATEGY_BALANCE] = "balance",
    [STRATEGY_EXPERTS_CPU] = "experts-cpu",
    [STRATEGY_AGGRESSIVE] = "aggressive",
    [STRATEGY_CONTEXT] = "context",
    [STRATEGY_FIT] = "fit",
};

const char *strategy_name(enum strategy strategy)
{
    return names[strategy];
}

static bool read_percent(const char *text, double *share)
{
    char *end = NULL;
    double percent = strtod(text, &end);
    bool whole = end != text && (*end == '\0' || (*end == '%' && end[1] == '\0'));
    *share = percent / 100;
    return whole && percent >= 0 && percent <= 100;
}

/* What comes after the colon. */
static bool read_share(enum strategy strategy, const char *text, struct optimise_options *out)
{
    double share = 0;
    if (!read_percent(text, &share)) {
        return false;
    }
    if (strategy == STRATEGY_CONTEXT) {
        out->loss = share;
        return share < 1;
    }
    out->utilisation = share;
    return strategy == STRATEGY_AGGRESSIVE && share > 0;
}

bool strategy_read(const char *text, struct optimise_options *out)
{
    static const double usual_loss = 0.05;
    size_t length = strcspn(text, ":");
    for (int i = 0; i < STRATEGY_COUNT; i++) {
        if (strlen(names[i]) == length && strncmp(names[i], text, length) == 0) {
            out->strategy = (enum strategy)i;
            out->loss = usual_loss;
            return text[length] == '\0' || read_share((enum strategy)i, text + length + 1, out);
        }
    }
    return false;
}
