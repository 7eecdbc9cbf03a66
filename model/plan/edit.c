#include "model/plan/edit.h"

#include "model/base/memory.h"
#include "model/net/context_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void edit_clear(struct edit *edit)
{
    free(edit->rows);
    *edit = (struct edit){0};
}

void edit_copy(struct edit *to, const struct edit *from)
{
    *to = *from;
    to->rows = memory_copy(from->rows, from->n_rows * sizeof *from->rows);
}

bool edit_equal(const struct edit *a, const struct edit *b)
{
    return a->kind == b->kind && a->device == b->device && a->first == b->first &&
           a->last == b->last && a->n_rows == b->n_rows &&
           (a->n_rows == 0 || memcmp(a->rows, b->rows, a->n_rows * sizeof *a->rows) == 0);
}

int plan_row_home(const struct model *model, const struct evaluation *evaluation, size_t row)
{
    const struct model_tensor *tensor = &model->tensors[row];
    if (tensor->role == ROLE_SKIPPED) {
        return DEVICE_NONE;
    }
    return tensor->role == ROLE_INPUT ? DEVICE_HOST : evaluation->layers[tensor->home_layer].home;
}

/* ---- weights -------------------------------------------------------------------------------- */

/* Where the row is when nothing is moved by hand. */
static int base_of(const struct model *model, const struct evaluation *evaluation,
                   const struct decisions *decisions, size_t row)
{
    int32_t entry = decisions->entry[row];
    return entry >= 0 ? decisions->entry_device[entry] : plan_row_home(model, evaluation, row);
}

static void send_row(struct plan *plan, const struct layer_map *map,
                     const struct evaluation *evaluation, const struct decisions *decisions,
                     uint32_t row, int device, struct edit_report *report)
{
    const struct model *model = map->model;
    if (plan->locked[row] != 0) {
        report->n_locked++;
        return;
    }
    int base = base_of(model, evaluation, decisions, row);
    bool has_twin = row + 1 < model->n_tensors && model->tensors[row + 1].tied_to == (int32_t)row;
    bool plain = base == device && !has_twin && model->tensors[row].role != ROLE_PER_BUFFER;
    int value = plain ? PLAN_UNMOVED : device;
    if (report->homes_changed && decisions->entry[row] < 0 && !has_twin &&
        model->tensors[row].role == ROLE_LAYER) {
        value = PLAN_UNMOVED; /* its home goes there too */
    }
    if (evaluation->device[row] == device && plan->moved[row] == value) {
        return;
    }
    report->n_changed += plan_move_rows(plan, model, &row, 1, value) > 0 ? 1 : 0;
    report->bytes += model->tensors[row].bytes;
}

static void send_rows(struct plan *plan, const struct layer_map *map,
                      const struct evaluation *evaluation, const struct decisions *decisions,
                      const struct edit *edit, struct edit_report *report)
{
    const struct model *model = map->model;
    for (size_t i = 0; i < edit->n_rows; i++) {
        uint32_t row = edit->rows[i];
        int device = edit->device;
        if (model->tensors[row].role == ROLE_SKIPPED || model->tensors[row].tied_to >= 0) {
            continue; /* not loaded; a twin goes with its original */
        }
        if (edit->kind == EDIT_RETURN && decisions->entry[row] < 0) {
            if (plan->locked[row] == 0 && plan->moved[row] != PLAN_UNMOVED) {
                plan_move_rows(plan, model, &row, 1, PLAN_UNMOVED);
                report->n_changed++;
                report->bytes += model->tensors[row].bytes;
            }
            report->n_locked += plan->locked[row] != 0 ? 1 : 0;
            continue;
        }
        if (edit->kind == EDIT_RETURN) {
            device = plan_row_home(model, evaluation, row);
        }
        send_row(plan, map, evaluation, decisions, row, device, report);
    }
}

