#include "model/base/word_list.h"

#include "model/base/memory.h"

#include <stdlib.h>

void word_list_take(struct word_list *list, char *text)
{
    list->text = memory_resize(list->text, list->n + 2, sizeof *list->text);
    list->text[list->n++] = text;
    list->text[list->n] = NULL;
}

void word_list_add(struct word_list *list, const char *text)
{
    word_list_take(list, memory_text(text));
}

void word_list_clear(struct word_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->text[i]);
    }
    free(list->text);
    *list = (struct word_list){0};
}
