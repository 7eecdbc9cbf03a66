#include "src/bench_table.h"

#include "model/base/memory.h"
#include "model/base/plain_text.h"
#include "src/json_read.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_FIELDS = 96 };

struct row {
    char *names[MOST_FIELDS];  /* owned */
    char *values[MOST_FIELDS]; /* owned */
    size_t n;
};

static void row_clear(struct row *row)
{
    for (size_t i = 0; i < row->n; i++) {
        free(row->names[i]);
        free(row->values[i]);
    }
    *row = (struct row){0};
}

/* NULL where the row has no such field. `name` may hold several between `|`. */
static const char *row_get(const struct row *row, const char *names)
{
    for (const char *at = names; *at != '\0';) {
        size_t length = strcspn(at, "|");
        for (size_t i = 0; i < row->n; i++) {
            if (strlen(row->names[i]) == length && strncmp(row->names[i], at, length) == 0) {
                return row->values[i];
            }
        }
        at += length + (at[length] == '|');
    }
    return NULL;
}

static double row_number(const struct row *row, const char *names)
{
    const char *text = row_get(row, names);
    double number = text != NULL ? strtod(text, NULL) : 0;
    return isfinite(number) && number >= 0 ? number : 0;
}

/* ---- fields to arguments -------------------------------------------------------------------- */

static void add_words(struct bench_result *result, const char *flag, const char *value)
{
    result->words = memory_resize(result->words, result->n_words + 2, sizeof *result->words);
    result->words[result->n_words++] = memory_text(flag);
    if (value != NULL) {
        result->words[result->n_words++] = memory_text(value);
    }
}

static void add_value(struct bench_result *result, const char *flag, const char *value)
{
    add_words(result, flag, value);
}

static void add_positive(struct bench_result *result, const char *flag, const char *value)
{
    if (strtod(value, NULL) > 0) {
        add_words(result, flag, value);
    }
}

static bool is_true(const char *value)
{
    return strcmp(value, "1") == 0 || strcasecmp(value, "true") == 0 ||
           strcasecmp(value, "on") == 0;
}

static void add_switch(struct bench_result *result, const char *flag, const char *value)
{
    if (is_true(value)) {
        add_words(result, flag, NULL);
    }
}

static void add_flash(struct bench_result *result, const char *flag, const char *value)
{
    bool is_auto = strcmp(value, "-1") == 0 || strcasecmp(value, "auto") == 0;
    add_words(result, flag, is_auto ? "auto" : is_true(value) ? "on" : "off");
}

/* llama-bench parts what belongs together with other signs, as a comma parts its own runs. */
static void add_parted(struct bench_result *result, const char *flag, const char *value, char sign)
{
    char *text = memory_text(value);
    for (char *at = text; *at != '\0'; at++) {
        *at = *at == sign ? ',' : *at;
    }
    add_words(result, flag, text);
    free(text);
}

static void add_split(struct bench_result *result, const char *flag, const char *value)
{
    if (strpbrk(value, "123456789") != NULL) {
        add_parted(result, flag, value, '/');
    }
}

static void add_devices(struct bench_result *result, const char *flag, const char *value)
{
    if (strcmp(value, "auto") != 0 && *value != '\0') {
        add_parted(result, flag, value, '/');
    }
}

static void add_overrides(struct bench_result *result, const char *flag, const char *value)
{
    if (strcmp(value, "none") != 0 && *value != '\0') {
        add_parted(result, flag, value, ';');
    }
}

/* The name in JSON and CSV, and the one in a Markdown table. */
static const struct {
    const char *names;
    const char *flag;
    void (*add)(struct bench_result *result, const char *flag, const char *value);
} arguments[] = {
    {"n_gpu_layers|ngl", "-ngl", add_value},
    {"n_cpu_moe|ncmoe", "-ncmoe", add_positive},
    {"split_mode|sm", "-sm", add_value},
    {"main_gpu|mg", "-mg", add_value},
    {"type_k", "-ctk", add_value},
    {"type_v", "-ctv", add_value},
    {"n_batch", "-b", add_value},
    {"n_ubatch", "-ub", add_value},
    {"tensor_split|ts", "-ts", add_split},
    {"devices|dev", "-dev", add_devices},
    {"no_kv_offload|nkvo", "-nkvo", add_switch},
    {"flash_attn|fa", "-fa", add_flash},
    {"no_op_offload|nopo", "--no-op-offload", add_switch},
    {"tensor_buft_overrides|ot", "-ot", add_overrides},
};

static void add_arguments(const struct row *row, struct bench_result *result)
{
    for (size_t i = 0; i < sizeof arguments / sizeof arguments[0]; i++) {
        const char *value = row_get(row, arguments[i].names);
        if (value != NULL) {
            arguments[i].add(result, arguments[i].flag, value);
        }
    }
}

/* ---- what was measured ---------------------------------------------------------------------- */

struct test {
    unsigned long long n_prompt, n_gen, depth;
};

