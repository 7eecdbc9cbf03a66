#include "model/override/generate.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/override/cover_classes.h"
#include "model/override/name_grid.h"
#include "model/override/rule_text.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_PATTERN = 200,
    EFFORT_FRAME = 20000,           /* some 0.1 ms */
    EFFORT_EXPORT = 20000000,       /* some 0.1 s */
    MAX_NAMES_WITHOUT_LAYER = 1024, /* above, every pattern names its layers */
    MAX_UNANCHORED_NAMES = 64,      /* above, single names get both anchors unasked */
};

/* Rules of one grid being written, in order. */
struct writer {
    const struct model *model;
    const struct name_grids *grids;
    const struct name_grid *grid;
    bool *decided;        /* per cell: by a rule written before */
    bool plain_block;     /* `blk\.` occurs in no other name: no need for more in front */
    bool layers_optional; /* a pattern may go without its layers, if it is checked */
    struct generated_rules *out;
};

static void rule_add(struct generated_rules *out, char *pattern, int device, int32_t cpu_moe)
{
    if ((out->n & (out->n - 1)) == 0) {
        out->rules = memory_resize(out->rules, out->n == 0 ? 1 : out->n * 2, sizeof *out->rules);
    }
    out->rules[out->n++] = (struct generated_rule){pattern, device, cpu_moe};
}

void generated_rules_clear(struct generated_rules *rules)
{
    for (size_t i = 0; i < rules->n; i++) {
        free(rules->rules[i].pattern);
    }
    free(rules->rules);
    *rules = (struct generated_rules){0};
}

/* --- one rule ----------------------------------------------------------------------------------- */

/* A rule to be written: the cells it must decide are within layers x suffixes. */
struct rule_wish {
    int colour;
    bool *layers;   /* per layer of the grid */
    bool *suffixes; /* per suffix */
};

struct rule_draft {
    struct strbuf text;
    struct suffix_cut *cuts;
    size_t n_cuts;
    bool *layers; /* owned: what it names, wider than wished where that is shorter */
};

static struct cover_cell *cell_at(const struct name_grid *grid, size_t suffix, size_t layer)
{
    return &grid->cells[suffix * grid->n_layers + layer];
}

/* A rule of this colour must not match the cell. */
static bool cell_forbids(const struct writer *writer, size_t suffix, size_t layer, int colour)
{
    struct cover_cell cell = *cell_at(writer->grid, suffix, layer);
    bool open =
        cell.colour != COVER_ANY && !writer->decided[suffix * writer->grid->n_layers + layer];
    return open && (cell.colour != colour || !cell.must);
}

/* Layers that may be named too: whatever the wished suffixes hold there is decided, absent or meant. */
static void widen_layers(const struct writer *writer, const struct rule_wish *wish, bool *wide)
{
    for (size_t layer = 0; layer < writer->grid->n_layers; layer++) {
        wide[layer] = true;
        for (size_t s = 0; s < writer->grid->n_suffixes && wide[layer] && !wish->layers[layer];
             s++) {
            wide[layer] = !wish->suffixes[s] || !cell_forbids(writer, s, layer, wish->colour);
        }
    }
}

static void forbid_suffixes(const struct writer *writer, const struct rule_wish *wish,
                            const bool *layers, bool *forbidden)
{
    const struct name_grid *grid = writer->grid;
    for (size_t s = 0; s < grid->n_suffixes; s++) {
        forbidden[s] = false;
        for (size_t layer = 0; layer < grid->n_layers && !wish->suffixes[s] && !forbidden[s];
             layer++) {
            forbidden[s] = layers[layer] && cell_forbids(writer, s, layer, wish->colour);
        }
    }
}

