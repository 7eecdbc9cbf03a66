#include "model/override/generate.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/override/cover_classes.h"
#include "model/override/rule_text.h"
#include "model/override/rule_write.h"

#include <stdlib.h>
#include <string.h>

enum {
    EFFORT_FRAME = 20000,           /* some 0.1 ms */
    EFFORT_EXPORT = 5000000,        /* some 0.1 s */
    MAX_NAMES_WITHOUT_LAYER = 1024, /* above, every pattern names its layers */
    MAX_UNANCHORED_NAMES = 64,      /* above, single names get both anchors unasked */
};

void generated_rules_clear(struct generated_rules *rules)
{
    for (size_t i = 0; i < rules->n; i++) {
        free(rules->rules[i].pattern);
    }
    free(rules->rules);
    free(rules->rule_of_row);
    *rules = (struct generated_rules){0};
}

/* No rules yet, and no row decided. */
static struct generated_rules rules_new(const struct model *model)
{
    size_t bytes = model->n_tensors * sizeof(int32_t);
    struct generated_rules rules = {.rule_of_row = memory_new(bytes)};
    memset(rules.rule_of_row, 0xff, bytes);
    return rules;
}

/* --- one grid ----------------------------------------------------------------------------------- */

/* The rules of a cover with their classes spelled out. */
struct plan_cover {
    const struct cover *cover;
    const struct cover_classes *classes;
    bool turned; /* rows of the cover are layers */
};

static bool rule_holds(const struct plan_cover *plan, size_t rule, size_t suffix, size_t layer)
{
    const struct cover_rule *chosen = &plan->cover->rules[rule];
    size_t row = plan->classes->row_class[plan->turned ? layer : suffix];
    size_t column = plan->classes->column_class[plan->turned ? suffix : layer];
    return bit_set_has(&chosen->rows, row) && bit_set_has(&chosen->columns, column);
}

/* The rule that has to decide this cell, or n: must-cells, and others that a later rule would take. */
static size_t deciding_rule(const struct plan_cover *plan, struct cover_cell cell, size_t suffix,
                            size_t layer)
{
    size_t n = plan->cover->n;
    size_t first = 0;
    while (first < n && !rule_holds(plan, first, suffix, layer)) {
        first++;
    }
    if (cell.colour < 0 || cell.must) {
        return cell.colour < 0 ? n : first;
    }
    for (size_t later = first + 1; later < n; later++) {
        if (rule_holds(plan, later, suffix, layer) &&
            plan->cover->rules[later].colour != (size_t)cell.colour) {
            return first;
        }
    }
    return n;
}

/* Cells of equal lines have one decider: it is found for one of each pair of classes. */
struct deciders {
    const size_t *suffix_class, *layer_class; /* per suffix and layer of the grid */
    const size_t *suffix, *layer;             /* one of each class */
    size_t n_suffix_classes, n_layer_classes;
    uint32_t *rule;  /* owned: per pair, suffix class by suffix class */
    size_t *members; /* owned: layers sorted by class */
    size_t *from;    /* owned: where each class begins in `members`, and the end */
};

static void find_deciders(const struct name_grid *grid, const struct plan_cover *plan,
                          struct deciders *out)
{
    out->rule = memory_array(out->n_suffix_classes * out->n_layer_classes, sizeof *out->rule);
    for (size_t s = 0; s < out->n_suffix_classes; s++) {
        for (size_t l = 0; l < out->n_layer_classes; l++) {
            size_t suffix = out->suffix[s], layer = out->layer[l];
            struct cover_cell cell = grid->cells[suffix * grid->names.n_layers + layer];
            out->rule[s * out->n_layer_classes + l] =
                (uint32_t)deciding_rule(plan, cell, suffix, layer);
        }
    }
}

static void sort_members(struct deciders *out, size_t n_layers)
{
    out->members = memory_array(n_layers, sizeof *out->members);
    out->from = memory_array(out->n_layer_classes + 2, sizeof *out->from);
    for (size_t layer = 0; layer < n_layers; layer++) {
        out->from[out->layer_class[layer] + 2]++;
    }
    for (size_t class = 2; class < out->n_layer_classes + 2; class ++) {
        out->from[class] += out->from[class - 1];
    }
    for (size_t layer = 0; layer < n_layers; layer++) {
        out->members[out->from[out->layer_class[layer] + 1]++] = layer;
    }
}

