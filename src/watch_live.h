/* `otplan watch` on a terminal: the live view until q. */
#ifndef OTPLAN_SRC_WATCH_LIVE_H
#define OTPLAN_SRC_WATCH_LIVE_H

#include "model/base/error.h"
#include "model/watch/watch.h"

struct watch_live {
    double interval; /* seconds */
    bool ascii, color;
    struct watch *watch;
    /* Takes the next sample into `watch`; false ends with `error`. */
    bool (*sample)(void *payload, struct error *error);
    /* A line to end with (a proposal), or NULL; borrowed until the next sample. */
    const char *(*note)(void *payload);
    void *payload;
};

/* 0, or ERROR_SYSTEM where there is no terminal for it. */
int watch_live(const struct watch_live *live, struct error *error);

#endif
