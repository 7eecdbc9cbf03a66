#include "model/plan/base_placement.h"

#include "model/base/memory.h"
#include "model/net/context_memory.h"
#include "model/plan/support.h"

#include <stdlib.h>
#include <string.h>

/* ---- what it follows from ------------------------------------------------------------------- */

static int16_t *take_homes(const struct model *model, const struct evaluation *evaluation)
{
    size_t n = (size_t)model->hparams.n_layer + 1;
    int16_t *home = memory_array(n, sizeof *home);
    for (size_t il = 0; il < n; il++) {
        home[il] = evaluation->layers[il].home;
    }
    return home;
}

static struct shape_use ask_shape(const struct model_tensor *tensor, const struct device *device)
{
    enum backend backend = device != NULL ? device->backend : BACKEND_CPU;
    return (struct shape_use){
        .bytes = weight_alloc_bytes(tensor->type, tensor->ne, tensor->bytes, backend),
        .runs = device == NULL || support_runs(device, tensor)};
}

static struct shape_use *ask_shapes(const struct model *model, const struct rig *rig)
{
    const struct row_facts *facts = model->facts;
    size_t n_places = rig->n_devices + 1;
    struct shape_use *uses = memory_array(facts->n_shapes * n_places, sizeof *uses);
    for (size_t shape = 0; shape < facts->n_shapes; shape++) {
        const struct model_tensor *tensor = &model->tensors[facts->shape_row[shape]];
        for (size_t place = 0; place < n_places; place++) {
            const struct device *device = place > 0 ? &rig->devices[place - 1] : NULL;
            uses[shape * n_places + place] = ask_shape(tensor, device);
        }
    }
    return uses;
}

static bool same_uses(const struct shape_use *a, const struct shape_use *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (a[i].bytes != b[i].bytes || a[i].runs != b[i].runs) {
            return false;
        }
    }
    return true;
}

static bool is_current(const struct base_placement *base, const struct model *model,
                       const struct base_placement *asked)
{
    return base != NULL && base->n_places == asked->n_places &&
           memcmp(base->home, asked->home,
                  ((size_t)model->hparams.n_layer + 1) * sizeof *base->home) == 0 &&
           same_uses(base->uses, asked->uses, model->facts->n_shapes * base->n_places);
}

/* ---- placing -------------------------------------------------------------------------------- */

/* A device that cannot run the operation leaves the tensor to the host (loader.cpp:1067-1078). */
static int16_t home_of(const struct base_placement *base, const struct model *model, size_t row)
{
    const struct row_fact *fact = &model->facts->rows[row];
    switch ((enum tensor_role)fact->role) {
    case ROLE_INPUT:
        return DEVICE_HOST;
    case ROLE_LAYER:
    case ROLE_PER_BUFFER:
    case ROLE_OUTPUT: {
        int16_t home = base->home[fact->home_layer];
        return (int16_t)(base_placement_use(base, model, row, home)->runs ? home : DEVICE_HOST);
    }
    case ROLE_SKIPPED:
        break;
    }
    return DEVICE_NONE;
}

/* Any target but CPU is taken without asking the device (loader.cpp:1240-1251): the scheduler then aborts. */
static int16_t place_row(struct base_placement *base, const struct model *model,
                         const struct decisions *decisions, size_t row)
{
    int32_t entry = decisions->entry[row];
    if (entry >= 0 && model->facts->rows[row].role != ROLE_SKIPPED) {
        int16_t device = decisions->entry_device[entry];
        if (base_placement_use(base, model, row, device)->runs) {
            return device;
        }
        base->refused_row = base->refused_row < 0 ? (int64_t)row : base->refused_row;
    }
    return home_of(base, model, row);
}

static void place_rows(struct base_placement *base, const struct model *model,
                       const struct decisions *decisions)
{
    for (size_t row = 0; row < model->n_tensors; row++) {
        int role = model->facts->rows[row].role;
        bool copies = role == ROLE_PER_BUFFER && decisions->entry[row] < 0;
        int16_t device = place_row(base, model, decisions, row);
        base->device[row] = device;
        base->wanted[row] = role == ROLE_SKIPPED ? WANTED_FREE : WANTED_ALONE;
        base->stays[row] = (int16_t)(copies ? DEVICE_NONE : device);
    }
}

/* ---- weighing ------------------------------------------------------------------------------- */

static void weigh_rows(struct base_placement *base, const struct model *model)
{
    const struct row_facts *facts = model->facts;
    for (size_t row = 0; row < model->n_tensors; row++) {
        const struct row_fact *fact = &facts->rows[row];
        if (fact->role == ROLE_PER_BUFFER || (facts->twin > 0 && row == facts->twin)) {
            base->apart[base->n_apart++] = (uint32_t)row;
        } else if (base->device[row] != DEVICE_NONE) {
            size_t place = (size_t)(base->device[row] + 1);
            uint64_t bytes = base->uses[fact->shape * base->n_places + place].bytes;
            base->model[place] += bytes;
            base->experts[place] += tensor_group_is_expert(fact->group) ? bytes : 0;
        }
    }
}

static void count_entries(struct base_placement *base, const struct model *model,
                          const struct decisions *decisions)
{
    const struct row_facts *facts = model->facts;
    for (size_t row = 0; row < model->n_tensors; row++) {
        int32_t entry = decisions->entry[row];
        if (entry >= 0 && (row != facts->twin || row == 0)) {
            uint64_t bytes = facts->shape_bytes[facts->rows[row].shape];
            struct rule_use *use = &base->entry_use[entry];
            use->matches++;
            use->bytes += bytes;
            use->experts += tensor_group_is_expert(facts->rows[row].group) ? bytes : 0;
        }
    }
}

/* Takes what was asked. */
static struct base_placement *base_new(const struct base_placement *asked,
                                       const struct model *model, const struct decisions *decisions)
{
    struct base_placement *base = memory_new(sizeof *base);
    *base = *asked;
    base->refused_row = -1;
    base->device = memory_array(model->n_tensors, sizeof *base->device);
    base->wanted = memory_array(model->n_tensors, sizeof *base->wanted);
    base->stays = memory_array(model->n_tensors, sizeof *base->stays);
    base->apart = memory_array(model->n_tensors, sizeof *base->apart);
    base->model = memory_array(base->n_places, sizeof *base->model);
    base->experts = memory_array(base->n_places, sizeof *base->experts);
    base->entry_use = memory_array(decisions->list->n_entries, sizeof *base->entry_use);
    place_rows(base, model, decisions);
    weigh_rows(base, model);
    count_entries(base, model, decisions);
    return base;
}

const struct base_placement *base_placement_update(struct decisions *decisions,
                                                   const struct model *model, const struct rig *rig,
                                                   const struct evaluation *evaluation)
{
    struct base_placement asked = {.home = take_homes(model, evaluation),
                                   .uses = ask_shapes(model, rig),
                                   .n_places = rig->n_devices + 1};
    if (is_current(decisions->base, model, &asked)) {
        free(asked.home);
        free(asked.uses);
        return decisions->base;
    }
    base_placement_free(&decisions->base);
    decisions->base = base_new(&asked, model, decisions);
    return decisions->base;
}

void base_placement_free(struct base_placement **base)
{
    if (*base == NULL) {
        return;
    }
    free((*base)->home);
    free((*base)->uses);
    free((*base)->device);
    free((*base)->wanted);
    free((*base)->stays);
    free((*base)->apart);
    free((*base)->model);
    free((*base)->experts);
    free((*base)->entry_use);
    free(*base);
    *base = NULL;
}
