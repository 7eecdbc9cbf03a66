/* Live memory beside the plan: for each device a heading, a bar of what is used now and a bar of what is planned.
 * Drawn by the planner's Watch screen and by `otplan watch`.
 */
#ifndef OTPLAN_UI_WATCH_VIEW_H
#define OTPLAN_UI_WATCH_VIEW_H

#include "model/watch/watch.h"
#include "ui/canvas.h"

struct watch_view {
    const struct watch *watch;
    const char *note; /* a line below the alerts, or NULL: what to do */
    int top;          /* first line shown */
};

/* Draws into `area`; returns how many lines there are in all. `canvas` NULL: only counts. */
int watch_view_draw(const struct watch_view *view, struct rect area, struct canvas *canvas);

#endif
