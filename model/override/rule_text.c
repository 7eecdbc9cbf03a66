#include "model/override/rule_text.h"

#include "model/base/memory.h"

#include <stdlib.h>
#include <string.h>

static void escape_byte(unsigned char c, struct strbuf *out)
{
    if (c <= 0x20 || c > 0x7e || c == ',' || c == '=') {
        strbuf_format(out, "\\x%02x", c);
        return;
    }
    if (strchr("\\^$.|?*+()[]{}", c) != NULL) {
        strbuf_add_char(out, '\\');
    }
    strbuf_add_char(out, (char)c);
}

void rule_text_escape(const char *text, size_t length, struct strbuf *out)
{
    for (size_t i = 0; i < length; i++) {
        escape_byte((unsigned char)text[i], out);
    }
}

static bool is_delimiter(char c)
{
    return c == '_' || c == '.';
}

/* --- finding cuts ------------------------------------------------------------------------------- */

bool suffix_cut_matches(const struct suffix_cut *cut, const char *suffix)
{
    return strncmp(suffix, cut->text, cut->length) == 0 &&
           (!cut->whole || suffix[cut->length] == '\0');
}

/* Where the last extension begins: `ffn_gate_exps` of `ffn_gate_exps.weight`. */
static size_t base_length(const char *suffix)
{
    const char *dot = strrchr(suffix, '.');
    return dot == NULL ? strlen(suffix) : (size_t)(dot - suffix);
}

static bool same_base(const char *a, const char *b)
{
    size_t length = base_length(a);
    return length == base_length(b) && memcmp(a, b, length) == 0;
}

struct suffix_list {
    const char *const *suffixes;
    size_t n;
    const bool *needed, *forbidden;
};

static bool hits_forbidden(const struct suffix_list *list, const struct suffix_cut *cut)
{
    for (size_t i = 0; i < list->n; i++) {
        if (list->forbidden[i] && suffix_cut_matches(cut, list->suffixes[i])) {
            return true;
        }
    }
    return false;
}

static bool serves_other_bases(const struct suffix_list *list, const struct suffix_cut *cut)
{
    for (size_t i = 0; i < list->n; i++) {
        if (list->needed[i] && suffix_cut_matches(cut, list->suffixes[i]) &&
            !same_base(list->suffixes[i], cut->text)) {
            return true;
        }
    }
    return false;
}

/* The shortest beginning, ending where a word ends, that no forbidden suffix has. */
static struct suffix_cut shortest_cut(const struct suffix_list *list, const char *suffix)
{
    size_t length = strlen(suffix);
    for (size_t i = 0; i <= length; i++) {
        struct suffix_cut cut = {suffix, i, false};
        bool boundary = i == 0 || i == length || suffix[i] == '.' || is_delimiter(suffix[i - 1]);
        if (!boundary || hits_forbidden(list, &cut)) {
            continue;
        }
        if (i < base_length(suffix) && !serves_other_bases(list, &cut)) {
            cut.length = base_length(suffix);
        }
        return cut;
    }
    return (struct suffix_cut){suffix, length, true};
}

static bool covered(const struct suffix_cut *cuts, size_t n, const char *suffix)
{
    for (size_t i = 0; i < n; i++) {
        if (suffix_cut_matches(&cuts[i], suffix)) {
            return true;
        }
    }
    return false;
}

/* People write gate, up, down; files often hold down first. */
static int place_of(const struct suffix_cut *cut)
{
    static const char *const order[] = {"ffn_gate", "ffn_up", "ffn_down"};
    for (int i = 0; i < 3; i++) {
        size_t length = strlen(order[i]);
        if (cut->length >= length && memcmp(cut->text, order[i], length) == 0) {
            return i;
        }
    }
    return -1;
}

static void sort_experts(struct suffix_cut *cuts, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct suffix_cut moved = cuts[i];
        size_t at = i;
        while (at > 0 && place_of(&moved) >= 0 && place_of(&cuts[at - 1]) > place_of(&moved)) {
            cuts[at] = cuts[at - 1];
            at--;
        }
        cuts[at] = moved;
    }
}