static void write_layers(const struct writer *writer, const bool *layers, struct strbuf *out)
{
    const struct name_grid *grid = writer->grid;
    uint32_t *numbers = memory_array(grid->n_layers, sizeof *numbers);
    size_t n = 0;
    for (size_t i = 0; i < grid->n_layers; i++) {
        if (layers[i]) {
            numbers[n++] = grid->layers[i];
        }
    }
    if (!writer->plain_block) {
        strbuf_add_char(out, '^');
        rule_text_escape(grid->prefix, grid->prefix_length, out);
    }
    strbuf_add(out, "blk\\.");
    generate_layer_set(numbers, n, out);
    strbuf_add(out, "\\.");
    free(numbers);
}

static bool all_layers(const struct writer *writer, const bool *layers)
{
    for (size_t i = 0; i < writer->grid->n_layers; i++) {
        if (!layers[i]) {
            return false;
        }
    }
    return true;
}

/* Does `.CUT` occur in a name other than where the cut stands behind the layer? */
static bool occurs_elsewhere(const struct writer *writer, const struct suffix_cut *cut)
{
    char dotted[80];
    if (cut->length + 2 > sizeof dotted) {
        return true;
    }
    dotted[0] = '.';
    memcpy(dotted + 1, cut->text, cut->length);
    dotted[cut->length + 1] = '\0';
    for (size_t i = 0; i < writer->grid->n_suffixes; i++) {
        if (strstr(writer->grid->suffixes[i], dotted) != NULL) {
            return true;
        }
    }
    for (size_t i = 0; i < writer->grids->n_single; i++) {
        const char *name = writer->model->tensors[writer->grids->single[i]].name;
        if (strstr(name, dotted) != NULL) {
            return true;
        }
    }
    return false;
}

static bool can_go_without_layers(const struct writer *writer, const struct rule_draft *draft)
{
    if (!writer->layers_optional || !all_layers(writer, draft->layers)) {
        return false;
    }
    for (size_t i = 0; i < draft->n_cuts; i++) {
        if (draft->cuts[i].length == 0 || occurs_elsewhere(writer, &draft->cuts[i])) {
            return false;
        }
    }
    return true;
}

/* Takes `layers`. */
static struct rule_draft draft_rule(const struct writer *writer, const struct rule_wish *wish,
                                    bool *layers)
{
    struct rule_draft draft = {.layers = layers};
    size_t n = writer->grid->n_suffixes;
    bool *forbidden = memory_array(n, sizeof *forbidden);
    forbid_suffixes(writer, wish, layers, forbidden);
    draft.cuts = memory_array(n, sizeof *draft.cuts);
    draft.n_cuts =
        suffix_cuts_find(writer->grid->suffixes, n, wish->suffixes, forbidden, draft.cuts);
    if (can_go_without_layers(writer, &draft)) {
        strbuf_add(&draft.text, "\\.");
    } else {
        write_layers(writer, layers, &draft.text);
    }
    suffix_cuts_write(draft.cuts, draft.n_cuts, &draft.text);
    free(forbidden);
    return draft;
}

static void draft_clear(struct rule_draft *draft)
{
    strbuf_clear(&draft->text);
    free(draft->cuts);
    free(draft->layers);
}

/* The layers as wished, or with others that make the numbers shorter. */
static struct rule_draft best_draft(const struct writer *writer, const struct rule_wish *wish)
{
    size_t n = writer->grid->n_layers;
    bool *wide = memory_array(n, sizeof *wide);
    struct rule_draft exact =
        draft_rule(writer, wish, memory_copy(wish->layers, n * sizeof *wish->layers));
    widen_layers(writer, wish, wide);
    struct rule_draft wider = draft_rule(writer, wish, wide);
    bool shorter = wider.text.length < exact.text.length;
    draft_clear(shorter ? &exact : &wider);
    return shorter ? wider : exact;
}

static void mark_decided(struct writer *writer, const struct rule_draft *draft)
{
    const struct name_grid *grid = writer->grid;
    for (size_t s = 0; s < grid->n_suffixes; s++) {
        bool matched = false;
        for (size_t i = 0; i < draft->n_cuts && !matched; i++) {
            matched = suffix_cut_matches(&draft->cuts[i], grid->suffixes[s]);
        }
        for (size_t layer = 0; layer < grid->n_layers && matched; layer++) {
            writer->decided[s * grid->n_layers + layer] |= draft->layers[layer];
        }
    }
}

