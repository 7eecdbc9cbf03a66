#include "model/plan/accelerators.h"

#include "model/base/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- links ---- */

double link_gb_s_of(const char *link)
{
    static const double lane[] = {0, 0.25, 0.5, 0.985, 1.97, 3.94, 7.88}; /* by generation */
    char *end;

    if (strncmp(link, "PCIe ", 5) != 0)
        return 0;
    unsigned long generation = strtoul(link + 5, &end, 10);
    if (generation >= sizeof lane / sizeof *lane || strncmp(end, ".0 x", 4) != 0)
        return 0;
    unsigned long lanes = strtoul(end + 4, &end, 10);
    return *end == '\0' && lanes <= 16 ? lane[generation] * (double)lanes : 0;
}

/* ---- reading ---- */

enum { COLUMNS = 9, MAX_FIELD = 80 };

struct row {
    char field[COLUMNS][MAX_FIELD];
};

static bool row_split(const char *line, size_t length, struct row *row)
{
    size_t column = 0, n = 0;

    memset(row, 0, sizeof *row);
    for (size_t i = 0; i < length; i++) {
        if (line[i] == '\t') {
            n = 0;
            if (++column == COLUMNS)
                return false;
        } else if (n + 1 < MAX_FIELD) {
            row->field[column][n++] = line[i];
        } else {
            return false;
        }
    }
    return column == COLUMNS - 1;
}

static bool mib_read(const char *text, uint64_t *bytes)
{
    char *end;
    unsigned long long mib = strtoull(text, &end, 10);

    *bytes = (uint64_t)mib << 20;
    return end != text && *end == '\0' && mib < UINT64_C(1) << 40;
}

static bool number_read(const char *text, double *out)
{
    char *end;

    *out = strtod(text, &end);
    return end != text && *end == '\0' && *out >= 0;
}

static bool row_read(const struct row *row, struct accelerator *out)
{
    char *end;
    double tflops;

    *out = (struct accelerator){.bandwidth_gb_s = strtod(row->field[4], &end)};
    if (*end != '\0' || !number_read(row->field[7], &tflops) || !(out->bandwidth_gb_s > 0) ||
        !mib_read(row->field[2], &out->memory) || !mib_read(row->field[3], &out->seen))
        return false;
    out->backend = memory_text(row->field[0]);
    out->name = memory_text(row->field[1]);
    out->arch = memory_text(row->field[5]);
    out->link_gb_s = link_gb_s_of(row->field[6]);
    out->tflops = tflops;
    out->source = memory_text(row->field[8]);
    return true;
}

static bool line_add(struct accelerators *out, const char *line, size_t length)
{
    struct row row;
    struct accelerator accelerator;

    if (!row_split(line, length, &row) || !row_read(&row, &accelerator))
        return false;
    out->list = memory_resize(out->list, out->n + 1, sizeof *out->list);
    out->list[out->n++] = accelerator;
    return true;
}

bool accelerators_read(const char *text, size_t length, struct accelerators *out,
                       struct error *error)
{
    size_t number = 0;

    *out = (struct accelerators){0};
    while (length) {
        const char *end = memchr(text, '\n', length);
        size_t line = end ? (size_t)(end - text) : length;
        number++;
        if (line && text[0] != '#' && !line_add(out, text, line)) {
            accelerators_clear(out);
            return error_set(error, ERROR_INPUT, "accelerators: line %zu cannot be read", number);
        }
        text += line + (end ? 1 : 0);
        length -= line + (end ? 1 : 0);
    }
    return true;
}

void accelerators_clear(struct accelerators *accelerators)
{
    for (size_t i = 0; i < accelerators->n; i++) {
        free(accelerators->list[i].backend);
        free(accelerators->list[i].name);
        free(accelerators->list[i].arch);
        free(accelerators->list[i].source);
    }
    free(accelerators->list);
    *accelerators = (struct accelerators){0};
}

/* ---- finding ---- */

/* Next word of letters and digits, lower case; "16g" as "16gb". False at the end. */
static bool next_word(const char **text, char word[MAX_FIELD])
{
    size_t n = 0;

    while (**text && !isalnum((unsigned char)**text))
        (*text)++;
    for (; isalnum((unsigned char)**text) || **text == '-' || **text == '+'; (*text)++)
        if (n + 2 < MAX_FIELD)
            word[n++] = (char)tolower((unsigned char)**text);
    if (n > 1 && word[n - 1] == 'g' && isdigit((unsigned char)word[n - 2]))
        word[n++] = 'b';
    word[n] = '\0';
    return n > 0;
}

/* Makers' and series' names that people leave out or put in as they like. */
static bool is_filler(const char *word)
{
    static const char *const fillers[] = {"nvidia", "geforce", "amd",    "radeon",   "intel",
                                          "apple",  "tesla",   "quadro", "instinct", "generation",
                                          "(tm)",   "(r)",     "gpu",    "edition"};

    for (size_t i = 0; i < sizeof fillers / sizeof *fillers; i++)
        if (strcmp(word, fillers[i]) == 0)
            return true;
    return false;
}

static bool is_size(const char *word)
{
    size_t digits = strspn(word, "0123456789");

    return digits > 0 && strcmp(word + digits, "gb") == 0;
}

/* A size makes no other card of it: "RTX 3060" is "RTX 3060 12GB" before it is "RTX 3060 Ti". */
static size_t count_words(const char *text)
{
    char word[MAX_FIELD];
    size_t n = 0;

    while (next_word(&text, word))
        n += !is_filler(word) && !is_size(word);
    return n;
}

static bool has_word(const char *text, const char *wanted)
{
    char word[MAX_FIELD];

    while (next_word(&text, word))
        if (strcmp(word, wanted) == 0)
            return true;
    return false;
}

static bool has_all_words(const char *name, const char *words)
{
    char word[MAX_FIELD];
    bool any = false;

    while (next_word(&words, word)) {
        any = any || !is_filler(word);
        if (!is_filler(word) && !has_word(name, word))
            return false;
    }
    return any;
}

/* Do some of the name's words, one after the other, spell this? "RTX5090" is "RTX 5090", not "RTX 5090 Ti". */
static bool has_words_run_together(const char *name, const char *spelt)
{
    char word[MAX_FIELD];

    for (const char *rest = name; next_word(&rest, word);) {
        const char *at = rest;
        const char *left = spelt;
        size_t n = strlen(word);
        while (n > 0 && strncasecmp(left, word, n) == 0) {
            left += n;
            if (*left == '\0')
                return true;
            n = next_word(&at, word) ? strlen(word) : 0;
        }
    }
    return false;
}

static const struct accelerator *find(const struct accelerators *accelerators, const char *words,
                                      bool (*means)(const char *name, const char *words))
{
    const struct accelerator *best = NULL;
    size_t fewest = SIZE_MAX;

    for (size_t i = 0; i < accelerators->n; i++) {
        const struct accelerator *it = &accelerators->list[i];
        size_t n = count_words(it->name);
        if (n < fewest && means(it->name, words)) {
            best = it;
            fewest = n;
        }
    }
    return best;
}

const struct accelerator *accelerators_find(const struct accelerators *accelerators,
                                            const char *words)
{
    const struct accelerator *found = find(accelerators, words, has_all_words);

    return found ? found : find(accelerators, words, has_words_run_together);
}
