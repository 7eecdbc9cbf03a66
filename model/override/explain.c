#include "model/override/explain.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/override/explain_repair.h"
#include "model/override/pattern.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LAYER = 4095 }; /* layers beyond are counted, not listed */

static const char *const names[FINDING_COUNT] = {
    [FINDING_REFUSED] = "override-bad-regex",         [FINDING_COMMA] = "override-comma",
    [FINDING_SEPARATOR] = "override-separator",       [FINDING_BLANK] = "override-blank",
    [FINDING_NUMBER_RANGE] = "override-number-range", [FINDING_DOT] = "override-dot",
    [FINDING_QUOTING] = "override-quoting",           [FINDING_GLOB] = "override-glob",
    [FINDING_UNMATCHED] = "override-unmatched",       [FINDING_SHADOWED] = "override-shadowed",
    [FINDING_UNKNOWN_BUFFER] = "unknown-buffer",      [FINDING_UNKNOWN_DEVICE] = "unknown-device",
    [FINDING_TOO_MANY] = "override-too-many",         [FINDING_GATE_UP_SPLIT] = "gate-up-split",
    [FINDING_CACHE_BEHIND] = "kv-away-from-weights",  [FINDING_ENDLESS] = "override-endless",
};

const char *finding_name(enum finding_code code)
{
    return names[code];
}

struct explainer {
    const struct model *model;
    const struct rig *rig;
    const struct override_list *list;
    const struct evaluation *evaluation; /* may be NULL */
    int32_t *decided; /* per row: entry, -1 none, -2 moved by hand before the list */
    uint8_t *found;   /* per row: of the entry being explained */
    struct explanation *out;
};