/* --- llama.cpp's own words ---------------------------------------------------------------------- */

/* What \.ffn_(up|down|gate|gate_up)_(ch|)exps takes. */
static bool is_expert(const char *suffix)
{
    static const char *const starts[] = {"ffn_up_",      "ffn_down_",     "ffn_gate_",
                                         "ffn_gate_up_", "ffn_up_ch",     "ffn_down_ch",
                                         "ffn_gate_ch",  "ffn_gate_up_ch"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        size_t length = strlen(starts[i]);
        if (strncmp(suffix, starts[i], length) == 0 && strncmp(suffix + length, "exps", 4) == 0) {
            return true;
        }
    }
    return false;
}

/* Would `-ncmoe n` (all layers below n) decide what the rule has to, and nothing it must not? */
static bool moe_word_fits(const struct writer *writer, const struct rule_wish *wish, uint32_t below)
{
    const struct name_grid *grid = writer->grid;
    for (size_t s = 0; s < grid->n_suffixes; s++) {
        bool expert = is_expert(grid->suffixes[s]);
        for (size_t layer = 0; layer < grid->n_layers; layer++) {
            bool taken = expert && grid->layers[layer] < below;
            struct cover_cell cell = *cell_at(grid, s, layer);
            bool needed = wish->suffixes[s] && wish->layers[layer] && cell.colour == wish->colour &&
                          cell.must && !writer->decided[s * grid->n_layers + layer];
            if ((needed && !taken) || (taken && cell_forbids(writer, s, layer, wish->colour))) {
                return false;
            }
        }
    }
    return true;
}

static int32_t moe_word(const struct writer *writer, const struct rule_wish *wish)
{
    const struct name_grid *grid = writer->grid;
    if (writer->grids->colours[wish->colour] != DEVICE_HOST || writer->grids->n_grids != 1 ||
        grid->prefix_length != 0) {
        return 0;
    }
    size_t last = grid->n_layers;
    while (last > 0 && !wish->layers[last - 1]) {
        last--;
    }
    if (last == 0) {
        return 0;
    }
    if (moe_word_fits(writer, wish, UINT32_MAX)) {
        return -1;
    }
    uint32_t below = grid->layers[last - 1] + 1;
    return moe_word_fits(writer, wish, below) ? (int32_t)below : 0;
}

/* --- writing a wish, in parts where it is too long ---------------------------------------------- */

static size_t count_true(const bool *flags, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        count += flags[i];
    }
    return count;
}

/* A copy with the first (or the other) half of the set flags. */
static bool *half_of(const bool *flags, size_t n, bool first)
{
    bool *half = memory_array(n, sizeof *half);
    size_t total = count_true(flags, n);
    size_t seen = 0;
    for (size_t i = 0; i < n; i++) {
        half[i] = flags[i] && (seen < total / 2) == first;
        seen += flags[i];
    }
    return half;
}

static void write_wish(struct writer *writer, const struct rule_wish *wish);

static void write_halves(struct writer *writer, const struct rule_wish *wish)
{
    const struct name_grid *grid = writer->grid;
    bool by_suffix = count_true(wish->suffixes, grid->n_suffixes) > 1;
    for (int first = 1; first >= 0; first--) {
        struct rule_wish part = *wish;
        bool *half = by_suffix ? half_of(wish->suffixes, grid->n_suffixes, first)
                               : half_of(wish->layers, grid->n_layers, first);
        *(by_suffix ? &part.suffixes : &part.layers) = half;
        write_wish(writer, &part);
        free(half);
    }
}

