#include "model/plan/compare_moves.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"

#include <stdlib.h>
#include <string.h>

/* One layer's tensors that went from one device to another. */
struct cell {
    uint32_t groups; /* bits by tensor_group */
    uint32_t tensors;
    uint64_t bytes;
};

/* All that went from one device to another. */
struct route {
    const char *from, *to;
    struct cell *layers; /* MAX_LAYERS */
};

struct routes {
    struct route *list;
    size_t n;
};

static struct route *route_find(struct routes *routes, const char *from, const char *to)
{
    for (size_t i = 0; i < routes->n; i++) {
        if (strcmp(routes->list[i].from, from) == 0 && strcmp(routes->list[i].to, to) == 0) {
            return &routes->list[i];
        }
    }
    routes->list = memory_resize(routes->list, routes->n + 1, sizeof *routes->list);
    struct route *route = &routes->list[routes->n++];
    *route = (struct route){from, to, memory_array(MAX_LAYERS, sizeof *route->layers)};
    return route;
}

static void add_move(struct comparison *out, const struct route *route, const struct cell *sum,
                     char *what)
{
    out->moves = memory_resize(out->moves, out->n_moves + 1, sizeof *out->moves);
    out->moves[out->n_moves++] = (struct compare_move){
        .tensors = sum->tensors,
        .bytes = sum->bytes,
        .from = route->from,
        .to = route->to,
        .what = what,
    };
}

/* ---- words ---------------------------------------------------------------------------------- */

static const struct {
    uint32_t groups;
    const char *name;
} kinds[] = {
    {1U << GROUP_ATTN, "attention"},
    {1U << GROUP_SSM, "recurrent"},
    {1U << GROUP_FFN, "feed-forward"},
    {1U << GROUP_ROUTER, "router"},
    {1U << GROUP_SHEXP, "shared experts"},
    {1U << GROUP_GATE_EXPS, "gate experts"},
    {1U << GROUP_UP_EXPS, "up experts"},
    {1U << GROUP_DOWN_EXPS, "down experts"},
    {1U << GROUP_GATE_UP_EXPS, "gate-up experts"},
    {1U << GROUP_NORM, "norms"},
    {1U << GROUP_MTP, "MTP"},
    {1U << GROUP_EMBD, "embedding"},
    {1U << GROUP_OUTPUT, "output"},
    {1U << GROUP_OTHER, "other"},
};

static const uint32_t expert_groups =
    1U << GROUP_GATE_EXPS | 1U << GROUP_UP_EXPS | 1U << GROUP_DOWN_EXPS | 1U << GROUP_GATE_UP_EXPS;

/* `there`: the groups that these layers have at all. */
static void add_groups(struct strbuf *out, uint32_t groups, uint32_t there)
{
    if (groups == there) {
        strbuf_add(out, "whole");
        return;
    }
    bool all_experts =
        (there & expert_groups) != 0 && (groups & expert_groups) == (there & expert_groups);
    const char *separator = "";
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        bool said = all_experts && (kinds[i].groups & expert_groups) != 0;
        if ((groups & kinds[i].groups) != 0 && !said) {
            strbuf_format(out, "%s%s", separator, kinds[i].name);
            separator = ", ";
        }
    }
    if (all_experts) {
        strbuf_format(out, "%sexperts", separator);
    }
}

/* Layers of a route that moved the same groups, as ranges: "12-20, 25". */
static void add_layers(struct strbuf *out, const bool *chosen)
{
    const char *separator = "";
    for (uint32_t il = 0; il < MAX_LAYERS; il++) {
        if (!chosen[il]) {
            continue;
        }
        uint32_t last = il;
        while (last + 1 < MAX_LAYERS && chosen[last + 1]) {
            last++;
        }
        strbuf_format(out, last > il ? "%s%u-%u" : "%s%u", separator, il, last);
        separator = ", ";
        il = last;
    }
}

/* ---- telling a route ------------------------------------------------------------------------ */

