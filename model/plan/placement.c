#include "model/plan/placement.h"

#include "model/base/memory.h"
#include "model/plan/base_placement.h"
#include "model/plan/support.h"

#include <stdlib.h>
#include <string.h>

struct moved_row {
    uint32_t row;
    int16_t device; /* sent there by hand, or PLAN_UNMOVED */
};

struct placing { /* one at work */
    const struct model *model;
    const struct rig *rig;
    const struct plan *plan;
    const struct decisions *decisions;
    const struct base_placement *base;
    struct evaluation *out;
    int16_t *wanted, *stays; /* owned: as generate_rules takes them; NULL where nothing is moved */
    struct moved_row *moved; /* owned: the rows that may leave their base; n_moved */
    size_t n_moved;
};

/* ---- what is moved -------------------------------------------------------------------------- */

enum { ROWS_LOOKED_AT = 64 }; /* at once: most are not moved */

static bool any_moved(const int16_t *moved, size_t n)
{
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        any |= moved[i] != PLAN_UNMOVED;
    }
    return any;
}

/* The twin is last: what becomes of it depends on its original. */
static void find_moved(struct placing *placing)
{
    size_t twin = placing->model->facts->twin;
    size_t n = placing->plan->n_rows == placing->model->n_tensors ? placing->plan->n_rows : 0;
    const int16_t *moved = placing->plan->moved;
    struct moved_row *found = memory_array(n + 2, sizeof *found);
    size_t n_found = 0;
    for (size_t from = 0; from < n; from += ROWS_LOOKED_AT) {
        size_t end = n - from < ROWS_LOOKED_AT ? n : from + ROWS_LOOKED_AT;
        if (!any_moved(moved + from, end - from)) {
            continue;
        }
        for (size_t row = from; row < end; row++) {
            if (moved[row] != PLAN_UNMOVED && (row != twin || row == 0)) {
                found[n_found++] = (struct moved_row){(uint32_t)row, moved[row]};
            }
        }
    }
    if (twin > 0 && n > 0 && (n_found > 0 || moved[twin] != PLAN_UNMOVED)) {
        found[n_found++] = (struct moved_row){(uint32_t)twin - 1, moved[twin - 1]};
        found[n_found++] = (struct moved_row){(uint32_t)twin, moved[twin]};
    }
    placing->moved = found;
    placing->n_moved = n_found;
}

/* Can the row be sent there: a device of the plan that runs it? */
static bool valid_target(const struct placing *placing, size_t row, int16_t device)
{
    if (device == DEVICE_HOST) {
        return true;
    }
    return device >= 0 && (size_t)device < placing->rig->n_devices &&
           placing->out->devices[device].order >= 0 &&
           base_placement_use(placing->base, placing->model, row, device)->runs;
}

/* One name, one rule: what is wanted is decided on the original for both uses. */
static bool want_twin(struct placing *placing, size_t row, size_t original, int16_t moved)
{
    int16_t *wanted = placing->wanted;
    const int16_t *base = placing->base->device;
    bool original_leaves = wanted[original] >= DEVICE_HOST;
    if (moved != PLAN_UNMOVED && valid_target(placing, row, moved) &&
        (original_leaves || base[row] != moved)) {
        wanted[original] = wanted[row] = moved;
        return true;
    }
    if (base[row] != base[original]) {
        placing->stays[original] = placing->stays[row] = DEVICE_NONE;
    }
    return false;
}

static bool want_row(struct placing *placing, size_t row, int16_t moved)
{
    if (moved == PLAN_UNMOVED || placing->model->facts->rows[row].role == ROLE_SKIPPED ||
        !valid_target(placing, row, moved) ||
        (moved == placing->base->device[row] && placing->stays[row] != DEVICE_NONE)) {
        return false;
    }
    placing->wanted[row] = moved;
    return true;
}

static bool want_rows(struct placing *placing)
{
    bool any = false;
    size_t bytes = placing->model->n_tensors * sizeof *placing->wanted;
    placing->wanted = memory_copy(placing->base->wanted, bytes);
    placing->stays = memory_copy(placing->base->stays, bytes);
    for (size_t i = 0; i < placing->n_moved; i++) {
        size_t row = placing->moved[i].row;
        int16_t device = placing->moved[i].device;
        bool twin = row > 0 && row == placing->model->facts->twin;
        any |= twin ? want_twin(placing, row, row - 1, device) : want_row(placing, row, device);
    }
    return any;
}