static struct deciders deciders_of(const struct name_grid *grid, const struct plan_cover *plan)
{
    const struct cover_lines *suffixes =
        plan->turned ? &plan->classes->columns : &plan->classes->rows;
    const struct cover_lines *layers =
        plan->turned ? &plan->classes->rows : &plan->classes->columns;
    struct deciders out = {.suffix_class = suffixes->class_of,
                           .layer_class = layers->class_of,
                           .suffix = suffixes->first,
                           .layer = layers->first,
                           .n_suffix_classes = suffixes->n,
                           .n_layer_classes = layers->n};
    find_deciders(grid, plan, &out);
    sort_members(&out, grid->names.n_layers);
    return out;
}

static void deciders_clear(struct deciders *deciders)
{
    free(deciders->rule);
    free(deciders->members);
    free(deciders->from);
}

static void wish_of_rule(const struct rule_writer *writer, const struct deciders *deciders,
                         size_t rule, struct rule_wish *wish)
{
    const struct name_layout *names = &writer->grid->names;
    memset(wish->layers, 0, names->n_layers * sizeof *wish->layers);
    memset(wish->suffixes, 0, names->n_suffixes * sizeof *wish->suffixes);
    for (size_t s = 0; s < names->n_suffixes; s++) {
        const uint32_t *decider =
            deciders->rule + deciders->suffix_class[s] * deciders->n_layer_classes;
        const uint32_t *decided = writer->decided + s * names->n_layers;
        for (size_t class = 0; class < deciders->n_layer_classes; class ++) {
            size_t end = decider[class] == rule ? deciders->from[class + 1] : 0;
            for (size_t i = deciders->from[class]; i < end; i++) {
                size_t layer = deciders->members[i];
                if (!decided[layer]) {
                    wish->suffixes[s] = true;
                    wish->layers[layer] = true;
                }
            }
        }
    }
}

static bool wish_has_layers(const struct name_grid *grid, const struct rule_wish *wish)
{
    return memchr(wish->layers, 1, grid->names.n_layers * sizeof *wish->layers) != NULL;
}

static void write_cover(struct rule_writer *writer, const struct plan_cover *plan)
{
    const struct name_grid *grid = writer->grid;
    struct deciders deciders = deciders_of(grid, plan);
    struct rule_wish wish = {.layers = memory_array(grid->names.n_layers, sizeof *wish.layers),
                             .suffixes =
                                 memory_array(grid->names.n_suffixes, sizeof *wish.suffixes)};
    for (size_t rule = 0; rule < plan->cover->n; rule++) {
        wish.colour = (int)plan->cover->rules[rule].colour;
        wish_of_rule(writer, &deciders, rule, &wish);
        if (wish_has_layers(grid, &wish)) {
            rule_write(writer, &wish);
        }
    }
    deciders_clear(&deciders);
    free(wish.layers);
    free(wish.suffixes);
}

/* Too many kinds of lines for a search: one rule per suffix and device. */
static void write_by_suffix(struct rule_writer *writer)
{
    const struct name_grid *grid = writer->grid;
    struct rule_wish wish = {.layers = memory_array(grid->names.n_layers, sizeof *wish.layers),
                             .suffixes =
                                 memory_array(grid->names.n_suffixes, sizeof *wish.suffixes)};
    for (size_t s = 0; s < grid->names.n_suffixes; s++) {
        for (size_t c = 0; c < writer->grids->n_colours; c++) {
            wish.colour = (int)c;
            wish.suffixes[s] = true;
            for (size_t layer = 0; layer < grid->names.n_layers; layer++) {
                struct cover_cell cell = grid->cells[s * grid->names.n_layers + layer];
                wish.layers[layer] = cell.must && cell.colour == wish.colour &&
                                     !writer->decided[s * grid->names.n_layers + layer];
            }
            if (wish_has_layers(grid, &wish)) {
                rule_write(writer, &wish);
            }
        }
        wish.suffixes[s] = false;
    }
    free(wish.layers);
    free(wish.suffixes);
}

/* Rows are the shorter side: a search over sets of rows is the cheaper one. */
static bool find_classes(const struct name_grid *grid, size_t n_colours, bool *turned,
                         struct cover_classes *classes)
{
    struct cover_table table = {grid->cells, grid->names.n_suffixes, grid->names.n_layers, false};
    *turned = false;
    if (!cover_classes_find(&table, n_colours, classes)) {
        return false;
    }
    if (classes->grid.n_rows <= classes->grid.n_columns) {
        return true;
    }
    cover_classes_clear(classes);
    *turned = table.turned = true;
    return cover_classes_find(&table, n_colours, classes);
}

