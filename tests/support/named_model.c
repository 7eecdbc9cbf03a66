#include "tests/support/named_model.h"

#include "model/base/memory.h"
#include "model/net/name_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void name_row(struct model_tensor *row, const char *name)
{
    int layer = -1;
    *row = (struct model_tensor){.name = memory_text(name), .bytes = 1u << 20, .tied_to = -1};
    row->layer = sscanf(name, "blk.%d.", &layer) == 1 ? layer : -1;
    row->role = layer >= 0 ? ROLE_LAYER : ROLE_OUTPUT;
    row->home_layer = layer >= 0 ? (uint32_t)layer : 0;
}

struct model *named_model_make(const char *const *names, size_t n)
{
    struct model *model = memory_new(sizeof *model);
    model->n_tensors = n;
    model->tensors = memory_array(n, sizeof *model->tensors);
    for (size_t i = 0; i < n; i++) {
        name_row(&model->tensors[i], names[i]);
    }
    model->lines = name_lines_new(model);
    return model;
}

struct model *named_model_grid(uint32_t n_layers, const char *const *suffixes,
                               const char *const *others)
{
    struct model *model = memory_new(sizeof *model);
    size_t n_suffixes = 0, n_others = 0;
    while (suffixes[n_suffixes] != NULL) {
        n_suffixes++;
    }
    while (others != NULL && others[n_others] != NULL) {
        n_others++;
    }
    model->n_tensors = n_layers * n_suffixes + n_others;
    model->tensors = memory_array(model->n_tensors, sizeof *model->tensors);
    for (size_t i = 0; i < model->n_tensors; i++) {
        bool single = i >= n_layers * n_suffixes;
        char *name = single ? memory_text(others[i - n_layers * n_suffixes])
                            : memory_format("blk.%zu.%s", i / n_suffixes, suffixes[i % n_suffixes]);
        name_row(&model->tensors[i], name);
        free(name);
    }
    model->lines = name_lines_new(model);
    return model;
}

void named_model_free(struct model **model)
{
    for (size_t i = 0; *model != NULL && i < (*model)->n_tensors; i++) {
        free((char *)(*model)->tensors[i].name);
    }
    if (*model != NULL) {
        free((*model)->tensors);
        name_lines_free(&(*model)->lines);
    }
    free(*model);
    *model = NULL;
}