/* ---- what decides --------------------------------------------------------------------------- */

/* Neighbours mostly come from one entry to one rule: what they bring is added up before it is booked. */
struct booking {
    int32_t rule, entry;
    struct rule_use sum;
};

static void book(struct rule_use *uses, struct booking *booking)
{
    const struct rule_use *sum = &booking->sum;
    if (sum->matches > 0) {
        struct rule_use *to = &uses[booking->rule];
        *to = (struct rule_use){to->matches + sum->matches, to->bytes + sum->bytes,
                                to->experts + sum->experts};
    }
    if (sum->matches > 0 && booking->entry >= 0) {
        struct rule_use *from = &uses[booking->entry];
        *from = (struct rule_use){from->matches - sum->matches, from->bytes - sum->bytes,
                                  from->experts - sum->experts};
    }
    booking->sum = (struct rule_use){0};
}

/* What generated rules decide is theirs, not an entry's. */
static void take_by_rules(struct placing *placing)
{
    const struct row_facts *facts = placing->model->facts;
    const int32_t *rules = placing->out->rules.rule_of_row;
    int32_t *override = placing->out->override;
    struct booking booking = {-1, -1, {0}};
    for (size_t row = 0; row < placing->model->n_tensors; row++) {
        int32_t rule = rules[row];
        const struct row_fact *fact = &facts->rows[row];
        if (rule < 0 || fact->role == ROLE_SKIPPED) {
            continue;
        }
        if (rule != booking.rule || override[row] != booking.entry) {
            book(placing->out->rule_use, &booking);
            booking.rule = rule;
            booking.entry = override[row];
        }
        if (row != facts->twin || row == 0) {
            uint64_t bytes = facts->shape_bytes[fact->shape];
            booking.sum.matches++;
            booking.sum.bytes += bytes;
            booking.sum.experts += tensor_group_is_expert(fact->group) ? bytes : 0;
        }
        override[row] = rule;
    }
    book(placing->out->rule_use, &booking);
}

/* Generated rules stand before the given ones. */
static void find_overrides(struct placing *placing)
{
    struct evaluation *out = placing->out;
    size_t n = placing->model->n_tensors;
    size_t n_entries = placing->plan->given->n_entries;
    int32_t n_rules = (int32_t)out->rules.n;
    const int32_t *entry = placing->decisions->entry;
    int32_t *override = memory_resize(NULL, n, sizeof *override);
    for (size_t row = 0; row < n; row++) {
        override[row] = entry[row] + (entry[row] >= 0 ? n_rules : 0);
    }
    out->override = override;
    out->rule_use = memory_array(out->rules.n + n_entries, sizeof *out->rule_use);
    memcpy(out->rule_use + out->rules.n, placing->base->entry_use,
           n_entries * sizeof *out->rule_use);
    if (out->rules.rule_of_row != NULL) {
        take_by_rules(placing);
    }
}

/* ---- weights -------------------------------------------------------------------------------- */

static struct device_use *use_of(struct evaluation *evaluation, int16_t device)
{
    return device >= 0 ? &evaluation->devices[device] : &evaluation->host;
}

static void weigh(struct placing *placing, size_t row, int16_t device)
{
    struct device_use *use = use_of(placing->out, device);
    uint64_t bytes = base_placement_use(placing->base, placing->model, row, device)->bytes;
    use->model += bytes;
    use->experts += tensor_group_is_expert(placing->model->facts->rows[row].group) ? bytes : 0;
}

/* One copy in each buffer type among the homes of the layers that create it (section 12.1). */
static void weigh_per_buffer(struct placing *placing, size_t row)
{
    const struct model *model = placing->model;
    bool *seen = memory_array(placing->rig->n_devices + 1, sizeof *seen);
    uint32_t n_trunk = model->hparams.n_layer - model->hparams.n_layer_nextn;
    for (uint32_t il = 0; il < n_trunk; il++) {
        int16_t home = placing->out->layers[il].home;
        if (!seen[home + 1] && model_layer_creates(model, &model->tensors[row], il)) {
            seen[home + 1] = true;
            weigh(placing, row, home);
        }
    }
    free(seen);
}

