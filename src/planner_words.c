/* The words of a command line, and what they name. */
#include "src/planner_state.h"

#include "model/base/memory.h"
#include "model/override/pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void words_clear(struct words *words)
{
    free(words->storage);
    *words = (struct words){0};
}

bool words_split(struct words *words, const char *line, struct error *error)
{
    *words = (struct words){.storage = memory_new(2 * strlen(line) + 2)};
    char *out = words->storage;
    while (true) {
        line += strspn(line, " \t");
        if (*line == '\0') {
            return true;
        }
        if (words->n == WORDS_MAX) {
            words_clear(words);
            return error_set(error, ERROR_USAGE, "too many words in one command");
        }
        words->rest[words->n] = line;
        words->word[words->n++] = out;
        char quote = '\0';
        for (; *line != '\0' && (quote != '\0' || (*line != ' ' && *line != '\t')); line++) {
            if (quote == '\0' && (*line == '\'' || *line == '"')) {
                quote = *line;
            } else if (*line == quote && quote != '\0') {
                quote = '\0';
            } else {
                *out++ = *line;
            }
        }
        *out++ = '\0';
    }
}

bool words_device(const struct rig *rig, const char *word, int *device, struct error *error)
{
    *device = rig_find(rig, word);
    for (size_t i = 0; i < rig->n_devices && *device == DEVICE_NONE; i++) {
        *device = strcasecmp(rig->devices[i].name, word) == 0 ? (int)i : DEVICE_NONE;
    }
    if (*device == DEVICE_NONE && (strcasecmp(word, "cpu") == 0 || strcmp(word, "c") == 0)) {
        *device = DEVICE_HOST;
    }
    if (*device == DEVICE_NONE && word[0] != '\0' && word[1] == '\0') {
        static const char digits[] = "0123456789ABCDEF";
        const char *digit = strchr(digits, word[0]);
        size_t index = digit != NULL ? (size_t)(digit - digits) : SIZE_MAX;
        *device = index < rig->n_devices ? (int)index : DEVICE_NONE;
    }
    return *device != DEVICE_NONE ||
           error_set(error, ERROR_USAGE, "'%s' is no device of this machine", word);
}

static bool is_layers(const char *word)
{
    return word[0] >= '0' && word[0] <= '9' && word[strspn(word, "0123456789-,o")] == '\0';
}

bool words_layers(const struct planner *planner, const char *word, uint32_t *first, uint32_t *last,
                  struct error *error)
{
    uint32_t n_layer = planner->map.n_layer;
    if (strcmp(word, "o") == 0 || strcmp(word, "output") == 0) {
        *first = *last = n_layer;
        return true;
    }
    char *end = NULL;
    unsigned long a = strtoul(word, &end, 10);
    unsigned long b = a;
    bool read = end != word;
    if (read && *end == '-') {
        const char *from = end + 1;
        b = strtoul(from, &end, 10);
        read = end != from;
    }
    if (!read || *end != '\0' || a > b || b > n_layer) {
        return error_set(error, ERROR_USAGE, "'%s' is no layer or range of layers (0-%u)", word,
                         n_layer > 0 ? n_layer - 1 : 0);
    }
    *first = (uint32_t)a;
    *last = (uint32_t)b;
    return true;
}

/* ---- rows ----------------------------------------------------------------------------------- */

struct named {
    bool groups[GROUP_COUNT];
    bool any_group;
    bool *layers; /* owned; NULL: all */
};

static bool want_group(const struct planner *planner, const char *name, struct named *wanted)
{
    bool found = false;
    for (int group = 0; group < GROUP_COUNT; group++) {
        size_t row = layer_map_row_of(&planner->map, (enum tensor_group)group);
        bool is_expert = group >= GROUP_GATE_EXPS && group <= GROUP_GATE_UP_EXPS;
        bool matches =
            strcmp(name, "all") == 0 ||
            strcmp(name, tensor_group_name((enum tensor_group)group)) == 0 ||
            (is_expert && strcmp(name, "experts") == 0) ||
            (row != MAP_HOME && strcmp(name, layer_map_label(&planner->map, row, false)) == 0);
        if (matches) {
            wanted->groups[group] = wanted->any_group = found = true;
        }
    }
    return found;
}

