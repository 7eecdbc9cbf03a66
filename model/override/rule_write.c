#include "model/override/rule_write.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/override/rule_text.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_PATTERN = 200 };

void generated_rules_add(struct generated_rules *out, char *pattern, int device, int32_t cpu_moe)
{
    if ((out->n & (out->n - 1)) == 0) {
        out->rules = memory_resize(out->rules, out->n == 0 ? 1 : out->n * 2, sizeof *out->rules);
    }
    out->rules[out->n++] = (struct generated_rule){pattern, device, cpu_moe};
}

struct rule_draft {
    struct strbuf text;
    struct suffix_cut *cuts;
    size_t n_cuts;
    bool *layers; /* owned: what it names, wider than wished where that is shorter */
};

static struct cover_cell *cell_at(const struct name_grid *grid, size_t suffix, size_t layer)
{
    return &grid->cells[suffix * grid->names.n_layers + layer];
}

/* A rule of this colour must not match the cell. */
static bool cell_forbids(const struct rule_writer *writer, size_t suffix, size_t layer, int colour)
{
    struct cover_cell cell = *cell_at(writer->grid, suffix, layer);
    bool open =
        cell.colour != COVER_ANY && !writer->decided[suffix * writer->grid->names.n_layers + layer];
    return open && (cell.colour != colour || !cell.must);
}

/* Layers that may be named too: whatever the wished suffixes hold there is decided, absent or meant. */
static void widen_layers(const struct rule_writer *writer, const struct rule_wish *wish, bool *wide)
{
    const struct name_layout *names = &writer->grid->names;
    uint32_t *others = memory_array(names->n_layers + 1, sizeof *others); /* that may still be */
    size_t n = 0;
    for (size_t layer = 0; layer < names->n_layers; layer++) {
        others[n] = (uint32_t)layer;
        n += !wish->layers[layer];
    }
    for (size_t s = 0; s < names->n_suffixes; s++) {
        size_t left = 0;
        for (size_t i = 0; i < n && wish->suffixes[s]; i++) {
            others[left] = others[i];
            left += !cell_forbids(writer, s, others[i], wish->colour);
        }
        n = wish->suffixes[s] ? left : n;
    }
    memcpy(wide, wish->layers, names->n_layers * sizeof *wide);
    for (size_t i = 0; i < n; i++) {
        wide[others[i]] = true;
    }
    free(others);
}

static void forbid_suffixes(const struct rule_writer *writer, const struct rule_wish *wish,
                            const bool *layers, bool *forbidden)
{
    const struct name_grid *grid = writer->grid;
    for (size_t s = 0; s < grid->names.n_suffixes; s++) {
        forbidden[s] = false;
        for (size_t layer = 0; layer < grid->names.n_layers && !wish->suffixes[s] && !forbidden[s];
             layer++) {
            forbidden[s] = layers[layer] && cell_forbids(writer, s, layer, wish->colour);
        }
    }
}

static void write_layers(const struct rule_writer *writer, const bool *layers, struct strbuf *out)
{
    const struct name_grid *grid = writer->grid;
    uint32_t *numbers = memory_array(grid->names.n_layers, sizeof *numbers);
    size_t n = 0;
    for (size_t i = 0; i < grid->names.n_layers; i++) {
        if (layers[i]) {
            numbers[n++] = grid->names.layers[i];
        }
    }
    if (!writer->plain_block) {
        strbuf_add_char(out, '^');
        rule_text_escape(grid->names.prefix, grid->names.prefix_length, out);
    }
    strbuf_add(out, "blk\\.");
    generate_layer_set(numbers, n, out);
    strbuf_add(out, "\\.");
    free(numbers);
}

static bool all_layers(const struct rule_writer *writer, const bool *layers)
{
    for (size_t i = 0; i < writer->grid->names.n_layers; i++) {
        if (!layers[i]) {
            return false;
        }
    }
    return true;
}