static void tell_route(struct route *route, const uint32_t *there, struct comparison *out)
{
    for (uint32_t first = 0; first < MAX_LAYERS; first++) {
        uint32_t groups = route->layers[first].groups;
        if (groups == 0) {
            continue;
        }
        bool chosen[MAX_LAYERS] = {false};
        struct cell sum = {0};
        uint32_t n = 0;
        for (uint32_t il = first; il < MAX_LAYERS; il++) {
            struct cell *cell = &route->layers[il];
            bool same = cell->groups == groups &&
                        (groups == there[il]) == (groups == there[first]) &&
                        (there[il] & expert_groups) == (there[first] & expert_groups);
            if (same) {
                chosen[il] = true;
                sum.tensors += cell->tensors;
                sum.bytes += cell->bytes;
                cell->groups = 0;
                n++;
            }
        }
        struct strbuf what = {0};
        strbuf_add(&what, n > 1 ? "layers " : "layer ");
        add_layers(&what, chosen);
        strbuf_add(&what, " ");
        add_groups(&what, groups, there[first]);
        add_move(out, route, &sum, strbuf_take(&what));
    }
}

static int heavier_first(const void *a, const void *b)
{
    const struct compare_move *left = a;
    const struct compare_move *right = b;
    if (left->bytes != right->bytes) {
        return left->bytes < right->bytes ? 1 : -1;
    }
    return strcmp(left->what, right->what);
}

/* The row of the other side with the same name and use, or -1. */
static int64_t row_after(const struct compare_side *before, const struct compare_side *after,
                         size_t row)
{
    const struct model_tensor *tensor = &before->model->tensors[row];
    bool same =
        row < after->model->n_tensors && strcmp(after->model->tensors[row].name, tensor->name) == 0;
    int64_t found = same ? (int64_t)row : model_find_tensor(after->model, tensor->name);
    if (!same && found >= 0 && tensor->tied_to >= 0) {
        size_t twin = (size_t)found + 1;
        bool is_twin =
            twin < after->model->n_tensors && after->model->tensors[twin].tied_to == (int32_t)found;
        return is_twin ? (int64_t)twin : -1;
    }
    return found;
}

static void compare_row(const struct compare_side *before, const struct compare_side *after,
                        size_t row, struct routes *routes, struct comparison *out)
{
    const struct model_tensor *tensor = &before->model->tensors[row];
    int64_t other = row_after(before, after, row);
    int16_t old = before->evaluation->device[row];
    int16_t new = other >= 0 ? after->evaluation->device[other] : DEVICE_NONE;
    if (old == DEVICE_NONE || new == DEVICE_NONE) {
        return;
    }
    const char *from = rig_name(before->rig, old);
    const char *to = rig_name(after->rig, new);
    if (strcmp(from, to) == 0) {
        return;
    }
    struct route *route = route_find(routes, from, to);
    if (tensor->layer < 0 || tensor->layer >= MAX_LAYERS) {
        struct cell one = {0, 1, tensor->bytes};
        add_move(out, route, &one,
                 memory_format("%s%s", tensor->name, tensor->tied_to >= 0 ? " (as output)" : ""));
        return;
    }
    struct cell *cell = &route->layers[tensor->layer];
    cell->groups |= 1U << tensor->group;
    cell->tensors++;
    cell->bytes += tensor->bytes;
}

void compare_moves(const struct compare_side *before, const struct compare_side *after,
                   struct comparison *out)
{
    struct routes routes = {0};
    uint32_t there[MAX_LAYERS] = {0};
    for (size_t row = 0; row < before->model->n_tensors; row++) {
        const struct model_tensor *tensor = &before->model->tensors[row];
        if (tensor->layer >= 0 && tensor->layer < MAX_LAYERS && tensor->role != ROLE_SKIPPED) {
            there[tensor->layer] |= 1U << tensor->group;
        }
        compare_row(before, after, row, &routes, out);
    }
    for (size_t i = 0; i < routes.n; i++) {
        tell_route(&routes.list[i], there, out);
        free(routes.list[i].layers);
    }
    free(routes.list);
    if (out->n_moves > 1) {
        qsort(out->moves, out->n_moves, sizeof *out->moves, heavier_first);
    }
}