static bool want_groups(const struct planner *planner, const char *list, struct named *wanted,
                        struct error *error)
{
    while (*list != '\0') {
        size_t n = strcspn(list, ",");
        char name[32];
        snprintf(name, sizeof name, "%.*s", (int)(n < 31 ? n : 31), list);
        if (!want_group(planner, name, wanted)) {
            return error_set(error, ERROR_USAGE, "'%s' is no tensor group of this model", name);
        }
        list += n;
        list += *list == ',' ? 1 : 0;
    }
    return true;
}

static bool want_layers(const struct planner *planner, const char *list, struct named *wanted,
                        struct error *error)
{
    if (wanted->layers == NULL) {
        wanted->layers = memory_array((size_t)planner->map.n_layer + 1, sizeof *wanted->layers);
    }
    while (*list != '\0') {
        size_t n = strcspn(list, ",");
        char range[32];
        uint32_t first = 0;
        uint32_t last = 0;
        snprintf(range, sizeof range, "%.*s", (int)(n < 31 ? n : 31), list);
        if (!words_layers(planner, range, &first, &last, error)) {
            return false;
        }
        for (uint32_t il = first; il <= last; il++) {
            wanted->layers[il] = true;
        }
        list += n;
        list += *list == ',' ? 1 : 0;
    }
    return true;
}

static void add_row(struct edit *edit, size_t n_tensors, uint32_t row)
{
    if (edit->rows == NULL) {
        edit->rows = memory_array(n_tensors, sizeof *edit->rows);
    }
    edit->rows[edit->n_rows++] = row;
}

static bool rows_of_pattern(const struct planner *planner, const char *text, struct edit *edit,
                            struct error *error)
{
    struct pattern *pattern = NULL;
    if (!pattern_compile(text, &pattern, error)) {
        return false;
    }
    for (size_t row = 0; row < planner->model->n_tensors; row++) {
        const struct model_tensor *tensor = &planner->model->tensors[row];
        if (tensor->tied_to < 0 && pattern_found(pattern, tensor->name)) {
            add_row(edit, planner->model->n_tensors, (uint32_t)row);
        }
    }
    pattern_free(&pattern);
    return true;
}

static void rows_of_wanted(const struct planner *planner, const struct named *wanted,
                           struct edit *edit)
{
    for (size_t row = 0; row < planner->model->n_tensors; row++) {
        const struct model_tensor *tensor = &planner->model->tensors[row];
        bool in_layer = tensor->layer >= 0 && (uint32_t)tensor->layer < planner->map.n_layer;
        bool layer_wanted = wanted->layers == NULL || (in_layer && wanted->layers[tensor->layer]);
        bool group_wanted = !wanted->any_group || wanted->groups[tensor->group];
        if (layer_wanted && group_wanted && tensor->tied_to < 0) {
            add_row(edit, planner->model->n_tensors, (uint32_t)row);
        }
    }
}

static bool rows_of_word(const struct planner *planner, const char *word, struct named *wanted,
                         struct edit *edit, struct error *error)
{
    size_t length = strlen(word);
    if (length > 2 && word[0] == '/' && word[length - 1] == '/') {
        char *pattern = memory_text_n(word + 1, length - 2);
        bool fine = rows_of_pattern(planner, pattern, edit, error);
        free(pattern);
        return fine;
    }
    if (strcmp(word, "selection") == 0) {
        edit->rows = selection_rows(&planner->ui.selection, &planner->map, &edit->n_rows);
        return true;
    }
    int64_t row = model_find_tensor(planner->model, word);
    if (row >= 0) {
        add_row(edit, planner->model->n_tensors, (uint32_t)row);
        return true;
    }
    return is_layers(word) ? want_layers(planner, word, wanted, error)
                           : want_groups(planner, word, wanted, error);
}

bool words_rows(const struct planner *planner, const struct words *words, size_t first, size_t end,
                struct edit *edit, struct error *error)
{
    struct named wanted = {0};
    bool fine = true;
    for (size_t i = first; i < end && fine; i++) {
        bool needs_more = edit->n_rows == 0;
        fine = needs_more
                   ? rows_of_word(planner, words->word[i], &wanted, edit, error)
                   : error_set(error, ERROR_USAGE, "'%s' is one word too many", words->word[i]);
    }
    if (fine && (wanted.any_group || wanted.layers != NULL) && edit->n_rows == 0) {
        rows_of_wanted(planner, &wanted, edit);
    }
    free(wanted.layers);
    if (fine && edit->n_rows == 0) {
        fine = error_set(error, ERROR_USAGE,
                         "no tensor is meant: name groups, layers, a tensor, "
                         "/pattern/ or `selection`");
    }
    return fine;
}