/* Does `.CUT` occur in a name other than where the cut stands behind the layer? */
static bool occurs_elsewhere(const struct rule_writer *writer, const struct suffix_cut *cut)
{
    char dotted[80];
    if (cut->length + 2 > sizeof dotted) {
        return true;
    }
    dotted[0] = '.';
    memcpy(dotted + 1, cut->text, cut->length);
    dotted[cut->length + 1] = '\0';
    for (size_t i = 0; i < writer->grid->names.n_suffixes; i++) {
        if (strstr(writer->grid->names.suffixes[i], dotted) != NULL) {
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

static bool can_go_without_layers(const struct rule_writer *writer, const struct rule_draft *draft)
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
static struct rule_draft draft_rule(const struct rule_writer *writer, const struct rule_wish *wish,
                                    bool *layers)
{
    struct rule_draft draft = {.layers = layers};
    size_t n = writer->grid->names.n_suffixes;
    bool *forbidden = memory_array(n, sizeof *forbidden);
    forbid_suffixes(writer, wish, layers, forbidden);
    draft.cuts = memory_array(n, sizeof *draft.cuts);
    draft.n_cuts =
        suffix_cuts_find(writer->grid->names.suffixes, n, wish->suffixes, forbidden, draft.cuts);
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
static struct rule_draft best_draft(const struct rule_writer *writer, const struct rule_wish *wish)
{
    size_t n = writer->grid->names.n_layers;
    bool *wide = memory_array(n, sizeof *wide);
    struct rule_draft exact =
        draft_rule(writer, wish, memory_copy(wish->layers, n * sizeof *wish->layers));
    widen_layers(writer, wish, wide);
    struct rule_draft wider = draft_rule(writer, wish, wide);
    bool shorter = wider.text.length < exact.text.length;
    draft_clear(shorter ? &exact : &wider);
    return shorter ? wider : exact;
}

static size_t list_true(const bool *flags, size_t n, uint32_t *out)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        out[count] = (uint32_t)i;
        count += flags[i];
    }
    return count;
}

static void mark_decided(struct rule_writer *writer, const struct rule_draft *draft)
{
    const struct name_layout *names = &writer->grid->names;
    uint32_t number = (uint32_t)writer->out->n + 1;
    uint32_t *layers = memory_array(names->n_layers + 1, sizeof *layers);
    size_t n_layers = list_true(draft->layers, names->n_layers, layers);
    for (size_t s = 0; s < names->n_suffixes; s++) {
        bool matched = false;
        for (size_t i = 0; i < draft->n_cuts && !matched; i++) {
            matched = suffix_cut_matches(&draft->cuts[i], names->suffixes[s]);
        }
        uint32_t *decided = writer->decided + s * names->n_layers;
        for (size_t i = 0; i < n_layers && matched; i++) {
            decided[layers[i]] = decided[layers[i]] ? decided[layers[i]] : number;
        }
    }
    free(layers);
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
static bool moe_word_fits(const struct rule_writer *writer, const struct rule_wish *wish,
                          uint32_t below)
{
    const struct name_grid *grid = writer->grid;
    for (size_t s = 0; s < grid->names.n_suffixes; s++) {
        bool expert = is_expert(grid->names.suffixes[s]);
        for (size_t layer = 0; layer < grid->names.n_layers; layer++) {
            bool taken = expert && grid->names.layers[layer] < below;
            struct cover_cell cell = *cell_at(grid, s, layer);
            bool needed = wish->suffixes[s] && wish->layers[layer] && cell.colour == wish->colour &&
                          cell.must && !writer->decided[s * grid->names.n_layers + layer];
            if ((needed && !taken) || (taken && cell_forbids(writer, s, layer, wish->colour))) {
                return false;
            }
        }
    }
    return true;
}

static int32_t moe_word(const struct rule_writer *writer, const struct rule_wish *wish)
{
    const struct name_grid *grid = writer->grid;
    if (writer->grids->colours[wish->colour] != DEVICE_HOST || writer->grids->n_grids != 1 ||
        grid->names.prefix_length != 0) {
        return 0;
    }
    size_t last = grid->names.n_layers;
    while (last > 0 && !wish->layers[last - 1]) {
        last--;
    }
    if (last == 0) {
        return 0;
    }
    if (moe_word_fits(writer, wish, UINT32_MAX)) {
        return -1;
    }
    uint32_t below = grid->names.layers[last - 1] + 1;
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

static void write_halves(struct rule_writer *writer, const struct rule_wish *wish)
{
    const struct name_grid *grid = writer->grid;
    bool by_suffix = count_true(wish->suffixes, grid->names.n_suffixes) > 1;
    for (int first = 1; first >= 0; first--) {
        struct rule_wish part = *wish;
        bool *half = by_suffix ? half_of(wish->suffixes, grid->names.n_suffixes, first)
                               : half_of(wish->layers, grid->names.n_layers, first);
        *(by_suffix ? &part.suffixes : &part.layers) = half;
        rule_write(writer, &part);
        free(half);
    }
}

void rule_write(struct rule_writer *writer, const struct rule_wish *wish)
{
    struct rule_draft draft = best_draft(writer, wish);
    bool divisible = count_true(wish->suffixes, writer->grid->names.n_suffixes) > 1 ||
                     count_true(wish->layers, writer->grid->names.n_layers) > 1;
    if (draft.text.length > MAX_PATTERN && divisible) {
        write_halves(writer, wish);
    } else {
        int32_t word = moe_word(writer, wish);
        mark_decided(writer, &draft);
        generated_rules_add(writer->out, strbuf_take(&draft.text),
                            writer->grids->colours[wish->colour], word);
    }
    draft_clear(&draft);
}