/* "pp512", "tg128 @ d4096", "pp512+tg128" */
static bool test_read(const char *text, struct test *out)
{
    const char *prompt = strstr(text, "pp");
    const char *gen = strstr(text, "tg");
    const char *depth = strstr(text, "@ d");
    *out = (struct test){0};
    bool read = (prompt != NULL && sscanf(prompt + 2, "%llu", &out->n_prompt) == 1);
    read = (gen != NULL && sscanf(gen + 2, "%llu", &out->n_gen) == 1) || read;
    return read && (depth == NULL || sscanf(depth + 3, "%llu", &out->depth) == 1);
}

static bool test_of(const struct row *row, struct test *out)
{
    const char *text = row_get(row, "test");
    if (text != NULL) {
        return test_read(text, out);
    }
    *out = (struct test){
        .n_prompt = (unsigned long long)fmin(row_number(row, "n_prompt"), 1e9),
        .n_gen = (unsigned long long)fmin(row_number(row, "n_gen"), 1e9),
        .depth = (unsigned long long)fmin(row_number(row, "n_depth"), 1e9),
    };
    return true;
}

/* A run of a prompt and an answer together tells neither speed. */
static void take_row(const char *name, size_t number, const struct row *row,
                     struct bench_results *out)
{
    struct test test;
    if (!test_of(row, &test) || (test.n_prompt > 0) == (test.n_gen > 0)) {
        return;
    }
    const char *model = row_get(row, "model_filename");
    struct bench_result result = {
        .model = memory_text(model),
        .is_prompt = test.n_prompt > 0,
        .n_tokens = test.n_prompt + test.n_gen,
        .depth = test.depth + (test.n_prompt + test.n_gen) / 2,
        .tokens_per_second = row_number(row, "avg_ts|t/s"),
    };
    result.depth -= result.is_prompt ? test.n_prompt / 2 : 0;
    char at_depth[32] = "";
    if (test.depth > 0) {
        snprintf(at_depth, sizeof at_depth, " @ d%llu", test.depth);
    }
    result.where = memory_format("%s %zu: %s%llu%s", name, number, result.is_prompt ? "pp" : "tg",
                                 test.n_prompt + test.n_gen, at_depth);
    add_arguments(row, &result);
    bench_result_add(out, &result);
}

