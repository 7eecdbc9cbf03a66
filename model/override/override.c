#include "model/override/override.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/override/pattern.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* common/common.h:1131-1150 of llama.cpp */
static const char experts_pattern[] = "\\.ffn_(up|down|gate|gate_up)_(ch|)exps";
static const char dense_pattern[] = "\\.ffn_(up|down|gate)\\.";

struct override_list *override_list_new(void)
{
    struct override_list *list = memory_new(sizeof *list);
    list->references = 1;
    return list;
}

struct override_list *override_list_hold(struct override_list *list)
{
    list->references++;
    return list;
}

static void entry_clear(struct override *entry)
{
    free(entry->pattern);
    free(entry->buffer);
    free(entry->refused);
    pattern_free(&entry->compiled);
}

void override_list_drop(struct override_list **list)
{
    struct override_list *old = *list;
    *list = NULL;
    if (old == NULL || --old->references > 0) {
        return;
    }
    for (size_t i = 0; i < old->n_entries; i++) {
        entry_clear(&old->entries[i]);
    }
    for (size_t i = 0; i < old->n_arguments; i++) {
        free(old->arguments[i].flag);
        free(old->arguments[i].value);
        free(old->arguments[i].refused);
    }
    free(old->entries);
    free(old->arguments);
    free(old);
}

/* Room grows in powers of two, so that the count alone says when it is full. */
static void *grown(void *array, size_t n, size_t element_bytes)
{
    bool full = (n & (n - 1)) == 0;
    return full ? memory_resize(array, n == 0 ? 1 : n * 2, element_bytes) : array;
}

/* Takes `pattern`. */
static struct override *entry_add(struct override_list *list, char *pattern, const char *buffer)
{
    list->entries = grown(list->entries, list->n_entries, sizeof *list->entries);
    struct override *entry = &list->entries[list->n_entries++];
    *entry = (struct override){.pattern = pattern,
                               .buffer = memory_text(buffer),
                               .argument = (uint32_t)(list->n_arguments - 1)};
    list->arguments[entry->argument].count++;
    return entry;
}

static void entry_compile(struct override *entry)
{
    struct error error = {0};
    if (!pattern_compile(entry->pattern, &entry->compiled, &error)) {
        entry->refused = memory_format("not a regular expression (%s)", error.text);
        entry->bad_pattern = true;
    }
}

static const char *piece_problem(size_t length, const char *whole)
{
    if (length == 0) {
        return *whole == '\0' ? "it is empty" : "there is a comma with nothing behind or before it";
    }
    return "it has no = with a buffer type behind it";
}

static void add_piece(struct override_list *list, const char *piece, size_t length)
{
    struct override_argument *argument = &list->arguments[list->n_arguments - 1];
    const char *equals = memchr(piece, '=', length);
    if (equals == NULL) {
        const char *problem = piece_problem(length, argument->value);
        struct override *entry = entry_add(list, memory_text_n(piece, length), "");
        entry->refused = memory_format("invalid value: %s", problem);
        if (argument->refused == NULL) {
            argument->refused = memory_format("invalid value: '%.*s': %s",
                                              length > 200 ? 200 : (int)length, piece, problem);
        }
        return;
    }
    char *buffer = memory_text_n(equals + 1, (size_t)(piece + length - equals - 1));
    entry_compile(entry_add(list, memory_text_n(piece, (size_t)(equals - piece)), buffer));
    free(buffer);
}

static void add_pieces(struct override_list *list, const char *value)
{
    for (const char *comma = strchr(value, ','); comma != NULL; comma = strchr(value, ',')) {
        add_piece(list, value, (size_t)(comma - value));
        value = comma + 1;
    }
    add_piece(list, value, strlen(value));
}

/* std::stoi: blanks and a sign in front, anything behind. */
static bool read_layers(const char *value, int *out)
{
    char *end = NULL;
    errno = 0;
    long number = value == NULL ? -1 : strtol(value, &end, 10);
    if (value == NULL || end == value || errno != 0 || number < 0 || number > INT_MAX) {
        return false;
    }
    *out = (int)number;
    return true;
}

static void add_layers(struct override_list *list, const char *tail)
{
    struct override_argument *argument = &list->arguments[list->n_arguments - 1];
    int layers = 0;
    if (!read_layers(argument->value, &layers)) {
        argument->refused = memory_format("invalid value: it takes a number of layers");
        return;
    }
    for (int i = 0; i < layers && list->n_entries <= MAX_OVERRIDES; i++) {
        entry_compile(entry_add(list, memory_format("blk\\.%d%s", i, tail), "CPU"));
    }
}

void override_list_add(struct override_list *list, const char *flag, const char *value,
                       bool from_environment)
{
    list->arguments = grown(list->arguments, list->n_arguments, sizeof *list->arguments);
    list->arguments[list->n_arguments++] =
        (struct override_argument){.flag = memory_text(flag),
                                   .value = memory_text(value),
                                   .from_environment = from_environment,
                                   .first = (uint32_t)list->n_entries};
    if (strcmp(flag, "-cmoe") == 0) {
        entry_compile(entry_add(list, memory_text(experts_pattern), "CPU"));
    } else if (strcmp(flag, "-ncmoe") == 0) {
        add_layers(list, experts_pattern);
    } else if (strcmp(flag, "-ncffn") == 0) {
        add_layers(list, dense_pattern);
    } else {
        add_pieces(list, value == NULL ? "" : value);
    }
}

/* The value of an argument with `rule` in place of its entry `index`. New. */
static char *value_with(const struct override_list *list, const struct override_argument *argument,
                        size_t index, const char *rule)
{
    struct strbuf value = {0};
    for (size_t i = argument->first; i < argument->first + argument->count; i++) {
        const struct override *entry = &list->entries[i];
        bool has_buffer = entry->refused == NULL || entry->bad_pattern;
        strbuf_add(&value, i > argument->first ? "," : "");
        if (i == index) {
            strbuf_add(&value, rule);
        } else {
            strbuf_add(&value, entry->pattern);
            strbuf_add(&value, has_buffer ? "=" : "");
            strbuf_add(&value, entry->buffer);
        }
    }
    return strbuf_take(&value);
}

struct override_list *override_list_replace(const struct override_list *list, size_t entry,
                                            const char *rule)
{
    struct override_list *out = override_list_new();
    for (size_t i = 0; i < list->n_arguments; i++) {
        const struct override_argument *argument = &list->arguments[i];
        bool here = entry >= argument->first && entry - argument->first < argument->count &&
                    strcmp(argument->flag, "-ot") == 0;
        char *value = here ? value_with(list, argument, entry, rule) : NULL;
        override_list_add(out, argument->flag, here ? value : argument->value,
                          argument->from_environment);
        free(value);
    }
    return out;
}

int32_t override_list_match(const struct override_list *list, const char *name, size_t from)
{
    for (size_t i = from; i < list->n_entries; i++) {
        const struct pattern *compiled = list->entries[i].compiled;
        if (compiled != NULL && pattern_found(compiled, name)) {
            return (int32_t)i;
        }
    }
    return -1;
}

void override_list_decide(const struct override_list *list, const struct model *model,
                          int32_t *decided)
{
    for (size_t row = 0; row < model->n_tensors; row++) {
        const struct model_tensor *tensor = &model->tensors[row];
        decided[row] = tensor->tied_to >= 0 ? decided[tensor->tied_to]
                                            : override_list_match(list, tensor->name, 0);
    }
}
