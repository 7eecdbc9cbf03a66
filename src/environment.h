/* The variables that a program is, or would be, started with. */
#ifndef OTPLAN_SRC_ENVIRONMENT_H
#define OTPLAN_SRC_ENVIRONMENT_H

/* The value in "NAME=value" strings (NULL-terminated, or NULL for none); NULL where it is not set. Borrowed. */
const char *environment_find(const char *const *environment, const char *name);

#endif