static void lock_rows(struct plan *plan, const struct layer_map *map,
                      const struct evaluation *evaluation, const struct decisions *decisions,
                      const struct edit *edit, struct edit_report *report)
{
    const struct model *model = map->model;
    for (size_t i = 0; i < edit->n_rows; i++) {
        uint32_t row = edit->rows[i];
        bool lock = edit->kind == EDIT_LOCK;
        if (model->tensors[row].role == ROLE_SKIPPED || (plan->locked[row] != 0) == lock) {
            continue;
        }
        plan->locked[row] = 0;
        bool is_alone =
            model->tensors[row].role != ROLE_PER_BUFFER && model->tensors[row].tied_to < 0;
        if (lock && is_alone && plan->moved[row] == PLAN_UNMOVED) {
            plan->moved[row] = evaluation->device[row]; /* stays also where its home goes away */
        } else if (!lock && is_alone &&
                   plan->moved[row] == base_of(model, evaluation, decisions, row)) {
            plan->moved[row] = PLAN_UNMOVED;
        }
        plan->locked[row] = lock ? 1 : 0;
        report->n_changed++;
        report->bytes += model->tensors[row].bytes;
    }
}

/* ---- homes ---------------------------------------------------------------------------------- */

static int run_of(const struct evaluation *evaluation, int device)
{
    for (size_t k = 0; k < evaluation->n_in_use && device != DEVICE_HOST; k++) {
        if (evaluation->in_use[k] == device) {
            return (int)k + 1;
        }
    }
    return device == DEVICE_HOST ? 0 : -1;
}

/* `ends[r]`: layer after run r. Grows run `run` over first..last; the runs beside it give way. */
static void grow_run(uint32_t *ends, size_t n_runs, size_t run, uint32_t first, uint32_t last)
{
    uint32_t start = run == 0 ? 0 : ends[run - 1];
    uint32_t end = ends[run];
    start = run == 0 || first >= start ? start : first;
    end = last + 1 > end ? last + 1 : end;
    for (size_t r = 0; r < n_runs; r++) {
        if (r < run && ends[r] > start) {
            ends[r] = start;
        } else if (r >= run && ends[r] < end) {
            ends[r] = end;
        }
    }
}

static bool send_homes(struct plan *plan, const struct layer_map *map, const struct rig *rig,
                       const struct evaluation *evaluation, const struct edit *edit,
                       struct edit_report *report)
{
    uint32_t n_layer = map->n_layer;
    size_t n_runs = evaluation->n_in_use + 1;
    int run = run_of(evaluation, edit->device);
    if (run < 0) {
        snprintf(report->text, sizeof report->text, "%s is not in use in this plan (-dev, -sm)",
                 rig_name(rig, edit->device));
        return false;
    }
    uint32_t *ends = memory_array(n_runs, sizeof *ends);
    uint32_t *counts = memory_array(n_runs, sizeof *counts);
    uint32_t at = 0;
    for (size_t r = 0; r < n_runs; r++) {
        at += evaluation->runs[r];
        ends[r] = at < n_layer ? at : n_layer;
    }
    bool takes_output = edit->last >= n_layer;
    uint32_t last = takes_output ? n_layer - 1 : edit->last;
    if (edit->first < n_layer) {
        grow_run(ends, n_runs, (size_t)run, edit->first, last);
    } else if (run == 0) {
        grow_run(ends, n_runs, 0, 0, n_layer - 1); /* the output on CPU: so is every layer */
    } else {
        for (size_t r = (size_t)run; r < n_runs; r++) {
            ends[r] = n_layer;
        }
    }
    size_t last_run = takes_output ? (size_t)run : 0;
    for (size_t r = 0; r < n_runs; r++) {
        counts[r] = ends[r] - (r == 0 ? 0 : ends[r - 1]);
        last_run = !takes_output && counts[r] > 0 ? r : last_run;
    }
    counts[last_run]++;
    bool changed = memcmp(counts, evaluation->runs, n_runs * sizeof *counts) != 0;
    bool *taken = memory_array(n_layer, sizeof *taken);
    for (uint32_t il = 0, r = 0; il < n_layer && changed; il++) {
        while (r + 1 < n_runs && il >= ends[r]) {
            r++;
        }
        bool moved = run_of(evaluation, evaluation->layers[il].home) != (int)r;
        taken[il] = moved && (il < edit->first || il > edit->last);
        report->n_taken += taken[il] ? 1 : 0;
    }
    struct strbuf ranges = {0};
    layer_map_ranges(taken, n_layer, &ranges);
    snprintf(report->taken, sizeof report->taken, "%s", strbuf_text(&ranges));
    strbuf_clear(&ranges);
    free(taken);
    if (changed) {
        plan_set_runs(plan, map->model, counts, evaluation->n_in_use);
        report->homes_changed = true;
    } else {
        snprintf(report->text, sizeof report->text, "those layers are at home on %s already",
                 rig_name(rig, edit->device));
    }
    free(ends);
    free(counts);
    return changed;
}

