/* The kernel's trees /proc and /sys as text. $OTPLAN_ROOT stands in front of every path and $OTPLAN_PROC in
 * place of /proc, for tests on recorded trees. What is read is not trusted: it is short, and control
 * characters become `?`.
 */
#ifndef OTPLAN_SRC_MACHINE_TREE_H
#define OTPLAN_SRC_MACHINE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* New: the real path of one below /proc, /sys or elsewhere ("/sys/class/drm"). */
char *machine_path(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* New: a file's first line without its newline; NULL where there is none. */
char *machine_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* New: a file of at most 256 KiB as it is; NULL where it cannot be read. */
char *machine_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A number, decimal or 0x; false where there is none. "max" is UINT64_MAX. */
bool machine_number(uint64_t *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The number behind `key` and blanks at a line's begin. */
bool machine_field(const char *text, const char *key, uint64_t *out);

/* Names PREFIX<number> in a folder, by number: new array of the numbers, `*n` of them. */
unsigned *machine_numbered(const char *folder, const char *prefix, size_t *n);

#endif
