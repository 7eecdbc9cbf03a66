/* A list of words that grows, NULL-terminated as exec() takes it. */
#ifndef OTPLAN_MODEL_BASE_WORD_LIST_H
#define OTPLAN_MODEL_BASE_WORD_LIST_H

#include <stddef.h>

struct word_list {
    char **text; /* owned; NULL while empty */
    size_t n;
};

/* A zeroed struct is an empty list. */
void word_list_add(struct word_list *list, const char *text); /* copies */
void word_list_take(struct word_list *list, char *text);      /* owns it from now on */
void word_list_clear(struct word_list *list);

#endif