size_t plan_boundaries(const struct layer_map *map, const struct evaluation *evaluation,
                       uint32_t *at)
{
    size_t n = 0;
    for (uint32_t il = 1; il < map->n_layer; il++) {
        if (evaluation->layers[il].home != evaluation->layers[il - 1].home) {
            at[n++] = il;
        }
    }
    return n;
}

struct edit plan_boundary_edit(const struct layer_map *map, const struct evaluation *evaluation,
                               uint32_t at, uint32_t to)
{
    if (at == 0 || at >= map->n_layer || to == at || to > map->n_layer) {
        return (struct edit){0};
    }
    if (to < at) {
        return (struct edit){
            .kind = EDIT_HOMES, .device = evaluation->layers[at].home, .first = to, .last = at - 1};
    }
    return (struct edit){
        .kind = EDIT_HOMES, .device = evaluation->layers[at - 1].home, .first = at, .last = to - 1};
}

/* ---- the door ------------------------------------------------------------------------------- */

static void describe_layers(const struct edit *edit, uint32_t n_layer, struct strbuf *out)
{
    uint32_t last = edit->last < n_layer ? edit->last : n_layer - 1;
    if (edit->first >= n_layer) {
        strbuf_add(out, "the output layer");
    } else if (edit->first == last) {
        strbuf_format(out, "layer %u", edit->first);
    } else {
        strbuf_format(out, "layers %u-%u", edit->first, last);
    }
}

static void say(const struct layer_map *map, const struct rig *rig,
                const struct evaluation *evaluation, const struct edit *edit,
                struct edit_report *report)
{
    static const char *const verbs[] = {
        "", "", " back to their homes", " at home on ", " at home on ", " locked", " unlocked"};
    struct strbuf text = {0};
    if (edit->kind == EDIT_HOMES) {
        describe_layers(edit, map->n_layer, &text);
    } else {
        layer_map_describe(map, edit->rows, edit->n_rows, &text);
    }
    if (edit->kind == EDIT_SEND) {
        strbuf_format(&text, " to %s", rig_name(rig, edit->device));
    } else {
        strbuf_add(&text, verbs[edit->kind]);
        if (edit->kind == EDIT_HOMES || edit->kind == EDIT_LAYERS) {
            strbuf_add(&text, rig_name(rig, edit->device));
        }
    }
    if (report->n_taken > 0) {
        strbuf_format(&text, ", layer%s %s taken along", report->n_taken == 1 ? "" : "s",
                      report->taken);
    }
    if (edit->kind == EDIT_SEND && edit->n_rows > 0) {
        int32_t layer = map->model->tensors[edit->rows[0]].layer;
        int cache = layer >= 0 && (uint32_t)layer < map->n_layer ? evaluation->layers[layer].cache
                                                                 : DEVICE_NONE;
        for (size_t i = 0; i < edit->n_rows && cache != DEVICE_NONE; i++) {
            layer = map->model->tensors[edit->rows[i]].layer;
            bool same = layer >= 0 && (uint32_t)layer < map->n_layer &&
                        evaluation->layers[layer].cache == cache;
            cache = same ? cache : MAP_MIXED;
            if (!same) {
                break;
            }
        }
        if (cache == MAP_MIXED) {
            strbuf_add(&text, "; the caches stay at home");
        } else if (cache != DEVICE_NONE && cache != edit->device) {
            strbuf_format(&text, "; cache stays on %s", rig_name(rig, cache));
        }
    }
    if (report->n_locked > 0) {
        strbuf_format(&text, "; %zu locked left alone", report->n_locked);
    }
    snprintf(report->text, sizeof report->text, "%s", strbuf_text(&text));
    strbuf_clear(&text);
}

