/* Rows of the memory breakdown. Three forms since September 2025; the sums in them stayed the same:
 *
 *   - CUDA0 (RTX 4090):    24080 = 9436 + (14193 = 13169 +      38 +     985) +         451
 *   - CUDA0 (RTX 4090)  |  24080 = 9436 + (14193 = 13169 +      38 +     985) +         451 |
 *   - Host              |                    547 =   525 +       0 +      22                |
 */
#include "model/base/memory.h"
#include "model/log/log_lines.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_FIGURES = 8 };

/* Free and unaccounted are size_t in 2^20 when they underflow: this is their zero. */
#define UNDERFLOW (UINT64_C(1) << 44)

struct figures {
    uint64_t at[MAX_FIGURES];
    bool negative[MAX_FIGURES];
    size_t n;
    size_t last_equals; /* how many figures stand before the last '=' */
    bool two_equals;
};

static void figures_read(struct log_text text, struct figures *figures)
{
    size_t equals = 0;

    for (size_t i = 0; i < text.length && figures->n < MAX_FIGURES; i++) {
        char c = text.text[i];
        if (c == '=') {
            figures->last_equals = figures->n;
            equals++;
        }
        if (c < '0' || c > '9')
            continue;
        uint64_t value = 0;
        figures->negative[figures->n] = i > 0 && text.text[i - 1] == '-';
        for (; i < text.length && text.text[i] >= '0' && text.text[i] <= '9'; i++)
            value = value > UNDERFLOW ? value : value * 10 + (uint64_t)(text.text[i] - '0');
        figures->at[figures->n++] = value;
        i--;
    }
    figures->two_equals = equals == 2;
}

/* Where the label ends: at the bar, else behind the first colon of the bar-less form. */
static size_t label_length(struct log_text text, size_t *skip)
{
    const char *bar = memchr(text.text, '|', text.length);
    const char *colon = memmem(text.text, text.length, "): ", 3);

    *skip = 1;
    if (bar)
        return (size_t)(bar - text.text);
    if (colon) {
        *skip = 2;
        return (size_t)(colon - text.text) + 1;
    }
    colon = memmem(text.text, text.length, ": ", 2);
    return colon ? (size_t)(colon - text.text) : text.length;
}

static void label_read(struct log_text label, struct log_row *row)
{
    label = log_text_trim(label);
    const char *open = memchr(label.text, '(', label.length);
    size_t name = open ? (size_t)(open - label.text) : label.length;
    struct log_text inside = {"", 0};

    if (open) {
        inside = (struct log_text){open + 1, label.length - name - 1};
        if (log_text_ends(inside, ")"))
            inside.length--;
    }
    log_text_set(&row->name, log_text_trim((struct log_text){label.text, name}));
    log_text_set(&row->description, inside);
}

static int64_t unaccounted(const struct figures *figures, size_t at)
{
    int64_t value = (int64_t)figures->at[at];

    if (figures->negative[at])
        return -value;
    return value > (int64_t)(UNDERFLOW / 2) ? value - (int64_t)UNDERFLOW : value;
}

bool log_row_parse(struct log_text line, struct log_row *row)
{
    const char *dash = memmem(line.text, line.length, "  - ", 4);
    if (!dash)
        return false;
    struct log_text rest = {dash + 4, line.length - (size_t)(dash + 4 - line.text)};
    size_t skip, label = label_length(rest, &skip);
    if (label + skip >= rest.length)
        return false;

    struct figures figures = {0};
    struct log_text sums = {rest.text + label + skip, rest.length - label - skip};
    figures_read(sums, &figures);
    size_t m = figures.last_equals;
    if (m == 0 || m + 3 > figures.n)
        return false;
    label_read((struct log_text){rest.text, label}, row);
    row->model = figures.at[m];
    row->context = figures.at[m + 1];
    row->compute = figures.at[m + 2];
    row->device = figures.two_equals && m == 3;
    if (row->device) {
        row->total = figures.at[0];
        row->free = figures.at[1] > UNDERFLOW / 2 ? 0 : figures.at[1];
        row->unaccounted = m + 3 < figures.n ? unaccounted(&figures, m + 3) : 0;
    }
    return true;
}
