/* One line of typing at the foot of the screen: a command, a filter, a value, a file name. */
#ifndef OTPLAN_UI_PROMPT_H
#define OTPLAN_UI_PROMPT_H

#include "ui/event.h"

#include <stddef.h>

enum prompt_kind { PROMPT_COMMAND, PROMPT_FILTER, PROMPT_VALUE };
enum prompt_result {
    PROMPT_OPEN,
    PROMPT_CHANGED,
    PROMPT_ENTERED,
    PROMPT_CANCELLED,
    PROMPT_COMPLETE
};
enum { PROMPT_MAX = 1024, PROMPT_HISTORY = 64 };

struct prompt {
    bool is_open;
    enum prompt_kind kind;
    char label[80];
    char prefix[160]; /* PROMPT_VALUE: the command that the value completes */
    char text[PROMPT_MAX];
    size_t length, cursor;         /* bytes */
    char *history[PROMPT_HISTORY]; /* owned: commands and filters, oldest first */
    enum prompt_kind history_kind[PROMPT_HISTORY];
    size_t n_history, history_at;
};

void prompt_open(struct prompt *prompt, enum prompt_kind kind, const char *label,
                 const char *prefix, const char *text);
void prompt_close(struct prompt *prompt);
void prompt_free(struct prompt *prompt);
/* Keys and pastes; line breaks in a paste end it. */
enum prompt_result prompt_event(struct prompt *prompt, const struct event *event);
/* Replaces the word at the cursor, for completion. */
void prompt_replace_word(struct prompt *prompt, const char *word);
/* Start of the word that the cursor is in. */
size_t prompt_word(const struct prompt *prompt);
void prompt_remember(struct prompt *prompt);

#endif
