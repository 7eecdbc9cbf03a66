/* A file that takes long to open, from a slow disk or a network share: after half a second a line on the terminal says
 * which, for how long and how much of it has come; Ctrl-C ends the program as ever. How much there is to read is not
 * known before it is read, so no end is promised.
 */
#ifndef OTPLAN_SRC_OPEN_PROGRESS_H
#define OTPLAN_SRC_OPEN_PROGRESS_H

struct open_progress;

/* New, or NULL where standard error is no terminal. `name` is shown; borrowed. */
struct open_progress *open_progress_begin(const char *name);
/* Removes the line and frees; NULL is fine. */
void open_progress_end(struct open_progress *progress);

/* From now on nothing is said: the terminal shows the planner. */
void open_progress_mute(void);

#endif
