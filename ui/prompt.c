#include "ui/prompt.h"

#include "model/base/memory.h"
#include "ui/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void prompt_open(struct prompt *prompt, enum prompt_kind kind, const char *label,
                 const char *prefix, const char *text)
{
    prompt->is_open = true;
    prompt->kind = kind;
    snprintf(prompt->label, sizeof prompt->label, "%s", label);
    snprintf(prompt->prefix, sizeof prompt->prefix, "%s", prefix);
    snprintf(prompt->text, sizeof prompt->text, "%s", text);
    prompt->length = prompt->cursor = strlen(prompt->text);
    prompt->history_at = prompt->n_history;
}

void prompt_close(struct prompt *prompt)
{
    prompt->is_open = false;
}

void prompt_free(struct prompt *prompt)
{
    for (size_t i = 0; i < prompt->n_history; i++) {
        free(prompt->history[i]);
    }
    *prompt = (struct prompt){0};
}

void prompt_remember(struct prompt *prompt)
{
    bool same = prompt->n_history > 0 &&
                prompt->history_kind[prompt->n_history - 1] == prompt->kind &&
                strcmp(prompt->history[prompt->n_history - 1], prompt->text) == 0;
    if (prompt->kind == PROMPT_VALUE || prompt->length == 0 || same) {
        return;
    }
    if (prompt->n_history == PROMPT_HISTORY) {
        free(prompt->history[0]);
        prompt->n_history--;
        memmove(prompt->history, prompt->history + 1, prompt->n_history * sizeof *prompt->history);
        memmove(prompt->history_kind, prompt->history_kind + 1,
                prompt->n_history * sizeof *prompt->history_kind);
    }
    prompt->history_kind[prompt->n_history] = prompt->kind;
    prompt->history[prompt->n_history++] = memory_text(prompt->text);
}

static void insert(struct prompt *prompt, const char *bytes, size_t n)
{
    if (prompt->length + n >= PROMPT_MAX) {
        return;
    }
    memmove(prompt->text + prompt->cursor + n, prompt->text + prompt->cursor,
            prompt->length - prompt->cursor + 1);
    memcpy(prompt->text + prompt->cursor, bytes, n);
    prompt->length += n;
    prompt->cursor += n;
}

static void erase(struct prompt *prompt, size_t from, size_t to)
{
    memmove(prompt->text + from, prompt->text + to, prompt->length - to + 1);
    prompt->length -= to - from;
    prompt->cursor = from;
}

static size_t after(const struct prompt *prompt, size_t at)
{
    const char *text = prompt->text + at;
    text_next(&text);
    return (size_t)(text - prompt->text);
}

size_t prompt_word(const struct prompt *prompt)
{
    size_t at = prompt->cursor;
    while (at > 0 && prompt->text[at - 1] != ' ') {
        at--;
    }
    return at;
}

void prompt_replace_word(struct prompt *prompt, const char *word)
{
    erase(prompt, prompt_word(prompt), prompt->cursor);
    insert(prompt, word, strlen(word));
}

static void walk_history(struct prompt *prompt, int step)
{
    size_t at = prompt->history_at;
    while ((step < 0 && at > 0) || (step > 0 && at < prompt->n_history)) {
        at = step < 0 ? at - 1 : at + 1;
        if (at == prompt->n_history || prompt->history_kind[at] == prompt->kind) {
            break;
        }
    }
    if (at < prompt->n_history && prompt->history_kind[at] != prompt->kind) {
        return;
    }
    prompt->history_at = at;
    snprintf(prompt->text, sizeof prompt->text, "%s",
             at < prompt->n_history ? prompt->history[at] : "");
    prompt->length = prompt->cursor = strlen(prompt->text);
}

static enum prompt_result paste(struct prompt *prompt, const char *text)
{
    size_t n = strcspn(text, "\r\n");
    insert(prompt, text, n);
    return PROMPT_CHANGED;
}

enum prompt_result prompt_event(struct prompt *prompt, const struct event *event)
{
    if (event->kind == EVENT_PASTE) {
        return paste(prompt, event->text);
    }
    if (event->kind != EVENT_KEY) {
        return PROMPT_OPEN;
    }
    switch (event->key) {
    case PRESS_ENTER:
        return PROMPT_ENTERED;
    case PRESS_ESCAPE:
    case 'g' & PRESS_CONTROL:
    case 'c' & PRESS_CONTROL:
        return PROMPT_CANCELLED;
    case PRESS_TAB:
        return PROMPT_COMPLETE;
    case PRESS_LEFT:
        prompt->cursor = text_before(prompt->text, prompt->cursor);
        return PROMPT_OPEN;
    case PRESS_RIGHT:
        prompt->cursor = after(prompt, prompt->cursor);
        return PROMPT_OPEN;
    case PRESS_HOME:
    case 'a' & PRESS_CONTROL:
        prompt->cursor = 0;
        return PROMPT_OPEN;
    case PRESS_END:
    case 'e' & PRESS_CONTROL:
        prompt->cursor = prompt->length;
        return PROMPT_OPEN;
    case PRESS_BACKSPACE:
        if (prompt->length == 0) {
            return PROMPT_CANCELLED;
        }
        erase(prompt, text_before(prompt->text, prompt->cursor), prompt->cursor);
        return PROMPT_CHANGED;
    case PRESS_DELETE:
        if (prompt->cursor < prompt->length) {
            erase(prompt, prompt->cursor, after(prompt, prompt->cursor));
        }
        return PROMPT_CHANGED;
    case 'u' & PRESS_CONTROL:
        erase(prompt, 0, prompt->cursor);
        return PROMPT_CHANGED;
    case 'k' & PRESS_CONTROL:
        erase(prompt, prompt->cursor, prompt->length);
        return PROMPT_CHANGED;
    case 'w' & PRESS_CONTROL: {
        size_t end = prompt->cursor;
        while (prompt->cursor > 0 && prompt->text[prompt->cursor - 1] == ' ') {
            prompt->cursor--;
        }
        erase(prompt, prompt_word(prompt), end);
        return PROMPT_CHANGED;
    }
    case PRESS_UP:
        walk_history(prompt, -1);
        return PROMPT_CHANGED;
    case PRESS_DOWN:
        walk_history(prompt, 1);
        return PROMPT_CHANGED;
    default:
        break;
    }
    if (event->key >= 0x20 && event->key < PRESS_UP && event->key != 127) {
        char bytes[4] = "";
        insert(prompt, bytes, text_encode(event->key, bytes));
        return PROMPT_CHANGED;
    }
    return PROMPT_OPEN;
}