static void write_wish(struct writer *writer, const struct rule_wish *wish)
{
    struct rule_draft draft = best_draft(writer, wish);
    bool divisible = count_true(wish->suffixes, writer->grid->n_suffixes) > 1 ||
                     count_true(wish->layers, writer->grid->n_layers) > 1;
    if (draft.text.length > MAX_PATTERN && divisible) {
        write_halves(writer, wish);
    } else {
        int32_t word = moe_word(writer, wish);
        mark_decided(writer, &draft);
        rule_add(writer->out, strbuf_take(&draft.text), writer->grids->colours[wish->colour], word);
    }
    draft_clear(&draft);
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

static void wish_of_rule(const struct writer *writer, const uint32_t *decider, size_t rule,
                         struct rule_wish *wish)
{
    const struct name_grid *grid = writer->grid;
    memset(wish->layers, 0, grid->n_layers * sizeof *wish->layers);
    memset(wish->suffixes, 0, grid->n_suffixes * sizeof *wish->suffixes);
    for (size_t i = 0; i < grid->n_suffixes * grid->n_layers; i++) {
        if (decider[i] == rule && !writer->decided[i]) {
            wish->suffixes[i / grid->n_layers] = true;
            wish->layers[i % grid->n_layers] = true;
        }
    }
}

static void write_cover(struct writer *writer, const struct plan_cover *plan)
{
    const struct name_grid *grid = writer->grid;
    uint32_t *decider = memory_array(grid->n_suffixes * grid->n_layers, sizeof *decider);
    struct rule_wish wish = {.layers = memory_array(grid->n_layers, sizeof *wish.layers),
                             .suffixes = memory_array(grid->n_suffixes, sizeof *wish.suffixes)};
    for (size_t i = 0; i < grid->n_suffixes * grid->n_layers; i++) {
        decider[i] =
            (uint32_t)deciding_rule(plan, grid->cells[i], i / grid->n_layers, i % grid->n_layers);
    }
    for (size_t rule = 0; rule < plan->cover->n; rule++) {
        wish.colour = (int)plan->cover->rules[rule].colour;
        wish_of_rule(writer, decider, rule, &wish);
        if (count_true(wish.layers, grid->n_layers) > 0) {
            write_wish(writer, &wish);
        }
    }
    free(decider);
    free(wish.layers);
    free(wish.suffixes);
}

/* Too many kinds of lines for a search: one rule per suffix and device. */
static void write_by_suffix(struct writer *writer)
{
    const struct name_grid *grid = writer->grid;
    struct rule_wish wish = {.layers = memory_array(grid->n_layers, sizeof *wish.layers),
                             .suffixes = memory_array(grid->n_suffixes, sizeof *wish.suffixes)};
    for (size_t s = 0; s < grid->n_suffixes; s++) {
        for (size_t c = 0; c < writer->grids->n_colours; c++) {
            wish.colour = (int)c;
            wish.suffixes[s] = true;
            for (size_t layer = 0; layer < grid->n_layers; layer++) {
                struct cover_cell cell = *cell_at(grid, s, layer);
                wish.layers[layer] = cell.must && cell.colour == wish.colour &&
                                     !writer->decided[s * grid->n_layers + layer];
            }
            if (count_true(wish.layers, grid->n_layers) > 0) {
                write_wish(writer, &wish);
            }
        }
        wish.suffixes[s] = false;
    }
    free(wish.layers);
    free(wish.suffixes);
}

static struct cover_cell *turned_cells(const struct name_grid *grid)
{
    struct cover_cell *cells = memory_array(grid->n_suffixes * grid->n_layers, sizeof *cells);
    for (size_t s = 0; s < grid->n_suffixes; s++) {
        for (size_t layer = 0; layer < grid->n_layers; layer++) {
            cells[layer * grid->n_suffixes + s] = *cell_at(grid, s, layer);
        }
    }
    return cells;
}

/* Rows are the shorter side: a search over sets of rows is the cheaper one. */
static bool find_classes(const struct name_grid *grid, size_t n_colours, bool *turned,
                         struct cover_classes *classes)
{
    *turned = false;
    if (!cover_classes_find(grid->cells, grid->n_suffixes, grid->n_layers, n_colours, classes)) {
        return false;
    }
    if (classes->grid.n_rows <= classes->grid.n_columns) {
        return true;
    }
    struct cover_cell *cells = turned_cells(grid);
    cover_classes_clear(classes);
    *turned = true;
    bool fits = cover_classes_find(cells, grid->n_layers, grid->n_suffixes, n_colours, classes);
    free(cells);
    return fits;
}

static void write_grid(struct writer *writer, uint64_t effort)
{
    struct cover_classes classes = {0};
    struct cover cover = {0};
    struct plan_cover plan = {&cover, &classes, false};
    if (find_classes(writer->grid, writer->grids->n_colours, &plan.turned, &classes)) {
        cover_find(&classes.grid, effort, &cover);
        write_cover(writer, &plan);
    } else {
        write_by_suffix(writer);
    }
    cover_clear(&cover);
    cover_classes_clear(&classes);
}

static bool grid_has_wish(const struct name_grid *grid)
{
    for (size_t i = 0; i < grid->n_suffixes * grid->n_layers && grid->cells != NULL; i++) {
        if (grid->cells[i].must) {
            return true;
        }
    }
    return false;
}

/* Single names that hold `blk.` would be hit by `blk\.` without an anchor. */
static bool block_is_plain(const struct model *model, const struct name_grids *grids)
{
    for (size_t i = 0; i < grids->n_single; i++) {
        if (strstr(model->tensors[grids->single[i]].name, "blk.") != NULL) {
            return false;
        }
    }
    return grids->n_grids == 1 && grids->grids[0].prefix_length == 0;
}

static void write_grids(const struct model *model, const struct name_grids *grids, uint64_t effort,
                        struct generated_rules *out)
{
    bool plain = block_is_plain(model, grids);
    for (size_t i = 0; i < grids->n_grids; i++) {
        const struct name_grid *grid = &grids->grids[i];
        if (!grid_has_wish(grid)) {
            continue;
        }
        struct writer writer = {
            .model = model, .grids = grids, .grid = grid, .plain_block = plain, .out = out};
        writer.layers_optional =
            plain && grid->n_suffixes + grids->n_single <= MAX_NAMES_WITHOUT_LAYER;
        writer.decided = memory_array(grid->n_suffixes * grid->n_layers, sizeof *writer.decided);
        write_grid(&writer, effort);
        free(writer.decided);
    }
}

/* --- single names ------------------------------------------------------------------------------- */

static void find_anchors(const struct model *model, uint32_t row, bool *begin, bool *end)
{
    const char *name = model->tensors[row].name;
    size_t length = strlen(name);
    for (size_t i = 0; i < model->n_tensors && !(*begin && *end); i++) {
        const char *other = model->tensors[i].name;
        for (const char *at = strstr(other, name); at != NULL; at = strstr(at + 1, name)) {
            *begin = *begin || at > other;
            *end = *end || (at == other && at[length] != '\0');
        }
    }
}

static void write_single(const struct model *model, uint32_t row, bool anchored, int device,
                         struct generated_rules *out)
{
    struct strbuf text = {0};
    bool begin = anchored, end = anchored;
    find_anchors(model, row, &begin, &end);
    strbuf_add(&text, begin ? "^" : "");
    rule_text_escape(model->tensors[row].name, strlen(model->tensors[row].name), &text);
    strbuf_add(&text, end ? "$" : "");
    rule_add(out, strbuf_take(&text), device, 0);
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
        if (wanted[row] >= DEVICE_HOST) {
            write_single(model, row, n > MAX_UNANCHORED_NAMES, wanted[row], out);
        }
    }
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
    *out = (struct generated_rules){0};
    if (nothing_wanted(model, wanted)) {
        return;
    }
    name_grids_build(model, wanted, stays, &grids);
    write_grids(model, &grids, effort, out);
    write_singles(model, wanted, &grids, out);
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