static void find(struct findings *findings, enum finding_code code, char *repair,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Takes `repair`. */
static void find(struct findings *findings, enum finding_code code, char *repair,
                 const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    struct error line = {0};
    error_set(&line, ERROR_INPUT, "%s", text); /* strips control characters */
    findings->items = memory_resize(findings->items, findings->n + 1, sizeof *findings->items);
    findings->items[findings->n++] = (struct finding){code, memory_text(line.text), repair};
}

/* `pattern=BUFFER`; takes the pattern. */
static char *rule_of(char *pattern, const char *buffer)
{
    char *rule = memory_format("%s=%s", pattern, buffer);
    free(pattern);
    return rule;
}

/* --- counting ----------------------------------------------------------------------------------- */

static bool is_loaded(const struct model_tensor *tensor)
{
    return tensor->role != ROLE_SKIPPED && tensor->tied_to < 0;
}

/* Flags the rows that hold the pattern. */
static size_t count_found(const struct model *model, const struct pattern *pattern, uint8_t *found)
{
    size_t n = 0;
    for (size_t row = 0; row < model->n_tensors; row++) {
        found[row] = is_loaded(&model->tensors[row]) && pattern != NULL &&
                     pattern_found(pattern, model->tensors[row].name);
        n += found[row];
    }
    return n;
}

/* How many tensors a repaired pattern would match. */
static size_t would_match(const struct model *model, const char *text)
{
    struct pattern *pattern = NULL;
    pattern_compile(text, &pattern, NULL);
    uint8_t *found = memory_array(model->n_tensors, 1);
    size_t n = count_found(model, pattern, found);
    free(found);
    pattern_free(&pattern);
    return n;
}

/* Layers of the flagged rows as ranges: "0-12, 20". */
static char *layers_text(const struct model *model, const uint8_t *flags)
{
    struct strbuf out = {0};
    bool has[MAX_LAYER + 2] = {false};
    for (size_t row = 0; row < model->n_tensors; row++) {
        int32_t layer = model->tensors[row].layer;
        if (flags[row] && layer >= 0 && layer <= MAX_LAYER) {
            has[layer] = true;
        }
    }
    for (int32_t first = 0; first <= MAX_LAYER; first++) {
        int32_t last = first;
        while (has[first] && has[last + 1]) {
            last++;
        }
        if (has[first]) {
            strbuf_format(&out, out.length > 0 ? ", %d" : "%d", first);
            strbuf_add(&out, last > first ? "-" : "");
            if (last > first) {
                strbuf_format(&out, "%d", last);
            }
        }
        first = last;
    }
    return strbuf_take(&out);
}

static void count_entry(struct explainer *explainer, size_t index)
{
    const struct model *model = explainer->model;
    struct entry_explanation *entry = &explainer->out->entries[index];
    uint8_t *left = memory_array(model->n_tensors, 1);
    uint32_t *taken = memory_array(explainer->list->n_entries, sizeof *taken);
    for (size_t row = 0; row < model->n_tensors; row++) {
        if (!explainer->found[row]) {
            continue;
        }
        entry->matches++;
        entry->match_bytes += model->tensors[row].bytes;
        if (explainer->decided[row] == (int32_t)index) {
            left[row] = 1;
            entry->left++;
            entry->left_bytes += model->tensors[row].bytes;
        } else if (explainer->decided[row] >= 0) {
            taken[explainer->decided[row]]++;
        }
    }
    entry->shadowed_by = -1;
    for (size_t i = 0; i < index; i++) {
        if (taken[i] > 0 && (entry->shadowed_by < 0 || taken[i] > taken[entry->shadowed_by])) {
            entry->shadowed_by = (int32_t)i;
        }
    }
    entry->layers = layers_text(model, explainer->found);
    entry->left_layers = layers_text(model, left);
    free(left);
    free(taken);
}

/* --- what is wrong with the text ---------------------------------------------------------------- */

static bool inside_braces(const struct override_list *list, size_t index)
{
    const struct override *entry = &list->entries[index];
    const char *open = strrchr(entry->pattern, '{');
    return open != NULL && strchr(open, '}') == NULL && index + 1 < list->n_entries &&
           list->entries[index + 1].argument == entry->argument &&
           strchr(list->entries[index + 1].pattern, '}') != NULL;
}

/* A piece without `=`: cut by a comma, or another separator. */
static void explain_piece(struct explainer *explainer, size_t index, struct findings *out)
{
    const struct override_list *list = explainer->list;
    const struct override *entry = &list->entries[index];
    const char *colon = strrchr(entry->pattern, ':');
    if (inside_braces(list, index)) {
        find(out, FINDING_COMMA, NULL,
             "the comma in '%s,%s' cuts the rule in two: braces with a comma cannot be written in "
             "-ot; for numbers write (1|2|3), for a repeat name each count",
             entry->pattern, list->entries[index + 1].pattern);
    } else if (rig_find(explainer->rig, entry->pattern) != DEVICE_NONE) {
        find(out, FINDING_COMMA, NULL, "'%s' is a second buffer type: a rule takes one",
             entry->pattern);
    } else if (colon != NULL && rig_find(explainer->rig, colon + 1) != DEVICE_NONE) {
        find(out, FINDING_SEPARATOR,
             memory_format("%.*s=%s", (int)(colon - entry->pattern), entry->pattern, colon + 1),
             "'%s' has a : where llama.cpp wants =", entry->pattern);
    } else {
        find(out, FINDING_COMMA, NULL, "'%s': %s; llama.cpp stops here", entry->pattern,
             entry->refused);
    }
}

static bool explain_range(const struct override *entry, struct findings *out)
{
    char *wrong = NULL, *right = NULL;
    char *repaired = repair_number_range(entry->pattern, &wrong, &right);
    if (repaired == NULL) {
        return false;
    }
    const char *is = *wrong == '['   ? "a set of single characters"
                     : *wrong == '{' ? "no repeat count"
                                     : "plain text";
    find(out, FINDING_NUMBER_RANGE, rule_of(repaired, entry->buffer),
         "%s is %s, not a range of numbers: write %s", wrong, is, right);
    free(wrong);
    free(right);
    return true;
}

static bool explain_blank(const struct override *entry, struct findings *out)
{
    char *repaired = repair_blanks(entry->pattern);
    if (repaired == NULL) {
        return false;
    }
    find(out, FINDING_BLANK, rule_of(repaired, entry->buffer),
         *entry->pattern == ' '
             ? "the blank after the comma is part of the pattern '%s', and no tensor name has a "
               "blank: remove it"
             : "a blank is part of the pattern '%s', and no tensor name has one: remove it",
         entry->pattern);
    return true;
}

/* A repair is offered only if it would match something. */
static bool explain_with(const struct explainer *explainer, const struct override *entry,
                         char *(*repair)(const char *), enum finding_code code, const char *words,
                         struct findings *out)
{
    char *repaired = repair(entry->pattern);
    if (repaired == NULL || would_match(explainer->model, repaired) == 0) {
        free(repaired);
        return false;
    }
    find(out, code, rule_of(repaired, entry->buffer), "'%s': %s", entry->pattern, words);
    return true;
}

static void explain_unmatched(struct explainer *explainer, size_t index, struct findings *out)
{
    const struct override *entry = &explainer->list->entries[index];
    if (explain_with(explainer, entry, repair_quoting, FINDING_QUOTING,
                     "quoting went wrong on the way (a lost or doubled backslash, or quotes kept)",
                     out) ||
        explain_with(explainer, entry, repair_glob, FINDING_GLOB,
                     "* repeats the character before it; for any text write .*", out)) {
        return;
    }
    find(out, FINDING_UNMATCHED, NULL, "'%s' matches no tensor of this model", entry->pattern);
}

/* A dot matters where escaping it leaves a part of what it matches. */
static void explain_dots(struct explainer *explainer, size_t index, struct findings *out)
{
    const struct override *entry = &explainer->list->entries[index];
    size_t matches = explainer->out->entries[index].matches;
    for (size_t n = 0;; n++) {
        char *repaired = repair_dot(entry->pattern, n);
        size_t fewer = repaired == NULL ? 0 : would_match(explainer->model, repaired);
        if (repaired != NULL && fewer > 0 && fewer < matches) {
            find(out, FINDING_DOT, rule_of(repaired, entry->buffer),
                 "an unescaped . in '%s' takes any character: it matches %zu tensors, with \\. %zu",
                 entry->pattern, matches, fewer);
            return;
        }
        free(repaired);
        if (repaired == NULL) {
            return;
        }
    }
}

static void explain_shadow(struct explainer *explainer, size_t index, struct findings *out)
{
    const struct entry_explanation *here = &explainer->out->entries[index];
    const struct override *entry = &explainer->list->entries[index];
    if (here->shadowed_by < 0) {
        find(out, FINDING_SHADOWED, NULL,
             "'%s' decides nothing: what was moved by hand stands before it", entry->pattern);
        return;
    }
    find(out, FINDING_SHADOWED, NULL,
         "'%s' decides nothing: earlier rules take all %u tensors it matches, most of them rule %d "
         "'%s'; put it before that one",
         entry->pattern, here->matches, here->shadowed_by + 1,
         explainer->list->entries[here->shadowed_by].pattern);
}

static bool looks_like_device(const char *buffer)
{
    static const char *const kinds[] = {"CUDA", "ROCm", "Vulkan", "SYCL", "MTL",
                                        "MUSA", "CANN", "GPU",    "RPC"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t length = strlen(kinds[i]);
        if (strncmp(buffer, kinds[i], length) == 0 && buffer[length] >= '0' &&
            buffer[length] <= '9') {
            return true;
        }
    }
    return false;
}

static void explain_buffer(struct explainer *explainer, size_t index, struct findings *out)
{
    const struct override *entry = &explainer->list->entries[index];
    struct strbuf known = {0};
    if (rig_find(explainer->rig, entry->buffer) != DEVICE_NONE) {
        return;
    }
    for (size_t i = 0; i < explainer->rig->n_devices; i++) {
        strbuf_format(&known, "%s, ", explainer->rig->devices[i].name);
    }
    strbuf_add(&known, "CPU");
    char *meant = repair_buffer(entry->buffer, explainer->rig);
    char *repair = meant == NULL ? NULL : memory_format("%s=%s", entry->pattern, meant);
    bool device = looks_like_device(entry->buffer);
    find(out, device ? FINDING_UNKNOWN_DEVICE : FINDING_UNKNOWN_BUFFER, repair,
         device ? "there is no device '%s' here; llama.cpp stops: it has %s"
                : "'%s' is no buffer type that -ot takes; llama.cpp stops: it has %s",
         entry->buffer, strbuf_text(&known));
    strbuf_clear(&known);
    free(meant);
}

static void explain_entry(struct explainer *explainer, size_t index)
{
    const struct override *entry = &explainer->list->entries[index];
    struct entry_explanation *here = &explainer->out->entries[index];
    struct findings *out = &here->findings;
    count_found(explainer->model, entry->compiled, explainer->found);
    count_entry(explainer, index);
    if (entry->refused != NULL && *entry->buffer == '\0' && entry->compiled == NULL &&
        strncmp(entry->refused, "invalid value", 13) == 0) {
        explain_piece(explainer, index, out);
        return;
    }
    explain_buffer(explainer, index, out);
    bool named = explain_blank(entry, out);
    named = explain_range(entry, out) || named;
    if (entry->refused != NULL) {
        find(out, FINDING_REFUSED, NULL, "'%s': %s; llama.cpp stops at load", entry->pattern,
             entry->refused);
        return;
    }
    if (pattern_gave_up(entry->compiled)) {
        find(out, FINDING_ENDLESS, NULL, "'%s' backtracks without end: llama.cpp would hang in it",
             entry->pattern);
    } else if (here->matches == 0 && !named) {
        explain_unmatched(explainer, index, out);
    } else if (here->matches > 0) {
        explain_dots(explainer, index, out);
        if (here->left == 0) {
            explain_shadow(explainer, index, out);
        }
    }
}

/* --- what the list does to layers --------------------------------------------------------------- */

/* Rows of one layer that matter together. */
struct layer_rows {
    int64_t gate, up; /* row, -1 */
};

static struct layer_rows *rows_of_layers(const struct model *model, uint32_t n_layers)
{
    struct layer_rows *rows = memory_array(n_layers, sizeof *rows);
    for (uint32_t i = 0; i < n_layers; i++) {
        rows[i] = (struct layer_rows){-1, -1};
    }
    for (size_t row = 0; row < model->n_tensors; row++) {
        const struct model_tensor *tensor = &model->tensors[row];
        if (!is_loaded(tensor) || tensor->layer < 0 || (uint32_t)tensor->layer >= n_layers) {
            continue;
        }
        if (tensor->group == GROUP_GATE_EXPS) {
            rows[tensor->layer].gate = (int64_t)row;
        } else if (tensor->group == GROUP_UP_EXPS) {
            rows[tensor->layer].up = (int64_t)row;
        }
    }
    return rows;
}

/* The entry that sends one of the two away from the other: the one that decides later in the list. */
static void explain_gate_up(struct explainer *explainer)
{
    const struct model *model = explainer->model;
    const struct evaluation *evaluation = explainer->evaluation;
    uint32_t n_layers = model->hparams.n_layer;
    struct layer_rows *rows = rows_of_layers(model, n_layers);
    for (size_t entry = 0; entry < explainer->list->n_entries; entry++) {
        memset(explainer->found, 0, model->n_tensors);
        bool any = false;
        for (uint32_t layer = 0; layer < n_layers; layer++) {
            int64_t gate = rows[layer].gate, up = rows[layer].up;
            if (gate < 0 || up < 0 || evaluation->device[gate] == evaluation->device[up]) {
                continue;
            }
            int32_t of_gate = explainer->decided[gate], of_up = explainer->decided[up];
            if ((of_gate > of_up ? of_gate : of_up) == (int32_t)entry) {
                explainer->found[gate] = 1;
                any = true;
            }
        }
        if (any) {
            char *layers = layers_text(model, explainer->found);
            find(&explainer->out->entries[entry].findings, FINDING_GATE_UP_SPLIT, NULL,
                 "layers %s: gate and up experts are on different devices; keep the two together "
                 "and move down instead",
                 layers);
            free(layers);
        }
    }
    free(rows);
}

static void explain_cache(struct explainer *explainer)
{
    const struct model *model = explainer->model;
    const struct evaluation *evaluation = explainer->evaluation;
    for (size_t entry = 0; entry < explainer->list->n_entries; entry++) {
        bool any = false;
        for (size_t row = 0; row < model->n_tensors; row++) {
            const struct model_tensor *tensor = &model->tensors[row];
            bool behind = explainer->decided[row] == (int32_t)entry && is_loaded(tensor) &&
                          tensor->group == GROUP_ATTN && tensor->layer >= 0 &&
                          (uint32_t)tensor->layer < model->hparams.n_layer &&
                          evaluation->resolved.offload_kqv &&
                          evaluation->layers[tensor->layer].cache != DEVICE_NONE &&
                          evaluation->layers[tensor->layer].cache != evaluation->device[row];
            explainer->found[row] = behind;
            any = any || behind;
        }
        if (any) {
            char *layers = layers_text(model, explainer->found);
            find(&explainer->out->entries[entry].findings, FINDING_CACHE_BEHIND, NULL,
                 "layers %s: attention goes to %s, its cache stays where the layer is: -ot never "
                 "moves the cache, -ts does",
                 layers, explainer->list->entries[entry].buffer);
            free(layers);
        }
    }
}

static void decide_rows(struct explainer *explainer)
{
    const struct evaluation *evaluation = explainer->evaluation;
    override_list_decide(explainer->list, explainer->model, explainer->decided);
    for (size_t row = 0; row < explainer->model->n_tensors && evaluation != NULL; row++) {
        int32_t entry = evaluation->override[row];
        int32_t generated = (int32_t)evaluation->rules.n;
        explainer->decided[row] = entry < 0 ? -1 : entry < generated ? -2 : entry - generated;
    }
}

void overrides_explain(const struct model *model, const struct rig *rig,
                       const struct override_list *list, const struct evaluation *evaluation,
                       struct explanation *out)
{
    struct explainer explainer = {model, rig, list, evaluation, NULL, NULL, out};
    *out = (struct explanation){.n_entries = list->n_entries};
    out->entries = memory_array(list->n_entries, sizeof *out->entries);
    explainer.decided = memory_array(model->n_tensors, sizeof *explainer.decided);
    explainer.found = memory_array(model->n_tensors, 1);
    decide_rows(&explainer);
    for (size_t i = 0; i < list->n_entries; i++) {
        explain_entry(&explainer, i);
    }
    if (evaluation != NULL) {
        explain_gate_up(&explainer);
        explain_cache(&explainer);
    }
    if (list->n_entries > MAX_OVERRIDES) {
        find(&out->findings, FINDING_TOO_MANY, NULL,
             "%zu overrides: llama.cpp aborts at %d; --compact writes fewer", list->n_entries,
             MAX_OVERRIDES + 1);
    }
    free(explainer.decided);
    free(explainer.found);
}

static void findings_clear(struct findings *findings)
{
    for (size_t i = 0; i < findings->n; i++) {
        free(findings->items[i].message);
        free(findings->items[i].repair);
    }
    free(findings->items);
}

void explanation_clear(struct explanation *explanation)
{
    for (size_t i = 0; i < explanation->n_entries; i++) {
        free(explanation->entries[i].layers);
        free(explanation->entries[i].left_layers);
        findings_clear(&explanation->entries[i].findings);
    }
    findings_clear(&explanation->findings);
    free(explanation->entries);
    *explanation = (struct explanation){0};
}
