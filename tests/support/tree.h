/* A recorded piece of /proc and /sys (or any folder): files by their paths, folders made on the way. */
#ifndef OTPLAN_TESTS_SUPPORT_TREE_H
#define OTPLAN_TESTS_SUPPORT_TREE_H

/* Writes ROOT/PATH. */
void tree_write(const char *root, const char *path, const char *text);
/* A shell script that can be started. */
void tree_program(const char *root, const char *path, const char *body);

#endif