size_t suffix_cuts_find(const char *const *suffixes, size_t n, const bool *needed,
                        const bool *forbidden, struct suffix_cut *cuts)
{
    struct suffix_list list = {suffixes, n, needed, forbidden};
    size_t n_cuts = 0;
    for (size_t i = 0; i < n; i++) {
        if (!needed[i] || covered(cuts, n_cuts, suffixes[i])) {
            continue;
        }
        struct suffix_cut cut = shortest_cut(&list, suffixes[i]);
        size_t kept = 0;
        for (size_t k = 0; k < n_cuts; k++) {
            bool within = !cut.whole && cuts[k].length >= cut.length &&
                          memcmp(cuts[k].text, cut.text, cut.length) == 0;
            if (!within) {
                cuts[kept++] = cuts[k];
            }
        }
        cuts[kept] = cut;
        n_cuts = kept + 1;
    }
    sort_experts(cuts, n_cuts);
    return n_cuts;
}

/* --- writing them ------------------------------------------------------------------------------- */

static bool share_start(const struct suffix_cut *cuts, size_t n, size_t length)
{
    for (size_t i = 0; i < n; i++) {
        if (cuts[i].length < length || memcmp(cuts[i].text, cuts[0].text, length) != 0) {
            return false;
        }
    }
    return true;
}

/* Longest common beginning that ends behind a `_` or `.`. */
static size_t common_start(const struct suffix_cut *cuts, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i <= cuts[0].length && share_start(cuts, n, i); i++) {
        if (is_delimiter(cuts[0].text[i - 1])) {
            best = i;
        }
    }
    return best;
}

static bool share_end(const struct suffix_cut *cuts, size_t n, size_t length)
{
    const char *end = cuts[0].text + cuts[0].length - length;
    for (size_t i = 0; i < n; i++) {
        if (cuts[i].length <= length || cuts[i].whole != cuts[0].whole ||
            memcmp(cuts[i].text + cuts[i].length - length, end, length) != 0) {
            return false;
        }
    }
    return true;
}

/* Longest common end that starts with a `_` or `.`, leaving something of each. */
static size_t common_end(const struct suffix_cut *cuts, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < cuts[0].length && share_end(cuts, n, i); i++) {
        if (is_delimiter(cuts[0].text[cuts[0].length - i])) {
            best = i;
        }
    }
    return best;
}

static size_t first_word(const struct suffix_cut *cut)
{
    for (size_t i = 0; i < cut->length; i++) {
        if (is_delimiter(cut->text[i])) {
            return i + 1;
        }
    }
    return cut->length;
}

static bool same_word(const struct suffix_cut *a, const struct suffix_cut *b)
{
    size_t length = first_word(a);
    return length == first_word(b) && length > 0 && is_delimiter(a->text[length - 1]) &&
           memcmp(a->text, b->text, length) == 0;
}

static void write_set(struct suffix_cut *cuts, size_t n, struct strbuf *out);

/* Moves the cuts that begin with the same word as the first to the front; returns how many. */
static size_t gather(struct suffix_cut *cuts, size_t n)
{
    size_t same = 1;
    for (size_t i = 1; i < n; i++) {
        if (same_word(&cuts[0], &cuts[i])) {
            struct suffix_cut moved = cuts[i];
            memmove(&cuts[same + 1], &cuts[same], (i - same) * sizeof *cuts);
            cuts[same++] = moved;
        }
    }
    return same;
}

static void write_groups(struct suffix_cut *cuts, size_t n, struct strbuf *out)
{
    strbuf_add_char(out, '(');
    for (size_t at = 0; at < n;) {
        size_t same = gather(cuts + at, n - at);
        if (at > 0) {
            strbuf_add_char(out, '|');
        }
        write_set(cuts + at, same, out);
        at += same;
    }
    strbuf_add_char(out, ')');
}

static void write_set(struct suffix_cut *cuts, size_t n, struct strbuf *out)
{
    if (n == 1) {
        rule_text_escape(cuts[0].text, cuts[0].length, out);
        strbuf_add(out, cuts[0].whole ? "$" : "");
        return;
    }
    size_t start = common_start(cuts, n);
    rule_text_escape(cuts[0].text, start, out);
    for (size_t i = 0; i < n; i++) {
        cuts[i].text += start;
        cuts[i].length -= start;
    }
    size_t end = common_end(cuts, n);
    struct suffix_cut tail = {cuts[0].text + cuts[0].length - end, end, cuts[0].whole};
    for (size_t i = 0; i < n; i++) {
        cuts[i].length -= end;
        cuts[i].whole = end == 0 && cuts[i].whole;
    }
    write_groups(cuts, n, out);
    if (end > 0) {
        write_set(&tail, 1, out);
    }
}

void suffix_cuts_write(const struct suffix_cut *cuts, size_t n, struct strbuf *out)
{
    if (n == 0) {
        return;
    }
    struct suffix_cut *copy = memory_copy(cuts, n * sizeof *cuts);
    write_set(copy, n, out);
    free(copy);
}