static size_t count_characters(const struct generated_rules *rules)
{
    size_t n = 0;
    for (size_t i = 0; i < rules->n; i++) {
        n += strlen(rules->rules[i].pattern);
    }
    return n;
}

/* Fewer rules, then fewer characters. */
static bool is_shorter(const struct generated_rules *a, const struct generated_rules *b)
{
    return b->n == 0 || a->n < b->n || (a->n == b->n && count_characters(a) < count_characters(b));
}

static uint32_t *undecided(const struct name_grid *grid)
{
    return memory_array(grid->names.n_suffixes * grid->names.n_layers, sizeof(uint32_t));
}

/* Keeps the shorter list in `best`, and what it decides in the writer. */
static void write_style(struct rule_writer *writer, const struct plan_cover *plan,
                        struct generated_rules *best)
{
    struct generated_rules rules = {0};
    uint32_t *decided = writer->decided;
    writer->out = &rules;
    writer->decided = undecided(writer->grid);
    write_cover(writer, plan);
    writer->out = NULL;
    bool shorter = is_shorter(&rules, best);
    struct generated_rules loser = shorter ? *best : rules;
    *best = shorter ? rules : *best;
    free(shorter ? decided : writer->decided);
    writer->decided = shorter ? writer->decided : decided;
    generated_rules_clear(&loser);
}

static void write_grid(struct rule_writer *writer, uint64_t effort, struct generated_rules *out)
{
    struct cover_classes classes = {0};
    struct cover cover = {0};
    struct plan_cover plan = {&cover, &classes, false};
    if (!find_classes(writer->grid, writer->grids->n_colours, &plan.turned, &classes)) {
        writer->out = out;
        writer->decided = undecided(writer->grid);
        write_by_suffix(writer);
        cover_classes_clear(&classes);
        return;
    }
    for (int style = 0; style < COVER_STYLES; style++) {
        cover_find(&classes.grid, (enum cover_style)style, effort / COVER_STYLES, &cover);
        write_style(writer, &plan, out);
        cover_clear(&cover);
    }
    cover_classes_clear(&classes);
}

static void move_rules(const struct rule_writer *writer, struct generated_rules *from,
                       struct generated_rules *to)
{
    const struct name_layout *names = &writer->grid->names;
    for (size_t cell = 0; cell < names->n_suffixes * names->n_layers; cell++) {
        if (writer->decided[cell] > 0 && names->rows[cell] >= 0) {
            to->rule_of_row[names->rows[cell]] = (int32_t)(writer->decided[cell] - 1 + to->n);
        }
    }
    for (size_t i = 0; i < from->n; i++) {
        generated_rules_add(to, from->rules[i].pattern, from->rules[i].device,
                            from->rules[i].cpu_moe);
    }
    free(from->rules);
}

/* Single names that hold `blk.` would be hit by `blk\.` without an anchor. */
static bool block_is_plain(const struct model *model, const struct name_grids *grids)
{
    for (size_t i = 0; i < grids->n_single; i++) {
        if (strstr(model->tensors[grids->single[i]].name, "blk.") != NULL) {
            return false;
        }
    }
    return grids->n_grids == 1 && grids->grids[0].names.prefix_length == 0;
}

static void write_grids(const struct model *model, const struct name_grids *grids, uint64_t effort,
                        struct generated_rules *out)
{
    bool plain = block_is_plain(model, grids);
    for (size_t i = 0; i < grids->n_grids; i++) {
        const struct name_grid *grid = &grids->grids[i];
        if (!grid->has_wish) {
            continue;
        }
        struct rule_writer writer = {
            .model = model, .grids = grids, .grid = grid, .plain_block = plain};
        writer.layers_optional =
            plain && grid->names.n_suffixes + grids->n_single <= MAX_NAMES_WITHOUT_LAYER;
        struct generated_rules rules = {0};
        write_grid(&writer, effort, &rules);
        move_rules(&writer, &rules, out);
        free(writer.decided);
    }
}

/* --- single names ------------------------------------------------------------------------------- */

static void write_single(const struct model *model, uint32_t row, unsigned anchors, int device,
                         struct generated_rules *out)
{
    struct strbuf text = {0};
    strbuf_add(&text, (anchors & NAME_BEGINS) != 0 ? "^" : "");
    rule_text_escape(model->tensors[row].name, strlen(model->tensors[row].name), &text);
    strbuf_add(&text, (anchors & NAME_ENDS) != 0 ? "$" : "");
    out->rule_of_row[row] = (int32_t)out->n;
    generated_rules_add(out, strbuf_take(&text), device, 0);
}