static void weigh_apart(struct placing *placing, size_t row)
{
    const struct evaluation *out = placing->out;
    const struct row_facts *facts = placing->model->facts;
    int16_t device = out->device[row];
    if (device == DEVICE_NONE) {
        return;
    }
    if (row == facts->twin && row > 0 && device == out->device[row - 1]) {
        return; /* both uses share one allocation */
    }
    if (facts->rows[row].role == ROLE_PER_BUFFER && out->override[row] < 0) {
        weigh_per_buffer(placing, row);
    } else {
        weigh(placing, row, device);
    }
}

static bool is_apart(const struct row_facts *facts, size_t row)
{
    return facts->rows[row].role == ROLE_PER_BUFFER || (row == facts->twin && row > 0);
}

/* Rows on their way from one device to another, weighed at both ends. */
struct load {
    int16_t from, to;
    uint64_t model[2], experts[2];
};

static void unload(struct evaluation *out, struct load *load)
{
    use_of(out, load->from)->model -= load->model[0];
    use_of(out, load->from)->experts -= load->experts[0];
    use_of(out, load->to)->model += load->model[1];
    use_of(out, load->to)->experts += load->experts[1];
}

static void load_row(const struct placing *placing, size_t row, struct load *load)
{
    const struct base_placement *base = placing->base;
    bool expert = tensor_group_is_expert(placing->model->facts->rows[row].group);
    uint64_t from = base_placement_use(base, placing->model, row, load->from)->bytes;
    uint64_t to = base_placement_use(base, placing->model, row, load->to)->bytes;
    load->model[0] += from;
    load->model[1] += to;
    load->experts[0] += expert ? from : 0;
    load->experts[1] += expert ? to : 0;
}

static void move_rows(struct placing *placing)
{
    struct evaluation *out = placing->out;
    struct load load = {.from = DEVICE_HOST, .to = DEVICE_HOST};
    for (size_t i = 0; i < placing->n_moved && placing->wanted != NULL; i++) {
        size_t row = placing->moved[i].row;
        int16_t from = out->device[row];
        int16_t to = placing->wanted[row];
        if (to < DEVICE_HOST || to == from) {
            continue;
        }
        if (from != load.from || to != load.to) {
            unload(out, &load);
            load = (struct load){.from = from, .to = to};
        }
        if (!is_apart(placing->model->facts, row)) {
            load_row(placing, row, &load);
        }
        out->device[row] = to;
    }
    unload(out, &load);
}

static void weigh_all(struct placing *placing)
{
    const struct base_placement *base = placing->base;
    for (size_t place = 0; place < base->n_places; place++) {
        struct device_use *use = use_of(placing->out, (int16_t)((int)place - 1));
        use->model = base->model[place];
        use->experts = base->experts[place];
    }
    move_rows(placing);
    for (size_t i = 0; i < base->n_apart; i++) {
        weigh_apart(placing, base->apart[i]);
    }
}

/* ---- the door ------------------------------------------------------------------------------- */

static void refuse_operation(const struct placing *placing, size_t row)
{
    int32_t entry = placing->decisions->entry[row];
    int16_t device = placing->decisions->entry_device[entry];
    const struct override *rule = &placing->plan->given->entries[entry];
    char *problem = support_problem(&placing->rig->devices[device], &placing->model->tensors[row]);
    error_set(&placing->out->refused, ERROR_INPUT, "-ot rule %d '%s=%s': %s: llama.cpp aborts",
              entry + 1, rule->pattern, rule->buffer, problem);
    free(problem);
}

void placement_find(const struct model *model, const struct rig *rig, const struct plan *plan,
                    struct decisions *decisions, struct evaluation *out)
{
    struct placing placing = {
        .model = model, .rig = rig, .plan = plan, .decisions = decisions, .out = out};
    placing.base = base_placement_update(decisions, model, rig, out);
    if (placing.base->refused_row >= 0) {
        refuse_operation(&placing, (size_t)placing.base->refused_row);
    }
    out->device = memory_copy(placing.base->device, model->n_tensors * sizeof *out->device);
    find_moved(&placing);
    if (placing.n_moved > 0 && want_rows(&placing)) {
        generate_rules(model, placing.wanted, placing.stays, &out->rules);
    }
    find_overrides(&placing);
    weigh_all(&placing);
    free(placing.wanted);
    free(placing.stays);
    free(placing.moved);
}
