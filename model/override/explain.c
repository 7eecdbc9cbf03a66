#include "model/override/explain.h"

#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/override/explain_parts.h"

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

void explain_find(struct findings *findings, enum finding_code code, char *repair,
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

/* --- counting ----------------------------------------------------------------------------------- */

bool explain_is_loaded(const struct model_tensor *tensor)
{
    return tensor->role != ROLE_SKIPPED && tensor->tied_to < 0;
}

size_t explain_count(const struct model *model, const struct pattern *pattern, uint8_t *found)
{
    size_t n = 0;
    for (size_t row = 0; row < model->n_tensors; row++) {
        found[row] = explain_is_loaded(&model->tensors[row]) && pattern != NULL &&
                     pattern_found(pattern, model->tensors[row].name);
        n += found[row];
    }
    return n;
}

char *explain_layers(const struct model *model, const uint8_t *flags)
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
    struct entry_explanation *entry = explainer->out;
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
    entry->layers = explain_layers(model, explainer->found);
    entry->left_layers = explain_layers(model, left);
    free(left);
    free(taken);
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

/* How many entries from the front on some name gets to. */
static size_t count_reached(const struct explainer *explainer)
{
    size_t reached = 0;
    for (size_t row = 0; row < explainer->model->n_tensors; row++) {
        int32_t entry = explainer->decided[row];
        if (explainer->model->tensors[row].role == ROLE_SKIPPED || entry == -2) {
            continue;
        }
        if (entry == -1) {
            return explainer->list->n_entries; /* this name asks every entry */
        }
        reached = (size_t)entry >= reached ? (size_t)entry + 1 : reached;
    }
    return reached;
}

static void begin(struct explainer *explainer)
{
    size_t n = explainer->model->n_tensors;
    explainer->decided = memory_array(n, sizeof *explainer->decided);
    explainer->found = memory_array(n, 1);
    decide_rows(explainer);
    explainer->reached = count_reached(explainer);
}

static void explain_entry(struct explainer *explainer, size_t index, struct entry_explanation *out)
{
    const struct override *entry = &explainer->list->entries[index];
    explainer->out = out;
    *out = (struct entry_explanation){.unread = entry->bad_pattern && index >= explainer->reached};
    explain_count(explainer->model, entry->compiled, explainer->found);
    count_entry(explainer, index);
    explain_text(explainer, index);
    if (explainer->evaluation != NULL) {
        explain_places(explainer, index, &out->findings);
    }
}

static void end(struct explainer *explainer)
{
    free(explainer->decided);
    free(explainer->found);
}

void overrides_explain(const struct model *model, const struct rig *rig,
                       const struct override_list *list, const struct evaluation *evaluation,
                       struct explanation *out)
{
    struct explainer explainer = {
        .model = model, .rig = rig, .list = list, .evaluation = evaluation};
    *out = (struct explanation){.n_entries = list->n_entries};
    out->entries = memory_array(list->n_entries, sizeof *out->entries);
    begin(&explainer);
    for (size_t i = 0; i < list->n_entries; i++) {
        explain_entry(&explainer, i, &out->entries[i]);
    }
    if (list->n_entries > MAX_OVERRIDES) {
        explain_find(&out->findings, FINDING_TOO_MANY, NULL,
                     "%zu overrides: llama.cpp aborts at %d; --compact writes fewer",
                     list->n_entries, MAX_OVERRIDES + 1);
    }
    end(&explainer);
}

void override_explain(const struct model *model, const struct rig *rig,
                      const struct override_list *list, const struct evaluation *evaluation,
                      size_t index, struct entry_explanation *out)
{
    struct explainer explainer = {
        .model = model, .rig = rig, .list = list, .evaluation = evaluation};
    begin(&explainer);
    explain_entry(&explainer, index, out);
    end(&explainer);
}

static void findings_clear(struct findings *findings)
{
    for (size_t i = 0; i < findings->n; i++) {
        free(findings->items[i].message);
        free(findings->items[i].repair);
    }
    free(findings->items);
}

void entry_explanation_clear(struct entry_explanation *entry)
{
    free(entry->layers);
    free(entry->left_layers);
    findings_clear(&entry->findings);
    *entry = (struct entry_explanation){0};
}

void explanation_clear(struct explanation *explanation)
{
    for (size_t i = 0; i < explanation->n_entries; i++) {
        entry_explanation_clear(&explanation->entries[i]);
    }
    findings_clear(&explanation->findings);
    free(explanation->entries);
    *explanation = (struct explanation){0};
}