bool plan_apply_edit(struct plan *plan, const struct layer_map *map, const struct rig *rig,
                     const struct evaluation *evaluation, const struct decisions *decisions,
                     const struct edit *edit, struct edit_report *report)
{
    *report = (struct edit_report){0};
    bool homes = false;
    switch (edit->kind) {
    case EDIT_NONE:
        return false;
    case EDIT_LOCK:
    case EDIT_UNLOCK:
        lock_rows(plan, map, evaluation, decisions, edit, report);
        break;
    case EDIT_HOMES:
        if (map->n_layer == 0 || !send_homes(plan, map, rig, evaluation, edit, report)) {
            return false;
        }
        homes = true;
        break;
    case EDIT_LAYERS:
        homes = map->n_layer > 0 && send_homes(plan, map, rig, evaluation, edit, report);
        send_rows(plan, map, evaluation, decisions, edit, report);
        break;
    case EDIT_SEND:
        if (run_of(evaluation, edit->device) < 0) {
            snprintf(report->text, sizeof report->text, "%s is not in use in this plan (-dev, -sm)",
                     rig_name(rig, edit->device));
            return false;
        }
        send_rows(plan, map, evaluation, decisions, edit, report);
        break;
    case EDIT_RETURN:
        send_rows(plan, map, evaluation, decisions, edit, report);
        break;
    }
    if (report->n_changed == 0 && !homes) {
        snprintf(report->text, sizeof report->text, "%s",
                 report->n_locked > 0 ? "locked: nothing moved (L unlocks)"
                                      : "nothing changes: it is there already");
        return false;
    }
    say(map, rig, evaluation, edit, report);
    return true;
}

static void end_layer(struct edit_room *out, int32_t layer, bool fits)
{
    if (layer < 0 || !fits) {
        return;
    }
    out->n_layers_fit++;
    out->first_layer = out->first_layer >= 0 ? out->first_layer : layer;
    out->last_layer_fit = layer;
}

void plan_room_for(const struct layer_map *map, const struct rig *rig,
                   const struct evaluation *evaluation, const struct edit *edit, int device,
                   struct edit_room *out)
{
    const struct model *model = map->model;
    *out = (struct edit_room){.first_layer = -1, .last_layer_fit = -1};
    const struct device_use *use = device >= 0 ? &evaluation->devices[device] : &evaluation->host;
    enum backend backend = device >= 0 ? rig->devices[device].backend : BACKEND_CPU;
    out->headroom = use->headroom > 0 ? (uint64_t)use->headroom : 0;
    int32_t layer = -1;
    bool layer_fits = true;
    for (size_t i = 0; i < edit->n_rows; i++) {
        const struct model_tensor *tensor = &model->tensors[edit->rows[i]];
        if (tensor->role == ROLE_SKIPPED || evaluation->device[edit->rows[i]] == device) {
            continue;
        }
        if (tensor->layer != layer) {
            end_layer(out, layer, layer_fits);
            out->n_layers++;
            layer = tensor->layer;
            layer_fits = true;
        }
        out->n_rows++;
        out->bytes += weight_alloc_bytes(tensor->type, tensor->ne, tensor->bytes, backend);
        bool fits = out->bytes <= out->headroom;
        out->n_fit += fits ? 1 : 0;
        layer_fits = layer_fits && fits;
    }
    end_layer(out, layer, layer_fits);
}