static void write_singles(const struct model *model, const int16_t *wanted,
                          const struct name_grids *grids, struct generated_rules *out)
{
    size_t n = 0;
    for (size_t i = 0; i < grids->n_single; i++) {
        n += wanted[grids->single[i]] >= DEVICE_HOST;
    }
    for (size_t i = 0; i < grids->n_single; i++) {
        uint32_t row = grids->single[i];
        if (wanted[row] < DEVICE_HOST) {
            continue;
        }
        unsigned anchors = n > MAX_UNANCHORED_NAMES ? NAME_BEGINS | NAME_ENDS
                           : grids->anchors != NULL ? grids->anchors[i]
                                                    : name_anchors_find(model, row);
        write_single(model, row, anchors, wanted[row], out);
    }
}

/* --- everything --------------------------------------------------------------------------------- */

/* May a rule for all names that is asked last give this device? */
static bool takes_the_rest(const struct model *model, const int16_t *wanted, const int16_t *stays,
                           const struct generated_rules *rules, int device)
{
    for (size_t row = 0; row < model->n_tensors; row++) {
        bool harmless = wanted[row] == WANTED_FREE || wanted[row] == device ||
                        (wanted[row] == WANTED_ALONE && stays != NULL && stays[row] == device);
        if (rules->rule_of_row[row] < 0 && !harmless) {
            return false;
        }
    }
    return true;
}

/* One rule for all names in place of the rules for one device that the grids end with and those for single
 * names. The other rules for single names may stand anywhere: they match nothing else. */
static void write_catch_all(const struct model *model, const int16_t *wanted, const int16_t *stays,
                            size_t n_grid_rules, struct generated_rules *out)
{
    int device = n_grid_rules > 0 ? out->rules[n_grid_rules - 1].device
                 : out->n > 0     ? out->rules[0].device
                                  : DEVICE_NONE;
    size_t first = n_grid_rules;
    size_t n = 0;
    while (first > 0 && out->rules[first - 1].device == device) {
        first--;
    }
    int32_t *place = memory_array(out->n, sizeof *place); /* of each rule now; -1: it goes */
    for (size_t i = 0; i < out->n; i++) {
        place[i] = i >= first && out->rules[i].device == device ? -1 : (int32_t)n++;
    }
    if (out->n - n >= 2 && takes_the_rest(model, wanted, stays, out, device)) {
        for (size_t i = 0; i < out->n; i++) {
            if (place[i] < 0) {
                free(out->rules[i].pattern);
            } else {
                out->rules[place[i]] = out->rules[i];
            }
        }
        out->n = n;
        generated_rules_add(out, memory_text(".*"), device, 0);
        for (size_t row = 0; row < model->n_tensors; row++) {
            int32_t rule = out->rule_of_row[row];
            out->rule_of_row[row] = rule < 0 || place[rule] < 0 ? (int32_t)n : place[rule];
        }
    }
    free(place);
}

/* --- all of it ---------------------------------------------------------------------------------- */

static bool nothing_wanted(const struct model *model, const int16_t *wanted)
{
    for (size_t row = 0; row < model->n_tensors; row++) {
        if (wanted[row] >= DEVICE_HOST) {
            return false;
        }
    }
    return true;
}

static void generate(const struct model *model, const int16_t *wanted, const int16_t *stays,
                     uint64_t effort, struct generated_rules *out)
{
    struct name_grids grids;
    *out = rules_new(model);
    if (nothing_wanted(model, wanted)) {
        return;
    }
    name_grids_build(model, wanted, stays, &grids);
    write_grids(model, &grids, effort, out);
    size_t n_grid_rules = out->n;
    write_singles(model, wanted, &grids, out);
    write_catch_all(model, wanted, stays, n_grid_rules, out);
    size_t twin = model->lines->twin;
    out->rule_of_row[twin] = out->rule_of_row[twin > 0 ? twin - 1 : twin];
    name_grids_clear(&grids);
}

void generate_rules(const struct model *model, const int16_t *wanted, const int16_t *stays,
                    struct generated_rules *out)
{
    generate(model, wanted, stays, EFFORT_FRAME, out);
}

void generate_rules_compact(const struct model *model, const int16_t *wanted, const int16_t *stays,
                            struct generated_rules *out)
{
    generate(model, wanted, stays, EFFORT_EXPORT, out);
}