/* ik_llama.cpp's llama-sweep-bench: prompt and answer at the depth of each step. */
static void take_sweep(const char *name, size_t number, const struct row *row,
                       struct bench_results *out)
{
    for (int i = 0; i < 2; i++) {
        bool is_prompt = i == 0;
        uint64_t n = (uint64_t)fmin(row_number(row, is_prompt ? "PP" : "TG"), 1e9);
        struct bench_result result = {
            .where = memory_format("%s %zu: %s%llu @ d%.0f", name, number, is_prompt ? "pp" : "tg",
                                   (unsigned long long)n, row_number(row, "N_KV")),
            .is_prompt = is_prompt,
            .n_tokens = n,
            .depth = (uint64_t)fmin(row_number(row, "N_KV"), 1e9) + (is_prompt ? 0 : n / 2),
            .tokens_per_second = row_number(row, is_prompt ? "S_PP t/s" : "S_TG t/s"),
        };
        bench_result_add(out, &result);
    }
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void take_object(const char *name, size_t number, struct json_object *object,
                        struct bench_results *out)
{
    struct row row = {0};
    json_object_object_foreach(object, key, value)
    {
        bool is_plain = value != NULL && !json_object_is_type(value, json_type_array) &&
                        !json_object_is_type(value, json_type_object);
        if (is_plain && row.n < MOST_FIELDS) {
            row.names[row.n] = memory_text(key);
            row.values[row.n] = memory_text(json_object_get_string(value));
            plain_text(row.values[row.n++]);
        }
    }
    take_row(name, number, &row, out);
    row_clear(&row);
}

static bool read_array(const char *name, const char *text, size_t bytes, struct bench_results *out,
                       struct error *error)
{
    struct json_object *list = NULL;
    if (!json_read_text(name, text, bytes, &list, error)) {
        return false;
    }
    size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
    for (size_t i = 0; i < n; i++) {
        struct json_object *object = json_object_array_get_idx(list, i);
        if (json_object_is_type(object, json_type_object)) {
            take_object(name, i + 1, object, out);
        }
    }
    json_object_put(list);
    return true;
}

static bool read_lines(const char *name, const char *text, struct bench_results *out,
                       struct error *error)
{
    bool read = true;
    size_t number = 0;
    for (const char *at = text; read && *at != '\0';) {
        size_t length = strcspn(at, "\n");
        if (strspn(at, " \t\r") < length) {
            char *line = memory_text_n(at, length);
            struct json_object *object = NULL;
            read = json_read_text(name, line, length, &object, error);
            if (read && json_object_is_type(object, json_type_object)) {
                take_object(name, ++number, object, out);
            }
            json_object_put(object);
            free(line);
        }
        at += length + (at[length] != '\0');
    }
    return read;
}

/* One object over several lines is an array that somebody took apart. */
bool bench_read_json(const char *name, const char *text, size_t bytes, struct bench_results *out,
                     struct error *error)
{
    if (*text == '[') {
        return read_array(name, text, bytes, out, error);
    }
    struct json_object *object = NULL;
    if (json_read_text(name, text, bytes, &object, NULL)) {
        take_object(name, 1, object, out);
        json_object_put(object);
        return true;
    }
    return read_lines(name, text, out, error);
}

/* ---- CSV ------------------------------------------------------------------------------------ */

/* New: the field at `*at`, unquoted; `*at` moves behind its comma, or to the line's end. */
static char *csv_field(const char **at)
{
    struct strbuf out = {0};
    bool quoted = **at == '"';
    const char *c = *at + quoted;
    for (; *c != '\0' && *c != '\n' && (quoted || *c != ','); c++) {
        if (quoted && *c == '"') {
            if (c[1] != '"') {
                quoted = false;
                continue;
            }
            c++;
        }
        if (*c != '\r') {
            strbuf_add_char(&out, *c);
        }
    }
    *at = *c == ',' ? c + 1 : c;
    return strbuf_take(&out);
}

bool bench_read_csv(const char *name, const char *text, struct bench_results *out)
{
    struct row header = {0};
    const char *at = text;
    while (*at != '\0' && *at != '\n' && header.n < MOST_FIELDS) {
        header.names[header.n] = csv_field(&at);
        header.values[header.n++] = NULL;
    }
    at += strcspn(at, "\n");
    for (size_t number = 1; *at == '\n'; number++) {
        struct row row = {0};
        at++;
        while (*at != '\0' && *at != '\n' && row.n < header.n) {
            row.names[row.n] = memory_text(header.names[row.n]);
            row.values[row.n] = csv_field(&at);
            plain_text(row.values[row.n++]);
        }
        at += strcspn(at, "\n");
        take_row(name, number, &row, out);
        row_clear(&row);
    }
    row_clear(&header);
    return true;
}

/* ---- Markdown ------------------------------------------------------------------------------- */

/* Cells of "| a | b |" into `to`; how many there are. */
static size_t table_cells(const char *line, size_t length, char **to)
{
    size_t n = 0;
    const char *end = line + length;
    for (const char *at = line + 1; at < end && n < MOST_FIELDS;) {
        const char *bar = memchr(at, '|', (size_t)(end - at));
        if (bar == NULL) {
            break;
        }
        const char *from = at;
        const char *to_end = bar;
        while (from < to_end && (*from == ' ' || *from == '\t')) {
            from++;
        }
        while (to_end > from && (to_end[-1] == ' ' || to_end[-1] == '\t')) {
            to_end--;
        }
        to[n] = memory_text_n(from, (size_t)(to_end - from));
        plain_text(to[n++]);
        at = bar + 1;
    }
    return n;
}

/* The `|` of a pattern parts its cell in several: they are joined again, where the table has such a column. */
static size_t table_join(const struct row *header, char **cells, size_t n)
{
    size_t at = 0;
    while (at < header->n && strcmp(header->names[at], "ot") != 0) {
        at++;
    }
    for (; at < header->n && n > header->n; n--) {
        char *joined = memory_format("%s|%s", cells[at], cells[at + 1]);
        free(cells[at]);
        free(cells[at + 1]);
        cells[at] = joined;
        memmove(&cells[at + 1], &cells[at + 2], (n - at - 2) * sizeof *cells);
    }
    return n;
}

/* A row of the table under `header`; a rule of dashes is none, a row of other length ends the table. */
static void table_row(const char *name, size_t number, const struct row *header, const char *line,
                      size_t length, struct bench_results *out)
{
    struct row row = {0};
    size_t n = table_join(header, row.values, table_cells(line, length, row.values));
    for (row.n = 0; row.n < n; row.n++) {
        row.names[row.n] = memory_text(row.n < header->n ? header->names[row.n] : "");
    }
    if (n == header->n && row_get(&row, "t/s") != NULL) {
        take_row(name, number, &row, out);
    } else if (n == header->n && row_get(&row, "S_TG t/s") != NULL) {
        take_sweep(name, number, &row, out);
    }
    row_clear(&row);
}

static bool is_header(const struct row *header)
{
    return (row_get(header, "t/s") != NULL && row_get(header, "test") != NULL) ||
           row_get(header, "S_TG t/s") != NULL;
}

void bench_read_tables(const char *name, const char *text, struct bench_results *out)
{
    struct row header = {0};
    size_t number = 0;
    for (const char *at = text; *at != '\0';) {
        size_t length = strcspn(at, "\n");
        const char *line = at + strspn(at, " \t");
        size_t left = line < at + length ? length - (size_t)(line - at) : 0;
        if (left == 0 || *line != '|') {
            row_clear(&header);
        } else if (header.n == 0) {
            header.n = table_cells(line, left, header.names);
            for (size_t i = 0; i < header.n; i++) {
                header.values[i] = memory_text(header.names[i]);
            }
            if (!is_header(&header)) {
                row_clear(&header);
            }
        } else {
            table_row(name, ++number, &header, line, left, out);
        }
        at += length + (at[length] != '\0');
    }
    row_clear(&header);
}
