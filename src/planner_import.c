/* Placements from text: what people paste or keep in files. Words are split as a shell does; what
 * stands before the first flag of llama.cpp is the program and its wrappers.
 */
#include "src/planner_state.h"

#include "model/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct word_list {
    char **words; /* owned */
    size_t n;
};

static void list_add(struct word_list *list, struct strbuf *word)
{
    list->words = memory_resize(list->words, list->n + 1, sizeof *list->words);
    list->words[list->n++] = strbuf_take(word);
}

static void list_free(struct word_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->words[i]);
    }
    free(list->words);
    *list = (struct word_list){0};
}

/* One quoted part or plain character at `*at`, which moves on. */
static void take_part(const char **at, struct strbuf *word)
{
    char c = **at;
    (*at)++;
    if (c == '\'') {
        size_t n = strcspn(*at, "'");
        strbuf_add_n(word, *at, n);
        *at += n + ((*at)[n] != '\0' ? 1 : 0);
        return;
    }
    if (c == '"') {
        for (; **at != '\0' && **at != '"'; (*at)++) {
            bool escaped = **at == '\\' && strchr("\"\\$`", (*at)[1]) != NULL && (*at)[1] != '\0';
            *at += escaped ? 1 : 0;
            strbuf_add_char(word, **at);
        }
        *at += **at != '\0' ? 1 : 0;
        return;
    }
    if (c == '\\' && **at != '\0') {
        if (**at != '\n') {
            strbuf_add_char(word, **at);
        }
        (*at)++;
        return;
    }
    strbuf_add_char(word, c);
}

static void split(const char *text, struct word_list *list)
{
    while (*text != '\0') {
        text += strspn(text, " \t\r\n");
        if (*text == '#') { /* a comment */
            text += strcspn(text, "\n");
            continue;
        }
        if (text[0] == '\\' && text[1] == '\n') {
            text += 2;
            continue;
        }
        if (*text == '\0') {
            break;
        }
        struct strbuf word = {0};
        while (*text != '\0' && strchr(" \t\r\n", *text) == NULL) {
            take_part(&text, &word);
        }
        list_add(list, &word);
    }
}

/* The flags of llama.cpp among the words, each with its values; `model` and the like are left out. */
static size_t keep_flags(const struct word_list *all, const char **kept)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++) {
        enum flag_use use;
        int n_values = 0;
        if (!llama_flag_known(all->words[i], &use, &n_values)) {
            continue;
        }
        for (int k = 0; k <= n_values && i + (size_t)k < all->n; k++) {
            if (use != FLAG_MODEL) {
                kept[n++] = all->words[i + (size_t)k];
            }
        }
        i += (size_t)n_values;
    }
    return n;
}

static bool has_flag(const char *const *words, size_t n, const char *a, const char *b)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(words[i], a) == 0 || strcmp(words[i], b) == 0) {
            return true;
        }
    }
    return false;
}

/* Rules are replaced, not added to; homes only where the text says where they are. */
static void forget_placement(struct plan *plan, const char *const *words, size_t n)
{
    override_list_drop(&plan->given);
    plan->given = override_list_new();
    for (size_t row = 0; row < plan->n_rows; row++) {
        if (plan->locked[row] == 0) {
            plan->moved[row] = PLAN_UNMOVED;
        }
    }
    if (has_flag(words, n, "-ngl", "--n-gpu-layers") ||
        has_flag(words, n, "-ts", "--tensor-split")) {
        plan->n_gpu_layers = -1;
        plan->n_tensor_split = 0;
    }
}

bool planner_import(struct planner *planner, const char *text, const char *name,
                    struct error *error)
{
    struct word_list all = {0};
    split(text, &all);
    const char **kept = memory_array(all.n + 1, sizeof *kept);
    size_t n = keep_flags(&all, kept);
    struct planner_step step;
    struct argument_facts facts = {0};
    planner_step_copy(&step, planner_now(planner));
    forget_placement(&step.plan, kept, n);
    bool fine = n > 0 ? arguments_read(&step.plan, &facts, kept, n, NULL, error)
                      : error_set(error, ERROR_INPUT, "%s: no arguments of llama.cpp in it", name);
    if (fine) {
        char *title = memory_format("import %s", name);
        planner_take(planner, &step, title);
        planner_say(planner, false, "%s: %zu word%s of it; u undoes", title, n, n == 1 ? "" : "s");
        free(title);
    } else {
        planner_step_clear(&step);
    }
    argument_facts_clear(&facts);
    free(kept);
    list_free(&all);
    return fine;
}
