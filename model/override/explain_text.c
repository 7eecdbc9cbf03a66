#include "model/base/memory.h"
#include "model/base/strbuf.h"
#include "model/override/explain_parts.h"
#include "model/override/explain_repair.h"

#include <stdlib.h>
#include <string.h>

/* `pattern=BUFFER`; takes the pattern. */
static char *rule_of(char *pattern, const char *buffer)
{
    char *rule = memory_format("%s=%s", pattern, buffer);
    free(pattern);
    return rule;
}

/* How many tensors a repaired pattern would match. */
static size_t would_match(const struct model *model, const char *text)
{
    struct pattern *pattern = NULL;
    pattern_compile(text, &pattern, NULL);
    uint8_t *found = memory_array(model->n_tensors, 1);
    size_t n = explain_count(model, pattern, found);
    free(found);
    pattern_free(&pattern);
    return n;
}

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
        explain_find(
            out, FINDING_COMMA, NULL,
            "the comma in '%s,%s' cuts the rule in two: braces with a comma cannot be written in "
            "-ot; for numbers write (1|2|3), for a repeat name each count",
            entry->pattern, list->entries[index + 1].pattern);
    } else if (rig_find(explainer->rig, entry->pattern) != DEVICE_NONE) {
        explain_find(out, FINDING_COMMA, NULL, "'%s' is a second buffer type: a rule takes one",
                     entry->pattern);
    } else if (colon != NULL && rig_find(explainer->rig, colon + 1) != DEVICE_NONE) {
        explain_find(
            out, FINDING_SEPARATOR,
            memory_format("%.*s=%s", (int)(colon - entry->pattern), entry->pattern, colon + 1),
            "'%s' has a : where llama.cpp wants =", entry->pattern);
    } else {
        explain_find(out, FINDING_COMMA, NULL, "'%s': %s; llama.cpp stops here", entry->pattern,
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
    explain_find(out, FINDING_NUMBER_RANGE, rule_of(repaired, entry->buffer),
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
    explain_find(
        out, FINDING_BLANK, rule_of(repaired, entry->buffer),
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
    char *buffer = repair_buffer(entry->buffer, explainer->rig);
    explain_find(out, code, rule_of(repaired, buffer != NULL ? buffer : entry->buffer), "'%s': %s",
                 entry->pattern, words);
    free(buffer);
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
    explain_find(out, FINDING_UNMATCHED, NULL, "'%s' matches no tensor of this model",
                 entry->pattern);
}

/* A dot matters where escaping it leaves a part of what it matches. */
static void explain_dots(struct explainer *explainer, size_t index, struct findings *out)
{
    const struct override *entry = &explainer->list->entries[index];
    size_t matches = explainer->out->matches;
    for (size_t n = 0;; n++) {
        char *repaired = repair_dot(entry->pattern, n);
        size_t fewer = repaired == NULL ? 0 : would_match(explainer->model, repaired);
        if (repaired != NULL && fewer > 0 && fewer < matches) {
            explain_find(
                out, FINDING_DOT, rule_of(repaired, entry->buffer),
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
    const struct entry_explanation *here = explainer->out;
    const struct override *entry = &explainer->list->entries[index];
    if (here->shadowed_by < 0) {
        explain_find(out, FINDING_SHADOWED, NULL,
                     "'%s' decides nothing: what was moved by hand stands before it",
                     entry->pattern);
        return;
    }
    const char *other = explainer->list->entries[here->shadowed_by].pattern;
    if (here->matches == 1) {
        explain_find(out, FINDING_SHADOWED, NULL,
                     "'%s' decides nothing: rule %d '%s' takes the one tensor it matches; put it "
                     "before that one",
                     entry->pattern, here->shadowed_by + 1, other);
        return;
    }
    explain_find(out, FINDING_SHADOWED, NULL,
                 "'%s' decides nothing: earlier rules take all %u tensors it matches, most of them "
                 "rule %d '%s'; put it before that one",
                 entry->pattern, here->matches, here->shadowed_by + 1, other);
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
    char *pattern = meant == NULL ? NULL : repair_quoting(entry->pattern);
    bool helps = pattern != NULL && explainer->out->matches == 0;
    char *repair =
        meant == NULL ? NULL : memory_format("%s=%s", helps ? pattern : entry->pattern, meant);
    free(pattern);
    bool device = looks_like_device(entry->buffer);
    explain_find(out, device ? FINDING_UNKNOWN_DEVICE : FINDING_UNKNOWN_BUFFER, repair,
                 device ? "there is no device '%s' here; llama.cpp stops: it has %s"
                        : "'%s' is no buffer type that -ot takes; llama.cpp stops: it has %s",
                 entry->buffer, strbuf_text(&known));
    strbuf_clear(&known);
    free(meant);
}

void explain_text(struct explainer *explainer, size_t index)
{
    const struct override *entry = &explainer->list->entries[index];
    struct entry_explanation *here = explainer->out;
    struct findings *out = &here->findings;
    if (entry->refused != NULL && *entry->buffer == '\0' && entry->compiled == NULL &&
        strncmp(entry->refused, "invalid value", 13) == 0) {
        explain_piece(explainer, index, out);
        return;
    }
    explain_buffer(explainer, index, out);
    bool named = explain_blank(entry, out);
    named = explain_range(entry, out) || named;
    if (here->unread) {
        explain_find(out, FINDING_REFUSED, NULL,
                     "'%s': %s; llama.cpp does not get to it: earlier rules take every tensor",
                     entry->pattern, entry->refused);
        return;
    }
    if (entry->refused != NULL) {
        explain_find(out, FINDING_REFUSED, NULL, "'%s': %s; llama.cpp stops at load",
                     entry->pattern, entry->refused);
        return;
    }
    if (pattern_gave_up(entry->compiled)) {
        explain_find(out, FINDING_ENDLESS, NULL,
                     "'%s' backtracks without end: llama.cpp would hang in it", entry->pattern);
    } else if (here->matches == 0 && !named) {
        explain_unmatched(explainer, index, out);
    } else if (here->matches > 0) {
        explain_dots(explainer, index, out);
        if (here->left == 0) {
            explain_shadow(explainer, index, out);
        }
    }
}
