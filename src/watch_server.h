/* Processes as /proc tells them, and the server that `otplan run` started. */
#ifndef OTPLAN_SRC_WATCH_SERVER_H
#define OTPLAN_SRC_WATCH_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The program's name, made plain: of its first argument, else the kernel's short one; "" where it is not
 * to be seen (another container's). */
void watch_process_name(int64_t pid, char *out, size_t n);
bool watch_process_runs(int64_t pid);
/* Bytes that no file backs: anonymous and shared pages. */
bool watch_process_memory(int64_t pid, uint64_t *bytes);
/* Is it `ancestor` or below it? */
bool watch_is_within(int64_t pid, int64_t ancestor);
/* A program that loads models the way llama.cpp does. */
bool watch_is_server_name(const char *name);

/* Kept in a file under the state folder, with its start time: a number that another process has by now is not
 * taken for it. 0: none. */
int64_t watch_server_remembered(void);
void watch_server_remember(int64_t pid);
void watch_server_forget(void);

#endif
