/* Samples of the machine's memory for watching: the same devices and names as detection finds, the processes on
 * each NVIDIA card, and which of them is the server.
 *
 * The server is the process that was named (--pid), else the one that `otplan run` started and that still
 * runs, else the first process on a card whose program is one of llama.cpp's or its kin. Children of a named
 * process count as it.
 */
#ifndef OTPLAN_SRC_WATCH_SOURCE_H
#define OTPLAN_SRC_WATCH_SOURCE_H

#include "model/watch/watch.h"

struct watch_source;

/* Holds NVIDIA's library open where there is one. `server`: a process, or 0. Close it. */
struct watch_source *watch_source_open(int64_t server);
void watch_source_close(struct watch_source *source); /* NULL is fine */

/* Fills `out`; watch_take takes it over, or clear it. Takes milliseconds, longer where a driver is in trouble. */
void watch_source_read(struct watch_source *source, struct watch_sample *out);

#endif
